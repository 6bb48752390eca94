"""One container: started, listened to, signalled, waited for."""

import os
import subprocess
import time

from support.deadline import PATIENCE
from support.streams import Lines


class Container:
    """
    stdout,
    stderr   Lines of `docker logs --follow`: all from the first start to the end of this run
    """

    def __init__(self, engine, words):
        self.engine = engine
        self._logs = None
        self.id = engine.docker("run", "--detach", *words).stdout.split()[-1]
        self._follow()

    def _follow(self):
        self._logs = subprocess.Popen(
            self.engine.command("logs", "--follow", self.id), env=self.engine.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.stdout = self._lines(self._logs.stdout, "stdout")
        self.stderr = self._lines(self._logs.stderr, "stderr")

    @staticmethod
    def _lines(pipe, name):
        lines = Lines(os.dup(pipe.fileno()), name)
        pipe.close()
        return lines

    def remove(self):
        self.engine.docker("rm", "--force", "--volumes", self.id, check=False)
        self._logs.terminate()
        self._logs.wait()

    def describe(self):
        return (f"--- container {self.id[:12]}\n--- stdout\n{self.stdout.text()[-6000:]}\n"
                f"--- stderr\n{self.stderr.text()[-6000:]}\n---")

    # --- what it says -----------------------------------------------------------------------------

    def wait_event(self, event, **fields):
        """gosv's own line, where it was told to write JSON."""
        return self.stderr.wait_object(event=event, **fields)

    def events(self, event, **fields):
        fields["event"] = event
        return [entry for entry in self.stderr.objects()
                if all(entry.get(key) == value for key, value in fields.items())]

    # --- what is done to it -----------------------------------------------------------------------

    def kill(self, signal):
        self.engine.docker("kill", "--signal", signal, self.id)

    def stop(self):
        """`docker stop` as everybody types it; how many seconds it took."""
        begun = time.monotonic()
        self.engine.docker("stop", self.id)
        return time.monotonic() - begun

    def restart(self):
        self.engine.docker("restart", self.id)
        self._logs.wait()
        self._follow()

    def exec(self, *argv, check=True, options=()):
        return self.engine.docker("exec", *options, self.id, *argv, check=check)

    # --- what is there ----------------------------------------------------------------------------

    def state(self):
        return self.engine.inspect(self.id)["State"]

    def wait(self, seconds=60):
        """The exit code as Docker has it."""
        done = self.engine.docker("wait", self.id, timeout=seconds * PATIENCE)
        return int(done.stdout)

    def init_pid(self):
        """PID 1 of the container, as seen from here."""
        return self.state()["Pid"]
