"""What was measured, round by round, and what is made of it: medians, and ratios within a round.

The machine is busier in one round than in the next. So contenders are compared within each round, and it
is the median of these ratios that is told, not the ratio of the medians.
"""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One column of a table. Values are divided by `unit` where people read them."""

    key: str
    title: str
    unit: float = 1
    digits: int = 0
    ratio: bool = True

    def text(self, value):
        return f"{value / self.unit:,.{self.digits}f}"


class Results:
    """Values by figure, contender and round; and notes on what went wrong."""

    def __init__(self):
        self._values = {}
        self.notes = {}

    def add(self, key, contender, turn, value):
        self._values.setdefault(key, {}).setdefault(contender, {})[turn] = value

    def note(self, job, contender, text):
        """The first one of each is kept."""
        self.notes.setdefault(job, {}).setdefault(contender, text)

    def contenders(self, key):
        return list(self._values.get(key, {}))

    def rounds(self, key, contender):
        """{round: value}"""
        return self._values.get(key, {}).get(contender, {})

    def median(self, key, contender):
        """None when there is nothing."""
        values = self.rounds(key, contender).values()
        return statistics.median(values) if values else None

    def ratio(self, key, contender, to):
        """The median of the rounds' ratios; None without a round in which both have a value."""
        ours, theirs = self.rounds(key, contender), self.rounds(key, to)
        ratios = [ours[turn] / theirs[turn] for turn in ours if theirs.get(turn)]
        return statistics.median(ratios) if ratios else None

    def spread(self, key, contender):
        """Half the distance of the quartiles by the median: how far a figure can be trusted. None for
        fewer than four rounds."""
        values = sorted(self.rounds(key, contender).values())
        if len(values) < 4 or not statistics.median(values):
            return None
        low, _, high = statistics.quantiles(values, n=4)
        return (high - low) / 2 / statistics.median(values)

    def plain(self):
        """For JSON."""
        return {key: {name: [values[turn] for turn in sorted(values)] for name, values in by.items()}
                for key, by in self._values.items()}
