"""`./dev build`: which C library it links with, and that it says so. No compiler runs: cmake is played."""

import os
import shutil
import subprocess

import pytest

from support.gosv import TREE

# Makes what a build makes.
CMAKE = """#!/bin/sh
preset=$(printf '%s\\n' "$*" | sed -n 's/.*--build --preset \\([a-z0-9-]*\\).*/\\1/p')
[ -n "$preset" ] || exit 0
mkdir -p "build/$preset"
printf '%s' "$preset" >"build/$preset/gosv"
: >"build/$preset/gosv.debug"
"""


@pytest.fixture
def dev(tmp_path):
    """dev(NAME=VALUE...): `./dev build` where nothing has been fetched yet and PyPI is an empty directory."""
    tree, wheels, tools = (tmp_path / name for name in ("tree", "wheels", "tools"))
    (tree / "docker").mkdir(parents=True)
    shutil.copy(TREE / "dev", tree)
    shutil.copytree(TREE / "docker/packages", tree / "docker/packages")
    wheels.mkdir()
    tools.mkdir()
    (tools / "cmake").write_text(CMAKE)
    (tools / "cmake").chmod(0o755)
    environment = {
        "PATH": f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path),
        "GOSV_CACHE": str(tmp_path / "cache"), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels),
    }

    def build(**variables):
        return subprocess.run([tree / "dev", "build"], env={**environment, **variables}, capture_output=True,
                              text=True, timeout=60, check=False)

    build.tree, build.wheels, build.log = tree, wheels, tree / "build/fetch.log"
    return build


def pinned_wheel():
    lines = [line.split() for line in (TREE / "docker/packages/pinned.txt").read_text().splitlines()]
    return next(line[2] for line in lines if line[:1] == ["zig"] and f"{os.uname().machine}.whl" in line[2])


def fallback(done):
    """The one line that says that it is glibc."""
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stdout.splitlines() if "no musl" in line]
    assert "linked with glibc" in line and "times as large" in line
    return line


def test_without_zig_it_is_linked_with_glibc_and_one_line_says_why(dev):
    done = dev()
    assert "pip could not fetch zig" in fallback(done)
    assert (dev.tree / "build/release/gosv").read_text() == "release-glibc"
    assert "static (glibc)" in done.stdout
    assert "No matching distribution" in dev.log.read_text()


def test_a_zig_that_is_not_the_pinned_one_is_refused(dev):
    (dev.wheels / pinned_wheel()).write_bytes(b"somebody else's")
    assert "pip could not fetch zig" in fallback(dev())
    assert "DO NOT MATCH THE HASHES" in dev.log.read_text()


def test_a_machine_that_nobody_pinned_a_zig_for_is_named(dev):
    pinned = dev.tree / "docker/packages/pinned.txt"
    pinned.write_text(pinned.read_text().replace(f"{os.uname().machine}.whl", "other.whl"))
    assert f"no zig that runs on {os.uname().machine}" in fallback(dev())


def test_glibc_can_be_asked_for(dev):
    done = dev(GOSV_LIBC="glibc")
    assert done.returncode == 0 and "no musl" not in done.stdout
    assert (dev.tree / "build/release/gosv").read_text() == "release-glibc"
    assert not dev.log.exists()


def test_who_insists_on_musl_gets_no_other(dev):
    done = dev(GOSV_LIBC="musl")
    assert done.returncode == 1 and "pip could not fetch zig" in done.stderr
    assert not (dev.tree / "build/release").exists()


def test_a_library_that_is_none_is_refused(dev):
    done = dev(GOSV_LIBC="uclibc")
    assert done.returncode == 1
    assert "'uclibc'" in done.stderr and "musl or glibc" in done.stderr
