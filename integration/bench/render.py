"""The results as a table for the terminal, as Markdown, and as JSON."""

import json
import unicodedata

MISSING = "-"
VERDICTS = {True: "yes", False: "NO", None: MISSING}


class Table:
    """A title, a row of headings and rows of text; the first column is to the left, the others right."""

    def __init__(self, title, headings, rows, notes=()):
        self.title = title
        self.headings = headings
        self.rows = rows
        self.notes = list(notes)

    def terminal(self):
        lines = [self.headings, *self.rows]
        widths = [max(width(line[at]) for line in lines) for at in range(len(self.headings))]
        out = [self.title]
        for line in lines:
            cells = [pad(cell, widths[at], left=at == 0) for at, cell in enumerate(line)]
            out.append("  " + "  ".join(cells).rstrip())
        return "\n".join(out + [f"  {note}" for note in self.notes]) + "\n"

    def markdown(self):
        rule = ["---"] + ["---:"] * (len(self.headings) - 1)
        out = [f"### {self.title}", "", row(self.headings), row(rule)]
        out += [row(line) for line in self.rows]
        return "\n".join(out + [""] + [f"* {escape(note)}" for note in self.notes]).rstrip() + "\n"


def job_table(job, contenders, results, to="floor"):
    """A row a contender; each value with its ratio to the floor's."""
    rows = []
    for contender in contenders:
        cells = []
        for figure in job.figures:
            value = results.median(figure.key, contender)
            ratio = results.ratio(figure.key, contender, to) if figure.ratio else None
            text = MISSING if value is None else figure.text(value)
            cells.append(text if ratio is None else f"{text} ({times(ratio)})")
        if any(cell != MISSING for cell in cells) or contender in results.notes.get(job.name, {}):
            rows.append([contender, *cells])
    notes = [f"{contender}: {text}" for contender, text in results.notes.get(job.name, {}).items()]
    return Table(job.title, ["", *(figure.title for figure in job.figures)], rows, notes)


def goal_table(goals, results):
    rows = []
    for goal in goals:
        reached = goal.reached(results)
        value, enough = reached if reached else (MISSING, None)
        rows.append([goal.title, f"≤ {goal.limit()}", value, VERDICTS[enough]])
    return Table("The goals", ["", "goal", "measured", "reached"], rows)


def as_json(machine, jobs, contenders, results, goals):
    def by_contender(number):
        return {key: {name: number(key, name) for name in results.contenders(key)} for key in rounds}

    rounds = results.plain()
    plain = {
        "machine": machine,
        "figures": {figure.key: {"title": figure.title, "divided by": figure.unit}
                    for job in jobs for figure in job.figures},
        "contenders": {contender.name: {"programs": list(contender.found)} for contender in contenders},
        "rounds": rounds,
        "medians": by_contender(results.median),
        "ratios to the floor": by_contender(lambda key, name: results.ratio(key, name, "floor")),
        "spread": by_contender(results.spread),
        "notes": results.notes,
        "goals": [{"goal": goal.title, "limit": goal.limit(), "reached": goal.reached(results)}
                  for goal in goals],
    }
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"


def times(ratio):
    """Three digits: 0.54x, 12.3x, 4,711x."""
    digits = 2 if ratio < 10 else 1 if ratio < 100 else 0
    return f"{ratio:,.{digits}f}x"


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text, to, left):
    space = " " * (to - width(text))
    return text + space if left else space + text


def escape(text):
    return text.replace("|", "\\|")


def row(cells):
    return "| " + " | ".join(escape(cell) for cell in cells) + " |"
