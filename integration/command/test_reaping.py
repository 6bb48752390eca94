"""`gosv -- CMD`: nobody stays a zombie, and no death is missed or made up (cases 33 to 48)."""

import errno
import os
import signal
import subprocess
import time

import pytest

from support.deadline import PATIENCE, until
from support.processes import outside_pid, status_field
from support.run import PID1

TERM = int(signal.SIGTERM)
USR1 = int(signal.SIGUSR1)
ORPHANS = 10_000

# "$0" is gosv, "$1" the probe.
REPEAT = """
for i in $(seq {times}); do
    {prefix} "$0" -- {command}
    got=$?
    [ $got -eq {code} ] || echo "run $i gave $got"
done
echo done
"""


def repeat(gosv, times, command, code, seconds):
    prefix = "unshare --pid --fork --mount-proc" if gosv.place == PID1 else ""
    script = REPEAT.format(times=times, prefix=prefix, command=command, code=code)
    loop = gosv.start(["/bin/sh", "-c", script, gosv.binary, gosv.probe])
    assert loop.wait(seconds) == 0
    assert loop.stdout.lines()[-1] == "done"
    assert [line for line in loop.stdout.lines() if line.startswith("run ")] == []


def rss_kib(pid):
    return int(status_field(pid, "VmRSS").split()[0])


def reaped(run):
    return sum(event["count"] for event in run.events("orphans"))


# --- many ------------------------------------------------------------------------------------------------


def test_ten_thousand_orphans_at_once_leave_no_zombie_and_no_memory(gosv, storm):
    run = gosv.run_probe("orphans", ORPHANS, "listen-until", TERM, "exit", 3)
    run.wait_event("started")
    before = rss_kib(run.pid)
    run.say(60, orphans=ORPHANS)
    # How long they take to die is the kernel's business.
    run.until(lambda r: len(r.alive()) == 1, "all dead", 60)
    dead = time.monotonic()
    run.until(lambda r: reaped(r) == ORPHANS, "all reaped")
    assert run.zombies() == []
    assert time.monotonic() - dead < 1 * PATIENCE
    assert rss_kib(run.pid) - before < 256
    run.kill(TERM)
    assert run.wait() == 3


def test_a_signal_gets_through_a_storm_of_orphans(gosv, storm):
    fork_bomb = "while :; do (true &); (true &); done"
    run = gosv.run_probe("fork", "setsid", "exec", "/bin/sh", "-c", fork_bomb, "end",
                         "listen-until", USR1, "listen-until", TERM, "exit", 3)
    run.stdout.wait_objects(1, listening=True)
    run.until(lambda r: reaped(r) > 2000, "a storm", 60)
    for number in (USR1, TERM):
        begun = time.monotonic()
        run.kill(number)
        run.say(signal=number)
        assert time.monotonic() - begun < 0.5 * PATIENCE
    assert run.wait() == 3


def test_a_command_that_dies_with_its_orphans_gives_its_own_code(gosv):
    repeat(gosv, 60, '"$1" orphans 20 exit 3', 3, 60)


def test_a_command_that_is_gone_at_once_is_never_missed(gosv):
    repeat(gosv, 500, "/bin/true", 0, 90)


# --- daemons ---------------------------------------------------------------------------------------------


def start_with_daemon(gosv, *daemon, prepared=()):
    """A command, and a daemon of it in a session of its own, adopted by gosv. The daemon is
    `prepared` before it says that it is there."""
    run = gosv.run_probe("fork", "setsid", "fork", *prepared, "say", "daemon", *daemon, "end", "end",
                         "wait", "listen-until", TERM, "exit", 3)
    daemon = run.say(say="daemon")["pid"]
    run.say(listening=True, pid=run.wait_event("started")["pid"])
    run.until(lambda r: r.process(daemon).ppid == r.inside_pid, "gosv adopts it")
    return run, daemon


def test_a_daemon_is_adopted_and_asked_to_end_when_the_command_has_ended(gosv):
    run, daemon = start_with_daemon(gosv, "listen-until", TERM, "say", "cleaned up")
    run.stdout.wait_objects(2, listening=True)  # the daemon's too: before, TERM would just kill it
    run.kill(TERM)
    run.say(signal=TERM)
    assert run.wait() == 3
    assert run.say(say="cleaned up")["pid"] == daemon
    if gosv.place != PID1:
        assert run.processes() == []


def test_a_daemon_that_ends_before_the_command_is_reaped(gosv):
    run, daemon = start_with_daemon(gosv, "listen-until", USR1)
    run.stdout.wait_objects(2, listening=True)
    run.kill_inside(daemon, USR1)
    run.until(lambda r: r.process(daemon) is None, "reaped")
    assert not run.events("exited")
    run.kill(TERM)
    assert run.wait() == 3


def test_a_daemon_that_ignores_term_is_killed_within_dockers_ten_seconds(gosv):
    run, _ = start_with_daemon(gosv, "pause", prepared=["ignore", "TERM"])
    begun = time.monotonic()
    run.kill(TERM)
    assert run.wait() == 3
    assert time.monotonic() - begun < 9 * PATIENCE
    assert run.events("killing")
    if gosv.place != PID1:
        assert run.processes() == []


def test_a_daemon_that_was_stopped_does_not_hold_up_the_end(gosv):
    run, daemon = start_with_daemon(gosv, "raise", "STOP", "pause")
    run.until(lambda r: r.process(daemon).state == "T", "stopped")
    begun = time.monotonic()
    run.kill(TERM)
    assert run.wait() == 3
    assert time.monotonic() - begun < 2.5 * PATIENCE  # not the grace period: TERM was followed by CONT


def test_without_a_subreaper_gosv_warns_and_works(gosv_beneath):
    run = gosv_beneath.run_probe("exit", 3, given=["deny", "prctl", errno.EINVAL],
                                 flags=("--log-format", "json"))
    assert run.wait() == 3
    (line,) = run.stderr.objects()
    assert line["level"] == "warn" and "EINVAL" in line["reason"]


# --- what is no death ------------------------------------------------------------------------------------


def test_a_command_that_stops_and_goes_on_has_not_ended(gosv):
    run = gosv.run_probe("listen-until", TERM, "exit", 3)
    child = run.say(listening=True)["pid"]
    for _ in range(3):
        run.kill_inside(child, signal.SIGSTOP)
        run.until(lambda r: r.process(child).state == "T", "stopped")
        run.kill_inside(child, signal.SIGCONT)
        run.until(lambda r: r.process(child).state == "S", "continued")
    assert not run.events("exited")
    run.kill(TERM)
    assert run.wait() == 3


def test_a_traced_command_is_reaped_with_its_own_code(gosv):
    run = gosv.run_probe("listen-until", TERM, "exit", 3)
    child = outside_pid(run.init, run.say(listening=True)["pid"])
    with run.traced("-f", pid=child):
        run.kill(TERM)
        assert run.wait() == 3


def test_a_command_whose_tracer_will_not_wait_is_reaped_once_the_tracer_is_gone(gosv):
    run = gosv.run_probe("listen-until", TERM, "exit", 3)
    inside = run.say(listening=True)["pid"]
    child = outside_pid(run.init, inside)
    tracer = subprocess.Popen(["strace", "-qq", "-e", "trace=none", "-o", os.devnull, "-p", str(child)],
                              start_new_session=True)
    try:
        until(lambda: status_field(child, "TracerPid") != "0", "strace attached")
        os.kill(tracer.pid, signal.SIGSTOP)
        until(lambda: status_field(tracer.pid, "State").startswith("T"), "a tracer that hangs")
        os.kill(child, signal.SIGKILL)
        # A zombie, or stopped on its way there if the tracer wants to know of that too.
        run.until(lambda r: r.process(inside).state in "Zt", "dead, but not to be reaped")
        assert not run.has_ended
    finally:
        tracer.kill()
        tracer.wait(20)
    assert run.wait() == 137


def test_a_process_lives_as_long_as_its_last_thread(gosv):
    run = gosv.run_probe("say", "up", "lose-main-thread", 400, 6)
    child = run.say(say="up")["pid"]
    run.until(lambda r: r.process(child).state == "Z", "the main thread has ended")
    assert not run.events("exited")
    assert run.wait() == 6


def test_a_process_without_its_main_thread_still_gets_signals(gosv):
    run = gosv.run_probe("say", "up", "lose-main-thread", -1, 0)
    child = run.say(say="up")["pid"]
    run.until(lambda r: r.process(child).state == "Z", "the main thread has ended")
    run.kill(TERM)
    assert run.wait() == 128 + TERM


def test_a_command_that_hangs_in_vfork_ends_on_term(gosv, tmp_path):
    run = gosv.run_probe("hang-in-vfork", tmp_path / "fifo")
    child = run.say(hangs=True)["pid"]
    run.until(lambda r: r.process(child).state == "D", "waits for its child's exec")
    run.kill(TERM)
    assert run.wait() == 128 + TERM


def test_gosv_goes_on_while_an_exec_hangs(gosv_beneath, tmp_path):
    gosv = gosv_beneath
    slow = tmp_path / "slow"
    slow.write_bytes(open(gosv.probe, "rb").read())
    slow.chmod(0o755)
    words = gosv.strace("-f", "-P", str(slow), "-e", "inject=execve:delay_enter=3000000")
    run = gosv.start([*words, gosv.binary, "--log-level", "debug", "--snapshot-signal", "USR1", "--",
                      slow, "say", "up", "exit", 3])
    run.until(lambda r: [p.comm for p in r.alive()].count("gosv") == 2, "gosv and its child")
    parent = min(p.pid for p in run.alive() if p.comm == "gosv")
    run.kill_inside(parent, USR1)
    run.stderr.wait_text("=== end of snapshot")
    assert run.stdout.text() == ""  # not yet
    assert run.wait() == 3


# --- a kernel that lies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        "waitid:error=EINTR:when=1..3",
        "waitid:error=ECHILD:when=1..2",
        "waitid:error=EINVAL:when=1..2",
        "read:error=EIO:when=1..3",  # the signalfd: SIGCHLD is not seen
        "read:error=EINTR:when=1..3",
        "epoll_wait,epoll_pwait:error=EINTR:when=1..3",
    ],
)
def test_a_death_is_found_although_a_system_call_fails(gosv, fault):
    run = gosv.run_probe("listen-until", TERM, "exit", 3)
    child = run.say(listening=True)["pid"]
    with run.traced("-e", f"inject={fault}"):
        run.kill_inside(child, TERM)
        assert run.wait() == 3


# --- whose children --------------------------------------------------------------------------------------


def test_who_is_not_root_reaps_what_has_become_root(gosv, public):
    probe = public.add(gosv.probe, mode=0o4755)
    run = gosv.command(
        probe, "fork", "setsid", "fork", "become", 0, "say", "root", "listen-until", USR1, "end",
        "end", "wait", "listen-until", TERM, "exit", 3,
        given=["user", 64004], binary=public.add(gosv.binary),
    )
    orphan = run.say(say="root")["pid"]
    run.stdout.wait_objects(2, listening=True)
    run.kill_inside(orphan, USR1)
    run.until(lambda r: r.process(orphan) is None, "reaped")
    run.kill(TERM)
    assert run.wait() == 3


def test_orphans_of_docker_exec_are_reaped(gosv_pid1):
    run = gosv_pid1.run_probe("listen-until", TERM, "exit", 3)
    run.say(listening=True)
    for _ in range(10):
        health_check = run.in_namespace("/bin/sh", "-c", "(true &) ; (sleep 0.05 &) ; true")
        assert health_check.wait(30) == 0
    run.until(lambda r: reaped(r) >= 20 and not r.zombies(), "all orphans reaped")
    run.kill(TERM)
    assert run.wait() == 3
