"""Root file systems and directories with as little in them as a scratch image."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path


def install(program, root, name=None):
    """Copies a program below root, with the libraries that a developer's build wants."""
    target = Path(root, name or Path(program).name)
    shutil.copy2(program, target)
    target.chmod(0o755)
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    if listed.returncode == 0:  # else it is static
        for word in listed.stdout.split():
            if word.startswith("/"):
                below = Path(root, word.lstrip("/"))
                below.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(os.path.realpath(word), below)
    return target


def empty_root(directory, *programs):
    """A root with nothing but these programs and an empty /proc and /tmp."""
    root = Path(directory, "root")
    for sub in ("", "proc", "tmp"):
        Path(root, sub).mkdir()
    for program in programs:
        install(program, root)
    return root


class PublicDirectory:
    """A directory that users other than root can reach: pytest's own are private."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="gosv-test-"))
        self.path.chmod(0o755)

    def add(self, program, mode=0o755, name=None):
        target = self.path / (name or Path(program).name)
        shutil.copy2(program, target)
        target.chmod(mode)
        return str(target)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
