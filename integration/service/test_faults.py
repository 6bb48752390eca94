"""`gosv MANIFEST` in a kernel that has no room, or lies (cases 45, 46, 75 and 76)."""

import signal
import time

import pytest

from support.services import (
    QUICK,
    moment,
    probe,
    shell,
    start,
    start_traced,
    stop,
    stop_traced,
    wait_started,
)


@pytest.mark.parametrize("error", ["EINTR", "ECHILD", "EINVAL"])
@pytest.mark.parametrize("when", ["1..8", "2+3"])
def test_a_wait_that_fails_now_and_then_loses_nobody(gosv_beneath, error, when):
    gosv = gosv_beneath
    run = start_traced(gosv, {
        "crasher": probe(gosv, "exit", 1, max_restarts=10, failure_action="none", **QUICK),
        "good": probe(gosv, "say", "up", "pause"),
    }, "-e", f"inject=waitid:error={error}:when={when}")
    run.wait_event("failed", service="crasher")
    assert len(run.events("exited", service="crasher", code=1)) == 11
    assert stop_traced(run) == 0
    assert run.events("stopped", service="good")


def test_a_wait_that_fails_for_long_is_no_busy_loop(gosv_beneath):
    gosv = gosv_beneath
    run = start_traced(gosv, {"good": probe(gosv, "say", "up", "pause")},
                       "-e", "trace=waitid", "-e", "inject=waitid:error=ECHILD")
    run.say(say="up")
    inside = run.wait_event("boot")["pid"]
    used = time.monotonic(), len(trace_lines(gosv))
    run.until(lambda r: time.monotonic() - used[0] > 2, "two seconds")
    assert len(trace_lines(gosv)) - used[1] < 100
    run.kill_inside(inside, signal.SIGKILL)


def trace_lines(gosv):
    return (gosv.directory / "strace").read_text().splitlines()


def test_a_signal_that_cannot_be_read_now_is_read_later(gosv_beneath):
    gosv = gosv_beneath
    run = start_traced(gosv, {
        "crasher": probe(gosv, "exit", 1, max_restarts=5, **QUICK),
    }, "-P", "anon_inode:[signalfd]", "-e", "inject=read:error=EINTR:when=1+2")
    assert run.wait() == 1
    assert len(run.events("exited")) == 6


# --- no room --------------------------------------------------------------------------------------


# Calls after the start, and what may become of them. Each fails ten times, then works again.
FAULTS = [
    ("pipe2", "EMFILE"),
    ("pipe2", "ENFILE"),
    ("clone3", "ENOMEM"),
    ("clone", "ENOMEM"),
    ("epoll_ctl", "ENOMEM"),
    ("epoll_ctl", "ENOSPC"),
    ("epoll_wait,epoll_pwait", "EINTR"),
    ("pidfd_open", "EMFILE"),
    ("pidfd_open", "ENOSYS"),
    ("pidfd_send_signal", "EINVAL"),
    ("setpgid", "EACCES"),
    ("write", "ENOSPC"),
    ("write", "EIO"),
    ("write", "EAGAIN"),
    ("openat,open", "EMFILE"),
    ("getdents64", "ENOENT"),
]


@pytest.mark.parametrize(("calls", "error"), FAULTS, ids=[f"{c} {e}" for c, e in FAULTS])
def test_gosv_lives_through_a_call_that_fails(gosv, calls, error, tmp_path):
    script = f"""
        while [ ! -e {tmp_path}/go ]; do sleep 0.01; done
        echo x >> {tmp_path}/runs; sleep 0.05 & exit 1"""
    run = start(gosv, {
        "crasher": shell(script, max_restarts=6, failure_action="none", **QUICK),
        "good": probe(gosv, "say", "up", "listen-until", "TERM", "exit", 0),
    })
    run.say(listening=True)
    wait_started(run, "crasher", "good")
    runs = tmp_path / "runs"
    with run.traced("-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when=1..10"):
        (tmp_path / "go").touch()
        run.until(lambda r: runs.exists() and runs.read_text().count("x") == 7, "seven runs")
    assert stop(run) == 0
    # EIO is how a terminal answers that is gone for good: then gosv is silent for good.
    assert error == "EIO" or run.events("stopped", service="good")


def test_sixteen_descriptors_are_enough(gosv):
    run = start(gosv, {
        **{f"s{i}": probe(gosv, "say", f"s{i}", "pause", restart_delay="5ms") for i in range(30)},
        "crasher": probe(gosv, "exit", 1, max_restarts=5, failure_action="none", **QUICK),
    }, run={"given": ["rlimit", 7, 16, 16]})
    for i in range(30):
        run.say(say=f"s{i}")
    run.wait_event("failed", service="crasher")
    assert stop(run) == 0


def test_a_service_out_of_memory_is_restarted(gosv):
    # RLIMIT_AS for the service alone.
    run = start(gosv, {
        "eater": probe(gosv, "say", "hungry", "eat-memory", 4096, max_restarts=1, **QUICK,
                       ulimits={"as": 64 * 1024 * 1024}, failure_action="none"),
        "good": probe(gosv, "say", "good", "pause"),
    })
    run.wait_event("failed", service="eater")
    assert len(run.events("exited", service="eater", code=125)) == 2
    assert stop(run) == 0


def test_a_service_that_the_kernel_kills_is_restarted_and_counts_as_137(gosv):
    run = start(gosv, {"victim": probe(gosv, "die", "KILL", max_restarts=1, **QUICK)})
    assert run.wait() == 137
    assert len(run.events("exited", signal="SIGKILL")) == 2


# --- time -----------------------------------------------------------------------------------------


def test_timers_know_only_the_monotonic_clock(gosv_beneath):
    # Nobody sets the machine's clock for a test. The limit of an epoll_wait goes by the monotonic
    # clock and cannot notice when somebody does, and there is nothing else that gosv waits with; that
    # nothing else of it reads a clock is what the symbol gate of the core proves.
    gosv = gosv_beneath
    run = start_traced(gosv, {"main": probe(gosv, "exit", 1, max_restarts=3, **QUICK)},
                       "-e", "trace=timerfd_create,timerfd_settime,timer_create,setitimer,alarm,"
                       "nanosleep,clock_nanosleep,epoll_wait,epoll_pwait,epoll_pwait2")
    assert run.wait() == 1
    lines = [line for line in trace_lines(gosv) if "(" in line]
    # Four runs, three delays.
    assert sum(line.endswith("= 0") for line in lines) >= 3, lines
    for line in lines:
        assert "epoll_wait(" in line or "epoll_pwait(" in line


@pytest.mark.parametrize("offset", [1_000_000, -1])
def test_an_offset_of_the_monotonic_clock_changes_no_delay(gosv, offset):
    # A container restored elsewhere has such an offset (time_namespaces(7)). -1: as early as can be.
    if offset < 0:
        with open("/proc/uptime") as uptime:
            offset = 1 - int(float(uptime.read().split()[0]))
    path = gosv.write_manifest({"services": {
        "main": probe(gosv, "exit", 1, max_restarts=3, restart_delay="30ms")}})
    run = gosv.start(["unshare", "--time", "--monotonic", offset, "--boottime", offset, "--fork",
                      gosv.binary, "--log-format", "json", path])
    assert run.wait() == 1
    restarts = run.events("restarting")
    assert [e["delay_ms"] for e in restarts] == [30, 60, 120]
    for waiting, begun in zip(restarts, run.events("started")[1:]):
        assert 0 <= moment(begun) - moment(waiting) - waiting["delay_ms"] / 1000 + 0.002 < 2


def test_after_a_freeze_the_timers_catch_up_once(gosv):
    run = start(gosv, {
        "crasher": probe(gosv, "exit", 1, max_restarts="unlimited", restart_delay="100ms",
                         restart_max_delay="100ms"),
    })
    run.wait_events(2, "restarting")
    run.kill(signal.SIGSTOP)
    run.until(lambda r: state(r.pid) == "T", "frozen")
    frozen = time.monotonic()
    run.until(lambda r: time.monotonic() - frozen > 1.5, "a while")
    before = len(run.events("started"))
    run.kill(signal.SIGCONT)
    # Fifteen delays have passed, one start is due: the next ones keep their distance.
    starts = run.wait_events(before + 5, "started")[before:]
    assert moment(starts[4]) - moment(starts[0]) >= 4 * 0.1 - 0.01
    assert stop(run) == 0


def state(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(") ", 1)[1][0]
