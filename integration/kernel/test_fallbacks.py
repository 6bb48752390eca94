"""Where there can be no cgroups: `auto` goes on and says so in one line, `required` ends with 78."""

import errno
import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.container import is_alive

LIMITED = {"command": ["sleep", "1000"], "limits": {"memory": "64M", "cpus": 0.5}}


def occupy(made):
    """Another gosv's service lives there."""
    (made.services.path / "old").mkdir(parents=True)
    stranger = subprocess.Popen(["sleep", "1000"])
    made.join(stranger.pid, made.services / "old")
    return stranger


def enter(made):
    """A process of another PID namespace: gosv cannot name it, and so cannot move it."""
    stranger = subprocess.Popen(["sleep", "1000"])
    made.join(stranger.pid)
    return stranger


# How the container is made, what the line says of it, which way out it names, and what has been done
# to the container before. cgroup v1 needs a kernel of its own: integration/test_kernel.py.
OBSTACLES = {
    "read_only": (dict(mount="ro"), "/sys/fs/cgroup is mounted read-only",
                  "--security-opt writable-cgroups=true", None),
    "none": (dict(mount="none"), "no cgroup2 file system is mounted", "/sys/fs/cgroup", None),
    "host_mount": (dict(mount="host"), "shows another part of the cgroup tree",
                   "without -v /sys/fs/cgroup:/sys/fs/cgroup", None),
    "another_user": (dict(uid=1000), "belongs to uid 0 and gosv may not write there",
                     "Start gosv as root", None),
    "half_delegated": (dict(uid=1000, delegated="directory"), "gosv may not write there",
                       "delegate the cgroup to its user", None),
    "threaded": (dict(threaded=True, controllers="cpu pids"), "has the type 'threaded'",
                 "whose type is domain", None),
    "undelegated": (dict(mount="host", namespace=False, env={"INVOCATION_ID": "1"}),
                    "is not delegated to gosv", "Delegate=yes", None),
    "taken": ({}, "another gosv has services below", "--no-cgroup", occupy),
    "busy": ({}, "a process of another PID namespace", "in a cgroup of its own", enter),
    "busy_control": (dict(faults=[("write", "/cgroup/cgroup.subtree_control", errno.EBUSY)]),
                     "cgroup.subtree_control: Device or resource busy", "in a cgroup of its own", None),
    "full": (dict(limits={"cgroup.max.descendants": 2}), "mkdir", "cgroup.max.descendants", None),
}


@pytest.fixture
def obstructed(container):
    """obstructed(OBSTACLE, MANIFEST): the container and the run."""
    strangers = []

    def start(obstacle, manifest):
        options, _, _, prepare = OBSTACLES[obstacle]
        env = {**os.environ, **options.get("env", {})}
        made = container(**{name: value for name, value in options.items() if name != "env"})
        if prepare:
            strangers.append(prepare(made))
        return made, made.manifest(manifest, env=env)

    yield start
    for stranger in strangers:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_auto_goes_on_without_and_says_what_is_not_enforced(obstructed, obstacle):
    _, why, way_out, _ = OBSTACLES[obstacle]
    made, run = obstructed(obstacle, {"services": {"limited": LIMITED,
                                                   "free": {"command": ["sleep", "1000"]}}})
    warning = run.wait_event("cgroup", level="warn")
    assert warning["msg"].startswith("limits of limited are not enforced: ")
    assert why in warning["msg"] and way_out in warning["msg"]
    run.wait_events(2, "started")
    assert len(run.events("cgroup", level="warn")) == 1
    assert not (made.services / "limited").exists
    assert not made.init.exists
    assert Path(f"/proc/{run.pid}/cgroup").read_text().strip() == f"0::/{made.cgroup.path.name}"
    run.kill(signal.SIGTERM)
    assert run.wait() == 0


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_required_ends_with_78_before_anything_is_started(obstructed, obstacle):
    _, why, way_out, _ = OBSTACLES[obstacle]
    made, run = obstructed(obstacle, {"cgroup": "required", "services": {"limited": LIMITED}})
    assert run.wait() == 78
    assert not run.events("started")
    assert "gosv: cgroup: required, but " in run.stderr.text()
    assert why in run.stderr.text() and way_out in run.stderr.text()
    assert not (made.services / "limited").exists and not made.init.exists


def test_a_unit_that_is_delegated_is_used_in_the_hosts_namespace(container):
    made = container(mount="host", namespace=False)
    os.setxattr(made.cgroup.path, "trusted.delegate", b"1")
    run = made.manifest({"cgroup": "required", "services": {"limited": LIMITED}},
                        env={**os.environ, "INVOCATION_ID": "1"})
    run.wait_event("started")
    assert made.leaf("limited").read("memory.max") == str(64 << 20)
    assert len(made.leaf("limited").processes()) == 1


def test_who_asked_for_no_limit_is_not_bothered(container):
    made = container(mount="ro")
    run = made.manifest({"services": {"free": {"command": ["true"], "restart": "no"}}},
                        flags=("--log-format", "json"))
    assert run.wait() == 0
    assert not run.events("cgroup")


def test_switched_off_means_off(container):
    made = container()
    run = made.manifest({"services": {"limited": LIMITED}},
                        flags=("--log-format", "json", "--no-cgroup"))
    run.wait_event("started")
    assert made.cgroup.children() == []
    assert not run.events("cgroup")


def test_another_user_to_whom_the_cgroup_is_delegated_has_it_all(container):
    made = container(uid=1000, delegated=True)
    run = made.manifest({"cgroup": "required", "services": {"limited": LIMITED, "escape": {
        "command": [made.burden, "escape"], "restart": "no", "failure_action": "none"}}})
    run.wait_event("started", service="limited")
    assert made.leaf("limited").read("memory.max") == str(64 << 20)
    run.wait_event("failed", service="escape")
    assert made.leaf("escape").processes() == []


@pytest.mark.parametrize("controllers", ["cpu pids", "memory pids"])
def test_a_controller_that_is_missing_costs_its_limits_and_no_others(container, controllers):
    made = container(controllers=controllers)
    run = made.manifest({"services": {"limited": dict(LIMITED, limits={
        "memory": "64M", "cpus": 0.5, "pids": 10})}})
    warning = run.wait_event("cgroup", level="warn")
    missing = "memory.max" if "memory" not in controllers else "cpu.max"
    assert warning["msg"].startswith(f"a limit of limited is not enforced: {missing} is not to be had")
    run.wait_event("started")
    assert made.leaf("limited").read("pids.max") == "10"


def test_required_means_every_single_limit(container):
    made = container(controllers="memory pids")
    run = made.manifest({"cgroup": "required", "services": {"limited": LIMITED}})
    assert run.wait() == 78
    assert "a limit of limited is not in force: cpu.max" in run.stderr.text()
    assert not made.services.exists


def test_required_without_an_obstacle_is_as_auto(container):
    made = container()
    run = made.manifest({"cgroup": "required", "services": {"limited": LIMITED}})
    run.wait_event("started")
    assert made.leaf("limited").read("cpu.max") == "50000 100000"


def test_without_clone3_limits_hold_all_the_same(container):
    made = container(clone3=False)
    run = made.manifest({"services": {"eater": {
        "command": [made.burden, "eat", "64"], "limits": {"memory": "16M", "memory_swap": 0},
        "restart": "no",
    }}})
    assert run.wait() == 137
    assert run.events("oom", service="eater")


def test_without_clone3_who_cannot_join_its_leaf_does_not_exec(container):
    made = container(clone3=False,
                     faults=[("write", "services/web/cgroup.procs", errno.EBUSY)])
    run = made.manifest({"services": {"web": {"command": ["echo", "ran"]}}})
    failed = run.wait_event("failed")
    assert failed["reason"] == "cannot start 'echo': cgroup: Device or resource busy"
    assert run.wait() == 126
    assert run.stdout.text() == ""


def test_a_value_that_the_kernel_refuses_is_that_services_error_alone(container):
    made = container(faults=[("write", "services/bad/cpu.max", errno.EINVAL)])
    run = made.manifest({"services": {
        "bad": {"command": ["sleep", "1000"], "limits": {"cpus": 0.5, "pids": 10},
                "failure_action": "none"},
        "good": {"command": ["sleep", "1000"], "limits": {"cpus": 0.5}},
    }})
    run.wait_event("started", service="good")
    failed = run.wait_event("failed", service="bad")
    assert failed["reason"] == "cpu.max: cannot write '50000 100000': Invalid argument"
    assert not run.events("started", service="bad") and not run.events("restarting")
    run.kill(signal.SIGTERM)
    assert run.wait() == 0 and not made.services.exists


def test_on_an_old_kernel_limits_hold_and_what_it_does_not_know_is_left_out(container):
    # Linux 4.15, as far as its files say: no group kill, no peak, no freezer, no cgroup.kill, no clone3.
    absent = ("memory.oom.group", "memory.peak", "cgroup.freeze", "cgroup.kill")
    made = container(clone3=False, faults=[("*", file, errno.ENOENT) for file in absent])
    run = made.manifest({"cgroup": "required", "services": {"eater": {
        "command": [made.burden, "eat", "64"], "limits": {"memory": "16M", "memory_swap": 0},
        "restart": "no",
    }}})
    assert run.wait() == 137
    (oom,) = run.events("oom", service="eater")
    assert oom["memory_limit"] == 16 << 20 and "memory_peak" not in oom
    assert not made.services.exists


def test_without_group_kill_a_child_that_is_killed_for_memory_is_told(container):
    made = container(faults=[("*", "memory.oom.group", errno.ENOENT)])
    run = made.manifest({"services": {"eater": {
        "command": [made.burden, "feed", "64"], "limits": {"memory": "16M", "memory_swap": 0},
    }}})
    run.stdout.wait_text("child 9")
    run.wait_event("oom", service="eater")
    assert not run.events("exited")


def test_without_inotify_a_restart_still_waits_for_the_leaf_to_be_empty(container):
    made = container(faults=[("inotify_init1", "inotify_init1", errno.EMFILE)])
    run = made.manifest({"services": {"web": {
        "command": [made.burden, "escape"], "restart_delay": 0, "max_restarts": 1,
        "limits": {"pids": 10}}}})
    assert "no inotify instance left" in run.wait_event("cgroup")["msg"]
    assert run.wait() == 3
    assert len(run.events("stopping", service="web")) == 2
    assert not made.services.exists


def test_a_limit_above_the_containers_own_is_in_force_and_told(container):
    made = container(limits={"memory.max": "32M", "pids.max": "50", "cpu.max": "50000 100000"})
    run = made.manifest({"cgroup": "required", "services": {
        "large": {"command": ["sleep", "1000"],
                  "limits": {"memory": "64M", "cpus": 2, "pids": 51}},
        "small": {"command": ["sleep", "1000"],
                  "limits": {"memory": "32M", "cpus": 0.5, "pids": 50}},
    }})
    run.wait_events(2, "started")
    told = [event["msg"] for event in run.events("cgroup", level="warn")]
    assert [line.partition(",")[0] for line in told] == [
        "limits.memory of large", "limits.pids of large", "limits.cpus of large"]
    assert all("cannot be reached: the container itself has " in line for line in told)
    assert made.leaf("large").read("pids.max") == "51"


def test_a_process_that_enters_later_is_in_init_and_has_no_limits(container):
    made = container()
    run = made.manifest({"services": {"limited": LIMITED}})
    run.wait_event("started")
    with subprocess.Popen(["sleep", "1000"]) as visitor:
        # What runc does for an exec: the container's own cgroup is closed now, init's is not.
        with pytest.raises(OSError):
            made.join(visitor.pid)
        made.join(visitor.pid, made.init)
        run.kill(signal.SIGTERM)
        assert run.wait() == 0
        assert is_alive(visitor.pid)  # nobody's service
        visitor.kill()


def test_a_second_gosv_in_the_same_container_keeps_its_hands_off(container):
    made = container()
    inner = made.write_manifest({"services": {"web": {"command": ["true"], "restart": "no",
                                                      "limits": {"pids": 10}}}}, "inner.yaml")
    run = made.manifest({"services": {
        "web": {"command": ["sleep", "1000"]},
        "second": {"command": [made.binary, "--log-format", "json", inner], "restart": "no",
                   "failure_action": "none"},
    }})
    run.wait_event("completed", service="second")
    assert made.leaf("web").processes()


def test_two_hundred_leaves_are_made_and_none_is_left(container):
    made = container()
    services = {f"s{number}": {"command": [made.burden, "fork", "0"]} for number in range(200)}
    run = made.manifest({"services": services}, flags=("--log-format", "json"))
    run.wait_events(200, "started", 120)
    assert len(made.services.children()) == 200
    run.kill(signal.SIGTERM)
    assert run.wait(60) == 0
    assert not made.services.exists
    assert os.path.isdir(made.init.path)
