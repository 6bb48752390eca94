"""What everybody does with a container: run, kill, exec, stop, restart; on the python-http example."""

import json

import pytest

from support.deadline import PATIENCE, until
from support.processes import processes_below

FETCH = """
import sys, urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8080" + sys.argv[1]).read().decode(), end="")
"""


def fetch(container, path):
    return container.exec("python3", "-c", FETCH, path).stdout


def status(container):
    return json.loads(fetch(container, "/status"))


def processes(container):
    return processes_below(f"/proc/{container.init_pid()}/root/proc")


def start_web(containers, example):
    """The example as it is, but for gosv's own lines as JSON."""
    container = containers.run(
        example("python-http"), "--log-format", "json", "--log-level", "debug", "/etc/gosv.yaml",
        options=["--entrypoint", "/sbin/gosv"])
    container.stdout.wait_text("listening on port 8080")
    return container


@pytest.fixture
def web(containers, example):
    return start_web(containers, example)


def test_the_service_answers_and_has_its_user(web):
    assert fetch(web, "/") == "hello\n"
    assert status(web)["uid"] == 33
    assert web.state()["Running"]


def test_docker_stop_takes_less_than_a_second_and_ends_with_0(containers, example):
    took = []
    while not took or (took[-1] >= 1.0 and len(took) < 3):  # the machine may be busy with others
        web = start_web(containers, example)
        took.append(web.stop())
        assert web.wait() == 0
        web.wait_event("end", code=0)
        web.stdout.wait_text("closed")  # the server has ended by itself, in order
        assert not web.events("killing")
    assert min(took) < 1.0


def test_usr1_writes_a_snapshot_to_the_logs(web):
    web.kill("USR1")
    web.stderr.wait_text("=== end of snapshot")
    snapshot = web.stderr.text()
    assert "=== snapshot" in snapshot
    assert "=== service web" in snapshot
    assert "=== service orphan-maker" in snapshot
    assert status(web)["reloads"] == 0, "USR1 is gosv's own here, nothing is forwarded"


def test_hup_is_forwarded_to_the_service(web):
    web.kill("HUP")
    web.stdout.wait_text("reloaded")
    web.wait_event("forwarded", signal="SIGHUP")
    assert status(web)["reloads"] == 1


def test_a_crash_is_restarted_after_the_delay(web):
    before = status(web)["pid"]
    web.exec("python3", "-c", FETCH, "/crash", check=False)
    web.wait_event("exited", service="web", code=3)
    assert web.wait_event("restarting", service="web")["delay_ms"] == 1000
    web.stderr.wait_objects(2, event="started", service="web")
    until(lambda: web.stdout.text().count("listening on port 8080") == 2, "it listens again")
    assert status(web)["pid"] != before


def test_orphans_of_the_service_are_reaped(web):
    web.wait_event("orphans")
    until(lambda: not any(process.is_zombie for process in processes(web)), "no zombie is left")


def test_orphans_of_docker_exec_are_reaped(web):
    # `docker exec` is over when the shell is, and they go on.
    web.exec("sh", "-c", "for i in 1 2 3 4 5; do (sleep 2 >/dev/null 2>&1 &) ; done")
    left = {process.pid for process in processes(web) if process.comm == "sleep" and process.ppid == 1}
    assert len(left) >= 5, "they are children of PID 1 now"
    until(lambda: not left & {process.pid for process in processes(web)}, "all are reaped")


def test_what_docker_exec_has_started_does_not_hold_up_the_stop(web):
    web.exec("sleep", "1000", options=["--detach"])
    until(lambda: "1000" in web.engine.docker("top", web.id).stdout, "the exec'd process runs")
    assert web.stop() < 1.0 * PATIENCE
    assert web.wait() == 0


def test_docker_restart_stops_in_order_and_starts_afresh(web):
    web.restart()
    # Two streams: what was written first need not be read first.
    until(lambda: web.stdout.text().count("listening on port 8080") == 2, "it listens again")
    until(lambda: len(web.events("boot")) == 2, "its second boot is told")
    assert web.events("end", code=0), "the first run was stopped in order"
    assert fetch(web, "/") == "hello\n"


def test_docker_kill_ends_it_at_once_with_137(web):
    web.kill("KILL")
    assert web.wait() == 137
