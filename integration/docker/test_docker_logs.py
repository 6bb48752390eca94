"""gosv's own lines on their way through Docker."""

import os
import re
import signal

from support.deadline import until
from support.processes import outside_pid, processes_below

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_every_line_of_the_json_log_is_an_object_of_the_documented_form(containers, image):
    run = containers.manifest(image, """
        services:
          crasher: {command: [probe, exit, "3"], restart_delay: 10ms, max_restarts: 2, failure_action: none}
          it: {command: [probe, listen-until, TERM]}
        """)
    run.wait_event("failed", service="crasher")
    run.stop()
    assert run.wait() == 0
    run.wait_event("end", code=0)
    lines = [line for line in run.stderr.lines() if line]
    entries = run.stderr.objects()
    assert len(entries) == len(lines), run.stderr.text()
    for entry in entries:
        assert TIME.fullmatch(entry["time"])
        assert entry["level"] in ("error", "warn", "info", "debug")
        assert entry["event"] and "msg" in entry
    told = [entry["event"] for entry in entries]
    assert told[0] == "boot" and told[-1] == "end"
    assert {"started", "exited", "restarting", "failed", "shutdown", "stopping", "stopped"} <= set(told)
    assert [entry["attempt"] for entry in entries if entry["event"] == "restarting"] == [1, 2]


def test_the_text_log_tells_the_same_for_people(containers, image):
    run = containers.manifest(image, "services: {it: {command: [probe, listen-until, TERM]}}", flags=())
    run.stdout.wait_object(listening=True)
    run.stop()
    assert run.wait() == 0
    run.stderr.wait_text("it")
    assert not run.stderr.objects()


def test_an_engine_that_no_longer_reads_holds_up_nothing(containers, engine, image):
    """dockerd stands still: the pipes fill, and nobody reads gosv's stderr any more."""
    run = containers.manifest(image, """
        services:
          flood: {command: [sh, -c, "while :; do echo 0123456789012345678901234567890123456789; done"]}
          crasher: {command: [probe, exit, "3"], restart_delay: 1ms, restart_max_delay: 1ms,
                    max_restarts: unlimited}
          it: {command: [probe, listen-until, TERM]}
        """)
    it = run.stdout.wait_object(listening=True)["pid"]
    init = run.init_pid()

    def pids():
        return {process.pid for process in processes_below(f"/proc/{init}/root/proc")}

    engine.suspend()
    try:
        # A thousand restarts are several lines each: more than a pipe and the ring hold.
        mark = max(pids())
        until(lambda: max(pids()) > mark + 1000, "crasher is restarted on and on")
        os.kill(outside_pid(init, it), signal.SIGKILL)
        until(lambda: it not in pids(), "what was killed is reaped")
        mark = max(pids())
        until(lambda: max(pids()) > mark + 10, "and restarts go on")
    finally:
        engine.resume()
    run.stop()
    # Not Docker's KILL after ten seconds. How long it took says nothing: Docker has a backlog to read.
    assert run.wait() == 0
