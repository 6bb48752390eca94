"""What is measured: each job is one run of one contender, and gives a value to some of the figures.

README.md says how each figure is taken and what it does not say.
"""

import re
import signal
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from arena import Arena, Failed
from figures import Figure


@dataclass(frozen=True)
class Sizes:
    """
    How much of everything.

    live       most orphans at once, not reaped ones included
    patience   seconds for a storm, and for one who waits before he restarts
    settle     seconds from the last main to looking at memory and switches
    processes  most of a run, all in all
    """

    counts: tuple = (1, 10, 100, 1000)
    orphans: int = 10_000
    live: int = 900
    deaths: int = 200
    signals: int = 200
    idle_seconds: float = 10.0
    idle_services: int = 100
    patience: int = 20
    settle: float = 0.5
    processes: int = 2200


QUICK = Sizes(counts=(1, 20), orphans=200, live=100, deaths=10, signals=10, idle_seconds=0.3,
              idle_services=10, patience=3, settle=0.1)


class Job:
    """
    name     as in --jobs
    figures  what it gives
    rounds   at most as many, whatever --rounds says: some figures do not scatter
    """

    name = ""
    title = ""
    rounds = 1000

    def __init__(self, sizes, programs):
        self.sizes = sizes
        self.programs = programs
        self.figures = ()

    def takes(self, contender):
        """Whether the contender can do the job at all."""
        return True

    def run(self, contender):
        """{key of the figure: value}; Failed when it does not do it."""
        raise NotImplementedError

    def arena(self, contender, count, *task, **kwargs):
        return Arena(self.programs, contender, count, task, **kwargs)


class Size(Job):
    """Of the files that are executed, interpreters and libraries left out."""

    name = "size"
    title = "The programs"
    rounds = 1

    def __init__(self, sizes, programs):
        super().__init__(sizes, programs)
        self.figures = (Figure("size", "bytes"), Figure("dynamic", "need other files to run", ratio=False))

    def run(self, contender):
        files = [Path(path).resolve() for path in contender.found]
        return {"size": sum(file.stat().st_size for file in files),
                "dynamic": sum(needs_others(file) for file in files)}


class Life(Job):
    """Start with N services, memory once they are up, stop: all of one run."""

    def __init__(self, sizes, programs, count):
        super().__init__(sizes, programs)
        self.count = count
        self.name = f"life-{count}"
        self.title = f"{count} service{'s' * (count > 1)}: start, memory and stop"
        up = (Figure(f"all@{count}", "all mains, ms", 1e6, 2),) if count > 1 else ()
        self.figures = (
            Figure(f"first@{count}", "exec to first main, µs", 1e3, 0), *up,
            Figure(f"cpu@{count}", "CPU until up, ms", 1e6, 2),
            Figure(f"faults@{count}", "page faults until up"),
            Figure(f"rss@{count}", "RSS, KiB"),
            Figure(f"pss@{count}", "PSS, KiB"),
            Figure(f"dirty@{count}", "private dirty, KiB"),
            Figure(f"processes@{count}", "own processes", ratio=False),
            Figure(f"stop@{count}", "stop, ms", 1e6, 2),
            Figure(f"told@{count}", "services told", ratio=False),
        )

    def takes(self, contender):
        most = contender.most or self.count
        return self.count <= most and self.count * (1 + contender.helpers) + 2 <= self.sizes.processes

    def run(self, contender):
        n = self.count
        with self.arena(contender, n) as arena:
            arena.wait_begun(30)
            time.sleep(self.sizes.settle)
            mains = arena.board.first_mains(n)
            pids = arena.supervisors()
            cpu, faults = arena.cpu(pids), arena.faults(pids)
            memory = arena.memory(pids)
            values = {
                f"first@{n}": min(mains) - arena.board.exec_at,
                f"all@{n}": max(mains) - arena.board.exec_at,
                f"cpu@{n}": cpu,
                f"faults@{n}": faults,
                f"rss@{n}": memory["Rss"],
                f"pss@{n}": memory["Pss"],
                f"dirty@{n}": memory["Private_Dirty"],
                f"processes@{n}": len(pids),
            }
            try:
                values[f"stop@{n}"] = arena.meter("stop", arena.pid, int(contender.stop), 20)[0]
                values[f"told@{n}"] = arena.board.told
            except Failed:  # the rest has been measured all the same; '-' tells this
                pass
            return values


class Storm(Job):
    name = "storm"

    def __init__(self, sizes, programs):
        super().__init__(sizes, programs)
        self.title = f"A storm of {sizes.orphans:,} orphans, at most {sizes.live} at once"
        self.figures = (
            Figure("storm", "first made to last gone, ms", 1e6, 1),
            Figure("storm_most", "most not reaped", digits=0),
            Figure("storm_cpu", "CPU of PID 1 an orphan, µs", 1e3, 2),
        )

    def run(self, contender):
        words = ("storm", str(self.sizes.orphans), str(self.sizes.live), str(self.sizes.patience))
        with self.arena(contender, 1, *words) as arena:
            arena.wait_begun(30)
            time.sleep(self.sizes.settle)
            board = arena.board
            at_rest = arena.children()
            before = arena.cpu([arena.pid])
            sampler = arena.start_meter("children", arena.pid, board.path)
            try:
                board.start_storm()
                arena.wait(lambda: board.go == 2, 60, "the storm is over")
                if not board.storm_gone:
                    raise Failed(f"{board.storm_count - board.storm_left} of {self.sizes.orphans} orphans "
                                 f"reaped in {self.sizes.patience} s")
                # What it does for the last ones when they are gone counts as well.
                time.sleep(0.05)
                cpu = arena.cpu([arena.pid]) - before
                most = int(sampler.communicate(timeout=10)[0]) - at_rest
            finally:
                sampler.kill()
                sampler.wait()
            return {"storm": board.storm_gone - board.storm_from, "storm_most": most,
                    "storm_cpu": cpu / self.sizes.orphans}


class Restart(Job):
    name = "restart"

    def __init__(self, sizes, programs):
        super().__init__(sizes, programs)
        self.title = "A service that dies at once, and is to be restarted without delay"
        self.figures = (Figure("restart", "death to next main, µs", 1e3, 1),
                        Figure("restart_p90", "90th percentile, µs", 1e3, 1))

    def takes(self, contender):
        return contender.restarts

    def run(self, contender):
        with self.arena(contender, 1, "crash", str(self.sizes.deaths), restart=True) as arena:
            # Who waits a second each time has shown that after a few.
            deadline = time.monotonic() + self.sizes.patience / 4
            arena.wait(lambda: arena.board.begun or (time.monotonic() > deadline and arena.board.gaps > 0),
                       20, "a service is restarted")
            gaps = arena.board.gap()
            return {"restart": statistics.median(gaps), "restart_p90": percentile(gaps, 90)}


class Signal(Job):
    name = "signal"
    title = "USR2 to the contender, until the service has it"

    def __init__(self, sizes, programs):
        super().__init__(sizes, programs)
        self.figures = (Figure("signal", "kill to handler, µs", 1e3, 1),
                        Figure("signal_p90", "90th percentile, µs", 1e3, 1))

    def takes(self, contender):
        return contender.forwards

    def run(self, contender):
        with self.arena(contender, 1) as arena:
            arena.wait_begun(30)
            time.sleep(self.sizes.settle)
            times = arena.meter("signals", arena.board.path, arena.pid, int(signal.SIGUSR2),
                                self.sizes.signals)
            return {"signal": statistics.median(times), "signal_p90": percentile(times, 90)}


class Idle(Job):
    name = "idle"
    rounds = 1

    def __init__(self, sizes, programs):
        super().__init__(sizes, programs)
        self.title = f"{sizes.idle_seconds:g} s of nothing, with {sizes.idle_services} services or the one"
        self.figures = (Figure("idle_calls", "system calls", ratio=False),
                        Figure("idle_switches", "context switches", ratio=False),
                        Figure("idle_cpu", "CPU, µs", 1e3, 0, ratio=False))

    def run(self, contender):
        count = min(self.sizes.idle_services, contender.most or self.sizes.idle_services)
        with self.arena(contender, count) as arena:
            arena.wait_begun(30)
            # Some look once more when all is up (a service has been up for a second).
            time.sleep(3 * self.sizes.settle)
            pids = arena.supervisors()
            switches, cpu = arena.switches(pids), arena.cpu(pids)
            time.sleep(self.sizes.idle_seconds)
            values = {"idle_switches": arena.switches(pids) - switches, "idle_cpu": arena.cpu(pids) - cpu}
            values["idle_calls"] = self.system_calls(arena, pids)
            return values

    def system_calls(self, arena, pids):
        """Attaching wakes them, so what begins shortly after it does not count."""
        log = arena.directory / "strace"
        words = ["strace", "-f", "-qq", "-ttt", "-o", str(log)]
        for pid in pids:
            words += ["-p", str(pid)]
        tracer = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  start_new_session=True)
        try:
            arena.wait(lambda: all(is_traced(pid) for pid in pids), 20, "strace attached")
            begun = time.time() + self.sizes.settle
            time.sleep(self.sizes.settle + self.sizes.idle_seconds)
            ended = time.time()
        finally:
            tracer.terminate()
            tracer.wait(20)
        return count_calls(log.read_text(errors="replace"), begun, ended)


def all_jobs(sizes, programs):
    return [Size(sizes, programs), *(Life(sizes, programs, count) for count in sizes.counts),
            Storm(sizes, programs), Restart(sizes, programs), Signal(sizes, programs), Idle(sizes, programs)]


def needs_others(file):
    """Whether a program is a script or has an interpreter (PT_INTERP), as what is linked dynamically."""
    head = file.read_bytes()[:4096]
    return not head.startswith(b"\x7fELF") or re.search(rb"/ld[-a-z0-9_.]*\.so[.0-9]*\0", head) is not None


def is_traced(pid):
    return "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text()


def count_calls(log, begun, ended):
    """How many system calls began in between, by a log of strace -f -ttt."""
    calls = re.findall(r"^(?:\d+ +)?(\d+\.\d+) \w+\(", log, re.M)
    return sum(begun <= float(at) <= ended for at in calls)


def percentile(values, percent):
    """The value that `percent` of all do not exceed: the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
