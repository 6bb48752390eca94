"""Containers in a kernel of our own: a cgroup, and in it gosv as PID 1 of fresh namespaces.

`programs/contain.c` does the starting. Nothing here is for the machine that runs the tests: its
cgroups are none of ours.
"""

import os
from pathlib import Path

from .deadline import until
from .gosv import Gosv, find_program
from .run import PID1

CGROUPS = Path("/sys/fs/cgroup")


def in_guest():
    return Path("/run/job/job").is_file() and os.uname().nodename == "guest"


class Cgroup:
    """A cgroup v2 directory, as the machine's administrator sees it."""

    def __init__(self, path):
        self.path = Path(path)

    def __truediv__(self, name):
        return Cgroup(self.path / name)

    @property
    def exists(self):
        return self.path.is_dir()

    def read(self, file):
        return (self.path / file).read_text().strip()

    def write(self, file, value):
        (self.path / file).write_text(str(value))

    def value(self, file, key):
        return dict(line.split() for line in self.read(file).splitlines())[key]

    def processes(self):
        return [int(pid) for pid in self.read("cgroup.procs").split()]

    def children(self):
        return sorted(entry.name for entry in self.path.iterdir() if entry.is_dir())

    def kill(self):
        if self.read("cgroup.type") != "threaded":  # of a part of a cgroup nobody can be killed
            self.write("cgroup.kill", 1)
        until(lambda: self.value("cgroup.events", "populated") == "0", f"{self.path} is empty")

    def remove(self):
        for name in self.children():
            (self / name).remove()
        self.path.rmdir()


class HasTree:
    """Where gosv's tree is, for who has its `cgroup`, as seen from outside."""

    @property
    def init(self):
        return self.cgroup / "init"

    @property
    def services(self):
        return self.cgroup / "services"

    def leaf(self, service):
        return self.services / service


class Container(HasTree, Gosv):
    """
    Like the other places in which gosv is started; `cgroup` is the container's own, from outside.

    controllers   what the machine passes on to it
    limits        of the container, {"memory.max": "64M"}
    mount         how it sees /sys/fs/cgroup: rw, ro, none; host: the machine's mount, as with
                  docker run -v /sys/fs/cgroup:/sys/fs/cgroup
    namespace     False: none for cgroups (docker run --cgroupns=host)
    clone3        False: ENOSYS, as Docker's default seccomp profile has it
    uid           who gosv runs as; with `delegated` the cgroup is that user's, with "directory" only
                  the directory, as a mere chown(1) has it
    threaded      the container's cgroup is a threaded one
    faults        system calls that fail: [("write", "services/web/pids.max", errno.EIO)]; "*": any
    fail_step     (N, errno): the N-th call of gosv's own that is about cgroups fails
    """

    def __init__(self, directory, name, *, controllers="cpu memory pids", limits=None, mount="rw",
                 namespace=True, clone3=True, uid=0, delegated=False, threaded=False, faults=(),
                 fail_step=None):
        super().__init__(PID1, directory)
        self._launch = find_program("contain")
        self.burden = find_program("burden")
        enabled = " ".join(f"+{controller}" for controller in controllers.split())
        if enabled:
            Cgroup(CGROUPS).write("cgroup.subtree_control", enabled)
        offered = set(Cgroup(CGROUPS).read("cgroup.controllers").split())
        for other in offered & {"cpu", "cpuset", "io", "memory", "pids"} - set(controllers.split()):
            Cgroup(CGROUPS).write("cgroup.subtree_control", f"-{other}")
        self.cgroup = Cgroup(CGROUPS / name)
        self.cgroup.path.mkdir()
        for file, value in (limits or {}).items():
            self.cgroup.write(file, value)
        if threaded:
            self.cgroup.write("cgroup.type", "threaded")
        if delegated:
            files = (".", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads")
            for file in files[:1] if delegated == "directory" else files:
                os.chown(self.cgroup.path / file, uid, uid)
        self._words = ["--cgroup", str(self.cgroup.path), "--mount", mount]
        self._words += [] if clone3 else ["--no-clone3"]
        self._words += [] if namespace else ["--host-cgroupns"]
        self._words += ["--uid", str(uid)] if uid else []
        for call, file, error in faults:
            self._words += ["--fault", f"{call}:{file}:{error}"]
        self._steps = self.directory / f"{name}.steps"
        if fail_step is not None:
            number, error = fail_step
            self._words += ["--fault-step", f"{number}:{error}", "--fault-log", str(self._steps)]

    def start(self, argv, **kwargs):
        return super().start(argv, words=self._words, **kwargs)

    def steps(self):
        """With fail_step, what gosv has asked the kernel so far: "12 mkdirat /sys/fs/cgroup/init", and
        " = ERRNO" where it failed; "start" where it has started a process. Step 0 is none."""
        return self._steps.read_text().splitlines()

    def join(self, pid, cgroup=None):
        """As `docker exec` does it: a process of the outside enters the container's cgroup."""
        (cgroup or self.cgroup).write("cgroup.procs", pid)

    def close(self):
        super().close()
        if self.cgroup.exists:
            self.cgroup.kill()
            self.cgroup.remove()


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
