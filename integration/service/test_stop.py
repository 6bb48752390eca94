"""`gosv MANIFEST`: the ordered shutdown (cases 17, 49 to 55, 58 and 60)."""

import shutil
import signal
import time

import pytest

from support.run import PID1
from support.services import (
    QUICK,
    TALKATIVE,
    moment,
    names,
    probe,
    shell,
    start,
    start_traced,
    stop,
    stop_traced,
    wait_started,
)

DEAF = ("ignore", "TERM", "say", "deaf", "pause")


def stop_quickly(run, number=signal.SIGTERM):
    """The code, and how long it took."""
    begun = time.monotonic()
    code = stop(run, number)
    return code, time.monotonic() - begun


def test_well_behaved_services_end_at_once(gosv):
    run = start(gosv, {name: probe(gosv, "pause") for name in "abc"})
    wait_started(run, *"abc")
    code, took = stop_quickly(run)
    assert code == 0 and took < 2
    # From the last one's end to gosv's own: nothing is waited for.
    ended = [moment(e) for e in run.events("stopped")]
    assert moment(run.events("end")[0]) - max(ended) < 0.2
    for name in "abc":
        order = names(run.events(service=name))
        assert order == ["started", "stopping", "exited", "stopped"]
        assert run.events("stopping", service=name, signal="SIGTERM")


def test_all_are_asked_before_anybody_has_ended(gosv):
    run = start(gosv, {name: probe(gosv, "listen-until", "TERM", "sleep", 300, "exit", 0)
                       for name in "abc"})
    run.stdout.wait_objects(3, listening=True)
    assert stop(run) == 0
    asked = [moment(e) for e in run.events("stopping")]
    ended = [moment(e) for e in run.events("exited")]
    assert len(asked) == len(ended) == 3 and max(asked) < min(ended)


def test_who_ignores_term_is_killed_with_its_whole_group(gosv):
    run = start(gosv, {"deaf": probe(
        gosv, "ignore", "TERM", "fork", "say", "child", "pause", "end", "say", "main", "pause",
        stop_grace_period="200ms")})
    run.say(say="child"), run.say(say="main")
    code, took = stop_quickly(run)
    assert code == 137 and 0.2 <= took < 5
    assert run.events("killing", service="deaf", reason="grace period over")
    if gosv.place != PID1:
        assert run.processes() == []


def test_by_default_everything_is_over_before_dockers_ten_seconds(gosv_pid1):
    gosv = gosv_pid1
    # One that ignores TERM, and below it a daemon that does too: the worst case.
    daemon = ("fork", "setsid", "fork", "ignore", "TERM", "say", "daemon", "pause", "end", "end")
    run = start(gosv, {"deaf": probe(gosv, *daemon, *DEAF)})
    run.say(say="daemon"), run.say(say="deaf")
    code, took = stop_quickly(run)
    assert code == 137 and 7.9 < took < 10


def test_the_shutdown_as_a_whole_has_a_timeout(gosv):
    run = start(gosv, {"deaf": probe(gosv, *DEAF, stop_grace_period="1h")}, shutdown_timeout="200ms")
    run.say(say="deaf")
    code, took = stop_quickly(run)
    assert code == 137 and 0.2 <= took < 5
    assert run.events("killing", service="deaf", reason="shutdown timeout")


def test_one_that_does_not_end_holds_up_nobody_else(gosv):
    run = start(gosv, {
        "deaf": probe(gosv, *DEAF, stop_grace_period="500ms"),
        "good": probe(gosv, "say", "good", "pause"),
    })
    run.say(say="deaf"), run.say(say="good")
    assert stop(run) == 137
    assert moment(run.events("stopped", service="good")[0]) < moment(run.events("killing")[0])


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_second_stop_signal_hurries(gosv, second):
    run = start(gosv, {"deaf": probe(gosv, "fork", "setsid", *DEAF, "end", *DEAF)})
    run.stdout.wait_objects(2, say="deaf")
    run.kill(signal.SIGTERM)
    run.wait_event("stopping", service="deaf")
    time.sleep(0.25)  # within 0.2 s it would be the same stop, told twice
    code, took = stop_quickly(run, second)
    assert code == 137 and took < 5
    assert run.events("killing", service="deaf", reason="second stop signal")


def test_a_stop_signal_in_a_shutdown_for_another_reason_does_not_hurry(gosv):
    run = start(gosv, {
        "bad": probe(gosv, "sleep", 300, "exit", 3, restart="no"),
        "slow": probe(gosv, "listen-until", "TERM", "say", "asked", "sleep", 500, "say", "done"),
    })
    run.say(say="asked")
    assert stop(run) == 3
    assert run.say(say="done")
    assert not run.events("killing")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_term_int_and_quit_stop_by_default(gosv, number):
    run = start(gosv, {"main": probe(gosv, "say", "up", "listen-until", "TERM", "exit", 0)})
    run.say(listening=True)
    assert stop(run, number) == 0
    assert run.events("signal", signal=number.name)


@pytest.mark.parametrize(
    ("name", "number"), [("SIGWINCH", 28), ("RTMIN+3", 37), ("SIGUSR2", 12), ("SIGRTMAX", 64)]
)
def test_the_stop_signals_can_be_chosen(gosv, name, number):
    run = start(gosv, {"main": probe(gosv, "listen-until", "TERM", "exit", 0)}, stop_signals=[name])
    run.say(listening=True)
    run.kill(signal.SIGINT)  # one like others, now
    run.say(signal=int(signal.SIGINT))
    assert stop(run, number) == 0
    assert run.say(signal=int(signal.SIGTERM))


def test_the_stop_signal_of_a_service_can_be_chosen(gosv):
    run = start(gosv, {
        "int": probe(gosv, "say", "int", "listen-until", "INT", "exit", 0, stop_signal="SIGINT"),
        "rt": probe(gosv, "say", "rt", "listen-until", 36, "exit", 0, stop_signal="RTMIN+2"),
    })
    run.stdout.wait_objects(2, listening=True)
    assert stop(run) == 0
    assert run.events("stopping", service="int", signal="SIGINT")
    assert run.events("stopping", service="rt", signal="SIGRTMIN+2")


def test_a_stopped_service_is_continued_so_that_it_can_end(gosv):
    run = start(gosv, {"main": probe(gosv, "say", "up", "listen-until", "TERM", "exit", 0)})
    run.say(listening=True)
    (pid,) = wait_started(run, "main")
    run.kill_inside(pid, signal.SIGSTOP)
    run.until(lambda r: [p.state for p in r.alive()] == ["T"], "a stopped service")
    code, took = stop_quickly(run)
    assert code == 0 and took < 5
    assert run.events("exited", service="main", code=0)


# --- whom the stop signal goes to -----------------------------------------------------------------


def start_pair(gosv, kill_mode, *main):
    acts = ("fork", "say", "child", "listen-until", "TERM", "say", "child-ends", "exit", 0, "end",
            "say", "main", "listen-until", "TERM", *main)
    run = start(gosv, {"pair": probe(gosv, *acts, kill_mode=kill_mode, stop_grace_period="5s")})
    run.stdout.wait_objects(2, listening=True)
    return run


def said(run):
    return [line["say"] for line in run.stdout.objects() if "say" in line]


def test_kill_mode_group_asks_all_of_them(gosv):
    run = start_pair(gosv, "group", "sleep", 300, "say", "main-ends", "exit", 0)
    assert stop(run) == 0
    assert said(run)[2:] == ["child-ends", "main-ends"]


def test_kill_mode_process_asks_the_rest_when_the_main_process_has_ended(gosv):
    run = start_pair(gosv, "process", "sleep", 300, "say", "main-ends", "exit", 0)
    assert stop(run) == 0
    assert said(run)[2:] == ["main-ends", "child-ends"]


def test_kill_mode_mixed_kills_the_rest_when_the_main_process_has_ended(gosv):
    run = start_pair(gosv, "mixed", "say", "main-ends", "exit", 0)
    assert stop(run) == 0  # this is how it wants to be stopped
    assert said(run)[2:] == ["main-ends"]
    assert run.events("killing", service="pair", reason="main process ended")


# --- at an awkward moment -------------------------------------------------------------------------


def test_a_stop_in_the_back_off_ends_it_without_another_start(gosv):
    run = start(gosv, {"main": probe(gosv, "exit", 1, restart_delay="1h", restart_max_delay="1h")})
    run.wait_event("restarting", service="main", delay_ms=3_600_000)
    code, took = stop_quickly(run)
    assert code == 0 and took < 5
    assert len(run.events("started")) == 1
    assert run.events("stopped", service="main")


def test_a_stop_before_the_first_start_ends_in_order(gosv):
    # Pending when gosv begins.
    services = {name: probe(gosv, "pause") for name in "abc"}
    run = start(gosv, services, run={"given": ["block", "TERM", "raise", "TERM"]})
    assert run.wait(10) == 0
    assert run.events("shutdown", reason="stop signal")
    assert not run.events("killing")


def test_a_stop_at_any_moment_of_the_start_ends_in_order(gosv):
    services = {f"s{i}": probe(gosv, "pause") for i in range(8)}
    for pause in range(15):
        # Blocked, so that the kernel keeps it even before gosv's first instruction.
        run = start(gosv, services, run={"blocked": [signal.SIGTERM]})
        time.sleep(pause / 1000)  # another moment each time, not a wait
        run.kill(signal.SIGTERM)
        assert run.wait(10) == 0
        assert not run.events("killing")


def test_a_stop_between_fork_and_exec_ends_in_order(gosv_beneath, tmp_path):
    # The exec hangs for a second, as on a slow file server.
    gosv = gosv_beneath
    slow = tmp_path / "slow"
    shutil.copy2(gosv.probe, slow)
    run = start_traced(gosv, {"main": {"command": [str(slow), "pause"]}}, "-f", "-P", str(slow),
                       "-e", "inject=execve:delay_enter=1000000")
    run.until(lambda r: any(p.comm == "gosv" for p in r.processes()), "the child")
    assert stop_traced(run) == 0
    assert run.events("stopped", service="main") and not run.events("killing")


def test_a_stop_is_not_lost_before_the_service_has_its_group(gosv_beneath):
    # setpgid(2) is slow on both sides of the fork, and the signal is there from the start.
    gosv = gosv_beneath
    words = gosv.strace("-f", "-e", "trace=setpgid", "-e", "inject=setpgid:delay_enter=200000")
    given = [gosv.probe, "block", "TERM", "raise", "TERM", "exec"]
    path = gosv.write_manifest({"services": {"main": probe(gosv, "pause")}})
    run = gosv.start([*words, *given, gosv.binary, *TALKATIVE, path])
    assert run.wait() == 0
    assert run.events("stopped", service="main") and not run.events("killing")


def test_a_stop_told_twice_at_once_is_one_stop(gosv):
    # An attached terminal delivers Ctrl-C, and who proxies signals passes it on as well.
    run = start(gosv, {"main": shell("trap 'sleep 0.5; echo saved; exit 0' TERM; echo up; "
                                     "while :; do sleep 0.05; done")})
    run.stdout.wait_text("up")
    run.kill(signal.SIGTERM)
    assert stop(run, signal.SIGINT) == 0
    assert "saved" in run.stdout.text()
    assert not run.events("killing")


def test_services_that_fork_while_they_are_killed_are_all_ended(gosv):
    # Each child is in a session of its own and ignores TERM; sixty at the most, then it rests.
    script = """
        trap '' TERM
        i=0
        while [ $i -lt 60 ]; do
            i=$((i+1)); setsid sh -c "trap '' TERM; while :; do sleep 0.3; done" & sleep 0.02
        done
        wait"""
    run = start(gosv, {"forker": shell(script, stop_grace_period="100ms")}, shutdown_timeout="500ms")
    run.until(lambda r: len(r.alive()) > 10, "ten processes")
    code, took = stop_quickly(run)
    assert code == 137 and took < 5
    if gosv.place != PID1:
        assert run.processes() == []


def test_restarts_end_with_the_shutdown(gosv):
    run = start(gosv, {
        "crasher": probe(gosv, "exit", 1, max_restarts="unlimited", **QUICK),
        "slow": probe(gosv, "listen-until", "TERM", "sleep", 300, "exit", 0),
    })
    run.wait_events(5, "restarting")
    run.say(listening=True)
    assert stop(run) == 0
    order = names(run.events())
    after = order[order.index("shutdown"):]
    assert "restarting" not in after
    assert after.count("started") <= 1  # of the exec that was on its way


def test_the_last_words_of_a_service_are_not_lost(gosv):
    run = start(gosv, {"main": shell("trap 'seq 1 5000; exit 0' TERM; echo up; "
                                     "while :; do sleep 0.05; done")})
    run.stdout.wait_text("up")
    assert stop(run) == 0
    assert run.stdout.lines() == ["up", *map(str, range(1, 5001))]
