"""`gosv MANIFEST`: what a service is given (cases 21 to 26 and 81; src/manifest/README.md)."""

import os
import signal

import pytest

from support.services import probe, start, start_public, stop

NOFILE, CORE = 7, 4


def report_of(gosv, run=None, top=None, acts=("report", "pause"), **keys):
    running = start(gosv, {"main": probe(gosv, *acts, **keys)}, run=run, **(top or {}))
    return running, running.report()


def environment(report):
    return dict(entry.split("=", 1) for entry in report["env"])


# --- signals and descriptors ----------------------------------------------------------------------

AWKWARD = [word for name in ("CHLD", "TTOU", "SEGV", "INT", "PIPE", "HUP", "USR1", "TERM", "34", "40")
           for word in ("ignore", name)]


@pytest.mark.parametrize(
    "given", [[], AWKWARD, ["block-all"], [*AWKWARD, "block-all"]],
    ids=["nothing special", "signals ignored", "all blocked", "both"],
)
def test_a_service_starts_with_an_empty_mask_and_default_dispositions(gosv, given):
    run, report = report_of(gosv, run={"given": given})
    assert report["blocked"] == report["pending"] == []
    assert report["ignored"] == report["caught"] == []
    assert stop(run) == 0


@pytest.mark.parametrize(
    "given", [["ignore", "CHLD"], ["block", "CHLD", "block", "TERM"], [*AWKWARD, "block-all"]]
)
def test_gosv_works_whatever_it_inherited(gosv, given):
    run = start(gosv, {"main": probe(gosv, "exit", 7, restart="no")}, run={"given": given})
    assert run.wait() == 7


def test_a_stop_signal_that_was_ignored_on_entry_stops(gosv):
    run, _ = report_of(gosv, run={"given": ["ignore", "TERM", "ignore", "INT"]})
    assert stop(run, signal.SIGINT) == 0


def test_a_service_has_its_three_streams_and_no_descriptor_of_gosv(gosv):
    given = ["open", 3, "/etc/passwd", "open", 4, "/", "open", 10, "/dev/null"]
    services = {f"s{i}": probe(gosv, "report", "pause") for i in range(6)}
    services["again"] = probe(gosv, "say", "again", "exit", 1, restart_delay="1ms", max_restarts=3,
                              failure_action="none")
    run = start(gosv, services, run={"given": given})
    for report in run.stdout.wait_objects(6, report=True):
        assert set(report["fds"]) == {"0", "1", "2"}
        assert report["fds"]["0"]["target"] == "/dev/null"
        # Shared with gosv, which must not have made them non-blocking.
        assert not any(fd["flags"] & os.O_NONBLOCK for fd in report["fds"].values())
    assert stop(run) == 0


def test_a_service_gets_streams_though_gosv_was_given_none(gosv, tmp_path):
    out = tmp_path / "out"
    out.touch()
    run = start(gosv, {"main": probe(gosv, "report", "exit", 3, restart="no")},
                run={"given": ["close", 0, "close", 1, "close", 2]})
    assert run.wait() == 3
    gosv_files = [p for p in tmp_path.iterdir()]
    assert sorted(p.name for p in gosv_files) == ["gosv.yaml", "out"]  # nothing was created


def test_a_service_leads_its_own_group_in_gosvs_session(gosv):
    run, report = report_of(gosv)
    assert report["pgrp"] == report["pid"]
    assert report["sid"] == report["ppid"] == run.inside_pid
    assert report["dumpable"] == 1
    assert stop(run) == 0


def test_stdin_is_empty_or_inherited(gosv, tmp_path):
    (tmp_path / "input").write_text("some text")
    with open(tmp_path / "input") as file:
        run = start(gosv, {"null": probe(gosv, "input", "pause"),
                           "inherits": probe(gosv, "sleep", 50, "input", "pause", stdin="inherit")},
                    run={"stdin": file})
    run.say(input="")
    run.say(input="some text")
    assert stop(run) == 0


# --- who ------------------------------------------------------------------------------------------


def test_a_user_by_name_brings_groups_and_environment(gosv):
    # games is in Debian's passwd: uid 5, gid 60, no supplementary groups.
    run, report = report_of(gosv, user="games", group_add=["audio", 4711])
    assert report["uid"] == [5] * 3 and report["gid"] == [60] * 3
    assert sorted(set(report["groups"]) - {60}) == [29, 4711]
    env = environment(report)
    assert (env["USER"], env["LOGNAME"], env["HOME"]) == ("games", "games", "/usr/games")
    assert env["SHELL"] == "/usr/sbin/nologin"
    assert report["caps"]["effective"] == 0
    assert stop(run) == 0


def test_a_user_by_number_needs_no_passwd_entry(gosv):
    run, report = report_of(gosv, user="64321:64322")
    assert report["uid"] == [64321] * 3 and report["gid"] == [64322] * 3
    assert set(report["groups"]) <= {64322}
    assert "USER" not in environment(report)
    assert stop(run) == 0


def test_without_the_rights_to_be_somebody_else_nothing_is_executed(gosv, public):
    services = {"main": {"command": [public.add(gosv.probe), "say", "ran"], "user": "1:1"}}
    run = start_public(gosv, public, services, given=["user", 64004])
    assert run.wait() == 126
    (failed,) = run.events("failed")
    assert "group" in failed["reason"] and "Operation not permitted" in failed["reason"]
    assert run.stdout.lines() == []


def test_a_gosv_without_rights_may_start_services_as_itself(gosv, public):
    services = {"main": {"command": [public.add(gosv.probe), "report", "pause"], "user": "64005"}}
    run = start_public(gosv, public, services, given=["user", 64005])
    assert run.report()["uid"] == [64005] * 3
    assert stop(run) == 0


# --- what -----------------------------------------------------------------------------------------


def test_working_dir_umask_nice_and_oom_score(gosv, tmp_path):
    run, report = report_of(gosv, working_dir=str(tmp_path), umask="027", nice=5, oom_score_adj=300)
    assert report["cwd"] == str(tmp_path)
    assert report["umask"] == 0o027
    assert report["nice"] == 5
    assert report["oom_score_adj"] == 300
    assert stop(run) == 0


def test_what_is_not_said_is_inherited(gosv, tmp_path):
    given = ["umask", "033", "nice", 3, "rlimit", NOFILE, 100, 200]
    run, report = report_of(gosv, run={"given": given, "cwd": tmp_path})
    assert (report["umask"], report["nice"]) == (0o033, 3)
    assert report["rlimits"][NOFILE] == [100, 200]
    assert report["cwd"] == str(tmp_path)
    assert stop(run) == 0


def test_ulimits_are_set_for_the_service_alone(gosv):
    run, report = report_of(gosv, ulimits={"nofile": {"soft": 64, "hard": 128}, "core": 0})
    assert report["rlimits"][NOFILE] == [64, 128]
    assert report["rlimits"][CORE] == [0, 0]
    with open(f"/proc/{run.pid}/limits") as limits:
        assert "128" not in next(line for line in limits if line.startswith("Max open files"))
    assert stop(run) == 0


def caps(*numbers):
    return sum(1 << number for number in numbers)


CHOWN, NET_BIND_SERVICE = 0, 10


def test_capabilities_of_a_service_that_is_root(gosv):
    run, report = report_of(gosv, cap_drop=["ALL"], cap_add=["NET_BIND_SERVICE"])
    assert report["uid"] == [0] * 3
    for which in ("effective", "permitted", "bounding"):
        assert report["caps"][which] == caps(NET_BIND_SERVICE)
    assert stop(run) == 0


def test_capabilities_of_a_service_that_is_not_root(gosv):
    run, report = report_of(gosv, user="64006", cap_add=["CAP_NET_BIND_SERVICE"])
    assert report["caps"]["effective"] == caps(NET_BIND_SERVICE)
    assert report["caps"]["ambient"] == caps(NET_BIND_SERVICE)
    assert stop(run) == 0


def test_a_dropped_capability_is_gone_the_others_stay(gosv):
    run, report = report_of(gosv, cap_drop=["CHOWN"])
    for which in ("effective", "permitted", "bounding"):
        assert report["caps"][which] & caps(CHOWN) == 0
        assert report["caps"][which] & caps(NET_BIND_SERVICE)
    assert stop(run) == 0


def test_no_new_privileges(gosv):
    run, report = report_of(gosv, no_new_privileges=True)
    assert report["no_new_privs"] == 1
    assert "NoNewPrivs:\t0" in open(f"/proc/{run.pid}/status").read()
    assert stop(run) == 0


def test_environment_comes_from_gosv_the_files_and_the_manifest(gosv, tmp_path):
    (tmp_path / "common.env").write_text("# comment\nFROM_FILE=file\nOVERRIDDEN=file\n")
    (tmp_path / "own.env").write_text("FROM_OWN_FILE=own file\n")
    run, report = report_of(
        gosv,
        run={"env": {"PATH": os.environ["PATH"], "INHERITED": "yes", "REMOVED": "x", "PORT": "99"}},
        top={"environment": {"TOP": "top", "OVERRIDDEN": "top"}, "env_file": "common.env"},
        env_file=["own.env"],
        environment={"OWN": "${PORT:-80}", "REMOVED": None, "DEFAULTED": "${NOT_THERE:-fallback}",
                     "DOLLAR": "$$PORT"},
    )
    env = environment(report)
    assert env["INHERITED"] == "yes" and "REMOVED" not in env
    assert env["FROM_FILE"] == "file" and env["FROM_OWN_FILE"] == "own file"
    assert env["TOP"] == env["OVERRIDDEN"] == "top"
    assert env["OWN"] == "99" and env["DEFAULTED"] == "fallback" and env["DOLLAR"] == "$PORT"
    assert env["GOSV_SERVICE"] == "main"
    assert stop(run) == 0


def test_environment_as_a_list_takes_values_from_gosv(gosv_pid1):
    run, report = report_of(
        gosv_pid1, run={"env": {"PATH": os.environ["PATH"], "TAKEN": "gosv's"}},
        environment=["TAKEN", "GIVEN=a=b"],
    )
    env = environment(report)
    assert env["TAKEN"] == "gosv's" and env["GIVEN"] == "a=b"
    assert stop(run) == 0


def test_defaults_are_merged_under_every_service(gosv_pid1):
    gosv = gosv_pid1
    run = start(gosv, {
        "a": probe(gosv, "report", "pause"),
        "b": probe(gosv, "report", "pause", umask="007"),
    }, defaults={"umask": "077", "environment": {"D": "default"}})
    reports = {environment(r)["GOSV_SERVICE"]: r for r in run.stdout.wait_objects(2, report=True)}
    assert (reports["a"]["umask"], reports["b"]["umask"]) == (0o077, 0o007)
    assert environment(reports["a"])["D"] == environment(reports["b"])["D"] == "default"
    assert stop(run) == 0


def test_a_container_in_which_nothing_is_allowed_is_enough(gosv, public):
    # No user, no privileges, no new ones, no /proc, nothing to write to.
    services = {
        "main": {"command": [public.add(gosv.probe), "report", "pause"]},
        "crasher": {"command": [public.add(gosv.probe), "exit", "1"], "restart_delay": "5ms",
                    "max_restarts": 2, "failure_action": "none"},
    }
    run = start_public(gosv, public, services, run={"proc": "none"},
                       given=["read-only", "/", "user", 64010, "no-new-privs"])
    report = run.report()
    assert report["uid"] == [64010] * 3 and report["no_new_privs"] == 1
    assert report["caps"]["effective"] == 0
    run.wait_event("failed", service="crasher")
    assert stop(run) == 0


def test_a_read_only_root_is_no_hindrance(gosv):
    # Everything is read-only for gosv: it writes no file of its own anywhere.
    run, report = report_of(gosv, run={"given": ["read-only", "/"]})
    assert report["pid"]
    assert stop(run) == 0
