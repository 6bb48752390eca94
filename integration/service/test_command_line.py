"""`gosv` with a manifest and without: its modes, `check`, and manifests that are refused (case 80)."""

import json

import pytest

from support.services import TALKATIVE, probe, shell, start, stop

USAGE, CONFIG = 64, 78
RLIMIT_AS = 9


def one_service(gosv, *acts):
    return {"services": {"main": probe(gosv, *(acts or ("say", "up", "pause")))}}


# --- which manifest -------------------------------------------------------------------------------


def test_no_manifest_is_a_usage_error_that_names_what_was_tried(gosv):
    run = gosv(env={"PATH": "/usr/bin:/bin"})
    assert run.wait() == USAGE
    text = run.stderr.text()
    assert "/etc/gosv.yaml" in text and "$GOSV_CONFIG" in text and "hint:" in text


@pytest.mark.parametrize("flag", ["-config", "--config"])
def test_the_manifest_may_be_named_by_a_flag(gosv_pid1, flag):
    run = gosv_pid1(*TALKATIVE, flag, gosv_pid1.write_manifest(one_service(gosv_pid1)))
    run.say(say="up")
    assert stop(run) == 0


def test_the_manifest_may_be_named_by_the_environment(gosv_pid1):
    path = gosv_pid1.write_manifest(one_service(gosv_pid1))
    run = gosv_pid1(env={"PATH": "/usr/bin:/bin", "GOSV_CONFIG": path})
    run.say(say="up")
    assert stop(run) == 0


def test_the_default_manifest_is_in_etc(gosv_pid1):
    # A root of its own, so that the machine's /etc is left alone.
    path = gosv_pid1.write_manifest({"services": {"main": probe(gosv_pid1, "exit", 6, restart="no")}})
    script = f"mount -t tmpfs none /etc && cp {path} /etc/gosv.yaml && exec {gosv_pid1.binary}"
    run = gosv_pid1.start(["/bin/sh", "-c", script])
    assert run.wait() == 6


def test_the_historic_form_is_accepted(gosv):
    run = gosv.manifest({
        "services": [{"name": "main", "command": gosv.probe, "args": ["exit", "5"],
                      "max_restarts": 0, "memory_mb": 64, "cpu_percent": 50}]})
    assert run.wait() == 5


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--no-such-flag"], "--no-such-flag"),
        (["one.yaml", "two.yaml"], "two.yaml"),
        (["--"], "no command"),
        (["--log-level", "loud"], "loud"),
        (["--json"], "check"),
    ],
)
def test_a_wrong_command_line_is_64(gosv_pid1, words, says):
    run = gosv_pid1(*words)
    assert run.wait() == USAGE
    assert says in run.stderr.text() and "hint:" in run.stderr.text()


def test_version_and_help_go_to_stdout(gosv_pid1):
    run = gosv_pid1("--version")
    assert run.wait() == 0 and run.stdout.text().startswith("gosv ")
    run = gosv_pid1("--help")
    assert run.wait() == 0
    for word in ("check", "demo", "--run", "--log-format"):
        assert word in run.stdout.text()


# --- refused --------------------------------------------------------------------------------------


def refused(run, says):
    assert run.wait() == CONFIG
    text = run.stderr.text()
    assert "error:" in text
    for word in says:
        assert word in text, text
    assert run.stdout.text() == ""  # nothing was started
    return text


BAD = {
    "unknown key": ("services:\n  main:\n    comand: [x]\n", ["gosv.yaml:3:5:", "'comand'", "command"]),
    "two problems": ("services:\n  a:\n    command: [x]\n    restart: sometimes\n  b: {}\n",
                     ["gosv.yaml:4:14:", "sometimes", "gosv.yaml:5:", "command"]),
    "no services": ("services: {}\n", ["gosv.yaml:1:", "services"]),
    "empty": ("", ["gosv.yaml", "empty"]),
    "tab": ("services:\n\tmain: {}\n", ["gosv.yaml:2:", "tab"]),
    "octal": ("services:\n  main:\n    command: [x]\n    max_restarts: 010\n", ["gosv.yaml:4:19:", "010"]),
    "unknown user": ("services:\n  main:\n    command: [x]\n    user: nobody-here\n",
                     ["gosv.yaml:4:11:", "nobody-here"]),
    "not yet": ("services:\n  main:\n    command: [x]\n    schedule: daily\n",
                ["gosv.yaml:4:", "schedule", "not"]),
    "bomb": ("x-a: &a [1,2,3,4,5,6,7,8,9]\n"
             + "".join(f"x-{c}: &{c} [{', '.join(['*' + p] * 9)}]\n"
                       for p, c in zip("abcdefgh", "bcdefghi"))
             + "services:\n  main: {command: [x]}\n", []),
}


@pytest.mark.parametrize("which", [name for name in BAD if name != "bomb"])
def test_a_manifest_with_a_problem_is_refused_at_its_place(gosv_pid1, which):
    text, says = BAD[which]
    refused(gosv_pid1.manifest(text), says)


def test_a_manifest_that_grows_without_end_is_refused_in_no_time(gosv_pid1):
    run = gosv_pid1(gosv_pid1.write_manifest(BAD["bomb"][0]),
                    given=["rlimit", RLIMIT_AS, 512 << 20, 512 << 20])
    refused(run, ["alias"])


def test_a_manifest_of_ten_megabytes_is_refused(gosv_pid1):
    run = gosv_pid1.manifest("services:\n  main:\n    command: [x]\n#" + "x" * (10 << 20))
    refused(run, ["gosv.yaml"])


def test_a_manifest_that_cannot_be_read_is_refused(gosv_pid1, tmp_path):
    refused(gosv_pid1(tmp_path / "missing.yaml"), ["missing.yaml", "No such file or directory"])
    refused(gosv_pid1(tmp_path), [str(tmp_path), "directory"])


def test_a_manifest_without_read_permission_is_refused(gosv_pid1, public):
    path = public.path / "secret.yaml"
    path.write_text("services: {}\n")
    path.chmod(0o600)
    run = gosv_pid1(path, binary=public.add(gosv_pid1.binary), given=["user", 64008])
    refused(run, ["secret.yaml", "Permission denied"])


# --- check ----------------------------------------------------------------------------------------


def test_check_says_ok_and_starts_nothing(gosv):
    run = gosv("check", gosv.write_manifest(one_service(gosv)))
    assert run.wait() == 0
    (line,) = run.stdout.lines()
    assert line.endswith("gosv.yaml: ok, 1 service")


def test_check_shows_every_problem_with_its_line_and_a_caret(gosv_pid1):
    run = gosv_pid1("check", gosv_pid1.write_manifest(BAD["two problems"][0]))
    assert run.wait() == CONFIG
    lines = run.stdout.lines()
    assert any("gosv.yaml:4:14: error: " in line for line in lines)
    assert any("gosv.yaml:5:" in line for line in lines)
    source = next(i for i, line in enumerate(lines) if "restart: sometimes" in line)
    assert lines[source + 1].strip().startswith("^")
    assert lines[source + 1].index("^") == lines[source].index("sometimes")


def test_check_json_is_one_object_on_one_line(gosv_pid1):
    run = gosv_pid1("check", "--json", gosv_pid1.write_manifest(BAD["two problems"][0]))
    assert run.wait() == CONFIG
    (line,) = run.stdout.lines()
    answer = json.loads(line)
    assert answer["valid"] is False
    first = answer["diagnostics"][0]
    assert (first["severity"], first["line"], first["column"]) == ("error", 4, 14)
    assert first["path"] == "services.a.restart"

    run = gosv_pid1("check", "--json", gosv_pid1.write_manifest(one_service(gosv_pid1)))
    assert run.wait() == 0
    assert json.loads(run.stdout.lines()[0])["valid"] is True


# --- --run and demo -------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["-run", "--run"])
def test_run_is_one_service_below_a_shell(gosv, flag):
    run = gosv(*TALKATIVE, flag, f"{gosv.probe} say \"a  b$((1+2))\" listen-until TERM exit 0")
    pid = run.say(say="a  b3")["pid"]
    assert run.wait_event("started", service="main")["pid"] == pid  # exec: no shell in between
    run.say(listening=True)
    assert stop(run) == 0


def test_run_restarts_after_two_seconds_and_then_half_as_long_again(gosv_pid1):
    run = gosv_pid1(*TALKATIVE, "--run", "false")
    restarts = run.wait_events(2, "restarting", service="main")
    assert [e["delay_ms"] for e in restarts] == [2000, 3000]
    assert {e["max_restarts"] for e in restarts} == {10}
    assert stop(run) == 0


def test_demo_shows_a_heartbeat_and_a_crasher(gosv):
    run = gosv(*TALKATIVE, "demo")
    run.stdout.wait_text("heartbeat: ")
    run.wait_event("restarting", service="crasher", attempt=1)
    assert stop(run) == 0


# --- limits where there are no cgroups ------------------------------------------------------------


def limited(gosv):
    return {"main": probe(gosv, "say", "up", "pause", limits={"memory": "64M"}),
            "free": shell("sleep 1000")}


def test_limits_that_are_required_are_refused(gosv):
    run = start(gosv, limited(gosv), cgroup="required")
    assert run.wait() == CONFIG
    assert "cgroup: required" in run.stderr.text() and "main" in run.stderr.text()
    assert "free" not in run.stderr.text()
    assert run.stdout.text() == ""


def test_required_without_any_limit_is_fulfilled(gosv_pid1):
    run = start(gosv_pid1, one_service(gosv_pid1)["services"], cgroup="required")
    run.say(say="up")
    assert stop(run) == 0


def test_limits_that_are_not_enforced_are_told_once_at_boot(gosv):
    run = start(gosv, limited(gosv))
    run.say(say="up")
    assert stop(run) == 0
    (line,) = run.events("cgroup")
    assert line["level"] == "warn" and "main" in line["msg"] and "free" not in line["msg"]


@pytest.mark.parametrize("how", ["off", "--no-cgroup"])
def test_cgroup_off_is_silent(gosv_pid1, how):
    flags = [*TALKATIVE, *(["--no-cgroup"] if how != "off" else [])]
    top = {"cgroup": "off"} if how == "off" else {}
    run = start(gosv_pid1, limited(gosv_pid1), flags=flags, **top)
    run.say(say="up")
    assert stop(run) == 0
    assert not run.events("cgroup")
