"""On what it was measured, and when."""

import hashlib
import os
import subprocess
from datetime import datetime, timezone
from pathlib import Path


def describe(command, contenders):
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processors": f"{os.cpu_count()} x {processor()}",
        "virtual": "yes" if "hypervisor" in cpu_field("flags").split() else "not known to be",
        "memory": f"{memory_mib():,} MiB",
        "kernel": " ".join((os.uname().sysname, os.uname().release, os.uname().machine)),
        "system": system(),
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "niceness": str(os.nice(0)),
        "command": command,
        "versions": ", ".join(filter(None, map(version, contenders))),
    }


def cpu_field(name):
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def processor():
    return cpu_field("model name") or os.uname().machine


def memory_mib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


def system():
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return "unknown"


def version(contender):
    """What Debian calls it; the path of what is not Debian's, and what identifies it."""
    if contender.name in ("floor", "floor-side", "gosv-command"):
        return None  # of one build with the benchmark, and the same file as gosv
    path = contender.found[0]
    owner = subprocess.run(["dpkg-query", "--search", path], capture_output=True, text=True, check=False)
    package = owner.stdout.partition(":")[0]
    if owner.returncode == 0 and package:
        number = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True,
                                text=True, check=False).stdout
        return f"{contender.name} {number}"
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return f"{contender.name} ({path}, sha256 {digest[:16]})"
