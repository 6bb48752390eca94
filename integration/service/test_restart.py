"""`gosv MANIFEST`: restart policies, back-off, give-up (cases 8, 37 and 78)."""

import time

import pytest

from support.services import (
    QUICK,
    cpu_seconds,
    moment,
    probe,
    shell,
    start,
    stop,
)

ONCE = {"max_restarts": 1, **QUICK}


def outcome(run):
    """How often it started, and what became of it."""
    run.wait()
    final = [e["event"] for e in run.events(service="main") if e["event"] in ("failed", "completed")]
    assert len(final) == 1
    return len(run.events("started", service="main")), final[0]


@pytest.mark.parametrize(
    ("restart", "code", "expected"),
    [
        ("always", 0, (2, "failed")),
        ("always", 1, (2, "failed")),
        ("unless-stopped", 0, (2, "failed")),
        ("on-failure", 0, (1, "completed")),
        ("on-failure", 1, (2, "failed")),
        ("on-failure:3", 1, (4, "failed")),
        ("no", 0, (1, "completed")),
        ("no", 1, (1, "failed")),
    ],
)
def test_the_restart_policy_decides_on_the_next_run(gosv_pid1, restart, code, expected):
    keys = QUICK if ":" in restart else ONCE
    run = start(gosv_pid1, {"main": probe(gosv_pid1, "exit", code, restart=restart, **keys)})
    assert outcome(run) == expected


def test_the_policy_no_may_be_written_without_quotes(gosv_pid1):
    run = gosv_pid1.manifest(
        f"services:\n  main:\n    command: [{gosv_pid1.probe}, exit, '4']\n    restart: no\n"
    )
    assert run.wait() == 4
    assert not run.events("restarting")


def test_a_oneshot_is_not_restarted(gosv):
    run = start(gosv, {"main": probe(gosv, "exit", 0, type="oneshot")})
    assert run.wait() == 0
    assert outcome(run) == (1, "completed")


def test_the_delay_grows_to_its_cap_and_the_limit_ends_it(gosv, tmp_path):
    runs = tmp_path / "runs"
    run = start(gosv, {"main": shell(f"date +%s%N >> {runs}; exit 7", restart_delay="10ms",
                                     restart_max_delay="50ms", restart_multiplier=2, max_restarts=5)})
    assert run.wait() == 7
    restarts = run.events("restarting", service="main")
    assert [e["delay_ms"] for e in restarts] == [10, 20, 40, 50, 50]
    assert [e["attempt"] for e in restarts] == [1, 2, 3, 4, 5]
    assert {e["max_restarts"] for e in restarts} == {5}
    (failed,) = run.events("failed", service="main", code=7)
    assert failed["reason"] == "gave up restarting"
    # As long as it was announced, at the least. By the runs' own clock: on a busy machine a line of the log
    # may be later than what it tells.
    times = [int(line) for line in runs.read_text().split()]
    assert len(times) == 6
    for waiting, last, begun in zip(restarts, times, times[1:]):
        assert begun - last >= waiting["delay_ms"] * 1_000_000


def test_by_default_three_restarts_a_second_apart_and_doubled(gosv_pid1):
    run = start(gosv_pid1, {"main": probe(gosv_pid1, "exit", 1)})
    assert run.wait() == 1
    assert [e["delay_ms"] for e in run.events("restarting")] == [1000, 2000, 4000]


def test_a_stable_run_starts_count_and_delay_afresh(gosv, tmp_path):
    # The third run is stable; then it fails again.
    script = f"""
        echo x >> {tmp_path}/runs
        if [ $(wc -l < {tmp_path}/runs) = 3 ]; then
            while [ ! -e {tmp_path}/go ]; do sleep 0.01; done
        fi
        exit 1"""
    run = start(gosv, {"main": shell(script, restart_delay="5ms", stable_after="1s",
                                     max_restarts=2)})
    run.wait_event("stable", service="main")
    (tmp_path / "go").touch()
    assert run.wait() == 1
    restarts = run.events("restarting")
    assert [e["attempt"] for e in restarts] == [1, 2, 1, 2]
    assert [e["delay_ms"] for e in restarts] == [5, 10, 5, 10]


def test_who_never_failed_is_not_waited_for(gosv):
    run = start(gosv, {"main": probe(gosv, "say", "up", "pause", stable_after="10ms")})
    run.say(say="up")
    assert stop(run) == 0
    assert not run.events("stable")


def test_no_restart_at_all_is_a_limit_of_zero(gosv_pid1):
    run = start(gosv_pid1, {"main": probe(gosv_pid1, "exit", 9, max_restarts=0)})
    assert run.wait() == 9
    assert not run.events("restarting")


def test_a_signal_and_128_plus_its_number_are_told_apart(gosv):
    run = start(gosv, {
        "killed": probe(gosv, "die", "TERM", restart="no", failure_action="none"),
        "exits": probe(gosv, "exit", 143, restart="no", failure_action="none"),
    })
    assert run.wait() == 143
    (killed,) = run.events("exited", service="killed")
    (exits,) = run.events("exited", service="exits")
    assert killed["signal"] == "SIGTERM" and "code" not in killed
    assert exits["code"] == 143 and "signal" not in exits


def test_the_good_ends_may_be_chosen_by_code_and_by_signal(gosv_pid1):
    gosv = gosv_pid1
    keys = {"restart": "on-failure", "success_exit_status": [3, "SIGUSR1"], "failure_action": "none",
            **ONCE}
    run = start(gosv, {
        "code": probe(gosv, "exit", 3, **keys),
        "signal": probe(gosv, "die", "USR1", **keys),
        "number": probe(gosv, "exit", 138, **keys),
    })
    assert run.wait() == 138
    assert {e["service"] for e in run.events("completed")} == {"code", "signal"}
    assert [e["service"] for e in run.events("restarting")] == ["number"]


def test_a_service_that_dies_at_once_for_ever_costs_little(gosv):
    run = start(gosv, {
        "crasher": probe(gosv, "exit", 1, max_restarts="unlimited", restart_delay="20ms",
                         restart_max_delay="20ms"),
        "good": probe(gosv, "say", "up", "pause"),
    })
    run.wait_events(10, "restarting", service="crasher")
    used, begun = cpu_seconds(run.pid), time.monotonic()
    many = run.wait_events(60, "restarting", service="crasher")
    elapsed = time.monotonic() - begun
    assert [e["attempt"] for e in many] == list(range(1, len(many) + 1))
    assert "max_restarts" not in many[0]
    # Never faster than the delay, and most of the time asleep.
    assert moment(many[59]) - moment(many[9]) >= 50 * 0.020 - 0.01
    assert cpu_seconds(run.pid) - used < 0.5 * elapsed
    assert len(run.events("started", service="good")) == 1
    assert stop(run) == 0


# --- never two instances --------------------------------------------------------------------------


def test_what_is_left_of_a_run_is_ended_before_the_next_one(gosv, tmp_path):
    # The main process ends, its child ignores TERM and would still hold the port.
    script = f"""
        if [ -e {tmp_path}/child ] && kill -0 $(cat {tmp_path}/child); then echo two instances; fi
        rm -f {tmp_path}/deaf
        (trap '' TERM; touch {tmp_path}/deaf; while :; do sleep 0.05; done) &
        echo $! > {tmp_path}/child
        while [ ! -e {tmp_path}/deaf ]; do sleep 0.01; done
        exit 1"""
    run = start(gosv, {"main": shell(script, max_restarts=2, stop_grace_period="100ms", **QUICK)})
    assert run.wait() == 1
    assert run.stdout.lines() == []
    events = [e["event"] for e in run.events(service="main")]
    assert events[:6] == ["started", "exited", "stopping", "killing", "restarting", "started"]
    assert events.count("started") == 3


def test_a_child_that_goes_on_term_does_not_hold_up_the_restart(gosv):
    run = start(gosv, {"main": shell("sleep 1000 & exit 1", max_restarts=2, **QUICK)})
    begun = time.monotonic()
    assert run.wait() == 1
    assert time.monotonic() - begun < 5  # the grace period is 8 s
    assert not run.events("killing")


def test_a_zombie_in_the_group_does_not_hold_up_the_restart(gosv_pid1):
    # Its parent lives in another session and never waits: the dead member keeps the group's number
    # in use, but no port and no file.
    acts = ("fork", "fork", "exit", 0, "end", "setsid", "pause", "end", "sleep", 100, "exit", 1)
    run = start(gosv_pid1, {"main": probe(gosv_pid1, *acts, max_restarts=1, **QUICK)})
    assert run.wait() == 1
    assert len(run.events("started")) == 2
