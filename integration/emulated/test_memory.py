"""Swap, pressure and the weight of input and output, which user-mode-linux does not have."""

import json
import signal
import subprocess

import pytest

from support.deadline import until

ALL = "cpu cpuset io memory pids"
SWAP = "/dev/ram0"  # 16 MiB


@pytest.fixture(scope="module")
def swap():
    subprocess.run(["/sbin/mkswap", SWAP], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["/sbin/swapon", SWAP], check=True)
    yield
    subprocess.run(["/sbin/swapoff", SWAP], check=True)


def eater(made, **limits):
    return {"services": {"eater": {"command": [made.burden, "eat", "24"], "restart": "no",
                                   "limits": {"memory": "16M", **limits}}}}


def test_a_service_with_a_memory_limit_swaps(container, swap):
    made = container()
    run = made.manifest(eater(made))
    run.stdout.wait_text("eaten")
    assert made.leaf("eater").read("memory.swap.max") == "max"
    assert int(made.leaf("eater").read("memory.swap.current")) >= 7 << 20
    assert int(made.leaf("eater").read("memory.current")) <= 16 << 20


def test_memory_swap_0_keeps_it_from_that(container, swap):
    made = container()
    run = made.manifest(eater(made, memory_swap=0))
    assert run.wait() == 137
    assert run.events("oom", service="eater", reason="memory limit of the service")


def test_memory_swap_is_a_limit_of_its_own(container, swap):
    made = container()
    run = made.manifest(eater(made, memory_swap="2M"))
    run.wait_event("started")
    assert made.leaf("eater").read("memory.swap.max") == str(2 << 20)
    assert run.wait() == 137


def snapshot(run):
    run.kill(signal.SIGUSR1)
    line = run.stderr.wait_for(
        lambda lines: next((each for each in lines.text().splitlines()
                            if '"services":[' in each and each.endswith("}")), None), "a snapshot")
    return json.loads(line)["services"][0]["cgroup"]


def test_the_snapshot_tells_pressure(container):
    made = container()
    run = made.manifest({"snapshot_format": "json", "services": {"busy": {
        "command": [made.burden, "burn", "60"], "limits": {"cpus": 0.1}}}})
    run.wait_event("started")
    leaf = made.leaf("busy")
    # A running average, which the kernel renews every two seconds.
    until(lambda: float(leaf.read("cpu.pressure").split()[1].removeprefix("avg10=")) > 5, "it is throttled")
    told = snapshot(run)
    assert float(told["cpu_pressure"]) > 5
    assert float(told["memory_pressure"]) >= 0
    assert float(told["io_pressure"]) >= 0


def test_the_snapshot_for_people_tells_pressure_too(container):
    made = container()
    run = made.manifest({"services": {"web": {"command": ["sleep", "1000"]}}})
    run.wait_event("started")
    run.kill(signal.SIGUSR1)
    text = run.stderr.wait_for(lambda lines: "=== end of snapshot" in lines.text() and lines.text(),
                               "a snapshot")
    assert "  pressure: memory 0.00%, cpu " in text


def test_the_weight_of_input_and_output_reaches_its_file(container):
    made = container(controllers=ALL)
    run = made.manifest({"services": {"web": {"command": ["sleep", "1000"], "limits": {"io_weight": 50}}}})
    run.wait_event("started")
    assert made.leaf("web").read("io.weight") == "default 50"
