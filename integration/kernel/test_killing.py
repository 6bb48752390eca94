"""The whole tree of a service ends, whatever it did to get away."""

import errno
import os
import signal
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from support.container import Cgroup, is_alive
from support.deadline import PATIENCE, until

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


CROWD = 1000


def at(event):
    """When gosv wrote a line, in milliseconds."""
    return datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp() * 1000


def end_without_gosv(container):
    """How long a program that does nothing else takes for an equal tree, in the same kernel: from its
    write to cgroup.kill until nobody is left, in milliseconds."""
    burden = container().burden
    cgroup = Cgroup("/sys/fs/cgroup/bare")
    cgroup.path.mkdir()
    crowd = subprocess.Popen(
        ["sh", "-c", f"echo 0 > {cgroup.path}/cgroup.procs && exec {burden} scatter {CROWD}"],
        stdout=subprocess.PIPE, text=True)
    assert crowd.stdout.readline() == "scattered\n"
    assert len(cgroup.processes()) == CROWD + 1
    said = subprocess.run([burden, "kill", cgroup.path], stdout=subprocess.PIPE, text=True, check=True)
    crowd.wait()
    crowd.stdout.close()
    until(lambda: not cgroup.processes(), "the leaf is empty")
    cgroup.path.rmdir()
    return int(said.stdout.split()[3]) / 1000


def time_of_end(made, leaf):
    """A process that tells when nobody is left there."""
    return subprocess.Popen([made.burden, "watch", leaf.path], stdout=subprocess.PIPE, text=True)


def times(decided, watcher, went_on):
    """Milliseconds from gosv's decision until nobody was left, and from then until it had gone on."""
    empty = int(watcher.communicate()[0].split()[1]) / 1e6
    return empty - decided, went_on - empty


def ends_at_once(end_by_gosv, container):
    """The kernel needs its time for a thousand deaths, and gosv reaps them meanwhile, on one processor.
    What is gosv's own is far below the 100 ms that are asked for. Looked at up to three times: the
    host may be busy with something else just then."""
    took = []
    while len(took) < 3:
        bare = end_without_gosv(container)
        until_empty, until_on = end_by_gosv(container)
        took.append(f"a bare loop {bare:.0f} ms, gosv {until_empty:.0f} ms from its decision until all were "
                    f"dead, {until_on:.0f} ms until it had gone on")
        print(f"{CROWD} processes: {took[-1]}")
        if until_empty < 3 * bare + 100 * PATIENCE and until_on < 100 * PATIENCE:
            return
    pytest.fail(f"always much slower than the kernel: {took}")


def end_in_a_shutdown(container):
    made = container()
    run = made.manifest({"services": {"crowd": {
        "command": ["sh", "-c", f"trap '' TERM; exec {made.burden} scatter {CROWD}"],
        "stop_grace_period": "500ms",
    }}})
    run.stdout.wait_text("scattered", 120)
    leaf = made.leaf("crowd")
    assert len(leaf.processes()) == CROWD + 1
    watcher = time_of_end(made, leaf)
    run.kill(signal.SIGTERM)
    killing = run.wait_event("killing", service="crowd")
    stopped = run.wait_event("stopped", service="crowd")
    assert run.wait() == 137
    return times(at(killing), watcher, at(stopped))


def end_before_a_restart(container):
    made = container()
    run = made.manifest({"services": {"crowd": {
        "command": ["sh", "-c", f"trap '' TERM; exec {made.burden} abandon {CROWD}"],
        "stop_grace_period": "2s", "restart_delay": 0,
    }}})
    stopping = run.wait_event("stopping", 120, service="crowd")
    assert stopping["msg"].startswith(f"{CROWD} left behind: ")
    watcher = time_of_end(made, made.leaf("crowd"))
    killing = run.wait_event("killing", service="crowd")
    restarting = run.wait_event("restarting", service="crowd")
    took = times(at(killing), watcher, at(restarting))
    run.wait_events(2, "started")
    made.close()  # the next thousand with it
    return took


def test_a_thousand_processes_in_sessions_of_their_own_end_at_once(container):
    ends_at_once(end_in_a_shutdown, container)


def test_a_restart_after_a_thousand_were_left_behind_comes_at_once(container):
    ends_at_once(end_before_a_restart, container)


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


@pytest.mark.parametrize("clone3", [True, False], ids=["clone3", "no_clone3"])
def test_a_service_that_somebody_else_has_killed_is_started_again(container, clone3):
    made = container(clone3=clone3)
    run = made.manifest({"services": {"web": {"command": [made.burden, "fork", "0"],
                                              "restart_delay": 0, "limits": {"pids": 10}}}})
    for times in (1, 2):
        run.stdout.wait_text("children 0 errno 0\n" * times)
        made.leaf("web").write("cgroup.kill", 1)
    # Linux 6.1.176 would kill whoever is cloned into a leaf that was ever killed.
    run.stdout.wait_text("children 0 errno 0\n" * 3)
    # What gosv says of a start is written after it: the service may have said its part before.
    run.wait_events(3, "started", service="web")
    assert len(run.events("exited", service="web")) == 2
    assert made.leaf("web").read("pids.max") == "10"


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
