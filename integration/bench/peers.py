"""Contenders whose Debian package would begin to run when it is installed: they are downloaded and
unpacked into the cache ($GOSV_CACHE, ~/.cache/gosv) instead. docker/packages/bench-unpacked.txt names
them as well, for who wants to know all packages."""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def use(contender):
    """Whether it is there; then the contender knows where."""
    root = unpacked(contender.package)
    contender.env["PYTHONPATH"] = f"{root}/usr/lib/python3/dist-packages"
    return contender.look_up(f"{root}/usr/bin")


def unpacked(package):
    """The directory with what the package has in /."""
    cache = Path(os.environ.get("GOSV_CACHE") or Path.home() / ".cache/gosv") / "bench"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / package).is_dir():
            fetch(package, cache / package)
    return cache / package


def fetch(package, directory):
    with tempfile.TemporaryDirectory(prefix="unpack.", dir=directory.parent) as scratch:
        download = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
        if subprocess.run(download, stdout=sys.stderr, check=False, cwd=scratch).returncode != 0:
            # A fresh machine has no lists of packages yet, and old ones name files that are gone.
            update = ["apt-get", "-o", "DPkg::Lock::Timeout=120", "update", "-q"]
            subprocess.run(update, stdout=sys.stderr, check=True)
            subprocess.run(download, stdout=sys.stderr, check=True, cwd=scratch)
        [archive] = Path(scratch).glob("*.deb")
        subprocess.run(["dpkg-deb", "--extract", archive, f"{scratch}/tree"], check=True)
        Path(scratch, "tree").rename(directory)
