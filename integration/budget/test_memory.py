"""What gosv holds in memory once its services run; README.md tells how each figure is taken."""

import contextlib
import subprocess

import pytest
from support.deadline import until
from support.gosv import find_binary

from test_budget import EMPTY, compare

FEW, MANY = 1, 201
PAGE = 4096


@contextlib.contextmanager
def running(services, directory, gosv):
    """gosv with so many services, all of which have been started."""
    manifest = directory / f"{services}.yaml"
    manifest.write_text("cgroup: off\nservices:\n" + "".join(
        f"  service-{number}:\n    command: [/bin/sleep, infinity]\n" for number in range(services)))
    log = directory / f"{services}.log"
    with open(log, "wb") as stream:
        process = subprocess.Popen(
            # Without randomized addresses: they decide on how many pages a stack and a heap are.
            ["setarch", "-R", gosv, manifest], cwd=directory, env=EMPTY,
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
    try:
        until(lambda: log.read_text().count(" started ") == services, "every service's start", 60)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def is_asleep(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "S"


def memory_of(pid):
    """Bytes: Anonymous, which belong to this process alone, neither the file's nor the kernel's; and Rss."""
    # Before it sleeps it gives back what only the starts needed.
    until(lambda: is_asleep(pid), "gosv asleep")
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        figures = dict(line.split()[:2] for line in lines if line.endswith("kB\n"))
    return {name: int(figures[f"{name}:"]) * 1024 for name in ("Anonymous", "Rss")}


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    figures = {}
    for services in (FEW, MANY):
        with running(services, tmp_path_factory.mktemp("memory"), find_binary()) as pid:
            figures[services] = memory_of(pid)
    return figures


def test_one_service_takes_no_more_memory(memory):
    compare("memory_of_one", memory[FEW]["Anonymous"], lambda committed: 2 * PAGE)


def test_a_start_touches_no_more_of_the_binary(memory):
    # The kernel maps sixteen pages around the one that is touched.
    compare("resident_of_one", memory[FEW]["Rss"], lambda committed: 16 * PAGE)


def test_a_further_service_takes_no_more_memory(memory):
    each = (memory[MANY]["Anonymous"] - memory[FEW]["Anonymous"]) // (MANY - FEW)
    # A page or two more or less, whatever the services need.
    compare("memory_of_each_further", each, lambda committed: 2 * PAGE // (MANY - FEW))
