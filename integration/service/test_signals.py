"""`gosv MANIFEST`: forwarding, and signals to gosv that are no stop (cases 9 to 20, 52)."""

import errno
import signal

import pytest

from support.services import (
    QUICK,
    probe,
    shell,
    start,
    start_public,
    stop,
)

TERM, HUP, USR1, USR2, WINCH = (
    int(getattr(signal, name)) for name in ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH")
)
# All that is neither a stop, the snapshot, the reaper's, the job control's nor the kernel's own.
FORWARDED = [1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 16, 18, 23, 24, 25, 26, 27, 28, 29, 30, 31,
             *range(34, 65)]
END = ("listen-until", "TERM", "exit", 0)


def numbers(run, pid=None):
    return [
        entry["signal"]
        for entry in run.stdout.objects()
        if "listening" not in entry and isinstance(entry.get("signal"), int)
        and pid in (None, entry["pid"])
    ]


def test_each_signal_reaches_every_service_once(gosv):
    run = start(gosv, {"a": probe(gosv, *END), "b": probe(gosv, *END)})
    listeners = [each["pid"] for each in run.stdout.wait_objects(2, listening=True)]
    for number in FORWARDED:
        run.kill(number)
        for pid in listeners:
            run.say(signal=number, pid=pid)
        run.wait_event("forwarded", signal=...)
    assert stop(run) == 0
    for pid in listeners:
        got = numbers(run, pid)
        assert sorted(got[: len(FORWARDED)]) == FORWARDED
        assert set(got[len(FORWARDED):]) <= {TERM, int(signal.SIGCONT)}


@pytest.mark.parametrize("number", [HUP, USR2, WINCH, 37])
def test_the_whole_group_of_a_service_gets_it(gosv, number):
    run = start(gosv, {"pair": probe(gosv, "fork", "say", "child", *END, "end", "say", "main", *END)})
    pids = {run.say(say=who)["pid"] for who in ("child", "main")}
    run.stdout.wait_objects(2, listening=True)
    run.kill(number)
    for pid in pids:
        run.say(signal=number, pid=pid)
    assert stop(run) == 0


def test_kill_mode_process_forwards_to_the_main_process_alone(gosv):
    run = start(gosv, {"pair": probe(gosv, "fork", "say", "child", *END, "end", "say", "main", *END,
                                     kill_mode="process")})
    child, main = (run.say(say=who)["pid"] for who in ("child", "main"))
    run.stdout.wait_objects(2, listening=True)
    run.kill(HUP)
    run.say(signal=HUP, pid=main)
    assert stop(run) == 0
    assert HUP not in numbers(run, child)


def test_signals_are_rewritten_and_dropped_for_each_service(gosv):
    run = start(gosv, {
        "plain": probe(gosv, *END),
        "mapped": probe(gosv, "say", "mapped", *END, signals={"HUP": "USR1", "USR2": "none"}),
    })
    mapped = run.say(say="mapped")["pid"]
    plain = next(each["pid"] for each in run.stdout.wait_objects(2, listening=True)
                 if each["pid"] != mapped)
    run.kill(HUP)
    run.say(signal=HUP, pid=plain)
    run.say(signal=USR1, pid=mapped)
    run.kill(USR2)
    run.say(signal=USR2, pid=plain)
    run.kill(WINCH)
    run.say(signal=WINCH, pid=mapped)
    assert numbers(run, mapped) == [USR1, WINCH]
    assert stop(run) == 0


def test_job_control_and_sigchld_neither_stop_gosv_nor_pass(gosv):
    run = start(gosv, {"main": probe(gosv, *END)})
    run.say(listening=True)
    for number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCHLD):
        run.kill(number)
        run.queue(number, 1)
    run.kill(HUP)
    run.say(signal=HUP)
    assert numbers(run) == [HUP]
    assert stop(run) == 0


def test_without_a_snapshot_signal_usr1_is_one_like_others(gosv):
    run = start(gosv, {"main": probe(gosv, *END)}, snapshot_signal="none")
    run.say(listening=True)
    run.kill(USR1)
    run.say(signal=USR1)
    assert stop(run) == 0
    assert "=== snapshot" not in run.stderr.text()


def test_signals_from_inside_the_namespace_count_as_well(gosv):
    # docker exec CONTAINER kill 1
    run = start(gosv, {"main": probe(gosv, *END)})
    run.say(listening=True)
    assert run.in_namespace("/bin/kill", "-HUP", str(run.inside_pid)).wait(30) == 0
    run.say(signal=HUP)
    run.in_namespace("/bin/kill", "-TERM", str(run.inside_pid)).wait(30)
    assert run.wait() == 0


def test_a_service_in_back_off_misses_what_is_forwarded(gosv):
    run = start(gosv, {
        "waits": probe(gosv, "exit", 1, restart_delay="1h", restart_max_delay="1h"),
        "main": probe(gosv, *END),
    })
    run.wait_event("restarting")
    run.say(listening=True)
    run.kill(HUP)
    run.say(signal=HUP)
    assert stop(run) == 0


def test_hup_and_usr2_in_the_shutdown_change_nothing(gosv):
    run = start(gosv, {"slow": shell("trap 'sleep 0.5; exit 0' TERM; trap 'echo hup' HUP USR2; "
                                     "echo up; while :; do sleep 0.05; done")})
    run.stdout.wait_text("up")
    run.kill(TERM)
    run.wait_event("stopping", service="slow")
    for _ in range(5):
        run.kill(HUP)
        run.kill(USR2)
    assert run.wait() == 0
    assert "hup" not in run.stdout.text()
    assert len(run.events("started")) == 1


def test_a_signal_that_may_not_be_sent_is_told_and_survived(gosv_pid1, public):
    gosv = gosv_pid1
    # gosv is a user without rights, its service has become root: neither signals nor the shutdown
    # reach it, so it is left to the kernel in the end, and gosv says so.
    program = public.add(gosv.probe, mode=0o4755)
    services = {
        "root": {"command": [program, "become", "0", "say", "root", "listen"]},
        "good": {"command": [program, *map(str, END)]},
    }
    run = start_public(gosv, public, services, given=["user", 64007], shutdown_timeout="300ms")
    root = run.say(say="root")["pid"]
    run.stdout.wait_objects(2, listening=True)
    run.kill(HUP)
    line = run.wait_event("signal", signal="SIGHUP", service="root")
    assert line["reason"] == errno.errorcode[errno.EPERM] and line["level"] == "warn"
    good = next(each["pid"] for each in run.stdout.objects()
                if each.get("listening") and each["pid"] != root)
    run.say(signal=HUP, pid=good)
    assert stop(run) == 137
    assert run.events("stopped", service="good")
    assert run.events("killing", service="root", level="error")


def test_a_service_that_has_left_its_group_is_signalled_by_its_pid(gosv):
    run = start(gosv, {"main": probe(gosv, "leave-group", "say", "left", *END)})
    left = run.say(say="left")
    assert left["pgrp"] != left["pid"]
    run.say(listening=True)
    run.kill(HUP)
    run.say(signal=HUP)
    assert stop(run) == 0
    assert not run.events("killing")


def test_a_signal_for_a_service_that_is_dead_already_changes_nothing(gosv):
    run = start(gosv, {"main": probe(gosv, "listen-until", "USR1", "exit", 3, restart="no")})
    child = run.say(listening=True)["pid"]
    run.kill(signal.SIGSTOP)
    run.kill_inside(child, USR1)
    run.until(lambda r: [p.pid for p in r.zombies()] == [child], "a zombie")
    run.kill(HUP)
    run.kill(signal.SIGCONT)
    assert run.wait() == 3
    assert not run.events("signal", level="warn")


def test_a_signal_that_comes_during_the_start_is_survived(gosv):
    # What it does to a program that has not said yet how it takes it is the program's business.
    services = {f"s{i}": probe(gosv, "say", f"s{i}", *END, **QUICK) for i in range(5)}
    run = start(gosv, services, run={"blocked": [HUP, USR2]})
    run.kill(HUP)
    run.kill(USR2)
    for i in range(5):
        run.say(say=f"s{i}")
    run.stdout.wait_objects(5, listening=True)
    assert stop(run) == 0


def test_a_burst_of_signals_starves_nobody(gosv):
    run = start(gosv, {"main": probe(gosv, *END)})
    run.say(listening=True)
    for value in range(500):
        run.queue(40, value)
    run.say(signal=40)
    assert stop(run) == 0
    assert 1 <= numbers(run).count(40) <= 500
