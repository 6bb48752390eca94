"""The harness itself: what the other tests take for granted."""

import os
import signal

import pytest

from support.deadline import Timeout
from support.run import PID1, Exit


def test_the_program_is_pid_1_or_has_somebody_above_it(gosv):
    run = gosv.start([gosv.probe, "report", "pause"])
    report = run.report()
    assert (report["pid"] == 1) == (gosv.place == PID1)
    assert report["sid"] == report["pid"]
    assert report["ignored"] == [] and report["blocked"] == []
    assert set(report["fds"]) == {"0", "1", "2"}
    assert run.inside_pid == report["pid"]


def test_signals_reach_it_and_its_end_is_told(gosv):
    run = gosv.start([gosv.probe, "listen-until", "TERM", "exit", "9"])
    run.say(listening=True)
    run.queue(signal.SIGRTMIN, 7)
    assert run.say(signal=int(signal.SIGRTMIN))["value"] == 7
    run.kill(signal.SIGTERM)
    assert run.wait() == 9


def test_a_program_that_dies_of_a_signal_is_told_from_one_that_exits(gosv_beneath):
    run = gosv_beneath.start([gosv_beneath.probe, "die", "KILL"])
    run.until(lambda r: r.has_ended, "the end")
    assert run.ended == Exit(signal=9)
    with pytest.raises(AssertionError):
        run.wait()


def test_processes_are_seen_and_signalled_by_their_pid_inside(gosv):
    probe = gosv.start(
        [gosv.probe, "fork", "say", "child", "exit", "0", "end", "fork", "listen", "end", "pause"]
    )
    zombie = probe.say(say="child")["pid"]
    listener = probe.say(listening=True)["pid"]
    probe.until(lambda r: [p.pid for p in r.zombies()] == [zombie], "one zombie")
    assert [p.pid for p in probe.alive()] == [listener]
    probe.kill_inside(listener, signal.SIGUSR1)
    probe.say(signal=int(signal.SIGUSR1))


def test_what_does_not_come_is_an_error(gosv_pid1):
    run = gosv_pid1.start([gosv_pid1.probe, "pause"])
    with pytest.raises(Timeout):
        run.stdout.wait_object(0.1, say="never")


def test_closing_ends_everything(gosv):
    run = gosv.start([gosv.probe, "fork", "setsid", "ignore", "TERM", "pause", "end", "say", "x",
                      "pause"])
    run.say(say="x")
    pidfd = os.pidfd_open(run.pid)
    run.close()
    with pytest.raises(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, 0)
    os.close(pidfd)
