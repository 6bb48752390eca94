"""The table of cases in README.md and the tests agree, and so do the lists of what qemu-user cannot show."""

import re
from pathlib import Path

from support.gosv import not_emulated

HERE = Path(__file__).parent
CASES = 85
# The directories in which the tests of a column are.
COLUMNS = (("command",), ("service", "order"))


def rows():
    text = (HERE / "README.md").read_text().split("## The cases", 1)[1]
    return [line.strip("|").split("|") for line in text.splitlines() if re.match(r"\| \d+ \|", line)]


def names_in(directories):
    return {
        name
        for directory in directories
        for file in (HERE / directory).glob("test_*.py")
        for name in re.findall(r"^def test_(\w+)\(", file.read_text(), re.M)
    }


def test_every_case_has_its_line_and_something_in_every_column():
    table = rows()
    assert [int(row[0]) for row in table] == list(range(1, CASES + 1))
    assert [row[0] for row in table if len(row) != 4 or not all(cell.strip() for cell in row)] == []


def test_every_test_that_is_named_is_there():
    for place, directories in enumerate(COLUMNS, start=2):
        there = names_in(directories)
        # A path is no test.
        named = {name for row in rows() for name in re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`", row[place])}
        assert named - there == set()


def test_what_is_not_emulated_is_there():
    there = names_in(("cli", "command"))
    named = {pattern.split("*")[0].removeprefix("test_") for pattern, _ in not_emulated()} - {""}
    assert named and named - there == set()


def test_what_is_not_emulated_of_the_unit_tests_is_there():
    tests = HERE.parent / "tests"
    lines = (tests / "not_emulated.txt").read_text().splitlines()
    named = [line.split(":", 1) for line in lines if line and not line.startswith("#")]
    there = {layer: "".join(file.read_text() for file in (tests / "unit" / layer).glob("*_test.cpp"))
             for layer, _ in named}
    assert named and [name for layer, name in named if f'"{name}' not in there[layer]] == []
