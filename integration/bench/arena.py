"""One contender as PID 1 of namespaces of its own, with its services, and what is to be seen of them."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from board import Board

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Failed(Exception):
    """A contender has not done what it was asked to."""


class Arena:
    """
    Starts the contender with `count` services, whose words after "BOARD INDEX" are `task`.
    pid: the contender's, as seen from here. close() ends everything in there and removes all files.

    programs   finds launch, bench-service and bench-meter
    """

    def __init__(self, programs, contender, count, task=(), restart=False):
        self.contender = contender
        self.count = count
        self._service = programs("bench-service")
        self._meter = programs("bench-meter")
        self._launcher = None
        self.board = Board()
        # Not in /dev/shm, where a script may not be executed in most containers.
        self.directory = Path(tempfile.mkdtemp(prefix="gosv-bench."))
        self._control, theirs = socket.socketpair()
        try:
            with theirs:
                services = [[self._service, self.board.path, str(index), *task] for index in range(count)]
                config = self.directory / "services"
                config.mkdir()
                argv = contender.argv(config, services, restart)
                self._output = self.directory / "output"
                with open(self._output, "wb") as output:
                    self._launcher = subprocess.Popen(
                        [programs("launch"), "--control", str(theirs.fileno()), "--",
                         self._service, self.board.path, "exec", *argv],
                        stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
                        env={"PATH": PATH, **contender.env}, pass_fds=(theirs.fileno(),),
                        start_new_session=True)
            words = self._control.recv(100).split()
            if len(words) != 4:
                raise Failed(f"not started: {self.output()}")
            self.pid = int(words[1])
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        self._control.close()  # launch kills everything that is left
        if self._launcher:
            try:
                self._launcher.wait(30)
            except subprocess.TimeoutExpired:
                self._launcher.kill()
                self._launcher.wait()
                raise
        self.board.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def output(self):
        """The end of what was said to standard output and error."""
        return self._output.read_text(errors="replace")[-300:].strip().replace("\n", "; ")

    # --- waiting ----------------------------------------------------------------------------------

    def wait(self, condition, seconds, what):
        """Times are taken by the services themselves; looking seldom leaves the processors to them."""
        deadline = time.monotonic() + seconds
        while not condition():
            if not self.alive():
                raise Failed(f"has ended before {what}: {self.output()}")
            if time.monotonic() > deadline:
                raise Failed(f"not within {seconds:g} s: {what}. {self.output()}".strip())
            time.sleep(0.005)

    def wait_begun(self, seconds):
        self.wait(lambda: self.board.begun >= self.count, seconds, f"{self.count} services up")

    def alive(self):
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False

    def meter(self, *words):
        """meter.c; its lines as numbers."""
        done = subprocess.run([self._meter, *map(str, words)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(done.stderr.strip() or f"the meter ended with {done.returncode}")
        return [int(line) for line in done.stdout.split()]

    def start_meter(self, *words):
        return subprocess.Popen([self._meter, *map(str, words)], stdout=subprocess.PIPE, text=True)

    # --- what is there ----------------------------------------------------------------------------

    def supervisors(self):
        """Pids of all that is in the namespace and no service: the contender and its helpers."""
        namespace = os.readlink(f"/proc/{self.pid}/ns/pid")
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if (os.readlink(f"/proc/{entry}/ns/pid") == namespace
                            and os.readlink(f"/proc/{entry}/exe") != self._service):
                        found.append(int(entry))
                except OSError:  # gone meanwhile, or a zombie
                    continue
        return found

    def memory(self, pids):
        """KiB of each kind, added up. proc_pid_smaps(5)."""
        total = dict.fromkeys(("Rss", "Pss", "Private_Dirty"), 0)
        for pid in pids:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
                key, value = line.split()[:2]
                if key[:-1] in total:
                    total[key[:-1]] += int(value)
        return total

    def cpu(self, pids):
        """ns on a processor, added up."""
        try:
            return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids)
        except FileNotFoundError as error:
            raise Failed(f"this kernel does not count processor time in ns: {error}") from None

    def faults(self, pids):
        """Page faults without I/O so far."""
        return sum(int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[7]) for pid in pids)

    def switches(self, pids):
        """Context switches of all their threads so far."""
        count = 0
        for pid in pids:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                for line in (thread / "status").read_text().splitlines():
                    if "ctxt_switches" in line:
                        count += int(line.split()[1])
        return count

    def children(self):
        """Of the contender itself, zombies included."""
        return len(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())
