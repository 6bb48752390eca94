"""What gosv holds in memory once its services run; README.md tells how each figure is taken."""

import contextlib
import subprocess
from pathlib import Path

import pytest
from support.deadline import until
from support.gosv import find_binary

from test_budget import EMPTY, compare

FEW, MANY = 1, 201
PAGE = 4096


@contextlib.contextmanager
def running(words, directory, are_up):
    """gosv with these words, once are_up(its pid, its log)."""
    log = directory / "log"
    with open(log, "wb") as stream:
        process = subprocess.Popen(
            # Without randomized addresses: they decide on how many pages a stack and a heap are.
            ["setarch", "-R", find_binary(), *words], cwd=directory, env=EMPTY,
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
    try:
        until(lambda: are_up(process.pid, log), "every service's start", 60)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def running_services(services, directory):
    """With so many of them."""
    manifest = directory / "gosv.yaml"
    manifest.write_text("cgroup: off\nservices:\n" + "".join(
        f"  service-{number}:\n    command: [/bin/sleep, infinity]\n" for number in range(services)))
    return running([manifest], directory, lambda pid, log: log.read_text().count(" started ") == services)


def has_executed(pid, program):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return any(Path(f"/proc/{child}/comm").read_text().strip() == program for child in children)


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
        with running_services(services, tmp_path_factory.mktemp("memory")) as pid:
            figures[services] = memory_of(pid)
    return figures


def test_one_service_takes_no_more_memory(memory):
    compare("memory_of_one", memory[FEW]["Anonymous"], lambda committed: 2 * PAGE)


def test_a_start_touches_no_more_of_the_binary(memory):
    # The kernel maps sixteen pages around the one that is touched.
    compare("resident_of_one", memory[FEW]["Rss"], lambda committed: 16 * PAGE)


def test_a_command_touches_no_more_of_the_binary(tmp_path):
    command = ["--", "/bin/sleep", "infinity"]
    with running(command, tmp_path, lambda pid, log: has_executed(pid, "sleep")) as pid:
        compare("resident_of_command", memory_of(pid)["Rss"], lambda committed: 16 * PAGE)


def test_a_further_service_takes_no_more_memory(memory):
    each = (memory[MANY]["Anonymous"] - memory[FEW]["Anonymous"]) // (MANY - FEW)
    # A page or two more or less, whatever the services need.
    compare("memory_of_each_further", each, lambda committed: 2 * PAGE // (MANY - FEW))
