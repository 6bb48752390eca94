"""`gosv -- CMD`: after the command has ended (cases 49 to 60).

There is no shutdown logic but this: what the command leaves behind gets TERM, a grace period, KILL; its
code is gosv's all the same. A command that ignores TERM runs on; Docker's KILL ends it.
"""

import signal
import time

from support.deadline import PATIENCE
from support.run import PID1

TERM = int(signal.SIGTERM)
LAST = 64


def test_gosv_ends_at_once_when_the_command_has(gosv):
    took = []
    for _ in range(3):
        run = gosv.run_probe("listen-until", TERM, "exit", 3)
        run.say(listening=True)
        begun = time.monotonic()
        run.kill(TERM)
        assert run.wait() == 3
        took.append(time.monotonic() - begun)
    assert min(took) < 0.2 * PATIENCE


def test_what_is_left_of_the_commands_group_may_clean_up(gosv):
    run = gosv.run_probe("fork", "listen-until", TERM, "sleep", 300, "say", "cleaned up", "end",
                         "sleep", 100, "exit", 3)
    assert run.wait() == 3
    run.say(say="cleaned up")
    if gosv.place != PID1:
        assert run.processes() == []


def test_what_will_not_end_is_killed_and_the_code_stays_the_commands(gosv):
    run = gosv.run_probe("fork", "ignore", "TERM", "say", "stays", "pause", "end",
                         "fork", "setsid", "ignore", "TERM", "say", "stays too", "pause", "end",
                         "listen-until", TERM, "exit", 0)
    run.say(say="stays")
    run.say(say="stays too")
    run.say(listening=True)
    begun = time.monotonic()
    run.kill(TERM)
    assert run.wait() == 0
    assert time.monotonic() - begun < 9 * PATIENCE
    assert run.events("killing")
    if gosv.place != PID1:
        assert run.processes() == []


def test_signals_that_come_after_the_commands_end_change_nothing(gosv):
    run = gosv.run_probe("fork", "ignore", "TERM", "ignore", "INT", "say", "stays", "pause", "end",
                         "listen-until", TERM, "exit", 3)
    run.say(say="stays")
    run.say(listening=True)
    run.kill(TERM)
    run.wait_event("stopping")
    for number in (TERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, LAST):
        run.kill(number)
    assert run.wait() == 3
    assert not run.events("internal")


def test_who_forks_faster_than_it_is_killed_does_not_escape(gosv):
    run = gosv.run_probe("fork", "setsid", "ignore", "TERM", "say", "runs", "run-away", 2, "end",
                         "listen-until", TERM, "exit", 3)
    run.say(say="runs")
    run.say(listening=True)
    run.kill(TERM)
    assert run.wait() == 3
    if gosv.place != PID1:
        assert run.processes() == []


def test_who_cannot_be_killed_is_told_and_left(gosv):
    # As in state D: the signals are answered with success and do nothing.
    run = gosv.run_probe("fork", "say", "stays", "pause", "end",
                         "fork", "setsid", "say", "stays too", "pause", "end",
                         "listen-until", TERM, "exit", 3)
    run.say(say="stays")
    run.say(say="stays too")
    child = [p for p in run.alive() if p.ppid == run.inside_pid][0].pid
    run.say(listening=True)
    with run.traced("-e", "inject=kill,pidfd_send_signal:retval=0"):
        begun = time.monotonic()
        run.kill_inside(child, TERM)
        run.until(lambda r: r.has_ended, "the end")
        assert time.monotonic() - begun < 10 * PATIENCE  # Docker's patience
    assert run.ended.code == 3
    assert run.events("killing")


def test_a_bystander_is_not_touched(gosv_beneath):
    run = gosv_beneath.run_probe("fork", "setsid", "pause", "end", "listen-until", TERM, "exit", 3)
    run.say(listening=True)
    bystander = run.in_namespace("sleep", "1000")
    run.until(lambda r: any(p.comm == "sleep" for p in r.alive()), "a bystander")
    run.kill(TERM)
    assert run.wait() == 3
    assert [p.comm for p in run.alive()] == ["sleep"]
    bystander.kill()
    bystander.wait(20)


def test_a_frozen_gosv_goes_on_where_it_was(gosv):
    run = gosv.run_probe("listen-until", LAST, "exit", 3)
    run.say(listening=True)
    for _ in range(3):
        run.kill(signal.SIGSTOP)
        run.kill(TERM)
        run.kill(signal.SIGCONT)
        run.kill(signal.SIGUSR1)
    run.kill(LAST)
    assert run.wait() == 3
    assert run.say(signal=TERM)
    assert not run.events("exited", signal="SIGTERM")


def test_the_last_words_of_what_is_left_are_not_lost(gosv):
    talker = "trap 'seq 5000; echo the end; exit 0' TERM; echo up; while :; do sleep 0.01; done"
    run = gosv.command("/bin/sh", "-c", f"({talker}) & sleep 0.2; exit 3")
    assert run.wait() == 3
    assert run.stdout.lines()[-1] == "the end"


def test_gosv_in_gosv_stops_on_one_term_without_a_word(gosv):
    run = gosv("--", gosv.binary, "--", gosv.probe, "listen-until", TERM, "listen-until", LAST,
               "exit", 3)
    run.say(listening=True)
    run.kill(TERM)
    run.say(signal=TERM)
    run.kill(LAST)
    assert run.wait() == 3
    signals = [said["signal"] for said in run.stdout.objects() if "signal" in said]
    assert signals == [TERM, LAST]
    assert run.stderr.lines() == []
