"""The second rig: a Debian kernel as it is shipped, emulated by qemu, with what user-mode-linux lacks: two
processors, cpusets, pressure, swap. Programs run ten to twenty times slower than outside.

Never with /dev/kvm: not every machine that has it can use it, and CI has none. The guest's root is this
machine's, through virtiofsd, which has to be root for it.
"""

import os
import shutil
import socket
import subprocess
from pathlib import Path

from kernel import debian_kernel

QEMU = "qemu-system-x86_64"
VIRTIOFSD = "/usr/lib/qemu/virtiofsd"


def start(job, guest, memory):
    """Boots it; stdout of the process is the console. All of its processes are of one group."""
    for program in (QEMU, VIRTIOFSD):
        if shutil.which(program) is None:
            raise FileNotFoundError(f"{program} is not installed (Debian: qemu-system-x86)")
    kernel = debian_kernel.ensure()
    words = [
        "root=root", "rootfstype=virtiofs", "ro", f"init={guest}", "console=ttyS0", "loglevel=1", "panic=-1",
        # The processor's own counter is calibrated at boot: on a busy host the guest's seconds were
        # three times too short.
        "tsc=unstable", "clocksource=hpet", "mitigations=off",
        "GUEST_MODULES=" + ":".join(str(module) for module in kernel.modules), "GUEST_CONSOLE=/dev/hvc0",
    ]
    shares = {"root": ("/", "cache=always"), "job": (job, "cache=none")}
    command = [
        # One thread for both processors: they take turns at any instruction. With a thread for each,
        # this qemu now and then breaks a kernel that patches itself ("Oops: int3").
        QEMU, "-accel", "tcg,thread=single", "-cpu", "max", "-smp", "2",
        "-machine", "q35,memory-backend=memory", "-m", f"{memory}M",
        "-object", f"memory-backend-memfd,id=memory,size={memory}M,share=on",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-kernel", str(kernel.image), "-append", " ".join(words), "-serial", f"file:{job}/kernel.log",
        "-chardev", "stdio,id=console,signal=off",
        "-device", "virtio-serial-pci", "-device", "virtconsole,chardev=console",
    ]
    for tag in shares:
        command += ["-chardev", f"socket,id={tag},path={job}/{tag}.socket",
                    "-device", f"vhost-user-fs-pci,chardev={tag},tag={tag}"]
    environment = {"PATH": os.defpath}
    if run := os.environ.get("GOSV_TEST_RUN"):
        environment["GOSV_TEST_RUN"] = run
    listeners = {tag: _listen(f"{job}/{tag}.socket") for tag in shares}
    with open(Path(job, "qemu.log"), "wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                   env=environment, process_group=0)
        for tag, (source, cache) in shares.items():
            descriptor = listeners[tag].fileno()
            # They end when qemu has gone.
            subprocess.Popen([VIRTIOFSD, f"--fd={descriptor}", "-f", "-o", f"source={source}", "-o", cache,
                              "-o", "sandbox=chroot", "-o", "xattr"],
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                             pass_fds=[descriptor], process_group=process.pid)
            listeners[tag].close()
    return process


def _listen(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(1)
    return listener


def kernel_log(job):
    """What kernel and emulator said; the program's output is elsewhere."""
    return "".join(Path(job, name).read_text(errors="replace") for name in ("kernel.log", "qemu.log")
                   if Path(job, name).exists())
