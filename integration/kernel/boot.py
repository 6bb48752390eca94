#!/usr/bin/python3
"""Boots a kernel of our own (user-mode-linux, or another one in qemu) and runs a program in it.

    boot.py [--rig uml|qemu] [--pid1|--systemd] [--seconds N] [--memory MIB] [--directory DIR]
            [--env K=V] -- PROGRAM [ARG...]

The machine that runs the tests may have cgroup v1, a read-only cgroup mount or none at all; the guest
has cgroup v2, and it is ours: limits, OOM kills and fork bombs stay in it. It sees this machine's
files, may change none of them, and is gone after the program has ended. Neither hardware support nor
a disk image is needed. uml.py and qemu.py say what each rig is.

With --pid1 the program is the kernel's own PID 1, with --systemd a unit of systemd. Its output comes on
stdout (one console, so stderr too). Exit status: the program's, 128+N for signal N, 124 when the time
was up, 125 when the kernel did not get as far as running it.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kernel import qemu, systemd, uml  # noqa: E402

RIGS = {"uml": uml, "qemu": qemu}
TREE = Path(__file__).resolve().parents[2]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

TIME_IS_UP = 124
NOT_BOOTED = 125

# How a kernel says that its PID 1 has ended; the number is a wait status.
PANIC = re.compile(rb"Attempted to kill init! exitcode=0x([0-9a-f]+)")
# What the kernel itself writes at the end, and is not the program's.
NOISE = re.compile(rb"^(reboot: |Kernel panic - not syncing: Attempted to kill init).*", re.S | re.M)


@dataclass
class Ended:
    code: int
    output: bytes
    kernel_log: str = ""

    @property
    def text(self):
        return self.output.decode(errors="replace")


def find_guest():
    """The guest's first process, built with the other programs of the integration tests."""
    if named := os.environ.get("GOSV_PROGRAMS"):
        candidates = [Path(named) / "guest"]
    else:
        candidates = [TREE / "build" / preset / "integration/guest" for preset in ("dev", "asan")]
    for candidate in candidates:
        if candidate.is_file():
            return str(candidate.resolve())
    raise FileNotFoundError(f"{candidates[0]}: not there; ./dev test builds it")


class Guest:
    """One boot. start(), then wait(); close() in any case."""

    def __init__(self, argv, *, rig="uml", as_pid1=False, as_unit=False, directory="/", environment=None,
                 memory=512):
        self._rig = RIGS[rig]
        self._job = tempfile.mkdtemp(prefix="guest.")
        self._process = None
        self.output = b""
        variables = {"PATH": PATH, "HOME": "/root", "TERM": "dumb", **(environment or {})}
        if as_unit:
            argv = systemd.wrap(self._job, argv, directory, variables)
        words = ["pid1" if as_pid1 or as_unit else "child", str(directory)]
        words += [f"{name}={value}" for name, value in variables.items()]
        words += ["--", *map(str, argv)]
        Path(self._job, "job").write_bytes(b"".join(word.encode() + b"\0" for word in words))
        self._memory = memory

    def start(self, forward=None):
        """`forward`: a binary stream that gets the output as it comes."""
        self._process = self._rig.start(self._job, find_guest(), self._memory)
        self._reader = threading.Thread(target=self._read, args=(forward,), daemon=True)
        self._reader.start()

    def _read(self, forward):
        while chunk := os.read(self._process.stdout.fileno(), 65536):
            self.output += chunk
            if forward:
                forward.write(chunk)
                forward.flush()

    def wait(self, seconds):
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._kill()
            return Ended(TIME_IS_UP, self.output, self._rig.kernel_log(self._job))
        self._kill()  # helpers of the kernel that outlived it hold the console open
        self._reader.join(10)
        log = self._rig.kernel_log(self._job)
        return Ended(self._code(log), NOISE.sub(b"", self.output), log)

    def _code(self, log):
        try:
            how, number = Path(self._job, "status").read_text().split()
            return int(number) if how == "exit" else 128 + int(number)
        except FileNotFoundError:
            panic = PANIC.search(self.output) or PANIC.search(log.encode())
            if not panic:
                return NOT_BOOTED
            return os.waitstatus_to_exitcode(int(panic[1], 16)) % 256

    def _kill(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def close(self):
        if self._process:
            self._kill()
            self._reader.join(10)
            self._process.stdout.close()
        shutil.rmtree(self._job, ignore_errors=True)


def run(argv, *, seconds=60, forward=None, **options):
    guest = Guest(argv, **options)
    try:
        guest.start(forward)
        return guest.wait(seconds)
    finally:
        guest.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rig", choices=RIGS, default="uml")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--pid1", action="store_true")
    place.add_argument("--systemd", action="store_true")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--memory", type=int, default=512, metavar="MIB")
    parser.add_argument("--directory", default=os.getcwd())
    parser.add_argument("--env", action="append", default=[], metavar="K=V")
    parser.add_argument("argv", nargs="+", metavar="PROGRAM")
    options = parser.parse_args()
    environment = dict(pair.split("=", 1) for pair in options.env)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ended = run(options.argv, seconds=options.seconds, forward=sys.stdout.buffer,
                rig=options.rig, as_pid1=options.pid1, as_unit=options.systemd,
                directory=options.directory, environment=environment, memory=options.memory)
    if ended.code == TIME_IS_UP:
        print(f"boot.py: the time was up after {options.seconds:g} s", file=sys.stderr)
    elif ended.code == NOT_BOOTED:
        print("boot.py: the kernel did not get as far as running the program", file=sys.stderr)
    if ended.code in (TIME_IS_UP, NOT_BOOTED):
        print(ended.kernel_log, file=sys.stderr)
    sys.exit(ended.code)


if __name__ == "__main__":
    main()
