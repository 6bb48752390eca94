"""The shutdown goes against the order of the start; stop_command."""

import time

import pytest

from support.services import oneshot, probe, start, stop, wait_started

from .test_start_order import of, place


def test_dependents_end_before_what_they_depend_on_is_asked_to(gosv):
    slow = ("listen-until", "TERM", "sleep", 200, "exit", 0)
    run = start(gosv, {
        "db": probe(gosv, *slow),
        "cache": probe(gosv, *slow),
        "web": probe(gosv, *slow, depends_on=["db", "cache"]),
        "proxy": probe(gosv, *slow, depends_on={"web": {"condition": "service_started"}}),
    })
    wait_started(run, "proxy")
    run.stdout.wait_objects(4, listening=True)
    assert stop(run) == 0
    assert of(run, "stopped")[:2] == ["proxy", "web"]
    assert place(run, "exited", "proxy") < place(run, "stopping", "web")
    assert place(run, "exited", "web") < min(place(run, "stopping", name) for name in ("db", "cache"))
    # Those two side by side.
    assert max(place(run, "stopping", name) for name in ("db", "cache")) < min(
        place(run, "exited", name) for name in ("db", "cache"))


def test_a_dependent_that_does_not_end_holds_up_the_rest_for_its_grace_only(gosv):
    run = start(gosv, {
        "db": probe(gosv, "say", "db", "pause"),
        "web": probe(gosv, "ignore", "TERM", "say", "web", "pause", depends_on=["db"],
                     stop_grace_period="300ms"),
    })
    run.say(say="db"), run.say(say="web")
    assert stop(run) == 137
    assert place(run, "killing", "web") < place(run, "stopping", "db")
    assert run.events("exited", service="db", signal="SIGTERM")


def test_the_shutdown_timeout_is_above_all_order(gosv):
    run = start(gosv, {
        "db": probe(gosv, "ignore", "TERM", "say", "db", "pause"),
        "web": probe(gosv, "ignore", "TERM", "say", "web", "pause", depends_on=["db"]),
    }, shutdown_timeout="500ms")
    run.say(say="db"), run.say(say="web")
    begun = time.monotonic()
    assert stop(run) == 137
    assert time.monotonic() - begun < 5
    assert not run.events("stopping", service="db")
    assert run.events("killing", service="db", reason="shutdown timeout")


def test_a_second_stop_signal_is_above_all_order(gosv_pid1):
    run = start(gosv_pid1, {
        "db": probe(gosv_pid1, "ignore", "TERM", "say", "db", "pause"),
        "web": probe(gosv_pid1, "ignore", "TERM", "say", "web", "pause", depends_on=["db"]),
    })
    run.say(say="db"), run.say(say="web")
    run.kill(15)
    run.wait_event("stopping", service="web")
    time.sleep(0.3)  # the same request told twice is one
    assert stop(run) == 137
    assert run.events("killing", service="db", reason="second stop signal")


@pytest.mark.parametrize("step", ["one", "two", "three", "four"])
def test_a_stop_in_the_middle_of_the_start(gosv, step):
    steps = ["one", "two", "three", "four"]
    # Each waits for the one before; the one that is named never completes.
    services = {}
    for before, name in zip([None, *steps], steps):
        acts = ("pause",) if name == step else ("exit", 0)
        services[name] = oneshot(probe(gosv, *acts), **({"depends_on": [before]} if before else {}))
    services["main"] = probe(gosv, "pause", depends_on=["four"])
    run = start(gosv, services)
    wait_started(run, step)
    assert stop(run) == 0
    assert of(run, "started") == steps[:steps.index(step) + 1]
    assert not run.events("started", service="main")
    assert len(run.events("end")) == 1


def test_a_dependency_that_dies_while_its_dependents_stop_is_not_started_again(gosv):
    run = start(gosv, {
        "db": probe(gosv, "say", "db", "pause", restart_delay="0s"),
        "web": probe(gosv, "listen-until", "TERM", "sleep", 500, "exit", 0, depends_on=["db"]),
    })
    db = run.say(say="db")["pid"]
    run.say(listening=True)
    run.kill(15)
    run.say(signal=15)
    run.kill_inside(db, 9)
    assert run.wait() == 0
    assert len(run.events("started", service="db")) == 1


def test_a_dependency_that_dies_while_its_dependent_starts(gosv, tmp_path):
    run = start(gosv, {
        "db": probe(gosv, "pause", restart_delay="10ms"),
        "web": probe(gosv, "say", "starting", "await", tmp_path / "go", "notify", "READY=1", "pause",
                     type="notify", depends_on=["db"]),
        "worker": probe(gosv, "pause", depends_on=["db", "web"]),
    })
    db = wait_started(run, "db")[0]
    run.say(say="starting")
    run.kill_inside(db, 9)
    run.wait_events(2, "started", service="db")
    (tmp_path / "go").touch()
    wait_started(run, "worker")
    assert len(run.events("started", service="web")) == 1
    assert stop(run) == 0


def test_who_waits_for_its_dependencies_is_stopped_at_once(gosv_pid1):
    run = start(gosv_pid1, {
        "never": oneshot(probe(gosv_pid1, "pause")),
        "web": probe(gosv_pid1, "pause", depends_on=["never"]),
    })
    wait_started(run, "never")
    assert stop(run) == 0
    assert place(run, "stopped", "web") < place(run, "stopped", "never")


# --- stop_command ---------------------------------------------------------------------------------


def test_the_stop_command_comes_before_the_signal(gosv, tmp_path):
    run = start(gosv, {"main": probe(
        gosv, "listen-until", "TERM", "exit", 0,
        stop_command=[gosv.probe, "sleep", "200", "write", str(tmp_path / "ran"), ""])})
    run.say(listening=True)
    begun = time.monotonic()
    assert stop(run) == 0
    assert (tmp_path / "ran").exists() and time.monotonic() - begun >= 0.2
    assert run.events("exited", service="main", code=0)


def test_a_service_that_its_stop_command_ends_gets_no_signal(gosv, tmp_path):
    end = tmp_path / "end"
    run = start(gosv, {"main": probe(gosv, "say", "up", "await", end, "exit", 0,
                                     stop_command=[gosv.probe, "write", str(end), "", "sleep", "300"])})
    run.say(say="up")
    assert stop(run) == 0
    assert run.events("exited", service="main", code=0)


def test_a_stop_command_that_hangs_has_the_grace_period_and_no_more(gosv):
    run = start(gosv, {"main": probe(gosv, "say", "up", "pause", stop_grace_period="300ms",
                                     stop_command=[gosv.probe, "say", "stopping", "ignore", "TERM",
                                                   "pause"])})
    run.say(say="up")
    begun = time.monotonic()
    assert stop(run) == 137
    run.say(say="stopping")
    assert 0.3 <= time.monotonic() - begun < 5


def test_a_stop_command_that_is_not_there_is_told_and_the_signal_sent(gosv):
    run = start(gosv, {"main": probe(gosv, "say", "up", "pause", stop_command=["/no/such/program"])})
    run.say(say="up")
    assert stop(run) == 0
    assert run.events("exited", service="main", signal="SIGTERM")
    assert "/no/such/program" in run.stderr.text()


def test_the_stop_command_runs_as_the_service_does(gosv_pid1, public):
    program = public.add(gosv_pid1.probe)
    run = start(gosv_pid1, {"main": {"command": [program, "say", "up", "pause"], "user": "65534",
                                     "environment": {"COLOUR": "green"},
                                     "stop_command": [program, "report"]}})
    run.say(say="up")
    assert stop(run) == 0
    report = run.report()
    assert report["uid"] == [65534] * 3 and "COLOUR=green" in report["env"]
