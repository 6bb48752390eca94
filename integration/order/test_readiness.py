"""A service that says when it is ready: sd_notify(3), notify_fd, start_timeout, watchdog."""

import os
import socket

import pytest

from support.services import QUICK, moment, oneshot, probe, start, stop, wait_started

from .test_start_order import place


def notify(gosv, *acts, **keys):
    return probe(gosv, *acts, type="notify", **keys)


def test_a_dependent_starts_when_the_service_says_that_it_is_ready(gosv, tmp_path):
    run = start(gosv, {
        "db": notify(gosv, "say", "up", "await", tmp_path / "go", "notify", "READY=1", "pause"),
        "web": probe(gosv, "pause", depends_on=["db"]),
    })
    run.say(say="up")
    assert not run.events("started", service="web")
    (tmp_path / "go").touch()
    wait_started(run, "web")
    assert place(run, "ready", "db") < place(run, "started", "web")
    assert stop(run) == 0


def test_a_newline_on_notify_fd_is_readiness_too(gosv, tmp_path):
    run = start(gosv, {
        "db": probe(gosv, "write-fd", 3, "almost", "say", "up", "await", tmp_path / "go",
                    "write-fd", 3, "\n", "pause", notify_fd=3),
        "web": probe(gosv, "pause", depends_on=["db"]),
    })
    run.say(say="up")
    assert not run.events("ready")
    (tmp_path / "go").touch()
    wait_started(run, "web")
    assert place(run, "ready", "db") < place(run, "started", "web")
    assert stop(run) == 0


@pytest.mark.parametrize("number", [3, 4, 7, 100])
def test_the_number_of_notify_fd_is_free_to_choose(gosv_pid1, number):
    run = start(gosv_pid1, {"db": probe(gosv_pid1, "report", "write-fd", number, "\n", "pause",
                                        notify_fd=number)})
    run.wait_event("ready", service="db")
    # Nothing else has come along with it.
    assert sorted(run.report()["fds"], key=int) == ["0", "1", "2", str(number)]
    assert stop(run) == 0


def test_a_closed_notify_fd_is_told_and_is_no_readiness(gosv):
    run = start(gosv, {"db": probe(gosv, "close", 3, "say", "closed", "pause", notify_fd=3)})
    run.say(say="closed")
    run.stderr.wait_text("notify_fd")
    assert not run.events("ready")
    assert stop(run) == 0


def test_the_socket_needs_no_file_and_is_nobody_elses(gosv_pid1):
    run = start(gosv_pid1, {name: notify(gosv_pid1, "report", "notify", "READY=1", "pause")
                            for name in ("one", "two")})
    for name in ("one", "two"):
        run.wait_event("ready", service=name)
    names = [next(entry for entry in report["env"] if entry.startswith("NOTIFY_SOCKET="))
             for report in run.stdout.wait_objects(2, report=True)]
    assert len(set(names)) == 2 and all(name.startswith("NOTIFY_SOCKET=@") for name in names)
    assert stop(run) == 0


def test_only_who_is_told_to_notify_gets_a_socket(gosv_pid1):
    run = start(gosv_pid1, {"main": probe(gosv_pid1, "report", "pause")}, run={
        "env": {**os.environ, "NOTIFY_SOCKET": "/run/of/gosv/itself"}})
    assert not [entry for entry in run.report()["env"] if entry.startswith("NOTIFY_SOCKET=")]
    assert stop(run) == 0


def test_a_child_of_the_service_may_notify(gosv):
    run = start(gosv, {"db": notify(gosv, "fork", "notify", "READY=1", "pause", "end", "pause")})
    run.wait_event("ready", service="db")
    assert stop(run) == 0


def test_a_strangers_word_does_not_count(gosv, tmp_path):
    run = start(gosv, {"db": notify(gosv, "report", "await", tmp_path / "go", "notify", "READY=1", "pause")},
                run={"words": ["--net"]})
    name = next(entry for entry in run.report()["env"] if entry.startswith("NOTIFY_SOCKET="))
    name = name.removeprefix("NOTIFY_SOCKET=")
    forger = run.in_namespace(gosv.probe, "notify-at", name, "READY=1", "pause")
    run.stderr.wait_text("a notification was ignored")
    forger.kill(), forger.wait()
    assert not run.events("ready")
    (tmp_path / "go").touch()
    run.wait_event("ready", service="db")
    assert stop(run) == 0


def test_a_message_that_is_too_long_is_refused_and_told_once(gosv):
    run = start(gosv, {"db": notify(gosv, "notify-long", 100_000, "notify-long", 100_000, "say", "sent",
                                    "pause")})
    run.say(say="sent")
    run.stderr.wait_text("longer than 4096 bytes")
    assert stop(run) == 0
    assert not run.events("ready")
    assert run.stderr.text().count("longer than 4096 bytes") == 1


def test_descriptors_that_come_along_are_closed(gosv, tmp_path):
    run = start(gosv, {
        "first": notify(gosv, "notify", "READY=1", "pause"),
        "db": notify(gosv, "await", tmp_path / "go", "notify-files", 1, "STATUS=one", "notify-files", 250,
                     "STATUS=many", "notify", "READY=1", "pause"),
    })
    run.wait_event("ready", service="first")
    wait_started(run, "db")
    before = run.files()
    (tmp_path / "go").touch()
    run.wait_event("ready", service="db")
    assert run.files() == before
    assert stop(run) == 0


def test_mainpid_is_refused_with_a_reason(gosv):
    run = start(gosv, {"db": notify(gosv, "notify", "MAINPID=1\nREADY=1", "pause")})
    run.wait_event("ready", service="db")
    run.stderr.wait_text("MAINPID")
    assert stop(run) == 0


def test_what_is_no_notification_does_no_harm(gosv):
    run = start(gosv, {"db": notify(
        gosv, "notify", "", "notify", "\n\n", "notify", "READY", "notify", "READY=2", "notify", "=1",
        "notify", "EXTEND_TIMEOUT_USEC=-1", "notify", "EXTEND_TIMEOUT_USEC=99999999999999999999999",
        "notify", "WATCHDOG=0", "notify", "X=" + "y" * 3000, "say", "sent", "await", "/never")})
    run.say(say="sent")
    assert not run.events("ready") and stop(run) == 0


def test_a_flood_of_notifications_holds_nothing_up(gosv_pid1):
    run = start(gosv_pid1, {
        "chatty": notify(gosv_pid1, "notify", "READY=1", "notify-every", 0, "STATUS=busy"),
        "main": probe(gosv_pid1, "sleep", 300, "exit", 1, max_restarts=2, **QUICK),
    })
    run.wait_events(3, "started", service="main")
    assert run.wait() == 1


# --- start_timeout --------------------------------------------------------------------------------


def test_without_start_timeout_readiness_is_waited_for_without_end(gosv_pid1):
    run = start(gosv_pid1, {
        "db": notify(gosv_pid1, "pause"),
        "web": probe(gosv_pid1, "pause", depends_on=["db"]),
    })
    wait_started(run, "db")
    run.wait_event("waiting", service="web")
    assert not run.events("started", service="web")
    assert stop(run) == 0


def test_who_is_not_ready_in_time_is_ended_and_started_again(gosv):
    run = start(gosv, {"db": notify(gosv, "pause", start_timeout="1s", max_restarts=1, **QUICK)})
    assert run.wait() == 143
    assert len(run.events("started", service="db")) == 2
    stops = run.events("stopping", service="db")
    assert len(stops) == 2 and all(e["reason"] == "not ready within 1s" for e in stops)
    for begun, ended in zip(run.events("started"), stops):
        # It counts from the spawn, before the exec, which takes its time on a busy machine.
        assert moment(ended) - moment(begun) >= 0.1


def test_who_is_ready_in_time_is_left_alone(gosv_pid1):
    run = start(gosv_pid1, {
        "db": notify(gosv_pid1, "notify", "READY=1", "pause", start_timeout="500ms"),
        "last": oneshot(probe(gosv_pid1, "sleep", 1000, "exit", 0), start_timeout="60s"),
    })
    run.wait_event("completed", service="last")
    assert len(run.events("started", service="db")) == 1
    assert stop(run) == 0


def test_a_one_shot_has_to_end_in_time(gosv):
    run = start(gosv, {"job": oneshot(probe(gosv, "pause"), start_timeout="200ms")})
    assert run.wait() == 143
    assert run.events("failed", service="job")[0]["reason"] == "not completed within 200ms"


def test_a_service_may_ask_for_more_time(gosv):
    run = start(gosv, {"db": notify(gosv, "notify", "EXTEND_TIMEOUT_USEC=30000000", "sleep", 900, "notify",
                                    "READY=1", "pause", start_timeout="300ms")})
    run.wait_event("ready", service="db")
    assert stop(run) == 0


# --- watchdog -------------------------------------------------------------------------------------


def test_who_goes_silent_is_aborted_and_started_again(gosv):
    run = start(gosv, {"db": notify(gosv, "notify", "READY=1", "pause", watchdog="200ms", max_restarts=1,
                                    **QUICK)})
    assert run.wait() == 134
    assert len(run.events("exited", service="db", signal="SIGABRT")) == 2
    assert all("watchdog" in e["reason"] for e in run.events("stopping", service="db"))


def test_who_says_that_it_is_alive_is_left_alone(gosv_pid1):
    run = start(gosv_pid1, {
        "db": notify(gosv_pid1, "report", "notify", "READY=1", "notify-every", 100, "WATCHDOG=1",
                     watchdog="3s"),
        "last": oneshot(probe(gosv_pid1, "sleep", 4000, "exit", 0)),
    })
    assert "WATCHDOG_USEC=3000000" in run.report()["env"]
    run.wait_event("completed", service="last")
    assert len(run.events("started", service="db")) == 1
    assert stop(run) == 0


def test_the_watchdog_waits_for_readiness(gosv_pid1, tmp_path):
    run = start(gosv_pid1, {"db": notify(gosv_pid1, "sleep", 600, "notify", "READY=1", "notify-every", 50,
                                         "WATCHDOG=1", watchdog="400ms")})
    run.wait_event("ready", service="db")
    assert stop(run) == 0
    assert len(run.events("started")) == 1


def test_a_service_may_pull_the_trigger_itself(gosv):
    run = start(gosv, {"db": notify(gosv, "notify", "READY=1", "notify", "WATCHDOG=trigger", "pause",
                                    watchdog="60s", max_restarts=0)})
    assert run.wait() == 134


# --- whoever supervises gosv ----------------------------------------------------------------------


def upstream(tmp_path):
    """What podman or systemd listen on."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(60)
    return listener


def test_gosv_is_ready_when_all_services_are(gosv, tmp_path):
    with upstream(tmp_path) as listener:
        run = start(gosv, {
            "db": notify(gosv, "await", tmp_path / "go", "notify", "READY=1", "pause"),
            "job": oneshot(probe(gosv, "exit", 0), depends_on=["db"]),
            "web": probe(gosv, "pause", depends_on=["job"]),
        }, run={"env": {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}})
        wait_started(run, "db")
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.recv(4096)
        listener.settimeout(60)
        (tmp_path / "go").touch()
        assert "READY=1" in listener.recv(4096).decode().splitlines()
        assert run.wait_event("completed", service="job")
        assert stop(run) == 0
        assert "STOPPING=1" in listener.recv(4096).decode().splitlines()


def test_a_supervisor_that_is_gone_does_no_harm(gosv, tmp_path):
    run = start(gosv, {"web": probe(gosv, "pause")},
                run={"env": {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "nobody")}})
    wait_started(run, "web")
    assert stop(run) == 0
