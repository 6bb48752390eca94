"""A guest with systemd as the kernel's PID 1, and the program as a unit of it, without any other unit: not
even the machine's generators are run, which takes longer than all the rest."""

import shlex
from pathlib import Path

START = """\
echo guest >/etc/hostname
mount -t tmpfs none /lib/systemd/system-generators
mkdir -p /run/systemd/system
sed "s,CONSOLE,$(readlink /proc/$$/fd/1)," /run/job/job.service >/run/systemd/system/job.service
exec /lib/systemd/systemd --unit=job.service --log-target=null --show-status=no
"""
UNIT = """\
[Unit]
DefaultDependencies=no
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
StandardOutput=file:CONSOLE
StandardError=inherit
ExecStart=/bin/sh /run/job/run
"""


def wrap(job, argv, directory, environment):
    """What has to be the kernel's PID 1 instead of the program."""
    Path(job, "start").write_text(START)
    Path(job, "job.service").write_text(UNIT)
    Path(job, "run").write_text("".join(
        [f"cd {shlex.quote(str(directory))}\n",
         *(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()),
         f"{shlex.join(map(str, argv))}\n", 'echo "exit $?" >/run/job/status\n']))
    return ["/bin/sh", "/run/job/start"]
