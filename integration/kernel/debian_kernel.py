"""Debian's kernel for the guests in qemu: downloaded with this machine's apt, and unpacked into the cache
($GOSV_CACHE, ~/.cache/gosv). It is not installed: the machine's own kernels and its boot menu are not the
tests' business.

Run as a program, it only fills the cache: ./dev test does that beside the compiler.
"""

import fcntl
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
LIST = TREE / "docker/packages/guest-kernel.txt"
# The root is an overlay; swap lies on a RAM disk.
MODULES = ("fs/overlayfs/overlay", "drivers/block/brd")


class NoKernel(RuntimeError):
    pass


@dataclass
class Kernel:
    directory: Path

    @property
    def image(self):
        return self.directory / "vmlinuz"

    @property
    def modules(self):
        return [self.directory / f"{Path(module).name}.ko" for module in MODULES]


def ensure():
    """The newest kernel of that name; safe to call side by side."""
    cache = Path(os.environ.get("GOSV_CACHE") or Path.home() / ".cache/gosv")
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock.kernel", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return in_cache(cache, newest_package())
        except (NoKernel, subprocess.CalledProcessError):
            # A fresh machine has no lists of packages yet, and old ones name files that are gone.
            subprocess.run(["apt-get", "-o", "DPkg::Lock::Timeout=120", "update", "-q"], check=True)
            return in_cache(cache, newest_package())


def newest_package():
    """The list names a package that only depends on the current kernel's."""
    [name] = [line.strip() for line in LIST.read_text().splitlines() if line.strip() and line[0] != "#"]
    known = subprocess.run(["apt-cache", "depends", "--important", name], capture_output=True, text=True,
                           check=False).stdout
    for line in known.splitlines():
        if line.strip().startswith("Depends: linux-image-"):
            return line.split()[1]
    raise NoKernel(f"apt does not know {name}; {LIST} names it")


def in_cache(cache, package):
    if not (cache / package).exists():
        fetch(package, cache / package)
    return Kernel(cache / package)


def fetch(package, directory):
    with tempfile.TemporaryDirectory(prefix="kernel.", dir=directory.parent) as scratch:
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package], check=True,
                       cwd=scratch)
        [archive] = Path(scratch).glob("*.deb")
        subprocess.run(["dpkg-deb", "--extract", archive, f"{scratch}/tree"], check=True)
        [image] = Path(scratch, "tree/boot").glob("vmlinuz-*")
        [modules] = Path(scratch, "tree/lib/modules").glob("*/kernel")
        unfinished = Path(scratch, "kernel")
        unfinished.mkdir()
        shutil.copy(image, unfinished / "vmlinuz")
        for module in MODULES:
            # The kernel itself does not unpack what modprobe would.
            packed = (modules / f"{module}.ko.xz").read_bytes()
            (unfinished / f"{Path(module).name}.ko").write_bytes(lzma.decompress(packed))
        unfinished.rename(directory)


if __name__ == "__main__":
    try:
        print(ensure().directory)
    except (OSError, NoKernel, subprocess.CalledProcessError) as error:
        sys.exit(f"no kernel for the guest: {error}")
