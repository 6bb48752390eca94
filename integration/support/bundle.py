"""gosv as PID 1 of an OCI bundle, run by a real container engine's runtime (runc, crun).

For the guests of integration/emulated only: the runtime makes cgroups of its own.
"""

import itertools
import json
import os
import subprocess

from .container import CGROUPS, Cgroup, HasTree
from .deadline import DEFAULT, PATIENCE
from .gosv import TALKATIVE, find_binary, find_program
from .roots import empty_root
from .streams import Lines

_numbers = itertools.count(1)


class Bundle(HasTree):
    """
    One container. Its root has gosv, the probe and the burden, and is read-only, as its capabilities are
    the few that `runc spec` gives.

    runtime       runc or crun
    mount         how it sees /sys/fs/cgroup: rw; ro, as engines have it by default; host, as with
                  -v /sys/fs/cgroup:/sys/fs/cgroup
    private       False: it shares the host's cgroup namespace (--cgroupns=host)
    clone3        False: ENOSYS, as Docker's default seccomp profile has it
    uid           who PID 1 is
    limits        of the container, {"memory.max": "64M"}
    """

    def __init__(self, directory, runtime, *, mount="rw", private=True, clone3=True, uid=0, limits=None):
        self.name = f"bundle{next(_numbers)}"
        self.directory = directory / self.name
        self.directory.mkdir()
        self.cgroup = Cgroup(CGROUPS / self.name)
        self._runtime = [runtime, "--root", str(self.directory / "state")]
        self._process = None
        self._root = empty_root(self.directory, find_binary(), find_program("probe"), find_program("burden"))
        for place in ("sys", "dev"):
            (self._root / place).mkdir()
        subprocess.run(["runc", "spec", "--bundle", str(self.directory)], check=True)
        self._spec = json.loads((self.directory / "config.json").read_text())
        self._spec["root"]["path"] = str(self._root)
        linux = self._spec["linux"]
        linux["cgroupsPath"] = f"/{self.name}"
        linux["resources"]["unified"] = limits or {}
        if not private:
            linux["namespaces"] = [each for each in linux["namespaces"] if each["type"] != "cgroup"]
        if not clone3:
            linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}
        [shown] = [each for each in self._spec["mounts"] if each["destination"] == "/sys/fs/cgroup"]
        shown["options"] = ["nosuid", "noexec", "nodev", "ro" if mount == "ro" else "rw"]
        if mount == "host":
            shown.update(type="bind", source="/sys/fs/cgroup")
            shown["options"].append("rbind")
        self._spec["process"].update(terminal=False, user={"uid": uid, "gid": uid})

    # --- its life ---------------------------------------------------------------------------------

    def manifest(self, manifest, *, before=(), flags=TALKATIVE):
        """`gosv MANIFEST`; `before`: what the probe does before it becomes gosv."""
        (self._root / "gosv.yaml").write_text(json.dumps(manifest))
        argv = ["/gosv", *flags, "/gosv.yaml"]
        self._spec["process"]["args"] = ["/probe", *before, "exec", *argv] if before else argv
        (self.directory / "config.json").write_text(json.dumps(self._spec))
        self._process = subprocess.Popen(
            [*self._runtime, "run", "--bundle", str(self.directory), self.name],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.stdout, self.stderr = (self._lines(getattr(self._process, name), name)
                                    for name in ("stdout", "stderr"))
        return self

    @staticmethod
    def _lines(pipe, name):
        lines = Lines(os.dup(pipe.fileno()), name)
        pipe.close()
        return lines

    def wait(self, seconds=DEFAULT):
        """The exit code as the runtime has it."""
        code = self._process.wait(seconds * PATIENCE)
        self.stdout.wait_end()
        self.stderr.wait_end()
        return code

    def close(self):
        if self._process:
            self.do("delete", "--force", self.name, check=False)
            self._process.wait(20 * PATIENCE)
            self.stdout.stop()
            self.stderr.stop()
        if self.cgroup.exists:
            self.cgroup.kill()
            self.cgroup.remove()

    # --- what is done to it -----------------------------------------------------------------------

    def do(self, *words, check=True):
        """Another call of the runtime, such as do("pause", bundle.name)."""
        done = subprocess.run([*self._runtime, *map(str, words)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"{words}: {done.stderr}"
        return done

    def where_an_exec_lands(self):
        """The cgroup of what `docker exec` starts, as it sees it itself."""
        return self.do("exec", self.name, "/burden", "where", check=False).stdout.strip()

    def exec_and_leave(self, *argv):
        """`docker exec --detach`. The process' streams go nowhere: the runtime would wait for them."""
        subprocess.run([*self._runtime, "exec", "--detach", self.name, *argv], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self, signal):
        self.do("kill", self.name, signal)

    # --- what is there ----------------------------------------------------------------------------

    def events(self, event, **fields):
        fields["event"] = event
        return [entry for entry in self.stderr.objects()
                if all(entry.get(key) == value for key, value in fields.items())]

    def wait_event(self, event, **fields):
        return self.stderr.wait_object(event=event, **fields)

    def describe(self):
        if not self._process:
            return f"--- {self.name}: never started"
        return (f"--- {self.name}\n--- stdout\n{self.stdout.text()[-6000:]}\n"
                f"--- stderr\n{self.stderr.text()[-6000:]}\n---")
