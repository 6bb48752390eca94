"""`gosv -- CMD`: gosv's own lines and the snapshot never hold anything up (cases 61 to 66)."""

import os
import signal
import time

import pytest

from support.deadline import PATIENCE
from support.streams import Lines

TERM = int(signal.SIGTERM)
USR1 = int(signal.SIGUSR1)
PIPE = int(signal.SIGPIPE)
LAST = 64


def count(run, number):
    return sum(1 for said in run.stdout.objects() if said.get("signal") == number)


def test_a_full_stderr_stops_nothing_and_what_is_lost_is_counted(gosv):
    read_end, write_end = os.pipe()
    run = gosv.run_probe("report", "orphans", 200, "listen-until", TERM, "listen-until", LAST,
                         "exit", 3, given=["fill-pipe", 2], stderr=write_end)
    os.close(write_end)
    # The flag would be the command's too: it sits on the open file, not on the descriptor.
    assert run.report()["fds"]["2"]["flags"] & os.O_NONBLOCK == 0
    run.stdout.wait_objects(1, listening=True)
    for value in range(3000):  # each is a line of its own: far more than is kept back
        run.queue(40, value)
    begun = time.monotonic()
    run.kill(TERM)
    run.say(signal=TERM)
    assert time.monotonic() - begun < 5 * PATIENCE
    run.until(lambda r: count(r, 40) == 3000, "all of them")
    assert run.zombies() == []
    stderr = Lines(read_end, "stderr")  # the reader is back
    run.kill(41)
    stderr.wait_object(event="dropped", count=...)
    run.kill(LAST)
    assert run.wait() == 3


def test_a_full_stderr_does_not_hold_up_the_end(gosv):
    read_end, write_end = os.pipe()
    run = gosv.run_probe("sleep", 50, "exit", 3, given=["fill-pipe", 2], stderr=write_end)
    os.close(write_end)
    begun = time.monotonic()
    assert run.wait() == 3
    assert time.monotonic() - begun < 5 * PATIENCE
    os.close(read_end)


def test_a_reader_that_is_gone_is_no_signal(gosv):
    read_end, write_end = os.pipe()
    os.close(read_end)
    run = gosv.run_probe("listen-until", LAST, "exit", 3, stderr=write_end)
    os.close(write_end)
    run.say(listening=True)
    for _ in range(100):
        run.queue(40, 0)
    run.kill(LAST)
    assert run.wait() == 3
    assert count(run, 40) == 100
    assert count(run, PIPE) == 0


def test_a_sigpipe_from_somebody_else_is_passed_on(gosv):
    run = gosv.run_probe("listen-until", PIPE, "exit", 3)
    run.say(listening=True)
    run.kill(PIPE)
    assert run.wait() == 3


def test_a_full_disk_under_the_log_stops_nothing(gosv):
    full = os.open("/dev/full", os.O_WRONLY)
    run = gosv.run_probe("listen-until", LAST, "exit", 3, stderr=full)
    os.close(full)
    run.say(listening=True)
    for _ in range(20):
        run.queue(40, 0)
    run.kill(LAST)
    assert run.wait() == 3
    assert count(run, 40) == 20


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EAGAIN", "EINTR"])
def test_a_log_that_cannot_be_written_stops_nothing(gosv, error):
    run = gosv.run_probe("listen-until", LAST, "exit", 3)
    run.say(listening=True)
    with run.traced("-e", f"inject=write:error={error}:when=1..5"):
        for _ in range(20):
            run.queue(40, 0)
        run.kill(LAST)
        assert run.wait() == 3
    assert count(run, 40) == 20


def test_a_closed_stderr_stops_nothing(gosv):
    run = gosv.run_probe("listen-until", LAST, "exit", 3, given=["close", 2])
    run.say(listening=True)
    run.queue(40, 0)
    run.kill(LAST)
    assert run.wait() == 3


# --- the snapshot ----------------------------------------------------------------------------------------


def snapshots(run):
    return run.stderr.text().count("=== end of snapshot")


def start_with_snapshot(gosv, **kwargs):
    run = gosv("--snapshot-signal", "USR1", "--log-level", "debug", "--", gosv.probe,
               "listen-until", TERM, "exit", 3, **kwargs)
    run.say(listening=True)
    return run


def test_usr1_is_the_commands_unless_a_snapshot_was_asked_for(gosv):
    run = start_with_snapshot(gosv)
    run.kill(USR1)
    run.stderr.wait_text("=== end of snapshot")
    run.kill(TERM)
    assert run.wait() == 3
    assert count(run, USR1) == 0
    assert "=== service main" in run.stderr.text()

    run = gosv.run_probe("listen-until", USR1, "exit", 3)
    run.say(listening=True)
    run.kill(USR1)
    assert run.wait() == 3
    assert snapshots(run) == 0


def test_a_burst_of_requests_makes_few_snapshots_and_delays_no_signal(gosv):
    run = start_with_snapshot(gosv)
    for _ in range(50):
        run.kill(USR1)
    begun = time.monotonic()
    run.kill(TERM)
    run.say(signal=TERM)
    assert time.monotonic() - begun < 1 * PATIENCE
    assert run.wait() == 3
    assert snapshots(run) < 50


def test_a_snapshot_that_nobody_reads_delays_neither_a_signal_nor_the_end(gosv):
    read_end, write_end = os.pipe()
    run = gosv("--snapshot-signal", "USR1", "--", gosv.probe, "listen-until", TERM, "exit", 3,
               given=["fill-pipe", 2], stderr=write_end)
    os.close(write_end)
    run.say(listening=True)
    run.kill(USR1)
    run.until(lambda r: len(r.alive()) == 2, "somebody writes the snapshot")
    begun = time.monotonic()
    run.kill(TERM)
    run.say(signal=TERM)
    assert run.wait() == 3
    assert time.monotonic() - begun < 5 * PATIENCE
    os.close(read_end)


@pytest.mark.parametrize("proc", ["none", "empty"])
def test_a_snapshot_without_proc_is_short_but_whole(gosv, proc):
    run = start_with_snapshot(gosv, proc=proc)
    run.kill(USR1)
    run.stderr.wait_text("=== end of snapshot")
    run.kill(TERM)
    assert run.wait() == 3
