"""The whole tree of a service ends, whatever it did to get away."""

import signal
import time

from support.container import is_alive


def test_a_daemon_that_escaped_is_ended_before_the_restart_and_named(container):
    made = container()
    run = made.manifest({"services": {"web": {
        "command": [made.burden, "escape"], "restart_delay": 0, "max_restarts": 3,
    }}})
    assert run.wait() == 3
    stopping = run.events("stopping", service="web")
    assert len(stopping) == 4
    assert all("1 left behind: " in each["msg"] and "burden" in each["msg"] for each in stopping)
    assert not run.events("killing")  # TERM was enough
    assert not made.services.exists


def test_a_daemon_that_escaped_gets_the_stop_signal_and_ends_with_the_container(container):
    made = container()
    run = made.manifest({"services": {"web": {"command": [made.burden, "scatter", "1"]}}})
    run.stdout.wait_text("scattered")
    pids = made.leaf("web").processes()
    assert len(pids) == 2
    run.kill(signal.SIGTERM)
    assert run.wait() == 0
    assert not any(is_alive(pid) for pid in pids)


def test_a_thousand_processes_in_sessions_of_their_own_end_at_once(container):
    made = container()
    run = made.manifest({"services": {"crowd": {
        "command": ["sh", "-c", f"trap '' TERM; exec {made.burden} scatter 1000"],
        "stop_grace_period": "500ms",
    }}})
    run.stdout.wait_text("scattered", 120)
    leaf = made.leaf("crowd")
    assert len(leaf.processes()) == 1001
    run.kill(signal.SIGTERM)
    run.wait_event("killing", service="crowd")
    begun = time.monotonic()
    run.wait_event("stopped", service="crowd")
    took = time.monotonic() - begun
    print(f"1,000 processes ended within {took * 1000:.0f} ms of cgroup.kill")
    assert took < 5  # this kernel runs on one processor, in a process
    assert run.wait() == 137


def test_what_is_forwarded_goes_to_the_process_group_alone(container):
    made = container()
    run = made.manifest({"services": {"web": {"command": [made.burden, "scatter", "1"],
                                              "restart": "no", "failure_action": "none",
                                              "stop_signal": "KILL"}}})
    run.stdout.wait_text("scattered")
    daemon = max(made.leaf("web").processes())
    run.kill(signal.SIGHUP)
    run.wait_event("exited", service="web", signal="SIGHUP")
    # The daemon did not get it: it is what is left, and is ended as such.
    run.wait_event("stopping", service="web", signal="SIGKILL")
    assert run.wait() == 129
    assert not is_alive(daemon)


def test_a_process_in_a_cgroup_below_the_leaf_is_ended_too(container):
    made = container()
    run = made.manifest({"services": {"nest": {
        "command": ["sh", "-c", "mkdir /sys/fs/cgroup/services/nest/inner && "
                    "(echo 0 > /sys/fs/cgroup/services/nest/inner/cgroup.procs && "
                    " exec sleep 1000) & sleep 0.5; exit 3"],
        "restart": "no", "stop_grace_period": "200ms", "failure_action": "none",
    }}})
    assert run.wait() == 3
    assert run.events("killing", service="nest")
