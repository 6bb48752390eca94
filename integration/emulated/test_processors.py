"""Two processors: cpusets, and nothing that only one processor keeps in order."""

import signal
import subprocess
import time
from datetime import datetime

import pytest

ALL = "cpu cpuset io memory pids"


SAY = "grep Cpus_allowed_list /proc/self/status; exec sleep 1000"


def allowed(run):
    """Where its processes may run, as the kernel tells them."""
    told = run.stdout.wait_for(lambda lines: [line for line in lines.lines() if "allowed" in line],
                               "Cpus_allowed_list")
    return told[0].split()[1]


@pytest.mark.parametrize("cpuset", ["0", "1", "0-1"])
def test_a_cpuset_holds(container, cpuset):
    made = container(controllers=ALL)
    run = made.manifest({"services": {"web": {
        "command": ["sh", "-c", SAY], "limits": {"cpuset": cpuset},
    }}})
    assert allowed(run) == cpuset
    assert made.leaf("web").read("cpuset.cpus") == cpuset
    assert made.leaf("web").read("cpuset.cpus.effective") == cpuset


def test_a_service_cannot_leave_its_cpuset(container):
    made = container(controllers=ALL)
    run = made.manifest({"services": {"web": {
        "command": ["sh", "-c", "taskset -c 0 echo escaped; exec taskset -c 0,1 sh -c '" + SAY + "'"],
        "limits": {"cpuset": "1"},
    }}})
    assert allowed(run) == "1"
    assert "escaped" not in run.stdout.text()


def test_services_without_a_cpuset_have_all_processors(container):
    made = container(controllers=ALL)
    run = made.manifest({"services": {
        "free": {"command": ["sh", "-c", SAY]},
        "bound": {"command": ["sleep", "1000"], "limits": {"cpuset": "1"}},
    }})
    assert allowed(run) == "0-1"


def test_a_processor_that_is_not_there_is_an_error_of_the_service(container):
    made = container(controllers=ALL)
    run = made.manifest({"services": {"web": {"command": ["true"], "limits": {"cpuset": "9999"}}}})
    failed = run.wait_event("failed", service="web")
    assert "cpuset.cpus: cannot write '9999': " in failed["reason"]
    assert run.wait() == 126


def test_without_the_cpuset_controller_auto_goes_on_and_required_does_not(container):
    limited = {"services": {"web": {"command": ["sleep", "1000"], "limits": {"cpuset": "1"}}}}
    run = container().manifest(limited)
    warning = run.wait_event("cgroup", level="warn")
    assert warning["msg"].startswith("a limit of web is not enforced: cpuset.cpus is not to be had here")
    run.wait_event("started")
    run = container().manifest({"cgroup": "required", **limited})
    assert run.wait() == 78
    assert "a limit of web is not in force: cpuset.cpus" in run.stderr.text()


# Without clone3 is the path of most users: Docker's default seccomp profile. Two services at once, so
# that both processors start, reap and join leaves all the time.
@pytest.mark.parametrize("clone3", [False, True], ids=["no_clone3", "clone3"])
def test_on_two_processors_too_a_service_is_in_its_leaf_from_its_first_instruction_on(container, clone3):
    starts = 300
    made = container(clone3=clone3)
    service = {"command": [made.burden, "where"], "restart_delay": 0, "max_restarts": starts - 1,
               "failure_action": "none"}
    run = made.manifest({"services": {"left": service, "right": service}},
                        flags=("--log-format", "json"))
    assert run.wait(120) == 1
    seen = run.stdout.text().split()
    assert seen.count("0::/services/left") == starts
    assert seen.count("0::/services/right") == starts
    assert len(seen) == 2 * starts


def kill_without_gosv(container, words):
    """Milliseconds that a bare write to cgroup.kill takes until nobody is left."""
    made = container()
    with subprocess.Popen(words, stdout=subprocess.PIPE, preexec_fn=lambda: made.join(0)) as crowd:
        assert crowd.stdout.readline() == b"scattered\n"
        assert len(made.cgroup.processes()) == 1001
        begun = time.monotonic()
        made.cgroup.kill()
        return (time.monotonic() - begun) * 1000


def kill_by_gosv(container, words):
    """The same from gosv's line that it kills to the one that all have gone."""
    made = container()
    run = made.manifest({"services": {"crowd": {
        "command": ["sh", "-c", f"trap '' TERM; exec {' '.join(words)}"], "stop_grace_period": "500ms"}}})
    run.stdout.wait_text("scattered", 120)
    assert len(made.leaf("crowd").processes()) == 1001
    run.kill(signal.SIGTERM)
    assert run.wait() == 137
    begun, ended = (datetime.fromisoformat(run.events(event)[0]["time"]) for event in ("killing", "stopped"))
    return (ended - begun).total_seconds() * 1000


def test_a_thousand_processes_end_as_fast_as_the_kernel_can(container):
    words = [container().burden, "scatter", "1000"]
    took = []
    while len(took) < 3:  # the host may be busy with something else just then
        took.append((kill_by_gosv(container, words), kill_without_gosv(container, words)))
        print("1,000 processes ended within {:.0f} ms; by a bare cgroup.kill: {:.0f} ms".format(*took[-1]))
        if took[-1][0] < 2 * took[-1][1] + 200:
            return
    pytest.fail(f"always much slower than the kernel: {took}")
