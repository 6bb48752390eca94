"""Limits hold, and what they did is told."""

from support.deadline import until


def test_a_memory_limit_holds_and_the_oom_kill_is_named(container):
    made = container()
    run = made.manifest({"services": {"eater": {
        "command": [made.burden, "eat", "64"], "limits": {"memory": "16M", "memory_swap": 0},
        "restart_delay": 0, "max_restarts": 1,
    }}})
    assert run.wait() == 137
    oom = run.events("oom", service="eater")
    assert len(oom) == 2
    assert oom[0]["memory_limit"] == 16 << 20
    assert 15 << 20 < oom[0]["memory_peak"] <= 16 << 20
    assert oom[0]["count"] >= 1
    assert oom[0]["reason"] == "memory limit of the service"
    exited = run.events("exited", service="eater")
    assert [(each["code"], each["signal"], each["reason"]) for each in exited] == [
        (137, "SIGKILL", "out of memory")] * 2


def test_the_whole_leaf_dies_of_an_oom_kill(container):
    made = container()
    run = made.manifest({"services": {"eater": {
        "command": [made.burden, "feed", "64"], "limits": {"memory": "16M", "memory_swap": 0},
        "restart": "no",
    }}})
    assert run.wait() == 137  # the main process too, although its child has eaten
    assert run.events("exited", reason="out of memory")


def test_with_oom_policy_continue_the_others_live_on_and_it_is_told(container):
    made = container()
    run = made.manifest({"services": {"eater": {
        "command": [made.burden, "feed", "64"], "limits": {"memory": "16M", "memory_swap": 0},
        "oom_policy": "continue",
    }}})
    run.stdout.wait_text("child 9")
    run.wait_event("oom", service="eater")
    assert not run.events("exited")


def test_with_oom_policy_exit_the_first_kill_ends_the_container(container):
    made = container()
    run = made.manifest({"services": {
        "eater": {"command": [made.burden, "eat", "64"], "restart": "always",
                  "limits": {"memory": "16M", "memory_swap": 0}, "oom_policy": "exit",
                  "failure_action": "none"},
        "other": {"command": ["sleep", "1000"]},
    }})
    assert run.wait() == 137
    assert not run.events("restarting")


def test_the_limit_of_the_container_is_told_from_that_of_the_service(container):
    made = container(limits={"memory.max": "32M"})
    run = made.manifest({"services": {
        "eater": {"command": [made.burden, "eat", "64"], "restart": "no", "failure_action": "none"},
        "other": {"command": ["sleep", "1000"]},
    }})
    oom = run.wait_event("oom", service="eater")
    assert oom["reason"] == "memory limit of the container"
    run.wait_event("failed", service="eater")
    assert not run.has_ended
    assert not run.events("exited", service="other")


def test_a_fork_bomb_is_held_by_pids(container):
    made = container()
    run = made.manifest({"services": {"bomb": {
        "command": [made.burden, "fork", "500"], "limits": {"pids": 20},
    }}})
    run.stdout.wait_text("children 19 errno 11")
    assert int(made.leaf("bomb").read("pids.current")) == 20
    assert len(made.leaf("bomb").processes()) == 20


def test_half_a_cpu_is_half_a_cpu(container):
    made = container()
    run = made.manifest({"services": {"busy": {
        "command": [made.burden, "burn", "4"], "limits": {"cpus": 0.5}, "restart": "no",
    }}})
    run.wait_event("started")
    assert made.leaf("busy").read("cpu.max") == "50000 100000"
    leaf = made.leaf("busy")
    until(lambda: int(leaf.value("cpu.stat", "nr_throttled")) > 5, "it is throttled")
    assert run.wait() == 0
    used = int(run.stdout.text().split()[1])
    assert 1200 < used < 2600  # of 4000 ms


def test_every_limit_reaches_its_file(container):
    made = container()
    run = made.manifest({"services": {
        "new": {"command": ["sleep", "1000"], "limits": {
            "memory": "64M", "memory_high": "48M", "memory_low": "8M",
            "cpus": 1.5, "cpu_weight": 50, "pids": 30}},
        "old": {"command": ["sleep", "1000"], "memory_mb": 32, "cpu_percent": 25},
        "compose": {"command": ["sleep", "1000"], "mem_limit": "16m", "cpus": 2, "pids_limit": 7},
    }})
    run.wait_events(3, "started")
    new, old, compose = (made.leaf(name) for name in ("new", "old", "compose"))
    assert new.read("memory.max") == str(64 << 20)
    assert new.read("memory.high") == str(48 << 20)
    assert new.read("memory.low") == str(8 << 20)
    assert new.read("memory.oom.group") == "1"
    assert new.read("cpu.max") == "150000 100000"
    assert new.read("cpu.weight") == "50"
    assert new.read("pids.max") == "30"
    assert old.read("memory.max") == str(32 << 20)
    assert old.read("cpu.max") == "25000 100000"
    assert compose.read("memory.max") == str(16 << 20)
    assert compose.read("cpu.max") == "200000 100000"
    assert compose.read("pids.max") == "7"
