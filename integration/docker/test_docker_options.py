"""gosv under the options that people give to docker run, and in images that ask for more."""

import json
import os
import signal
import time

import pytest

from support.deadline import PATIENCE
from support.processes import status_field

LISTENER = "services: {it: {command: [probe, report, listen-until, TERM]}}\n"
ORPHANS = "services: {it: {command: [probe, report, orphans, '20', listen-until, TERM]}}\n"


def stops_in_order(run):
    """docker stop is quick and ends with 0."""
    assert run.stop() < 1.0 * PATIENCE
    assert run.wait() == 0
    return True


def report(run):
    return run.stdout.wait_object(report=True)


# --- users and privileges -----------------------------------------------------------------------------


def test_gosv_runs_as_an_ordinary_user(containers, image):
    run = containers.manifest(image, ORPHANS, options=["--user", "1000:1000"])
    assert report(run)["uid"] == [1000] * 3
    run.stdout.wait_object(listening=True)
    run.wait_event("orphans")
    assert stops_in_order(run)


def test_an_ordinary_user_is_told_that_it_cannot_become_another(containers, image):
    run = containers.manifest(image, "services: {it: {command: [probe, pause], user: '33'}}",
                              options=["--user", "1000:1000"])
    assert run.wait() == 126
    assert "Operation not permitted" in run.wait_event("failed", service="it", code=126)["reason"]


def test_the_root_file_system_may_be_read_only(containers, image):
    run = containers.manifest(image, LISTENER, options=["--read-only"])
    report(run)
    run.kill("USR1")
    run.stderr.wait_text("=== end of snapshot")
    assert stops_in_order(run)


def test_no_capability_is_needed(containers, image):
    run = containers.manifest(image, LISTENER, options=["--cap-drop=ALL"])
    assert report(run)["caps"]["effective"] == 0
    assert stops_in_order(run)


def test_everything_taken_away_at_once(containers, image):
    run = containers.manifest(
        image, LISTENER, options=["--user", "1000:1000", "--read-only", "--cap-drop=ALL",
                                  "--security-opt", "no-new-privileges", "--pids-limit", "20"])
    assert report(run)["no_new_privs"] == 1
    assert stops_in_order(run)


# --- the kernel says no -------------------------------------------------------------------------------


def test_the_default_seccomp_profile_is_in_force_and_gosv_works(containers, image):
    run = containers.manifest(image, LISTENER)
    report(run)
    assert status_field(run.init_pid(), "Seccomp") == "2"
    assert stops_in_order(run)


@pytest.mark.parametrize("errno_name, number", [("ENOSYS", 38), ("EPERM", 1)])
def test_an_engine_that_knows_no_new_system_calls(containers, image, tmp_path, errno_name, number):
    # Profiles of older engines refuse what they have never heard of, with either error.
    profile = tmp_path / "seccomp.json"
    profile.write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["clone3", "close_range", "pidfd_open", "pidfd_send_signal"],
                      "action": "SCMP_ACT_ERRNO", "errnoRet": number}]}))
    run = containers.manifest(image, """
        services:
          crasher: {command: [probe, exit, "3"], restart_delay: 50ms, max_restarts: 2, failure_action: none}
          it: {command: [probe, report, orphans, "20", listen-until, TERM]}
        """, options=["--security-opt", f"seccomp={profile}"])
    run.stdout.wait_object(listening=True)
    run.wait_event("failed", service="crasher")
    run.wait_event("orphans")
    assert stops_in_order(run)


def test_sixteen_descriptors_are_enough(containers, image):
    run = containers.manifest(image, """
        services:
          crasher: {command: [probe, exit, "3"], restart_delay: 50ms, max_restarts: 2, failure_action: none}
          it: {command: [probe, report, listen-until, TERM]}
        """, options=["--ulimit", "nofile=16:16"])
    assert report(run)["rlimits"][7] == [16, 16]
    run.wait_event("failed", service="crasher")
    assert stops_in_order(run)


def test_a_full_table_of_processes_is_waited_out(containers, image):
    # Room for gosv and one more: the second service starts when the first has gone.
    run = containers.manifest(image, """
        services:
          first: {command: [probe, say, first, sleep, "1500"], type: oneshot}
          second: {command: [probe, say, second, listen-until, TERM], restart_delay: 100ms}
        """, options=["--pids-limit", "2"])
    run.stdout.wait_object(say="first")
    run.stdout.wait_object(say="second")
    assert stops_in_order(run)


# --- gosv is not PID 1 --------------------------------------------------------------------------------


def test_beneath_dockers_own_init(containers, image):
    run = containers.manifest(image, ORPHANS, options=["--init"])
    assert report(run)["ppid"] != 1
    run.wait_event("orphans")  # adopted by gosv, not by docker-init
    assert stops_in_order(run)


# --- stopping and pausing -----------------------------------------------------------------------------


@pytest.mark.parametrize("stop_signal, extra", [
    ("QUIT", ""), ("SIGINT", ""), ("SIGRTMIN+3", "stop_signals: [TERM, INT, QUIT, RTMIN+3]\n")])
def test_the_images_own_stop_signal(containers, engine, image, tmp_path, stop_signal, extra):
    tag = engine.build(f"stop-{stop_signal.lower().replace('+', '-')}", tmp_path,
                       f"FROM {image}\nSTOPSIGNAL {stop_signal}\n")
    run = containers.manifest(tag, extra + LISTENER)
    report(run)
    assert stops_in_order(run)
    assert run.stdout.wait_object(signal=signal.SIGTERM), "the service gets its own stop signal"


def test_a_pause_is_no_reason_to_restart_anything(containers, engine, image):
    run = containers.manifest(image, """
        services:
          ticker: {command: [sh, -c, "while :; do echo tick; sleep 0.1; done"]}
          brief: {command: [probe, sleep, "500"], max_restarts: unlimited, restart_delay: 10ms}
        """)
    run.stdout.wait_text("tick")
    engine.docker("pause", run.id)
    quiet = len(run.stdout.text())
    time.sleep(1.5)  # longer than `brief` would have run
    assert len(run.stdout.text()) - quiet <= len("tick\n") * 5, "it was not paused"
    engine.docker("unpause", run.id)
    run.stdout.wait_for(lambda lines: len(lines.text()) > quiet + 50, "it ticks on")
    assert len(run.events("started", service="ticker")) == 1
    assert stops_in_order(run)


def test_a_stop_that_comes_while_paused_is_carried_out_after_it(containers, engine, image):
    run = containers.manifest(image, LISTENER)
    report(run)
    engine.docker("pause", run.id)
    os.kill(run.init_pid(), signal.SIGTERM)
    engine.docker("unpause", run.id)
    assert run.wait() == 0


# --- terminal and standard input ----------------------------------------------------------------------


def test_a_terminal_is_given_to_the_service_that_asks_for_it(containers, image):
    run = containers.manifest(
        image, "services: {it: {command: [probe, report, listen-until, TERM], tty: true}}", options=["--tty"])
    its = report(run)
    assert its["fds"]["0"]["target"] in ("/dev/pts/0", "/dev/console")
    assert its["tpgid"] == its["pgrp"], "it is in the foreground"
    assert stops_in_order(run)


def test_standard_input_reaches_the_command(engine, image):
    done = engine.docker("run", "--rm", "--interactive", image, "--", "probe", "input",
                         stdin=None, input="one\ntwo\n")
    assert "one" in done.stdout and "two" in done.stdout


# --- more than one ------------------------------------------------------------------------------------


def test_ten_services_start_and_stop_side_by_side(containers, image):
    services = "".join(f"  s{i}: {{command: [probe, listen-until, TERM]}}\n" for i in range(10))
    run = containers.manifest(image, "services:\n" + services)
    run.stdout.wait_objects(10, listening=True)
    assert stops_in_order(run)
    run.wait_event("end", code=0)
    assert len(run.events("stopped")) == 10


def test_a_daemon_in_its_own_session_does_not_survive_the_stop(containers, image):
    run = containers.manifest(image, """
        services:
          it:
            command: [probe, fork, setsid, fork, say, daemon, listen-until, TERM, end, end]
            args: [listen-until, TERM]
        """)
    daemon = run.stdout.wait_object(say="daemon")
    assert daemon["sid"] != 1 and daemon["pgrp"] == daemon["sid"]
    run.stdout.wait_objects(2, listening=True)
    assert stops_in_order(run), "it was asked to end, and not killed"
    assert len([told for told in run.stdout.objects() if told.get("signal") == signal.SIGTERM]) == 2
