"""The processes of a namespace, looked at from outside."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One line of /proc/PID/stat. All numbers as in the namespace itself."""

    pid: int
    comm: str
    state: str
    ppid: int
    pgrp: int
    sid: int
    tpgid: int
    threads: int

    @property
    def is_zombie(self):
        return self.state == "Z" and self.threads <= 1


def parse_stat(text):
    pid, rest = text.split(" (", 1)
    comm, fields = rest.rsplit(") ", 1)
    f = fields.split()
    return Process(
        pid=int(pid),
        comm=comm,
        state=f[0],
        ppid=int(f[1]),
        pgrp=int(f[2]),
        sid=int(f[3]),
        tpgid=int(f[5]),
        threads=int(f[17]),
    )


def processes_below(proc):
    """All processes that a mounted /proc shows; those that go away meanwhile are left out."""
    found = []
    for entry in os.listdir(proc):
        if entry.isdigit():
            try:
                found.append(parse_stat(Path(proc, entry, "stat").read_text(errors="replace")))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return sorted(found, key=lambda process: process.pid)


def status_field(pid, name):
    """A field of /proc/PID/status, PID as seen from here."""
    for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    raise KeyError(name)


def outside_pid(init, inside):
    """The pid, as seen from here, of the process that `init`'s namespace knows as `inside`."""
    namespace = os.readlink(f"/proc/{init}/ns/pid")
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.readlink(f"/proc/{entry}/ns/pid") != namespace:
                continue
            if int(status_field(entry, "NSpid").split()[-1]) == inside:
                return int(entry)
        except (OSError, KeyError):  # gone, or none of ours
            continue
    raise ProcessLookupError(f"no process {inside} in the namespace of {init}")


def open_files(pid):
    """fd -> target of a process, PID as seen from here."""
    found = {}
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(entry)] = os.readlink(f"/proc/{pid}/fd/{entry}")
        except FileNotFoundError:
            continue
    return found
