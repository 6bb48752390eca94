"""The table of cases in README.md and the tests agree, and so do the lists of what qemu-user cannot show, and
what src/app/README.md says of log and snapshot with the sources that write them."""

import re
from pathlib import Path

from support.gosv import not_emulated

HERE = Path(__file__).parent
CASES = 85
# The directories in which the tests of a column are.
COLUMNS = (("command",), ("service", "order"))

APP = HERE.parent / "src/app"
# The tables of what is in a snapshot, and the functions of snapshot_json.cpp that write it.
SNAPSHOT = {
    ("The whole", "Zombies"): ("render_json", "put_zombies"),
    ("A service", "A cgroup"): ("put_service", "put_last_run", "put_readiness", "put_task", "put_cgroup"),
    ("A process",): ("put_process", "put_files", "put_maps"),
}


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


def section(title):
    """What stands under one heading of src/app/README.md, up to the next."""
    page = (APP / "README.md").read_text()
    (found,) = re.findall(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", page, re.M | re.S)
    return found


def first_table(title):
    """The cells of its rows, without the heading."""
    table = re.search(r"(?:^\|.*\n)+", section(title), re.M)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[0].splitlines()[2:]]


def documented(title):
    """The names in the first column. Of `last_run.code` both: an object, and a key in it."""
    named = [re.fullmatch(r"`([a-z_.]+)`", row[0]) for row in first_table(title) if row[0]]
    assert named and all(named), title
    return {part for name in named for part in name[1].split(".")}


def functions(file):
    """name -> body, of every function of a source."""
    definition = r"^[a-z][^\n;=]*?(\w+)\([^;{}]*\{\n(.*?)^\}$"
    return dict(re.findall(definition, (APP / file).read_text(), re.M | re.S))


def events():
    header = (HERE.parent / "include/gosv/app/log.hpp").read_text()
    listed = re.search(r"enum class LogEvent[^{]*\{(.*?)\};", header, re.S)[1]
    names = dict(re.findall(r'case LogEvent::(\w+):\s+return "(\w+)";', (APP / "log_format.cpp").read_text()))
    assert list(names) == re.findall(r"^ *(\w+),", listed, re.M) != []
    return list(names.values())


def keys_of_a_log_line():
    """Every word in quotes: one function writes them, and has no other text."""
    of = functions("log_format.cpp")
    assert [name for name, body in of.items() if re.search(r"\bput_(string|number)\(", body)] == ["put_json"]
    literals = re.findall(r'"((?:[^"\\\n]|\\.)*)"', of["put_json"])
    return {word for literal in literals for word in re.findall(r"\w+", literal)}


def keys_written_by(body):
    """Every word in quotes that is the first argument of a call: JsonWriter's, or one that hands it on."""
    return set(re.findall(r'\w\(\s*"(\w+)"', body))


def figures_of_a_cgroup():
    source = (APP / "snapshot_cgroup.cpp").read_text()
    table = re.search(r"kFigures\[\] = \{\n(.*?)^\};", source, re.M | re.S)[1]
    names = re.findall(r'^ *\{"(\w+)", "[\w.]+", ', table, re.M)
    assert len(names) == len(table.splitlines())
    return set(names)


def test_every_event_is_explained_and_has_an_example():
    there = events()
    assert documented("Events") == set(there)
    examples = re.findall(r"^    \S+Z gosv (?:error|warn |info |debug) (\w+)", section("Events"), re.M)
    assert examples == there


def test_every_key_of_a_log_line_is_explained():
    keys = keys_of_a_log_line()
    assert documented("JSON form") == keys != set()
    named = {key for row in first_table("Events") for key in re.findall(r"`(\w+)`", row[3])}
    assert named and named - keys == set()


def test_every_key_of_a_snapshot_is_explained():
    keys = {name: keys_written_by(body) for name, body in functions("snapshot_json.cpp").items()}
    assert {name for name in keys if keys[name]} == {name for names in SNAPSHOT.values() for name in names}
    keys["put_cgroup"] |= figures_of_a_cgroup()
    for titles, names in SNAPSHOT.items():
        assert set.union(*map(documented, titles)) == set.union(*(keys[name] for name in names)), titles
