"""The everyday rig: user-mode-linux (Debian's package), a kernel that is a process. No root is needed, and
two seconds from start to end; programs run nearly as fast as outside, system calls do not. One processor."""

import os
import shutil
import subprocess

KERNEL = "linux.uml"


def start(job, guest, memory):
    """Boots it; stdout of the process is the console. All of its processes are of one group."""
    kernel = shutil.which(KERNEL)
    if kernel is None:
        raise FileNotFoundError(f"{KERNEL} is not installed (Debian: user-mode-linux)")
    release = subprocess.run([kernel, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    overlay = f"/usr/lib/uml/modules/{release.strip()}/kernel/fs/overlayfs/overlay.ko"
    # setarch: with a random layout the kernel adds up to a GiB to its memory file. panic=-1: a
    # kernel whose PID 1 ends, ends at once.
    command = [
        "setarch", "-R", kernel, f"mem={memory}M",
        "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"init={guest}",
        "con=null", "con0=null,fd:1", f"uml_dir={job}/", "umid=guest",
        "loglevel=1", "panic=-1", "noreboot",
        f"GUEST_JOB={job}", f"GUEST_MODULES={overlay}", "GUEST_CONSOLE=/dev/tty0",
    ]
    # The memory file goes where TMPDIR says, and must be on a file system that allows mmap.
    environment = {"PATH": os.defpath, "TMPDIR": "/dev/shm", "HOME": job}
    if run := os.environ.get("GOSV_TEST_RUN"):
        environment["GOSV_TEST_RUN"] = run
    # A session of its own is a group of its own, too.
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, env=environment, start_new_session=True)


def kernel_log(_job):
    """What the kernel said where the program's output is not: it has one console for both."""
    return ""
