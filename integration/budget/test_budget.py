"""gosv costs no more than figures.txt says; README.md tells how each figure is taken."""

import configparser
import os
import platform
import re
import subprocess
from pathlib import Path

import pytest

from support.gosv import find_binary, library

HERE = Path(__file__).parent
FIGURES = HERE / "figures.txt"
UPDATE = "GOSV_UPDATE_BUDGET" in os.environ
PATIENCE = 120
# Nothing of the environment of whoever runs the tests.
EMPTY = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def section():
    return f"{library(find_binary())}-{platform.machine()}"


def compare(name, now, allowed):
    """Fails if `now` is more than the committed figure and what is `allowed` over it."""
    figures = configparser.ConfigParser()
    figures.read(FIGURES)
    if UPDATE:
        if not figures.has_section(section()):
            figures.add_section(section())
        figures[section()][name] = str(now)
        with open(FIGURES, "w") as file:
            file.write("# README.md says what these are, and how to renew them.\n\n")
            figures.write(file)
        return
    if not figures.has_option(section(), name):
        pytest.skip(f"figures.txt has no {name} of {section()}")
    committed = figures.getint(section(), name)
    change = f"{name}: {committed} in figures.txt, now {now} ({now / committed - 1:+.1%})"
    print(change)
    assert now <= committed + allowed(committed), f"{change}; README.md tells how to renew it"
    assert now >= committed * 0.9, f"{change}: renew the figure, so that it guards what was won"


def three_percent(committed):
    return committed * 3 // 100


def test_the_binary_has_not_grown():
    compare("bytes", os.stat(find_binary()).st_size, three_percent)


def test_a_manifest_costs_no_more_instructions(tmp_path):
    if library(find_binary()) == "glibc":
        pytest.skip("glibc chooses its functions by the processor")
    run = subprocess.run(
        ["setarch", "-R", "valgrind", "--tool=callgrind", f"--callgrind-out-file={tmp_path / 'out'}",
         find_binary(), "check", "manifest.yaml"],
        cwd=HERE, env=EMPTY, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 0, run.stdout + run.stderr
    collected = re.search(r"Collected : (\d+)", run.stderr)
    assert collected, run.stderr
    compare("instructions", int(collected[1]), three_percent)


CLONE = r"(clone3?|v?fork)"


def calls_to_first_exec(trace):
    """How many calls of `strace -f` lead from gosv's exec to that of its first child, both included."""
    lines = [line.split(None, 1) for line in trace.splitlines() if "+++" not in line and "---" not in line]
    gosv = lines[0][0]
    of_gosv = "\n".join(call for pid, call in lines if pid == gosv)
    first = re.search(rf"^(<\.\.\. )?{CLONE}\b.* = (\d+)$", of_gosv, re.M)[3]
    # A call that another process interrupted is two lines; the second one is no call.
    calls = [(pid, call) for pid, call in lines if not call.startswith("<... ")]
    of_gosv = [call for pid, call in calls if pid == gosv]
    # Some kinds of clone are tried and refused before.
    clone = next(place for place, call in enumerate(of_gosv)
                 if re.match(rf"{CLONE}\(", call) and " = -1 " not in call)
    of_first = [call for pid, call in calls if pid == first]
    execs = [place for place, call in enumerate(of_first) if call.startswith("execve(")]
    return (clone + 1) + (execs[0] + 1)


def test_the_first_service_is_no_more_system_calls_away(tmp_path):
    trace = tmp_path / "trace"
    run = subprocess.run(
        # Without randomized addresses: they decide on how many pages a heap begins with.
        ["setarch", "-R", "strace", "-f", "-o", trace, find_binary(), "manifest.yaml"],
        cwd=HERE, env=EMPTY, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 0, run.stderr
    compare("system_calls", calls_to_first_exec(trace.read_text()), lambda committed: 0)


def test_the_calls_that_count_are_those_of_gosv_and_of_its_first_child():
    trace = """\
10 execve("gosv", ...) = 0
10 clone3({...}, 88) = -1 ENOSYS
10 clone(flags=SIGCHLD <unfinished ...>
11 setpgid(0, 0 <unfinished ...>
10 <... clone resumed>) = 11
10 clone(flags=SIGCHLD <unfinished ...>
12 setpgid(0, 0) = 0
12 umask(022) = 022
12 execve("/bin/true", ...) = 0
10 <... clone resumed>) = 12
11 <... setpgid resumed>) = 0
11 execve("/bin/true", ...) = 0
11 exit_group(0) = ?
11 +++ exited with 0 +++
10 --- SIGCHLD {...} ---
"""
    assert calls_to_first_exec(trace) == 3 + 2
