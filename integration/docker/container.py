"""One container: started, listened to, signalled, asked, waited for."""

import json
import os
import subprocess
import sys
import time

from support.deadline import PATIENCE, until
from support.processes import processes_below
from support.streams import Lines

# Run in the container's network, which has its own loopback and nothing else: prints [code, text].
GET = """
import json, sys, urllib.error, urllib.request
try:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=30) as answer:
        told = answer.status, answer.read().decode()
except urllib.error.HTTPError as error:
    told = error.code, error.read().decode()
except OSError as error:
    told = None, str(error)
print(json.dumps(told))
"""


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

    def told_in_order(self, *steps):
        """Whether gosv told these (EVENT, SERVICE) one after the other; the first of each counts."""
        told = [(entry["event"], entry.get("service")) for entry in self.stderr.objects() if "event" in entry]
        places = [told.index(step) if step in told else None for step in steps]
        assert None not in places, f"{steps[places.index(None)]} was not told: {told}"
        return places == sorted(places)

    def main_pid(self, service):
        """Of its last start, as the container numbers it."""
        self.wait_event("started", service=service)
        return self.events("started", service=service)[-1]["pid"]

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

    def start_asking(self, url):
        """A GET from outside the container; finish_asking() has the answer."""
        return subprocess.Popen(
            ["nsenter", "--net", "--target", str(self.init_pid()), sys.executable, "-c", GET, url],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def finish_asking(asking):
        """(code, text); without an answer the code is None and the text says why."""
        return tuple(json.loads(asking.communicate(timeout=60 * PATIENCE)[0]))

    def get(self, url):
        return self.finish_asking(self.start_asking(url))

    def crash(self, service):
        """Kills its main process; the pid of the one that was started in its place."""
        pid = self.main_pid(service)
        starts = len(self.events("started", service=service))
        self.exec("sh", "-c", f"kill -KILL {pid}")
        self.wait_event("exited", service=service, signal="SIGKILL")
        self.stderr.wait_objects(starts + 1, event="started", service=service)
        return self.main_pid(service)

    # --- what is there ----------------------------------------------------------------------------

    def state(self):
        return self.engine.inspect(self.id)["State"]

    def wait(self, seconds=60):
        """The exit code as Docker has it."""
        done = self.engine.docker("wait", self.id, timeout=seconds * PATIENCE)
        return int(done.stdout)

    def processes(self):
        return processes_below(f"/proc/{self.init_pid()}/root/proc")

    def wait_without_zombies(self):
        until(lambda: not any(process.is_zombie for process in self.processes()), "no zombie is left")

    def init_pid(self):
        """PID 1 of the container, as seen from here."""
        return self.state()["Pid"]
