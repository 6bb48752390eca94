"""Services for manifests, and what the log tells of their runs."""

import datetime
import json
import os
from pathlib import Path

from .gosv import TALKATIVE

# Quick enough for a test that waits for many restarts.
QUICK = {"restart_delay": "10ms", "restart_max_delay": "10ms"}


def probe(gosv, *acts, **keys):
    """A service that plays these acts of the probe; keys as in the manifest."""
    return {"command": [gosv.probe, *(str(act) for act in acts)], **keys}


def shell(script, **keys):
    """A service that is a script of /bin/sh. Its `$` are the shell's, not the manifest's."""
    return {"command": ["/bin/sh", "-c", script.replace("$", "$$")], **keys}


def oneshot(service, **keys):
    return {**service, "type": "oneshot", **keys}


def start(gosv, services, *, flags=TALKATIVE, run=None, **top):
    """gosv with a manifest of these services; `top` are keys of the top level, `run` goes to Run."""
    return gosv.manifest({**top, "services": services}, flags=flags, **(run or {}))


def start_public(gosv, public, services, *, given=(), run=None, flags=TALKATIVE, **top):
    """The same for a gosv that may not read what belongs to root: all of it in a public directory.
    The services' programs are the caller's business."""
    path = Path(public.path, "gosv.yaml")
    path.write_text(json.dumps({**top, "services": services}))
    return gosv(*flags, path, binary=public.add(gosv.binary), given=given, **(run or {}))


def start_traced(gosv, services, *options, **top):
    """gosv below strace, in the place beneath only; options are strace's."""
    path = gosv.write_manifest({**top, "services": services})
    return gosv.start([*gosv.strace(*options), gosv.binary, *TALKATIVE, path])


def stop_traced(run, number=15):
    """stop(), for a gosv that is strace's child."""
    run.kill_inside(run.wait_event("boot")["pid"], number)
    return run.wait()


def stop(run, number=15, seconds=30):
    """Asks for the ordered shutdown; the exit code."""
    run.kill(number)
    return run.wait(seconds)


def wait_started(run, *names, seconds=30):
    """Pids of the first run of each."""
    return [run.wait_event("started", seconds, service=name)["pid"] for name in names]


def moment(entry):
    """The time of a log line, in seconds."""
    return datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00")).timestamp()


def names(entries):
    return [entry["event"] for entry in entries]


def cpu_seconds(pid):
    """Processor time that a process has used, its children left out."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
