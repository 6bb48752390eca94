"""`gosv MANIFEST`: what the container ends with (README.md, "Exit codes"). 126 and 127 are
in test_start_failures.py."""

import pytest

from support.services import QUICK, probe, shell, start, stop, wait_started

NO_RESTART = {"restart": "no"}


def good(gosv, name="good"):
    return probe(gosv, "say", name, "pause")


def test_all_completed_is_0(gosv):
    run = start(gosv, {
        "one": probe(gosv, "exit", 0, type="oneshot"),
        "two": probe(gosv, "exit", 0, **NO_RESTART),
    })
    assert run.wait() == 0
    assert len(run.events("completed")) == 2
    assert run.events("shutdown", reason="nothing left to run")


def test_a_stop_in_which_all_end_by_themselves_is_0(gosv):
    run = start(gosv, {"a": good(gosv, "a"), "b": good(gosv, "b")})
    run.say(say="a"), run.say(say="b")
    assert stop(run) == 0
    assert run.events("shutdown", reason="stop signal", signal="SIGTERM")


@pytest.mark.parametrize(
    ("acts", "code"),
    [(("exit", 3), 3), (("exit", 255), 255), (("die", "SEGV"), 139), (("die", "KILL"), 137)],
)
def test_a_service_that_fails_for_good_ends_all_with_its_code(gosv, acts, code, tmp_path):
    run = start(gosv, {
        "bad": probe(gosv, "sleep", 50, *acts, working_dir=str(tmp_path), **NO_RESTART),
        "good": probe(gosv, "say", "good", "listen-until", "TERM", "say", "ended", "exit", 0),
    })
    assert run.wait() == code
    assert run.events("shutdown", reason="a service failed for good")
    # In order: the other one got its signal and the time to act on it.
    assert run.say(say="ended")
    assert run.events("stopped", service="good", code=0)
    assert run.events("end", code=code)


def test_failure_action_none_goes_on_without_it(gosv):
    run = start(gosv, {
        "bad": probe(gosv, "exit", 3, failure_action="none", **NO_RESTART),
        "good": good(gosv),
    })
    run.wait_event("failed", service="bad", code=3)
    run.say(say="good")
    assert stop(run) == 0


def test_with_nothing_left_the_first_failure_counts(gosv):
    run = start(gosv, {
        "first": probe(gosv, "exit", 4, failure_action="none", **NO_RESTART),
        "second": probe(gosv, "sleep", 200, "exit", 5, failure_action="none", **NO_RESTART),
        "third": probe(gosv, "sleep", 400, "exit", 0, **NO_RESTART),
    })
    assert run.wait() == 4


def test_success_action_exit_stops_the_others_and_is_0(gosv):
    run = start(gosv, {
        "job": probe(gosv, "sleep", 50, "exit", 0, type="oneshot", success_action="exit"),
        "good": good(gosv),
    })
    assert run.wait() == 0
    assert run.events("shutdown", reason="a service completed")
    assert run.events("stopped", service="good")


def test_exit_code_from_is_that_services_last_code(gosv):
    run = start(gosv, {
        "main": probe(gosv, "say", "up", "listen-until", "TERM", "exit", 42),
        "other": probe(gosv, "ignore", "TERM", "say", "deaf", "pause", stop_grace_period="50ms"),
    }, exit_code_from="main")
    run.say(listening=True), run.say(say="deaf")
    assert stop(run) == 42
    assert run.events("end", code=42)


def test_exit_code_from_counts_when_another_one_fails(gosv_pid1):
    gosv = gosv_pid1
    run = start(gosv, {
        "main": probe(gosv, "listen-until", "TERM", "exit", 7),
        "bad": probe(gosv, "sleep", 200, "exit", 3, **NO_RESTART),
    }, exit_code_from="main")
    assert run.wait() == 7


def test_a_stop_in_which_something_is_killed_is_137(gosv):
    run = start(gosv, {
        "deaf": probe(gosv, "ignore", "TERM", "say", "deaf", "pause", stop_grace_period="50ms"),
        "good": good(gosv),
    })
    run.say(say="deaf"), run.say(say="good")
    assert stop(run) == 137
    assert run.events("killing", service="deaf", reason="grace period over", signal="SIGKILL")
    assert run.events("stopped", service="deaf", signal="SIGKILL")
    assert run.events("end", code=137)


def test_giving_up_on_a_service_whose_runs_end_well_is_1(gosv):
    run = start(gosv, {"main": probe(gosv, "exit", 0, max_restarts=1, **QUICK)})
    assert run.wait() == 1


def test_a_failure_in_the_shutdown_changes_nothing(gosv):
    run = start(gosv, {"main": probe(gosv, "listen-until", "TERM", "exit", 9)})
    run.say(listening=True)
    assert stop(run) == 0
    assert run.events("stopped", service="main", code=9)
    assert not run.events("failed")


def test_gosv_that_cannot_open_what_it_needs_is_70(gosv):
    # RLIMIT_NOFILE (7): room for the three streams and the manifest, but not for the loop.
    path = gosv.write_manifest({"services": {"main": good(gosv)}})
    run = gosv(path, given=["rlimit", 7, 5, 5])
    assert run.wait() == 70
    assert "gosv: cannot start: " in run.stderr.text()
    assert "Too many open files" in run.stderr.text()


def test_a_disabled_service_is_not_started(gosv_pid1):
    gosv = gosv_pid1
    run = start(gosv, {"off": probe(gosv, "say", "off", "pause", enabled=False), "on": good(gosv)})
    run.say(say="good")
    assert stop(run) == 0
    assert not run.events(service="off")
    assert "off" not in [line.get("say") for line in run.stdout.objects()]


def test_restarts_do_not_touch_the_other_services(gosv):
    run = start(gosv, {
        "crasher": shell("exit 1", max_restarts="unlimited", **QUICK),
        "good": good(gosv),
    })
    (pid,) = wait_started(run, "good")
    run.wait_events(20, "restarting", service="crasher")
    assert [e["pid"] for e in run.events("started", service="good")] == [pid]
    assert pid in [p.pid for p in run.alive()]
    assert stop(run) == 0
