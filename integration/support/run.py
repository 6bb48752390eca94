"""One gosv, started in a PID namespace of its own, as PID 1 or beneath another process.

`programs/launch.c` does the starting; this is its other end.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from .deadline import DEFAULT, Deadline, Timeout, until
from .processes import open_files, outside_pid, processes_below, status_field
from .streams import Lines

_libc = ctypes.CDLL(None, use_errno=True)

PID1 = "pid1"
BENEATH = "beneath"


@dataclass(frozen=True)
class Exit:
    """How gosv ended: a code, or (never, unless a test kills it) a signal."""

    code: int = None
    signal: int = None


class Run:
    """
    pid      gosv, as seen from here: signals sent to it come from an ancestor namespace, as
             `docker kill` does it
    init     PID 1 of the namespace as seen from here: gosv itself, or a process that only reaps
    stdout,
    stderr   Lines, unless the test gave a descriptor of its own

    `words` are more for the launcher.
    `blocked` signals are so from the first moment on: none can be lost, not even to PID 1.
    """

    def __init__(self, launch, argv, place, *, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                 stderr=subprocess.PIPE, env=None, cwd=None, proc=None, pass_fds=(),
                 blocked=(), words=()):
        self.argv = argv
        self.place = place
        self._exit = None
        self._changed = threading.Condition()
        ours, theirs = socket.socketpair()
        self._control = ours
        words = [launch, "--control", str(theirs.fileno()), *words]
        words += ["--beneath"] if place == BENEATH else []
        words += ["--proc", proc] if proc else []
        with theirs:
            self._launcher = subprocess.Popen(
                [*words, "--", *argv],
                stdin=stdin, stdout=stdout, stderr=stderr, env=env, cwd=cwd,
                pass_fds=(theirs.fileno(), *pass_fds), start_new_session=True,
                restore_signals=True,
                # None, where it may be: then Python needs no copy of itself (vfork).
                preexec_fn=(lambda: signal.pthread_sigmask(signal.SIG_BLOCK, blocked))
                if blocked else None,
            )
        self.stdin = self._launcher.stdin
        self.stdout = self._lines(self._launcher.stdout, "stdout")
        self.stderr = self._lines(self._launcher.stderr, "stderr")
        self._control_file = ours.makefile("r")
        try:
            words = self._control_file.readline().split()
            if len(words) != 4:
                raise RuntimeError(f"launch failed: {self.stderr.text() if self.stderr else ''}")
            self.pid, self.init = int(words[1]), int(words[3])
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._watch, name="control", daemon=True).start()

    @staticmethod
    def _lines(pipe, name):
        if pipe is None:
            return None
        lines = Lines(os.dup(pipe.fileno()), name)
        pipe.close()
        return lines

    # --- how it ends ------------------------------------------------------------------------------

    def _watch(self):
        words = self._control_file.readline().split()
        with self._changed:
            if len(words) == 2 and words[0] == "exit":
                self._exit = Exit(code=int(words[1]))
            elif len(words) == 2:
                self._exit = Exit(signal=int(words[1]))
            self._changed.notify_all()

    @property
    def has_ended(self):
        with self._changed:
            return self._exit is not None

    @property
    def ended(self):
        """How it ended; None while it runs."""
        with self._changed:
            return self._exit

    def wait(self, seconds=DEFAULT):
        """Waits until gosv has ended, and until everything it and its children said has been read.
        Its exit code; an assertion when a signal ended it."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._exit is not None, Deadline(seconds).left()):
                raise Timeout(f"gosv has not ended within {seconds:g} s\n{self.describe()}")
            ended = self._exit
        for stream in filter(None, (self.stdout, self.stderr)):
            stream.wait_end()  # nobody who could write is left, or gosv has left somebody
        assert ended.signal is None, f"gosv was killed by signal {ended.signal}\n{self.describe()}"
        return ended.code

    def close(self):
        """Ends everything that is left. To be called in any case; the fixtures do."""
        try:
            self._control.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._control.close()
        if self.stdin:
            self.stdin.close()
        try:
            self._launcher.wait(20)
        except subprocess.TimeoutExpired:
            self._launcher.kill()
            self._launcher.wait()
            raise

    # --- what it says -----------------------------------------------------------------------------

    def events(self, event=None, **fields):
        """gosv's own log lines so far (--log-format json)."""
        if event:
            fields["event"] = event
        return [
            entry
            for entry in self.stderr.objects()
            if "event" in entry and all(entry.get(k) == v for k, v in fields.items())
        ]

    def wait_event(self, event, seconds=DEFAULT, **fields):
        return self.stderr.wait_object(seconds, event=event, **fields)

    def wait_events(self, count, event, seconds=DEFAULT, **fields):
        return self.stderr.wait_objects(count, seconds, event=event, **fields)

    def say(self, seconds=DEFAULT, **fields):
        """The first JSON line on stdout (the probe's) with these fields."""
        return self.stdout.wait_object(seconds, **fields)

    def report(self, seconds=DEFAULT):
        return self.say(seconds, report=True)

    def describe(self):
        out = self.stdout.text()[-6000:] if self.stdout else "(elsewhere)"
        err = self.stderr.text()[-6000:] if self.stderr else "(elsewhere)"
        return f"--- {self.place}: {self.argv}\n--- stdout\n{out}\n--- stderr\n{err}\n---"

    # --- signals ----------------------------------------------------------------------------------

    def kill(self, number):
        """From outside the namespace, to gosv alone."""
        os.kill(self.pid, number)

    def queue(self, number, value):
        """sigqueue(3)."""
        if _libc.sigqueue(self.pid, int(number), ctypes.c_void_p(value)) != 0:
            raise OSError(ctypes.get_errno(), "sigqueue")

    def kill_inside(self, inside, number):
        """To another process of the namespace, by its pid in there."""
        os.kill(outside_pid(self.init, inside), number)

    # --- what is there ----------------------------------------------------------------------------

    @property
    def inside_pid(self):
        """gosv's pid within its namespace."""
        return 1 if self.place == PID1 else self._inside()

    def _inside(self):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[-1]) for line in status if line.startswith("NSpid"))

    def processes(self):
        """Everything in the namespace but gosv and the process that stands in for an init."""
        not_shown = {1, self.inside_pid} if not self.has_ended else {1}
        return [p for p in self.all_processes() if p.pid not in not_shown]

    def all_processes(self):
        try:
            return processes_below(f"/proc/{self.init}/root/proc")
        except (FileNotFoundError, ProcessLookupError):
            if self.place == PID1 and self.wait(5) is not None:
                return []  # the namespace ended with its PID 1
            raise

    def process(self, inside):
        """One of them by its pid in there; None when it is gone."""
        return next((p for p in self.processes() if p.pid == inside), None)

    def zombies(self):
        return [p for p in self.processes() if p.is_zombie]

    def alive(self):
        return [p for p in self.processes() if not p.is_zombie]

    def files(self):
        return open_files(self.pid)

    def until(self, condition, what, seconds=DEFAULT):
        try:
            return until(lambda: condition(self), what, seconds)
        except Timeout as timeout:
            raise Timeout(f"{timeout}\n{self.describe()}") from None

    @contextlib.contextmanager
    def traced(self, *options, pid=None):
        """strace attached to gosv (or to another pid as seen from here), for faults that begin now.
        The log's path."""
        pid = pid or self.pid
        with tempfile.TemporaryDirectory(prefix="gosv-strace-") as directory:
            log = Path(directory, "log")
            tracer = subprocess.Popen(
                ["strace", "-qq", "-o", str(log), *options, "-p", str(pid)],
                stdin=subprocess.DEVNULL, start_new_session=True,
            )
            try:
                until(lambda: status_field(pid, "TracerPid") == str(tracer.pid), "strace attached")
                yield log
            finally:
                tracer.terminate()
                tracer.wait(20)

    def in_namespace(self, *argv, **kwargs):
        """Starts a process the way `docker exec` does: in the namespaces, but nobody's child there.
        A subprocess.Popen of nsenter(1)."""
        return subprocess.Popen(
            ["nsenter", "--target", str(self.init), "--pid", "--mount", "--net", "--", *argv], **kwargs
        )
