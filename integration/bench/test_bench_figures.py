"""Statistics, tables and goals of the benchmark, on numbers that can be checked by hand."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import render  # noqa: E402
from figures import Figure, Results  # noqa: E402
from goals import Goal, add_growth, goals  # noqa: E402
from jobs import count_calls, needs_others, percentile  # noqa: E402


def results_of(**rounds):
    """results_of(floor=[1, 2]) of the figure "start"."""
    results = Results()
    for contender, values in rounds.items():
        for turn, value in enumerate(values):
            if value is not None:
                results.add("start", contender.replace("_", "-"), turn, value)
    return results


class Job:
    name = "start"
    title = "Start"
    figures = (Figure("start", "ms", 1e6, 1), Figure("count", "how many", ratio=False))


def test_the_median_of_an_even_number_of_rounds_lies_between_the_middle_ones():
    results = results_of(floor=[4, 1, 3, 2], gosv=[5, 1, 9])
    assert results.median("start", "floor") == 2.5
    assert results.median("start", "gosv") == 5
    assert results.median("start", "tini") is None
    assert results.median("stop", "gosv") is None


def test_a_ratio_is_the_median_of_the_ratios_within_the_rounds():
    # The second round was ten times slower for both: the ratio of the medians would be 3.
    results = results_of(floor=[10, 100, 10], gosv=[20, 200, 30])
    assert results.ratio("start", "gosv", "floor") == 2
    assert results.ratio("start", "floor", "floor") == 1


def test_only_rounds_in_which_both_have_a_value_count_for_a_ratio():
    results = results_of(floor=[10, None, 10, 0], gosv=[None, 50, 30, 7])
    assert results.ratio("start", "gosv", "floor") == 3
    assert results.ratio("start", "gosv", "tini") is None


def test_the_spread_is_half_the_distance_of_the_quartiles_by_the_median():
    assert results_of(gosv=[8, 9, 10, 11, 12]).spread("start", "gosv") == pytest.approx(0.15)
    assert results_of(gosv=[1, 2, 3]).spread("start", "gosv") is None
    assert results_of(gosv=[0, 0, 0, 0]).spread("start", "gosv") is None


def test_a_percentile_is_a_value_that_was_measured():
    assert percentile(range(1, 101), 90) == 90
    assert percentile([5, 1], 90) == 5
    assert percentile([7], 90) == 7
    assert percentile([1, 2, 3, 4], 50) == 2


def test_a_cell_has_the_value_in_its_unit_and_the_ratio_to_the_floor():
    results = results_of(floor=[2e6], gosv=[3e6])
    results.add("count", "gosv", 0, 1234)
    table = render.job_table(Job, ["floor", "gosv", "tini"], results)
    assert table.headings == ["", "ms", "how many"]
    assert table.rows == [["floor", "2.0 (1.00x)", "-"], ["gosv", "3.0 (1.50x)", "1,234"]]


def test_without_a_floor_there_are_no_ratios():
    assert render.job_table(Job, ["gosv"], results_of(gosv=[3e6])).rows == [["gosv", "3.0", "-"]]


def test_who_has_failed_has_a_row_of_dashes_and_a_note():
    results = results_of(floor=[2e6])
    results.note("start", "dinit", "not within 30 s")
    results.note("start", "dinit", "a later one")
    table = render.job_table(Job, ["floor", "dinit"], results)
    assert table.rows[1] == ["dinit", "-", "-"]
    assert table.notes == ["dinit: not within 30 s"]


def test_the_terminals_columns_stand_below_each_other():
    table = render.Table("T", ["", "µs"], [["gosv", "1"], ["tini-static", "1,000"]], ["a note"])
    assert table.terminal() == ("T\n"
                                "                  µs\n"
                                "  gosv             1\n"
                                "  tini-static  1,000\n"
                                "  a note\n")


def test_markdown_survives_a_bar_in_a_cell():
    table = render.Table("T", ["", "µs"], [["a|b", "1"]], ["x | y"])
    assert table.markdown() == "### T\n\n|  | µs |\n| --- | ---: |\n| a\\|b | 1 |\n\n* x \\| y\n"


@pytest.mark.parametrize("ratio, text", [(0.543, "0.54x"), (12.34, "12.3x"), (4711.2, "4,711x")])
def test_a_ratio_has_three_digits(ratio, text):
    assert render.times(ratio) == text


def test_a_goal_is_a_value_or_a_ratio():
    results = results_of(floor=[10, 10], gosv=[11, 12])
    assert Goal("t", "start", 11.5).reached(results) == ("11.5", True)
    assert Goal("t", "start", 11.4).reached(results) == ("11.5", False)
    assert Goal("t", "start", 1.1, to="floor").reached(results) == ("1.15 x", False)
    assert Goal("t", "start", 1.2, to="floor").reached(results) == ("1.15 x", True)
    assert Goal("t", "start", 1.2, to="tini").reached(results) is None
    assert Goal("t", "stop", 1.2).reached(results) is None


def test_faster_than_every_peer_is_faster_than_the_best_and_floors_are_no_peers():
    results = results_of(floor=[1], floor_side=[1], gosv=[10], gosv_command=[1], s6=[20], dinit=[9])
    assert Goal("t", "start", 1.0, to="every peer").reached(results) == ("1.11 x", False)
    assert Goal("t", "start", 1.0, to="every peer").reached(results_of(floor=[1], gosv=[2])) is None


def test_what_was_not_measured_is_neither_reached_nor_missed():
    rows = render.goal_table([Goal("t", "start", 1.0)], Results()).rows
    assert rows == [["t", "≤ 1", "-", "-"]]


def test_the_growth_is_by_further_service_and_within_a_round():
    results = Results()
    for turn, (one, many) in enumerate([(100, 150), (200, 350)]):
        for kind in ("dirty", "rss"):
            results.add(f"{kind}@1", "gosv", turn, one)
            results.add(f"{kind}@101", "gosv", turn, many)
    results.add("rss@1", "tini", 0, 7)
    add_growth(results, (1, 101))
    assert results.rounds("rss_each", "gosv") == {0: 0.5, 1: 1.5}
    assert results.contenders("dirty_each") == ["gosv"]


def test_json_holds_every_value_of_every_round():
    results = results_of(floor=[2, 4], gosv=[6, 8])
    text = render.as_json({"kernel": "Linux"}, [Job], [], results, goals((1, 1000)))
    plain = json.loads(text)
    assert plain["rounds"]["start"] == {"floor": [2, 4], "gosv": [6, 8]}
    assert plain["medians"]["start"]["gosv"] == 7
    assert plain["ratios to the floor"]["start"]["gosv"] == 2.5
    assert plain["machine"] == {"kernel": "Linux"}


def test_system_calls_count_by_when_they_begin():
    log = ("77 100.100000 epoll_wait(3,  <unfinished ...>\n"
           "78 100.700000 <... restart_syscall resumed>) = 0\n"
           "78 100.700001 rt_sigtimedwait([HUP], NULL, {tv_sec=1, tv_nsec=0}, 8) = -1 EAGAIN\n"
           "102.900000 read(0, \"77 101.000000 x(\", 9) = 9\n"
           "103.100000 pause( <unfinished ...>\n")
    assert count_calls(log, 100.5, 103.0) == 2


def test_a_script_and_a_dynamic_program_need_other_files(tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    static = tmp_path / "static"
    static.write_bytes(b"\x7fELF" + bytes(5000))
    assert needs_others(script)
    assert not needs_others(static)
    assert needs_others(Path("/usr/bin/strace").resolve())
