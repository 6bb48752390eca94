"""gosv in real Podman: the flag that gosv's own line names, and what happens without it."""

import itertools
import json
import subprocess

import pytest

from support.container import CGROUPS, Cgroup
from support.deadline import PATIENCE, until
from support.gosv import find_binary, find_program
from support.roots import empty_root

LIMITED = {"command": ["/burden", "eat", "4"], "limits": {"memory": "64M", "pids": 20}}
UNMASKED = ("--security-opt", "unmask=/sys/fs/cgroup")

_numbers = itertools.count(1)


class Podman:
    """Containers from a directory, without images, network and storage."""

    def __init__(self, directory):
        self.directory = directory
        self.root = empty_root(directory, find_binary(), find_program("burden"))
        for place in ("dev", "etc", "run", "sys"):
            (self.root / place).mkdir()
        self.parent = Cgroup(CGROUPS / directory.name)  # of all its containers
        self.parent.path.mkdir()

    def __call__(self, *words, check=True):
        done = subprocess.run(
            ["podman", "--root", str(self.directory / "storage"), "--runroot", str(self.directory / "state"),
             "--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file", "--runtime=crun",
             *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=60 * PATIENCE)
        assert not check or done.returncode == 0, f"{words}: {done.stderr}"
        return done

    def run(self, manifest, *options, check=True):
        (self.root / "gosv.yaml").write_text(json.dumps(manifest))
        name = f"gosv{next(_numbers)}"
        return name, self("run", "--name", name, "--network=none",
                          f"--cgroup-parent=/{self.parent.path.name}", *options, "--rootfs",
                          str(self.root), "/gosv", "--log-format", "json", "/gosv.yaml", check=check)


@pytest.fixture
def podman(public):
    made = Podman(public.path)
    try:
        yield made
    finally:
        made("rm", "--all", "--force", "--time=0")
        made.parent.kill()
        made.parent.remove()


def test_unmask_makes_limits_hold_and_exec_lands_in_init(podman):
    name, _ = podman.run({"services": {"web": LIMITED}, "cgroup": "required"}, *UNMASKED, "--detach")
    until(lambda: "eaten" in podman("logs", name).stdout, "the service runs")
    assert podman("exec", name, "/burden", "where", check=False).stdout == "0::/init\n"
    assert "/burden eat 4" in podman("top", name).stdout
    podman("stop", name)
    told = podman("logs", name)
    assert "limits are enforced, controllers: memory pids" in told.stderr
    assert podman("inspect", "--format={{.State.ExitCode}}", name).stdout == "0\n"


def test_by_default_it_goes_on_and_names_that_flag(podman):
    once = {"command": ["/burden", "escape"], "limits": {"pids": 20}, "restart": "no"}
    _, done = podman.run({"services": {"once": once}}, check=False)
    assert done.returncode == 3
    [warning] = [line for line in done.stderr.splitlines() if '"level":"warn","event":"cgroup"' in line]
    assert "limits of once are not enforced: /sys/fs/cgroup is mounted read-only" in warning
    assert "podman run --security-opt unmask=/sys/fs/cgroup" in warning


def test_by_default_required_is_78(podman):
    _, done = podman.run({"services": {"web": LIMITED}, "cgroup": "required"}, check=False)
    assert done.returncode == 78
    assert "podman run --security-opt unmask=/sys/fs/cgroup" in done.stderr
    assert "eaten" not in done.stdout
