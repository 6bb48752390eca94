"""gosv as a unit of systemd: a scope or a service, of the system's manager or of a user's.

For the guest of integration/systemd only.
"""

import itertools
import json
import shutil
import subprocess
from contextlib import suppress

from .container import CGROUPS, Cgroup, HasTree
from .deadline import DEFAULT, PATIENCE, until
from .gosv import TALKATIVE, find_binary, find_program

_numbers = itertools.count(1)

PATH = "PATH=/usr/bin:/bin"
# One that every Debian has; systemd wants a name for it.
ANOTHER_USER = "daemon"


def systemctl(*words):
    return subprocess.run(["systemctl", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


class Unit(HasTree):
    """
    stdout,
    stderr   files, which outlive the unit
    """

    def __init__(self, public):
        """`public`: a PublicDirectory, since other users run all this."""
        self.name = f"gosv{next(_numbers)}"
        self.cgroup = None
        self.burden = public.add(find_program("burden"))
        self._gosv = public.add(find_binary())
        public.path.chmod(0o777)
        self._manifest, self.stdout, self.stderr = (
            public.path / f"{self.name}.{kind}" for kind in ("yaml", "stdout", "stderr"))
        self._scope = None

    def _words(self, manifest):
        self._manifest.write_text(json.dumps(manifest))
        return [self._gosv, *TALKATIVE, str(self._manifest)]

    def scope(self, manifest, *properties):
        """systemd-run --scope: started by the caller, and moved into a cgroup by systemd."""
        self.cgroup = Cgroup(CGROUPS / f"system.slice/{self.name}.scope")
        with open(self.stdout, "w") as stdout, open(self.stderr, "w") as stderr:
            self._scope = subprocess.Popen(
                ["systemd-run", "--quiet", "--scope", f"--unit={self.name}", *properties,
                 *self._words(manifest)], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        return self

    def service(self, manifest, *properties, before=()):
        """A service of the system's manager; `before`: words in front of gosv's own."""
        self.cgroup = Cgroup(CGROUPS / f"system.slice/{self.name}.service")
        self._run_service([*before, *self._words(manifest)], properties)
        return self

    def service_of_a_user(self, manager, manifest, *properties):
        self.cgroup = manager.cgroup / f"app.slice/{self.name}.service"
        self._run_service(self._words(manifest), properties, manager.command)
        return self

    def scope_of_a_user(self, manager, manifest, *properties):
        """Begun in a service: who comes from a cgroup that is not the user's cannot be moved."""
        self.cgroup = manager.cgroup / f"app.slice/{self.name}.scope"
        self._run_service(["systemd-run", "--user", "--scope", f"--unit={self.name}", *properties,
                           *self._words(manifest)], (), manager.command)
        return self

    def _run_service(self, words, properties, systemd_run=("systemd-run",)):
        # Without the dependencies of an ordinary service: it would want the whole machine booted.
        subprocess.run(
            [*systemd_run, "--quiet", f"--unit={self.name}", "--property=Type=exec",
             "--property=DefaultDependencies=no", f"--property=StandardOutput=file:{self.stdout}",
             f"--property=StandardError=file:{self.stderr}", *properties, *words],
            check=True, stdin=subprocess.DEVNULL)

    def wait(self, seconds=DEFAULT):
        """The exit code of a scope, which systemd-run becomes."""
        return self._scope.wait(seconds * PATIENCE)

    def wait_until_gone(self):
        until(lambda: not self.cgroup.exists, f"{self.cgroup.path} is gone")

    def close(self):
        with suppress(OSError):  # it may be gone, and systemd removes it as soon as it is empty
            self.cgroup.write("cgroup.kill", 1)
        if self._scope:
            self._scope.wait(20 * PATIENCE)
        self.wait_until_gone()

    # --- what it says -----------------------------------------------------------------------------

    def text(self):
        return self.stdout.read_text() if self.stdout.exists() else ""

    def log(self):
        return self.stderr.read_text() if self.stderr.exists() else ""

    def events(self, event, **fields):
        fields["event"] = event
        told = [json.loads(line) for line in self.log().splitlines()
                if line.startswith("{") and line.endswith("}")]
        return [entry for entry in told if all(entry.get(key) == value for key, value in fields.items())]

    def wait_event(self, event, **fields):
        until(lambda: self.events(event, **fields), f"{event} {fields}")
        return self.events(event, **fields)[0]

    def describe(self):
        return f"--- {self.name}\n--- stdout\n{self.text()}\n--- stderr\n{self.log()}\n---"

    # --- what is there ----------------------------------------------------------------------------


class UserManager:
    """systemd --user of another user, in a cgroup that is delegated to it."""

    def __init__(self, directory):
        self._name = f"manager{next(_numbers)}"
        self.cgroup = Cgroup(CGROUPS / f"system.slice/{self._name}.service")
        runtime = directory / self._name
        runtime.mkdir(mode=0o700)
        shutil.chown(runtime, ANOTHER_USER, ANOTHER_USER)
        environment = [f"HOME={runtime}", f"XDG_RUNTIME_DIR={runtime}", PATH]
        self.command = ["setpriv", f"--reuid={ANOTHER_USER}", f"--regid={ANOTHER_USER}", "--clear-groups",
                        "env", "-i", *environment, "systemd-run", "--user"]
        subprocess.run(
            ["systemd-run", "--quiet", f"--unit={self._name}", f"--uid={ANOTHER_USER}",
             "--property=Type=notify", "--property=Delegate=yes", "--property=DefaultDependencies=no",
             *(f"--setenv={variable}" for variable in environment),
             "/lib/systemd/systemd", "--user", "--unit=basic.target"], check=True)

    def close(self):
        systemctl("stop", f"{self._name}.service")
