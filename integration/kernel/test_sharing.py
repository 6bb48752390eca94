"""Why a child that begins in a leaf gets memory of its own: src/adr/0017-shared-memory.md."""

import signal
import subprocess


def run_sharing(container, limit):
    made = container(limits={"memory.max": limit})
    return subprocess.run([made.burden, "share", made.cgroup.path], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


def test_the_oom_killer_ends_whoever_shares_memory_with_its_victim(container):
    # The parent is in no cgroup with a limit, and dies with its child.
    assert run_sharing(container, "256K").returncode == -signal.SIGKILL


def test_without_a_limit_the_same_child_comes_to_its_exec(container):
    run = run_sharing(container, "max")
    assert (run.returncode, run.stdout) == (0, f"ended {64 << 8}\n"), run.stderr[:200]


def test_gosv_survives_an_oom_kill_between_clone_and_exec(container):
    made = container()
    run = made.manifest({"services": {
        "large": {"command": [made.burden, *["x" * 65535] * 12],
                  "limits": {"memory": "256K", "memory_swap": 0}, "restart_delay": 0,
                  "max_restarts": 3, "failure_action": "none"},
        "other": {"command": ["sleep", "1000"]},
    }})
    run.wait_event("failed", service="large")
    assert not run.has_ended
    assert not run.events("exited", service="other")
