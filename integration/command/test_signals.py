"""`gosv -- CMD`: every signal that can be caught is passed on (cases 9 to 20)."""

import errno
import os
import signal
import time

import pytest

from support.run import PID1
from support.signals import FORWARDED, RTMIN_3, send_with_code

TERM = int(signal.SIGTERM)
USR1 = int(signal.SIGUSR1)
LAST = 64  # the tests' full stop: whatever was sent before it has been dealt with


def numbers(run, pid=None):
    return [
        entry["signal"]
        for entry in run.stdout.objects()
        if "signal" in entry and pid in (None, entry["pid"])
    ]


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_each_signal_arrives_once_under_its_own_number(gosv):
    # The synchronous ones (SEGV and friends), the job-control ones and USR1 too: sent by somebody
    # else they are messages like the others, and the command decides.
    run = gosv.run_probe("listen-until", LAST, "exit", 3)
    run.say(listening=True)
    for number in FORWARDED:
        run.kill(number)
        run.say(signal=number)
    assert run.wait() == 3
    assert numbers(run) == FORWARDED


@pytest.mark.parametrize("number", [TERM, int(signal.SIGINT), int(signal.SIGQUIT), RTMIN_3])
def test_a_signal_from_inside_the_namespace_is_passed_on_too(gosv, number):
    run = gosv.run_probe("listen-until", number, "exit", 3)
    run.say(listening=True)
    killer = run.in_namespace("/bin/kill", f"-{number}", str(run.inside_pid))
    assert run.wait() == 3
    killer.wait(30)


@pytest.mark.parametrize("number", [int(signal.SIGSEGV), int(signal.SIGABRT), int(signal.SIGILL)])
def test_a_deadly_signal_does_not_end_gosv_before_its_command(gosv, number, tmp_path):
    run = gosv.run_probe("say", "up", "pause", cwd=tmp_path)
    run.say(say="up")
    run.kill(number)
    assert run.wait() == 128 + number


def test_sigchld_from_outside_is_nobodys_death(gosv):
    run = gosv.run_probe("listen-until", LAST, "exit", 3)
    run.say(listening=True)
    for value in range(50):
        run.kill(signal.SIGCHLD)
        run.queue(signal.SIGCHLD, value)
    run.kill(LAST)
    assert run.wait() == 3
    assert numbers(run) == [LAST]


def test_it_sleeps_after_a_false_sigchld(gosv):
    run = gosv.run_probe("listen-until", LAST)
    run.say(listening=True)
    for _ in range(5):
        run.kill(signal.SIGCHLD)
    run.kill(USR1)
    run.say(signal=USR1)
    before = cpu_seconds(run.pid)
    time.sleep(0.5)  # the measured time, not a wait for something
    assert cpu_seconds(run.pid) - before < 0.1


def test_of_a_burst_one_arrives_and_of_a_queue_all(gosv):
    run = gosv.run_probe("listen-until", LAST, "exit", 3)
    run.say(listening=True)
    for _ in range(100):
        run.kill(USR1)
    for value in range(100):
        run.queue(40, value)
    run.kill(LAST)
    assert run.wait() == 3
    arrived = numbers(run)
    assert 1 <= arrived.count(USR1) <= 100
    assert arrived.count(40) == 100  # real-time signals queue; their values do not travel


def test_a_signal_that_comes_before_the_command_exists_is_kept_for_it(gosv):
    # Blocked from the start it cannot be lost to the kernel's rule for PID 1 before gosv has had its
    # first instruction, and the command gets the same mask: it must see the signal every time.
    for _ in range(20):
        run = gosv.run_probe("listen-until", TERM, "exit", 3, blocked=[TERM])
        run.kill(TERM)
        assert run.wait() == 3
        assert numbers(run) == [TERM]


def test_a_signal_that_was_pending_when_gosv_started_counts_as_received(gosv):
    given = ["block", USR1, "block", TERM, "raise", USR1, "raise", TERM]
    run = gosv.run_probe("listen-until", LAST, "exit", 3, given=given)
    run.say(signal=USR1)
    run.say(signal=TERM)
    run.kill(LAST)
    assert run.wait() == 3
    assert sorted(numbers(run)) == [USR1, TERM, LAST]


def test_a_signal_is_not_lost_before_the_command_has_its_group(gosv_beneath):
    # setpgid(2) is slow on both sides of the fork, and the signal is there from the start.
    gosv = gosv_beneath
    words = gosv.strace("-f", "-e", "trace=setpgid", "-e", "inject=setpgid:delay_enter=300000")
    given = [gosv.probe, "block", TERM, "raise", TERM, "exec"]
    run = gosv.start(
        [*words, *given, gosv.binary, "--", gosv.probe, "listen-until", TERM, "exit", 3]
    )
    assert run.wait() == 3


def test_a_signal_for_a_command_that_is_dead_already_changes_nothing(gosv):
    run = gosv.run_probe("listen-until", USR1, "exit", 3)
    child = run.say(listening=True)["pid"]
    run.kill(signal.SIGSTOP)
    run.kill_inside(child, USR1)
    run.until(lambda r: [p.pid for p in r.zombies()] == [child], "a zombie")
    run.kill(TERM)
    run.kill(signal.SIGCONT)
    assert run.wait() == 3
    assert not run.events("internal")


def test_a_signal_that_may_not_be_sent_is_told_and_survived(gosv, public):
    # gosv is a user without rights, the command has become root.
    probe = public.add(gosv.probe, mode=0o4755)
    run = gosv.command(
        probe, "become", 0, "say", "root", "listen-until", LAST, "exit", 3,
        given=["user", 64002], binary=public.add(gosv.binary),
    )
    child = run.say(say="root")["pid"]
    run.say(listening=True)
    run.kill(TERM)
    line = run.wait_event("signal", signal="SIGTERM")
    assert line["reason"] == errno.errorcode[errno.EPERM] and line["level"] == "warn"
    run.kill_inside(child, LAST)
    assert run.wait() == 3
    assert numbers(run) == [LAST]


# --- whom it goes to -------------------------------------------------------------------------------------


def start_pair(gosv, *flags, until=LAST):
    """A command with a child; both tell what they get, the child `until` it ends."""
    run = gosv("--log-format", "json", "--log-level", "debug", *flags, "--", gosv.probe,
               "fork", "listen-until", until, "end", "say", "main", "listen-until", LAST, "exit", 3)
    main = run.say(say="main")["pid"]
    run.stdout.wait_objects(2, listening=True)
    (child,) = [p.pid for p in run.alive() if p.pid != main]
    return run, main, child


def test_the_whole_process_group_gets_it(gosv):
    run, main, child = start_pair(gosv)
    run.kill(TERM)
    run.say(signal=TERM, pid=main)
    run.say(signal=TERM, pid=child)
    run.kill(LAST)
    assert run.wait() == 3


def test_a_shell_and_its_background_jobs_end_on_one_term(gosv):
    run = gosv.command("/bin/sh", "-c", "sleep 1000 & sleep 1000 & echo up; wait")
    run.stdout.wait_text("up")
    run.until(lambda r: len(r.alive()) == 3, "two jobs")
    begun = time.monotonic()
    run.kill(TERM)
    assert run.wait() == 128 + TERM
    assert time.monotonic() - begun < 2
    if gosv.place != PID1:
        assert run.processes() == []


def test_kill_mode_process_signals_the_command_alone(gosv):
    run, main, child = start_pair(gosv, "--kill-mode", "process", until=TERM)
    run.kill(USR1)
    run.say(signal=USR1, pid=main)
    run.kill(TERM)
    run.say(signal=TERM, pid=main)
    assert numbers(run, child) == []
    run.kill(LAST)
    assert run.wait() == 3  # what is left then gets TERM
    assert numbers(run, child) == [TERM]


def test_a_command_that_has_left_its_group_is_signalled_by_its_pid(gosv):
    run = gosv.run_probe("leave-group", "say", "left", "listen-until", LAST, "exit", 3)
    assert run.say(say="left")["pgrp"] != run.say(say="left")["pid"]
    run.say(listening=True)
    run.kill(TERM)
    run.say(signal=TERM)
    run.kill(LAST)
    assert run.wait() == 3
    assert numbers(run) == [TERM, LAST]


def test_the_rest_of_a_group_that_the_command_has_left_gets_it_too(gosv):
    run = gosv.run_probe("fork", "say", "rest", "listen-until", LAST, "end",
                         "leave-group", "say", "left", "listen-until", LAST, "exit", 3)
    rest = run.say(say="rest")["pid"]
    main = run.say(say="left")["pid"]
    run.stdout.wait_objects(2, listening=True)
    run.kill(USR1)
    run.say(signal=USR1, pid=rest)
    run.say(signal=USR1, pid=main)
    run.kill(LAST)
    assert run.wait() == 3


# --- how it came to be -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [-1, -2, -3, -4, -5, -60], ids=lambda code: f"si_code {code}")
def test_a_signal_is_a_signal_whatever_it_says_of_its_origin(gosv, code):
    run = gosv.run_probe("listen-until", LAST, "exit", 3)
    run.say(listening=True)
    send_with_code(run.pid, USR1, code)
    run.say(signal=USR1)
    run.kill(0)  # only a question
    run.kill(LAST)
    assert run.wait() == 3
    assert numbers(run) == [USR1, LAST]
