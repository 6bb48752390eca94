"""Who takes part: how each is told which services to run, and what it can do at all.

Debian's packages of them are in docker/packages/bench*.txt; whatever else is on PATH joins in.
"""

import json
import os
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Contender:
    """
    name       as in --contenders and in the tables
    programs   what is looked up on PATH, the first is what is started; `found` are their paths
    most       services it runs at most; None: as many as there are
    helpers    processes of its own for each service
    restarts   it restarts a service that has ended
    forwards   it passes USR2 on to the service
    stop       the signal that asks it to end
    env        for it alone
    package    of Debian, to be unpacked where it is not on PATH (peers.py)
    """

    name: str
    programs: tuple = ()
    most: int = None
    helpers: int = 0
    restarts: bool = True
    forwards: bool = False
    stop: int = signal.SIGTERM
    env: dict = field(default_factory=dict)
    package: str = None
    found: tuple = ()

    def look_up(self, path):
        self.found = tuple(shutil.which(program, path=path) for program in self.programs)
        return all(self.found)

    def argv(self, directory, services, restart):
        """Writes what it wants to read into `directory`; the words that start it. `services` has the
        words of each service. restart: as often as they end, without delay if that can be had."""
        raise NotImplementedError


class Floor(Contender):
    """floor.c. It makes the words of its services itself: they differ in the index only."""

    def __init__(self, name, program, way):
        super().__init__(name, (program,), forwards=True)
        self._way = way

    def argv(self, directory, services, restart):
        words = ["@" if at == 2 else word for at, word in enumerate(services[0])]
        return [self.found[0], self._way, *(["--restart"] if restart else []), str(len(services)), *words]


class Gosv(Contender):
    def __init__(self, binary):
        super().__init__("gosv", (binary,), forwards=True)

    def argv(self, directory, services, restart):
        # Flow style in block style: YAML as people write it.
        lines = ["services:"]
        for index, words in enumerate(services):
            lines += [f"  s{index}:", f"    command: {json.dumps(words)}"]
            if restart:
                lines += ["    restart_delay: 0s", "    max_restarts: unlimited"]
        return [self.found[0], write(directory / "gosv.yaml", "\n".join(lines) + "\n")]


class OneCommand(Contender):
    """tini and its like: `PROGRAM -- COMMAND`."""

    def __init__(self, name, program):
        super().__init__(name, (program,), most=1, restarts=False, forwards=True)

    def argv(self, directory, services, restart):
        return [self.found[0], "--", *services[0]]


class DirectoryOfServices(Contender):
    """s6, runit, nitro: a directory a service, with an executable `run`."""

    def __init__(self, name, programs, options=lambda count: (), **kwargs):
        super().__init__(name, programs, **kwargs)
        self._options = options

    def argv(self, directory, services, restart):
        for index, words in enumerate(services):
            service = directory / f"s{index}"
            service.mkdir()
            # No shell in between: the service itself is the interpreter of the script, and gets the
            # rest of the line as one word.
            run = write(service / "run", f"#!{words[0]} {' '.join(words[1:])}\n")
            os.chmod(run, 0o755)
        return [self.found[0], *self._options(len(services)), str(directory)]


class Supervisor(Contender):
    def __init__(self):
        super().__init__("supervisord", ("supervisord",), package="supervisor")

    def argv(self, directory, services, restart):
        lines = ["[supervisord]", "nodaemon=true", "user=root", "logfile=/dev/null", "logfile_maxbytes=0",
                 f"pidfile={directory}/pid", f"childlogdir={directory}",
                 # three a service, and it refuses to start when there are fewer
                 f"minfds={64 + 4 * len(services)}"]
        for index, words in enumerate(services):
            lines += [f"[program:s{index}]", f"command={' '.join(words)}", "autorestart=true", "startsecs=0",
                      "startretries=1000000", "stdout_logfile=NONE", "stderr_logfile=NONE"]
        config = write(directory / "supervisord.conf", "\n".join(lines) + "\n")
        return ["/usr/bin/python3", self.found[0], "-c", config]


class Dinit(Contender):
    def __init__(self):
        super().__init__("dinit", ("dinit",))

    def argv(self, directory, services, restart):
        for index, words in enumerate(services):
            write(directory / f"s{index}", f"type = process\ncommand = {' '.join(words)}\nrestart = true\n"
                  "restart-delay = 0\nrestart-limit-count = 0\n")
        write(directory / "boot", "type = internal\n"
              + "".join(f"waits-for: s{index}\n" for index in range(len(services))))
        return [self.found[0], "--container", "--services-dir", str(directory), "--socket-path",
                f"{directory}/socket", "boot"]


class Pebble(Contender):
    def __init__(self):
        super().__init__("pebble", ("pebble",))

    def argv(self, directory, services, restart):
        layers = directory / "layers"
        layers.mkdir()
        plan = {"services": {f"s{index}": {"override": "replace", "startup": "enabled",
                                           "command": " ".join(words), "backoff-delay": "1ms"}
                             for index, words in enumerate(services)}}
        write(layers / "001-bench.yaml", json.dumps(plan))
        self.env = {"PEBBLE": str(directory)}
        return [self.found[0], "run"]


class ProcessCompose(Contender):
    def __init__(self):
        super().__init__("process-compose", ("process-compose",))

    def argv(self, directory, services, restart):
        processes = {f"s{index}": {"command": " ".join(words), "availability": {"restart": "always"}}
                     for index, words in enumerate(services)}
        config = write(directory / "process-compose.yaml", json.dumps({"processes": processes}))
        return [self.found[0], "--config", config, "--tui=false", "--no-server"]


def everybody(gosv, floor):
    """All that are known, with the paths of the two that are built here."""
    gosv_command = OneCommand("gosv-command", gosv)
    return [
        Floor("floor", floor, "serial"),
        Floor("floor-side", floor, "side"),
        Gosv(gosv),
        gosv_command,
        OneCommand("tini", "tini"),
        OneCommand("tini-static", "tini-static"),
        OneCommand("dumb-init", "dumb-init"),
        OneCommand("catatonit", "catatonit"),
        DirectoryOfServices("s6", ("s6-svscan", "s6-supervise"), lambda count: ("-c", str(count + 10)),
                            helpers=1),
        # TERM ends it at once, and the kernel everything else. HUP at least tells the services.
        DirectoryOfServices("runit", ("runsvdir", "runsv"), helpers=1, stop=signal.SIGHUP),
        Supervisor(),
        Dinit(),
        DirectoryOfServices("nitro", ("nitro",)),
        Pebble(),
        ProcessCompose(),
    ]


def write(path, text):
    Path(path).write_text(text)
    return str(path)
