#!/usr/bin/python3
"""Writes src/cmake/function_order.txt: the functions of a start, in the order in which they first run,
and the constants that it reads.

    function_order.py BINARY_WITH_SYMBOLS

The linker puts them side by side (src/cmake/zig_musl.cmake). A page of the binary that is touched
brings sixteen into memory, so what a start runs should not be scattered over the whole of it. gosv is
followed instruction by instruction with ptrace(2), and until its first clone by valgrind: x86-64 only,
and a few minutes. A name that is gone does no harm; what is new is merely not beside the others until
this runs again.
"""

import bisect
import ctypes
import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TEXT = 16 * 1024 * 1024  # where the binary is, and room for all of it behind that
ORDER = Path(__file__).parents[2] / "src/cmake/function_order.txt"

# What every start runs comes first: all of it is in memory as long as gosv is.
SMALLEST = """\
services:
  web:
    command: ["/bin/sleep", "infinity"]
"""
# Then what people write beside that.
USUAL = [
    """\
# A remark.
log: {level: info}
services:
  web:
    command: ["/bin/sleep", 'infinity']
    environment:
      A: b
      C: "d e"
      PORT: "8080"
    restart: always
    restart_delay: 1s
    max_restarts: unlimited
    stop_grace_period: 5s
""",
    """\
cgroup: off
services:
  db:
    command: [/bin/sleep, infinity]
    user: root
    working_dir: /
    stop_signal: SIGINT
    restart: on-failure:5
    umask: "022"
    healthcheck: {test: [/bin/true]}
  web:
    command: /bin/sleep --  'infinity'
    restart: unless-stopped
    restart_delay: 500ms
    restart_multiplier: 1.5
    restart_max_delay: 1m30s
    max_restarts: 10
    environment: [A=b, C=d, "PORT=8080"]
    depends_on: [db]
    success_exit_status: [0, 143]
  worker:
    command: ["/bin/sleep", "${FOR:-infinity}"]
    depends_on:
      db: {condition: service_started}
      web:
        condition: service_started
    stop_signal: 2
    failure_action: none
""",
    """\
x-common: &common
  restart: on-failure
  environment: {A: b, PORT: "8080"}
environment: {TZ: UTC}
defaults:
  stop_grace_period: 3s
shutdown_timeout: 5s
log:
  format: json
services:
  db:
    <<: *common
    command:
      - /bin/sleep
      - infinity
    limits: {memory: 256M, cpus: 0.5, pids: 100}
  web:
    <<: *common
    command: >-
      /bin/sleep
      infinity
""",
    """\
services:
  - name: web
    command: /bin/sleep
    args: ["infinity"]
    max_restarts: 3
    memory_mb: 64
    cpu_percent: 50
""",
    '{"services": {"web": {"command": ["/bin/sleep", "infinity"], "restart_delay": 2, "max_restarts": 5}}}\n',
    """\
services:
  web:
    command: ["/bin/sleep", "infinity"]
    restart_delay: 0s  # which is warned of
    max_restarts: unlimited
""",
    # So many that what is kept for them does not fit into small pieces of memory.
    "services:\n" + "".join(
        f'  web{number}:\n    command: ["/bin/sleep", "infinity"]\n' for number in range(150)),
]
# And what runs only later: services that end, are started again, fail for good, and are probed.
ENDING = """\
cgroup: off
services:
  web:
    command: [/bin/sleep, infinity]
    depends_on: {job: {condition: service_completed_successfully}}
    healthcheck: {test: [/bin/true], timeout: 2s}
  quick:
    command: /bin/true --now
    restart: always
    restart_delay: 0s
    max_restarts: 2
    failure_action: none
  slow:
    command: [/bin/false]
    restart_delay: 100ms
    max_restarts: 1
    failure_action: none
  job:
    type: oneshot
    command: [/bin/true, a, "b"]
    restart: on-failure
"""

# What runs when several services are being started at once: who is followed step by step has started one
# before it comes to the next.
ALSO = ["__madvise", "sysconf.values"]

# As in a container.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": "0123456789ab", "HOME": "/root",
               "LANG": "C"}

PTRACE_TRACEME, PTRACE_PEEKUSER, PTRACE_SINGLESTEP, PTRACE_DETACH, PTRACE_SETOPTIONS = 0, 3, 9, 17, 0x4200
ALL_CHILDREN = 0x1E  # PTRACE_O_TRACEFORK, VFORK, CLONE, EXEC
PTRACE_EVENT_EXEC = 4
WALL = 0x40000000
RIP = 16 * 8  # of struct user
PR_SET_CHILD_SUBREAPER = 36
IDLE, TENTH = 1, 0.1  # seconds; who sleeps that long has nothing to do, whatever the services ask for above

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Run:
    """What one run of the binary runs of it, and its children until they exec: addresses, in the order in
    which they first ran. `start` until it sleeps, `later` after that, when it is told to pass a signal on
    and to stop."""

    def __init__(self, *command):
        self.start, self.later = {}, {}
        self._seen = self.start
        self._signals = [signal.SIGTERM, signal.SIGWINCH]
        self._pid = os.fork()
        if self._pid == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            libc.ptrace(PTRACE_TRACEME, 0, None, None)
            os.execve(command[0], command, ENVIRONMENT)
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        self._follow()
        end_orphans()
        if self._signals:
            sys.exit(f"{command} ended before it was told to")

    def _follow(self):
        os.waitpid(self._pid, 0)  # it has been executed
        libc.ptrace(PTRACE_SETOPTIONS, self._pid, None, ALL_CHILDREN)
        pid, passed_on = self._pid, 0
        while True:
            libc.ptrace(PTRACE_SINGLESTEP, pid, None, passed_on)
            pid, status = os.waitpid(-1, WALL)
            while not os.WIFSTOPPED(status) or status >> 16 == PTRACE_EVENT_EXEC:
                if pid == self._pid:
                    return
                # Once it has been executed a service is no matter of ours.
                libc.ptrace(PTRACE_DETACH, pid, None, None)
                pid, status = os.waitpid(-1, WALL)
            address = libc.ptrace(PTRACE_PEEKUSER, pid, RIP, None)
            if TEXT <= address < 2 * TEXT:
                self._seen.setdefault(address)
            # Who is new is stopped.
            passed_on = 0 if os.WSTOPSIG(status) in (signal.SIGTRAP, signal.SIGSTOP) else os.WSTOPSIG(status)

    def _watch(self):
        asleep = 0
        while self._signals:
            time.sleep(TENTH)
            asleep = asleep + TENTH if is_asleep(self._pid) else 0
            if asleep >= IDLE:
                asleep = 0
                self._seen = self.later
                os.kill(self._pid, self._signals.pop())


def is_asleep(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "S"


def first_reads(*command):
    """Addresses of the binary that are read, until the first clone, which valgrind does not know."""
    with tempfile.NamedTemporaryFile("r") as trace:
        subprocess.run(["valgrind", "--tool=lackey", "--trace-mem=yes", f"--log-file={trace.name}", *command],
                       env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        end_orphans()
        read = {int(address, 16) for address in re.findall(r"^ [LM] ([0-9a-f]+),", trace.read(), re.M)}
    return sorted(address for address in read if TEXT <= address < 2 * TEXT)


def end_orphans():
    """A service may have been started all the same."""
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        os.kill(int(pid), signal.SIGKILL)
        os.waitpid(int(pid), 0)


def symbols(binary):
    """Names by the first address, sorted, and the kind of each as nm(1) has it. Functions with the same
    instructions are one, and have several names."""
    lines = subprocess.run(["nm", "-n", binary], check=True, capture_output=True, text=True).stdout
    table, kinds = {}, {}
    for words in map(str.split, lines.splitlines()):
        if len(words) == 3:
            table.setdefault(int(words[0], 16), []).append(words[2])
            kinds[words[2]] = words[1]
    return list(table.items()), kinds


def names_of(addresses, table):
    begins = [begin for begin, _ in table]
    places = (bisect.bisect_right(begins, address) - 1 for address in addresses)
    return (name for place in places if place >= 0 for name in table[place][1])


def main():
    binary = os.path.abspath(sys.argv[1])
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    runs, reads = [Run(binary, "--", "/bin/sleep", "infinity")], []
    with tempfile.TemporaryDirectory() as directory:
        for number, text in enumerate([SMALLEST, *USUAL, ENDING]):
            manifest = Path(directory) / f"{number}.yaml"
            manifest.write_text(text)
            runs.append(Run(binary, manifest))
            reads += first_reads(binary, manifest)
    # What every start runs stands in front, what few run behind it, and then what runs once it has started.
    *usual, ending = runs
    table, kinds = symbols(binary)
    order = dict.fromkeys(names_of(itertools.chain(*(run.start for run in usual)), table))
    order.update(dict.fromkeys(ALSO))
    after = [*(run.later for run in usual), ending.start, ending.later]
    order.update(dict.fromkeys(names_of(itertools.chain(*after), table)))
    order.update(dict.fromkeys(name for name in names_of(reads, table) if kinds[name] in "rRV"))
    # Tables of virtual functions are read whatever happens next.
    order.update(dict.fromkeys(name for name in kinds if name.startswith("_ZTV")))
    # What the compiler has taken out of several functions has another number tomorrow: all of it stands
    # in front, see zig_musl.cmake.
    names = [name for name in order if not name.startswith("OUTLINED")]
    ORDER.write_text("".join(f"{name}\n" for name in names))
    print(f"{len(names)} names")


if __name__ == "__main__":
    main()
