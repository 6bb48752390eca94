"""How fast and how small gosv is to be, and whether it is."""

from dataclasses import dataclass

FLOORS = ("floor", "floor-side")
OURS = ("gosv", "gosv-command")


@dataclass(frozen=True)
class Goal:
    """
    most   the figure, or with `to` its ratio to that contender's, may be at most this
    to     a contender; "every peer" is the best of those that are neither ours nor a floor
    """

    title: str
    key: str
    most: float
    contender: str = "gosv"
    to: str = None

    def reached(self, results):
        """(what it is, by text; whether that is enough); None when it was not measured."""
        if self.to is None:
            value = results.median(self.key, self.contender)
            return value if value is None else (plain(value), value <= self.most)
        ratios = [results.ratio(self.key, self.contender, to) for to in self._others(results)]
        ratios = [ratio for ratio in ratios if ratio is not None]
        return (f"{max(ratios):.2f} x", max(ratios) <= self.most) if ratios else None

    def _others(self, results):
        if self.to != "every peer":
            return [self.to]
        return [name for name in results.contenders(self.key) if name not in FLOORS + OURS]

    def limit(self):
        return f"{self.most:g} x {self.to}" if self.to else plain(self.most)


def plain(value):
    """All digits of a large number, three of a small one."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def goals(counts):
    """`counts`: of services. What is said of 1,000 is measured with the most there are."""
    many = max(counts)
    return [
        Goal("binary, bytes", "size", 600_000),
        Goal("private dirty with one service, KiB", "dirty@1", 96),
        Goal("RSS with one service, KiB", "rss@1", 400),
        Goal("private dirty for each further service, KiB", "dirty_each", 0.25),
        Goal("RSS for each further service, KiB", "rss_each", 0.25),
        Goal("exec to first main, a manifest", "first@1", 1.0, to="tini-static"),
        Goal("exec to first main, gosv -- CMD", "first@1", 0.6, contender="gosv-command", to="tini-static"),
        Goal(f"{many} services up", f"all@{many}", 0.6, to="floor"),
        Goal(f"{many} services up", f"all@{many}", 1.15, to="floor-side"),
        Goal(f"{many} services up", f"all@{many}", 1.0, to="every peer"),
        Goal("CPU of PID 1 an orphan", "storm_cpu", 1.10, to="floor"),
        Goal("most orphans not reaped at once", "storm_most", 1.5, to="tini"),
        Goal("death to restart", "restart", 1.10, to="floor"),
        Goal("signal to handler", "signal", 1.05, to="tini"),
        Goal("signal to handler, gosv -- CMD", "signal", 1.05, contender="gosv-command", to="tini"),
        Goal(f"stop with {many} services", f"stop@{many}", 1.10, to="floor"),
        Goal("idle: system calls", "idle_calls", 0),
        Goal("idle: context switches", "idle_switches", 0),
    ]


def add_growth(results, counts):
    """What each further service costs, from the rounds with one and with the most services."""
    many = max(counts)
    if many < 2:
        return
    for kind in ("dirty", "rss"):
        for contender in results.contenders(f"{kind}@{many}"):
            few = results.rounds(f"{kind}@1", contender)
            for turn, value in results.rounds(f"{kind}@{many}", contender).items():
                if turn in few:
                    results.add(f"{kind}_each", contender, turn, (value - few[turn]) / (many - 1))
