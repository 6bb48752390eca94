"""Makes a zombie and looks at it, first beside the parent that does not wait for it, then without.

A process that has ended stays in the table as a zombie until its parent has asked how it ended. When
the parent is gone, that is the job of PID 1. Whether PID 1 does it is what this program tells:
it exits with 0 when the zombie has been reaped and with 1 when it is still there.
"""

import os
import signal
import sys
import time

PATIENCE = 2.0


def line(pid):
    """'python3  pid 9  state Z  parent 8', or None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            name, rest = stat.read().split("(", 1)[1].rsplit(")", 1)
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, parent = rest.split()[:2]
    return f"{name}  pid {pid}  state {state}  parent {parent}"


def say(what):
    print(what, flush=True)


def parent_that_does_not_wait(tell):
    """Starts a child that ends at once, waits until it is a zombie, and does nothing more."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    while " state Z " not in (line(child) or ""):
        time.sleep(0.01)
    os.write(tell, str(child).encode())
    signal.pause()


def main():
    say(f"PID 1 is: {open('/proc/1/cmdline').read().split(chr(0))[0]}")
    listen, tell = os.pipe()
    parent = os.fork()
    if parent == 0:
        parent_that_does_not_wait(tell)
    zombie = int(os.read(listen, 16))
    say(f"before:   {line(zombie)}   (its parent does not wait for it)")

    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    say("the parent is killed; now the zombie is a child of PID 1")

    deadline = time.monotonic() + PATIENCE
    while line(zombie) and time.monotonic() < deadline:
        time.sleep(0.01)
    left = line(zombie)
    if left:
        say(f"after:    {left}   (PID 1 does not wait for it: it will stay)")
        return 1
    say(f"after:    there is no process {zombie}   (PID 1 has reaped it)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
