"""`gosv MANIFEST`: its own log lines, and a stderr that is in trouble (cases 61 to 64)."""

import fcntl
import json
import os
import re
import signal
import subprocess

import pytest

from support.services import QUICK, cpu_seconds, probe, shell, start, stop
from support.streams import Lines

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z gosv (error|warn |info |debug) [a-z]+ *"
)
# Of src/app/README.md, what these runs can show. `count` is how many of the orphans and of the lost lines.
FIELDS = {
    "time": str, "level": str, "event": str, "msg": str, "service": str, "pid": int, "code": int,
    "signal": str, "uptime_ms": int, "delay_ms": int, "attempt": int, "max_restarts": int,
    "reason": str, "count": int,
}
EVENTS = {
    "boot", "started", "ready", "exited", "restarting", "stable", "failed", "completed", "signal",
    "forwarded", "stopping", "killing", "stopped", "unhealthy", "healthy", "oom", "cgroup",
    "waiting", "shutdown", "end", "orphans", "snapshot", "dropped", "internal",
}


def eventful(gosv):
    """A run in which nearly everything happens that can; it has ended."""
    run = start(gosv, {
        "crasher": shell("(true &); exit 3", max_restarts=1, failure_action="none", **QUICK),
        "job": probe(gosv, "exit", 0, type="oneshot"),
        "stable": shell("[ -e /tmp ] && sleep 0.2; exit 1", stable_after="50ms", max_restarts=1,
                        failure_action="none", **QUICK),
        "missing": {"command": ["/no/such"], "failure_action": "none"},
        "deaf": probe(gosv, "ignore", "TERM", "say", "deaf", "listen", stop_grace_period="50ms"),
    })
    run.say(listening=True)
    run.wait_event("stable", service="stable")
    run.wait_event("failed", service="crasher")
    run.kill(signal.SIGHUP)
    run.wait_event("forwarded")
    assert stop(run) == 137
    return run


def test_json_lines_have_the_documented_fields_and_types(gosv):
    run = eventful(gosv)
    lines = run.stderr.lines()
    for line in lines:
        entry = json.loads(line)  # one object a line, and nothing else
        assert entry["event"] in EVENTS
        assert {"time", "level", "event", "msg"} <= set(entry) <= set(FIELDS)
        for key, value in entry.items():
            assert isinstance(value, FIELDS[key]), entry
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"])
        assert entry["level"] in ("error", "warn", "info", "debug")
    assert [json.loads(lines[0])["event"], json.loads(lines[-1])["event"]] == ["boot", "end"]


def keys(run, event, **fields):
    entry = run.events(event, **fields)[0]
    return set(entry) - {"time", "level", "event", "msg"}


def test_each_event_says_what_belongs_to_it(gosv):
    run = eventful(gosv)
    assert keys(run, "boot") == {"pid"}
    assert keys(run, "started") == {"service", "pid"}
    assert keys(run, "exited", service="crasher") == {"service", "pid", "code", "uptime_ms"}
    assert keys(run, "exited", service="deaf") == {"service", "pid", "signal", "uptime_ms"}
    assert keys(run, "restarting", service="crasher") == {
        "service", "delay_ms", "attempt", "max_restarts"}
    assert keys(run, "stable") == {"service", "pid"}
    assert keys(run, "failed", service="crasher") == {"service", "code", "reason"}
    assert keys(run, "failed", service="missing") == {"service", "code", "reason"}
    assert keys(run, "completed") == {"service", "code"}
    assert keys(run, "forwarded") == {"signal"}
    assert keys(run, "signal") >= {"signal"}
    assert keys(run, "shutdown") == {"signal", "reason"}
    assert keys(run, "stopping", service="deaf") == {"service", "pid", "signal"}
    assert keys(run, "killing") == {"service", "pid", "signal", "reason"}
    assert keys(run, "stopped", service="deaf") == {"service", "signal"}
    assert keys(run, "end") == {"code", "reason"}
    assert keys(run, "orphans") == {"count"}


def test_text_lines_are_for_people(gosv):
    run = start(gosv, {"main": probe(gosv, "exit", 3, max_restarts=1, **QUICK)}, flags=())
    assert run.wait() == 3
    lines = run.stderr.lines()
    assert lines and all(LINE.match(line) for line in lines), lines
    text = "\n".join(lines)
    assert "main: exit code 3" in text and "restart 1 of 1" in text


def test_the_manifest_chooses_format_and_level_and_flags_override_it(gosv_pid1):
    gosv = gosv_pid1
    services = {"main": probe(gosv, "exit", 0, restart="no")}
    log = {"format": "json", "level": "warn"}
    run = start(gosv, services, flags=(), log=log)
    assert run.wait() == 0 and run.stderr.lines() == []
    run = start(gosv, services, flags=("--log-level", "info"), log=log)
    assert run.wait() == 0 and json.loads(run.stderr.lines()[0])["event"] == "boot"
    run = start(gosv, services, flags=("--log-level=info", "-log-format", "text"), log=log)
    assert run.wait() == 0 and LINE.match(run.stderr.lines()[0])


# --- a stderr in trouble --------------------------------------------------------------------------


# By a daemon, so that nobody but gosv is to reap them.
ORPHANS = ("fork", "fork", "orphans", 300, "end", "end", "wait")


def busy_services(gosv):
    return {
        "crasher": probe(gosv, "exit", 1, max_restarts="unlimited", restart_delay="2ms",
                         restart_max_delay="2ms"),
        "main": probe(gosv, *ORPHANS, "say", "up", "listen-until", "TERM",
                      "exit", 0),
    }


def works(run):
    """Reaps, restarts, forwards and ends, though nobody sees it say so."""
    pid = run.say(say="up")["pid"]
    run.say(listening=True)
    run.say(orphans=300)
    run.until(lambda r: not r.zombies(), "all reaped")
    run.kill(signal.SIGHUP)
    run.say(signal=int(signal.SIGHUP), pid=pid)
    seen = set()
    run.until(lambda r: seen.update(p.pid for p in r.processes()) or len(seen) > 20, "restarts")


def small_pipe():
    """Both ends of a pipe that holds one page."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    return reader, writer


def test_a_stderr_that_nobody_reads_holds_up_nothing(gosv):
    reader, writer = small_pipe()
    run = start(gosv, busy_services(gosv), run={"stderr": writer})
    os.close(writer)
    works(run)
    assert stop(run, seconds=10) == 0
    os.close(reader)


def test_lines_that_were_lost_are_counted(gosv):
    reader, writer = small_pipe()
    run = start(gosv, {"main": probe(gosv, "listen-until", "TERM", "exit", 0)},
                run={"stderr": writer})
    os.close(writer)
    run.say(listening=True)
    # 4 KiB in the pipe and 64 KiB kept back; a line for each signal is more than that.
    for value in range(1000):
        run.queue(40, value)
    run.stdout.wait_objects(1000, signal=40)
    lines = Lines(reader, "stderr, late")
    lost = lines.wait_object(event="dropped")
    assert lost["count"] > 0
    kept = lines.wait_objects(100, event="forwarded")
    assert len(kept) + lost["count"] <= 1000 + 10
    assert lines.wait_object(event="started")  # the oldest are kept
    assert stop(run) == 0
    lines.wait_object(event="end", code=0)


def test_a_stderr_whose_reader_is_gone_is_no_signal_and_no_loop(gosv):
    reader, writer = small_pipe()
    run = start(gosv, busy_services(gosv), run={"stderr": writer})
    os.close(writer)
    os.close(reader)
    works(run)
    assert stop(run) == 0
    assert int(signal.SIGPIPE) not in [e.get("signal") for e in run.stdout.objects()]


@pytest.mark.parametrize("given", [["close", 2], ["open", 2, "/dev/full"], ["open", 2, "/dev/null"]],
                         ids=["closed", "no space left", "null"])
def test_a_stderr_that_takes_nothing_is_no_hindrance(gosv, given):
    run = start(gosv, busy_services(gosv), run={"given": given})
    works(run)
    used = cpu_seconds(run.pid)
    assert used < 2
    assert stop(run) == 0


def test_a_full_stderr_does_not_hold_up_the_end(gosv):
    # The pipe is full from the start: not even the last lines get through.
    reader, writer = small_pipe()
    os.write(writer, b"." * 4096)
    run = start(gosv, {"main": probe(gosv, "say", "up", "pause")}, run={"stderr": writer})
    os.close(writer)
    run.say(say="up")
    assert stop(run, seconds=5) == 0
    os.close(reader)


def test_a_service_does_not_wait_for_gosvs_stderr(gosv):
    # A reader that is stopped, as `docker logs | less` is; the service writes to stdout.
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    os.kill(reader.pid, signal.SIGSTOP)
    try:
        run = start(gosv, busy_services(gosv), run={"stderr": reader.stdin})
        works(run)
        assert stop(run, seconds=10) == 0
    finally:
        reader.kill()
        reader.stdin.close()
        reader.wait()
