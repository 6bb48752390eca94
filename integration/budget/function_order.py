#!/usr/bin/python3
"""Writes src/cmake/function_order.txt: the functions of a start, in the order in which they first run,
and the constants that it reads.

    function_order.py BINARY_WITH_SYMBOLS

The linker puts them side by side (src/cmake/zig_musl.cmake). A page of the binary that is touched
brings sixteen into memory, so what a start runs should not be scattered over the whole of it. gosv is
followed instruction by instruction with ptrace(2), and until its first clone by valgrind: x86-64 only,
and a few minutes. A name that is gone
does no harm; what is new is merely not beside the others until this runs again.
"""

import bisect
import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

TEXT = 16 * 1024 * 1024  # where the binary is, and room for all of it behind that
ORDER = Path(__file__).parents[2] / "src/cmake/function_order.txt"

# What people write. One service stays, one is started again and again: what runs after the start stands
# behind it.
MANIFEST = """\
# What people write.
log: {level: info}
services:
  web:
    command: ["/bin/sleep", 'infinity']
    environment:
      A: b
      C: "d e"
    stop_grace_period: 5s
  quick:
    command: /bin/true --now
    restart: always
    restart_delay: 0s
    max_restarts: 2
    failure_action: none
"""
ANOTHER = """\
cgroup: off
services:
  job:
    type: oneshot
    command: [/bin/true, a, "b"]
    restart: on-failure
    environment: [A=b, C=d]
    user: root
    working_dir: /
  next: {command: [/bin/true], restart: no, depends_on: [job]}
"""

# As in a container.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": "0123456789ab", "HOME": "/root", "LANG": "C"}

PTRACE_TRACEME, PTRACE_PEEKUSER, PTRACE_SINGLESTEP = 0, 3, 9
RIP = 16 * 8  # of struct user

OF_CHILD = re.compile("gosv2os.*(run_child|ChildFds|ChildImage|PidSlot)")

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def first_run(command, stop_after=None):
    """Addresses of the binary, each once, in the order in which they ran. stop_after: seconds until TERM."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        libc.ptrace(PTRACE_TRACEME, 0, None, None)
        os.execve(command[0], command, ENVIRONMENT)
    timer = threading.Timer(stop_after or 0, os.kill, (pid, signal.SIGTERM))
    if stop_after is not None:
        timer.start()
    seen = {}
    os.waitpid(pid, 0)  # it has been executed
    passed_on = 0
    while True:
        address = libc.ptrace(PTRACE_PEEKUSER, pid, RIP, None)
        if TEXT <= address < 2 * TEXT:
            seen.setdefault(address)
        libc.ptrace(PTRACE_SINGLESTEP, pid, None, passed_on)
        status = os.waitpid(pid, 0)[1]
        if not os.WIFSTOPPED(status):
            if timer.is_alive():
                timer.cancel()
                sys.exit(f"{command} ended before it was told to")
            return list(seen)
        passed_on = 0 if os.WSTOPSIG(status) == signal.SIGTRAP else os.WSTOPSIG(status)


def first_reads(command):
    """Addresses of the binary that are read, until the first clone, which valgrind does not know."""
    trace = subprocess.run(["valgrind", "--tool=lackey", "--trace-mem=yes", *command], env=ENVIRONMENT,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True).stderr
    read = {int(address, 16) for address in re.findall(r"^ [LM] ([0-9a-f]+),", trace, re.M)}
    return sorted(address for address in read if TEXT <= address < 2 * TEXT)


def symbols(binary, kinds):
    """(first address, names), sorted. Functions with the same instructions are one, and have several."""
    lines = subprocess.run(["nm", "-n", binary], check=True, capture_output=True, text=True).stdout
    table = {}
    for line in lines.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in kinds:
            table.setdefault(int(words[0], 16), []).append(words[2])
    return list(table.items())


def names_of(addresses, table):
    begins = [begin for begin, _ in table]
    places = (bisect.bisect_right(begins, address) - 1 for address in addresses)
    return (name for place in places if place >= 0 for name in table[place][1])


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as directory:
        manifest, another = Path(directory) / "manifest.yaml", Path(directory) / "another.yaml"
        manifest.write_text(MANIFEST)
        another.write_text(ANOTHER)
        runs = (first_run([binary, "--", "/bin/true"]) + first_run([binary, another])
                + first_run([binary, manifest], stop_after=60))
        reads = first_reads([binary, manifest]) + first_reads([binary, another])
    functions = symbols(binary, "tTW")
    order = dict.fromkeys(names_of(runs, functions))
    # Between clone and exec nobody is followed; it runs in gosv's memory all the same.
    order.update(dict.fromkeys(name for _, names in functions for name in names if OF_CHILD.search(name)))
    constants = symbols(binary, "rRV")
    behind = functions[0][0]
    order.update(dict.fromkeys(names_of((address for address in reads if address < behind), constants)))
    # Tables of virtual functions are read whatever happens next.
    order.update(dict.fromkeys(name for _, names in constants for name in names if name.startswith("_ZTV")))
    # What the compiler has taken out of several functions has another number tomorrow: all of it stands
    # in front, see zig_musl.cmake.
    names = [name for name in order if not name.startswith("OUTLINED")]
    ORDER.write_text("".join(f"{name}\n" for name in names))
    print(f"{len(names)} names")


if __name__ == "__main__":
    main()
