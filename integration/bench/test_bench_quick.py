"""The benchmark itself still runs: with few contenders, less of everything, and nobody judges the figures."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
WHO = ("floor", "floor-side", "gosv", "gosv-command")
FIGURES = ("size", "first@1", "all@20", "rss@1", "pss@1", "dirty@1", "stop@1", "told@1", "storm", "storm_cpu",
           "restart", "signal", "idle_calls", "idle_switches")
# What each of them cannot do, or has not got.
LACKING = {
    "gosv-command": {"all@20", "restart"},
    "floor": set(),
    "floor-side": set(),
    "gosv": set(),
}


def run(*words):
    return subprocess.run([sys.executable, str(HERE / "bench.py"), *words], capture_output=True, text=True,
                          timeout=60 * float(os.environ.get("GOSV_PATIENCE", "1")), check=False)


def leftovers():
    return {entry.name for directory in ("/dev/shm", tempfile.gettempdir())
            for entry in Path(directory).glob("gosv-bench.*")}


def test_a_quick_run_gives_every_figure_and_leaves_nothing(storm, tmp_path):
    before = leftovers()
    done = run("--quick", "--contenders", ",".join(WHO), "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "bench.json").read_text())
    assert found["notes"] == {}
    for figure in FIGURES:
        lacking = {who for who in WHO if figure in LACKING[who]}
        assert set(found["rounds"][figure]) == set(WHO) - lacking, figure
    assert found["medians"]["told@20"] == {"floor": 20, "floor-side": 20, "gosv": 20}
    assert "--quick" in found["machine"]["command"]
    assert "### The goals" in (tmp_path / "bench.md").read_text()
    assert "The goals" in done.stdout
    assert leftovers() <= before


def test_what_is_not_known_is_refused():
    for words, said in ((["--contenders", "sysv"], "no contender sysv"),
                        (["--jobs", "lunch"], "no job lunch"),
                        (["--services", "0"], "invalid counts value")):
        done = run(*words)
        assert done.returncode != 0 and said in done.stderr
