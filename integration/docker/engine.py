"""A Docker engine of the tests' own: its data, its sockets and its containers lie in one directory.

It has no network (its containers have none either, but for `docker build`) and leaves the engine of
the machine alone, if there is one. stop() ends every container and removes every trace.
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from support.deadline import PATIENCE

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class EngineFailed(RuntimeError):
    """dockerd cannot run here."""


def program(name):
    """Debian's own first: another client in PATH may want a plug-in for `docker build`."""
    for directory in ("/usr/bin", "/usr/sbin"):
        if os.access(f"{directory}/{name}", os.X_OK):
            return f"{directory}/{name}"
    found = shutil.which(name)
    if not found:
        raise EngineFailed(f"there is no {name} here; docker/packages/docker-test.txt names the package")
    return found


def _ends_with_us():
    # Whatever becomes of the tests, the engine gets a TERM and stops its containers.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Engine:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.socket = f"unix://{self.directory}/docker.sock"
        # ./dev test looks for processes below a group of the run's name.
        run = os.environ.get("GOSV_TEST_RUN", f"gosv-test.{os.getpid()}")
        self.cgroup = pathlib.Path(run).name
        # Images live as long as the tests, unless who works on them says where to keep them.
        self._data = os.environ.get("GOSV_DOCKER_DATA", self.directory / "data")
        self._client = program("docker")
        self._log = self.directory / "dockerd.log"
        self._daemon = None

    # --- its life ---------------------------------------------------------------------------------

    def start(self):
        command = [
            program("dockerd"), "--host", self.socket,
            "--data-root", self._data, "--exec-root", self.directory / "exec",
            "--pidfile", self.directory / "pid",
            "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
            "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", f"/{self.cgroup}",
            "--containerd-namespace", "gosv-test", "--containerd-plugins-namespace", "gosv-test-plugins",
        ]
        with open(self._log, "w") as log:
            self._daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=_ends_with_us)
        deadline = time.monotonic() + 60
        while self.docker("version", check=False).returncode != 0:
            if self._daemon.poll() is not None:
                raise EngineFailed(f"dockerd has ended:\n{self._tail()}")
            if time.monotonic() > deadline:
                self.stop()
                raise EngineFailed(f"dockerd does not answer:\n{self._tail()}")
            time.sleep(0.1)

    def stop(self):
        if self._daemon.poll() is None:
            containers = self.docker("ps", "-aq", check=False).stdout.split()
            if containers:
                self.docker("rm", "-f", "-v", *containers, check=False)
            self._daemon.terminate()
            try:
                self._daemon.wait(30)
            except subprocess.TimeoutExpired:
                self._daemon.kill()
                self._daemon.wait()
        self._unmount()
        self._remove_cgroups()

    def suspend(self):
        """The daemon stands still, its containers run on: nobody reads their output. No client
        works until resume()."""
        self._daemon.send_signal(signal.SIGSTOP)

    def resume(self):
        self._daemon.send_signal(signal.SIGCONT)

    def _unmount(self):
        """What a killed dockerd has left; deepest first."""
        prefix = f"{self.directory}/"
        with open("/proc/self/mountinfo") as mounts:
            points = [line.split()[4] for line in mounts]
        for point in sorted((p for p in points if p.startswith(prefix)), reverse=True):
            subprocess.run(["umount", "--lazy", point], check=False)

    def _remove_cgroups(self):
        """The engine leaves the parent of its containers' groups, in every hierarchy."""
        root = pathlib.Path("/sys/fs/cgroup")
        for directory in (root / self.cgroup, *root.glob(f"*/{self.cgroup}")):
            try:
                directory.rmdir()
            except OSError:
                continue  # not there, or a process is left: ./dev test tells of that one

    def _tail(self):
        return "".join(self._log.open().readlines()[-15:])

    # --- its client -------------------------------------------------------------------------------

    def docker(self, *words, check=True, **options):
        """`docker WORDS`; what it prints is in .stdout and .stderr."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                   "text": True, "timeout": 300, **options}
        done = subprocess.run(self.command(*words), env=self.environment(), check=False, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"docker {' '.join(map(str, words))} ended with {done.returncode}\n"
                                 f"{done.stdout}\n{done.stderr}")
        return done

    def command(self, *words):
        return [self._client, "--host", self.socket, *map(str, words)]

    def environment(self):
        # The classic builder: it needs no plug-in and knows images that are only here.
        return {**os.environ, "DOCKER_BUILDKIT": "0", "DOCKER_CONFIG": str(self.directory / "config")}

    def build(self, tag, context, dockerfile=None, **args):
        """Builds an image and returns its tag. A Dockerfile may be given as text; ARGs by their names."""
        proxies = [word for name in ("http_proxy", "https_proxy", "no_proxy") if name in os.environ
                   for word in ("--build-arg", name)]
        given = [word for name, value in args.items() for word in ("--build-arg", f"{name}={value}")]
        words = ["build", "--network=host", "--tag", tag, *proxies, *given]
        if dockerfile is not None:
            pathlib.Path(context, "Dockerfile").write_text(dockerfile)
        # A compiler and its libraries may be fetched and made in it, beside all the other tests.
        self.docker(*words, context, timeout=600 * PATIENCE)
        return tag

    def import_base(self, archive, tag):
        if self.docker("image", "inspect", tag, check=False).returncode != 0:
            self.docker("import", archive, tag)

    def inspect(self, container):
        return json.loads(self.docker("inspect", container).stdout)[0]
