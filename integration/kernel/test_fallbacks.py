"""Where there can be no cgroups: `auto` goes on and says so in one line, `required` ends with 78."""

import os
import signal
import subprocess

import pytest

from support.container import is_alive

LIMITED = {"command": ["sleep", "1000"], "limits": {"memory": "64M", "cpus": 0.5}}

# How the container is made, what the line says of it, and which way out it names.
OBSTACLES = {
    "read_only": (dict(mount="ro"), "/sys/fs/cgroup is mounted read-only",
                  "--security-opt writable-cgroups=true"),
    "none": (dict(mount="none"), "no cgroup2 file system is mounted", "/sys/fs/cgroup"),
    "another_user": (dict(uid=1000), "belongs to uid 0 and gosv may not write there",
                     "Start gosv as root"),
    "full": (dict(limits={"cgroup.max.descendants": 2}), "mkdir", "cgroup.max.descendants"),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_auto_goes_on_without_and_says_what_is_not_enforced(container, obstacle):
    options, why, way_out = OBSTACLES[obstacle]
    made = container(**options)
    run = made.manifest({"services": {"limited": LIMITED, "free": {"command": ["sleep", "1000"]}}})
    warning = run.wait_event("cgroup", level="warn")
    assert warning["msg"].startswith("limits of limited are not enforced: ")
    assert why in warning["msg"] and way_out in warning["msg"]
    run.wait_events(2, "started")
    assert len(run.events("cgroup", level="warn")) == 1
    assert not made.services.exists
    run.kill(signal.SIGTERM)
    assert run.wait() == 0


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_required_ends_with_78_before_anything_is_started(container, obstacle):
    options, why, way_out = OBSTACLES[obstacle]
    made = container(**options)
    run = made.manifest({"cgroup": "required", "services": {"limited": LIMITED}})
    assert run.wait() == 78
    assert not run.events("started")
    assert "gosv: cgroup: required, but " in run.stderr.text()
    assert why in run.stderr.text() and way_out in run.stderr.text()
    assert not made.services.exists


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
    made = container(clone3=False)
    run = made.manifest({"services": {"web": {
        "command": ["sh", "-c", "echo ran; exit 1"], "restart_delay": "3s"}}})
    run.wait_event("restarting")
    # A cgroup that passes memory on takes no processes: the child's own write fails.
    (made.leaf("web") / "below").path.mkdir()
    made.leaf("web").write("cgroup.subtree_control", "+memory")
    failed = run.wait_event("failed")
    assert failed["reason"] == "cannot start 'sh': cgroup: Device or resource busy"
    assert run.wait() == 126
    assert run.stdout.text() == "ran\n"


def test_a_process_that_enters_the_container_before_gosv_is_moved_aside(container):
    made = container()
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        made.join(stranger.pid)
        run = made.manifest({"services": {"limited": LIMITED}})
        warning = run.wait_event("cgroup", level="warn")
        # It is of another PID namespace than gosv, which cannot name it, and so cannot move it.
        assert "a process of another PID namespace" in warning["msg"]
        run.wait_event("started")
        stranger.kill()


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
