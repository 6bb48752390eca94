"""The whole tree of a service ends, whatever it did to get away."""

import errno
import os
import signal
import time
from pathlib import Path

import pytest

from support.container import is_alive

# With cgroup.kill, and as on Linux before 5.14.
KILLS = {"kill": dict(), "no_kill": dict(faults=[("*", "cgroup.kill", errno.ENOENT)])}
each_way = pytest.mark.parametrize("way", KILLS)


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


@each_way
def test_a_daemon_that_ignores_the_stop_signal_is_killed_before_the_restart(container, way):
    made = container(**KILLS[way])
    run = made.manifest({"services": {"web": {
        "command": ["sh", "-c", f"trap '' TERM; exec {made.burden} escape"],
        "restart_delay": 0, "max_restarts": 1, "stop_grace_period": "100ms",
    }}})
    assert run.wait() == 3
    assert len(run.events("killing", service="web")) == 2
    assert not made.services.exists


@each_way
def test_who_is_forked_while_the_others_are_killed_does_not_escape(container, way):
    made = container(**KILLS[way])
    run = made.manifest({"services": {"chain": {
        "command": [made.burden, "chain", "20"], "limits": {"pids": 100},
        "stop_grace_period": "200ms",
    }}})
    run.stdout.wait_text("chained")
    run.kill(signal.SIGTERM)
    run.wait_event("killing", service="chain")
    run.wait_event("stopped", service="chain")
    assert run.wait() == 137
    assert not made.services.exists


@each_way
def test_a_process_in_a_cgroup_below_the_leaf_is_ended_and_its_cgroup_removed(container, way):
    made = container(**KILLS[way])
    run = made.manifest({"services": {"nest": {
        "command": [made.burden, "nest", "/sys/fs/cgroup/services/nest", "3"],
        "restart_delay": 0, "max_restarts": 2, "stop_grace_period": "200ms",
    }}})
    assert run.wait() == 3
    # Each start was into a leaf without what the one before had made and enabled.
    assert run.stdout.text() == "nested\n" * 3
    assert len(run.events("killing", service="nest")) == 3
    assert not made.services.exists


def test_cgroups_that_a_service_has_made_are_removed_at_the_end(container):
    made = container()
    run = made.manifest({"services": {"nest": {
        "command": [made.burden, "nest", "/sys/fs/cgroup/services/nest", "0"],
        "restart": "no", "stop_grace_period": "200ms",
    }}})
    assert run.wait() == 0
    assert made.cgroup.children() == ["init"]


def test_nothing_outside_the_leaf_is_removed_with_it(container, public):
    made = container()
    for name in ("empty", "target"):
        os.mkdir(Path(public.path, name))
    run = made.manifest({"services": {"web": {
        # A directory of the container's own, mounted where a cgroup was.
        "command": ["sh", "-c", "mkdir /sys/fs/cgroup/services/web/below && "
                    f"mount --bind {public.path} /sys/fs/cgroup/services/web/below && echo mounted"],
        "restart": "no"}}})
    assert run.wait() == 0
    assert run.stdout.text() == "mounted\n"
    assert Path(public.path, "empty").is_dir() and Path(public.path, "target").is_dir()
