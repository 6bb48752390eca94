"""`gosv MANIFEST`: orphans, daemons and deaths of every kind (cases 33 to 48 and 85)."""

import signal
import time

from support.run import PID1
from support.services import (
    cpu_seconds,
    probe,
    shell,
    start,
    start_public,
    stop,
    wait_started,
)

INFO = ("--log-format", "json")
HEARTBEAT = "while :; do echo beat; sleep 0.05; done"


def beats(run):
    return run.stdout.lines().count("beat")


def wait_beats(run, more=3):
    before = beats(run)
    run.until(lambda r: beats(r) >= before + more, "heartbeats")


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_ten_thousand_orphans_at_once_are_gone_within_a_second(gosv, storm):
    run = start(gosv, {
        "maker": probe(gosv, *daemon("orphans", 10_000), "wait", "pause"),
        "heart": shell(HEARTBEAT),
    })
    wait_beats(run)
    before = resident_kib(run.pid)
    run.stdout.wait_object(60, orphans=10_000)
    # The kernel takes its time for so many ends; from the last one on it is gosv's.
    run.until(lambda r: len(r.alive()) < 10, "they are dead")
    died = time.monotonic()
    run.until(lambda r: not r.zombies(), "no zombie", seconds=10)
    assert time.monotonic() - died < 1
    wait_beats(run)
    assert resident_kib(run.pid) - before < 256
    assert stop(run) == 0
    # Asked at the end, when all that was said has been read.
    assert sum(e["count"] for e in run.events("orphans")) >= 10_000
    assert len(run.events("started")) == 2


def test_a_storm_of_orphans_does_not_hold_up_a_stop(gosv):
    storm = "i=0; while [ $i -lt 4000 ]; do i=$((i+1)); (true &); echo $i; done; sleep 1000"
    # A line for each handful of orphans is more than is read in time here.
    run = start(gosv, {"storm": shell(storm), "heart": shell(HEARTBEAT)}, flags=INFO)
    run.stdout.wait_text("100\n")
    wait_beats(run)
    begun = time.monotonic()
    run.kill(signal.SIGTERM)
    run.wait_event("stopping", service="heart")
    assert time.monotonic() - begun < 1
    assert run.wait() == 0


def test_main_processes_and_orphans_that_die_together_are_not_mixed_up(gosv):
    # The child's parent dies in the same instant as the child.
    script = "(exit 7) & exec sh -c 'exit 3'"
    run = start(gosv, {"main": shell(script, max_restarts=60, restart_delay="1ms",
                                     restart_max_delay="1ms")})
    assert run.wait() == 3
    assert [e["code"] for e in run.events("exited")] == [3] * 61


def test_a_service_that_is_dead_before_anybody_looks_is_not_lost(gosv):
    services = {
        f"s{i}": {"command": ["/bin/true"], "restart": "always", "max_restarts": 40,
                  "restart_delay": "1ms", "restart_max_delay": "1ms", "failure_action": "none"}
        for i in range(5)
    }
    run = start(gosv, services)
    assert run.wait() == 1
    assert len(run.events("exited", code=0)) == len(run.events("started")) == 5 * 41


# --- daemons --------------------------------------------------------------------------------------


def daemon(*acts):
    """A double fork into a session of its own; the grandchild does these."""
    return ("fork", "setsid", "fork", *acts, "end", "end")


def test_a_daemon_is_no_service_but_does_not_outlive_the_stop(gosv):
    run = start(gosv, {
        "daemonizes": probe(gosv, *daemon("say", "daemon", "listen-until", "TERM", "say", "asked"),
                            "wait", "exit", 0, restart="no"),
        "good": probe(gosv, "say", "good", "pause"),
    })
    child = run.say(say="daemon")
    run.wait_event("completed", service="daemonizes")
    run.until(lambda r: [p.ppid for p in r.alive() if p.pid == child["pid"]] == [r.inside_pid],
              "gosv adopts it")
    run.say(listening=True)
    assert stop(run) == 0
    assert run.say(say="asked")
    if gosv.place != PID1:
        assert run.processes() == []


def test_a_daemon_that_ignores_term_is_killed_and_told(gosv):
    run = start(gosv, {"good": probe(gosv, *daemon("ignore", "TERM", "say", "daemon", "pause"),
                                     "say", "good", "pause")})
    pid = run.say(say="daemon")["pid"]
    run.say(say="good")
    assert stop(run) == 137
    assert run.events("killing", pid=pid, signal="SIGKILL")
    if gosv.place != PID1:
        assert run.processes() == []


def test_a_daemon_is_reaped_when_it_ends(gosv):
    run = start(gosv, {"good": probe(gosv, *daemon("say", "daemon", "sleep", 100), "pause")})
    pid = run.say(say="daemon")["pid"]
    run.until(lambda r: pid not in [p.pid for p in r.processes()], "it is gone")
    assert stop(run) == 0


def test_an_orphan_that_is_stopped_ends_with_the_shutdown(gosv):
    run = start(gosv, {"good": probe(gosv, *daemon("say", "daemon", "pause"), "pause")})
    pid = run.say(say="daemon")["pid"]
    run.kill_inside(pid, signal.SIGSTOP)
    run.until(lambda r: "T" in [p.state for p in r.alive()], "a stopped orphan")
    begun = time.monotonic()
    assert stop(run) == 0
    assert time.monotonic() - begun < 2.5  # CONT, not the grace period


def test_orphans_of_docker_exec_are_reaped(gosv_pid1):
    run = start(gosv_pid1, {"good": probe(gosv_pid1, "say", "up", "pause")})
    run.say(say="up")
    for _ in range(20):  # a health check, say
        assert run.in_namespace("/bin/sh", "-c", "(sleep 0.05 &); exit 0").wait(30) == 0
    run.until(lambda r: len(r.processes()) == 1, "only the service is left")
    assert stop(run) == 0


def test_a_gosv_without_rights_reaps_orphans_of_root(gosv_pid1, public):
    services = {"good": {"command": [public.add(gosv_pid1.probe), "say", "up", "pause"]}}
    run = start_public(gosv_pid1, public, services, given=["user", 64003])
    run.say(say="up")
    assert run.in_namespace("/bin/sh", "-c", "(sleep 0.05 &); exit 0").wait(30) == 0
    run.until(lambda r: len(r.processes()) == 1, "only the service is left")
    run.wait_event("orphans")
    assert stop(run) == 0


# --- what is no death -----------------------------------------------------------------------------


def test_a_service_that_is_stopped_has_not_ended(gosv):
    run = start(gosv, {"main": probe(gosv, "say", "up", "listen")})
    run.say(listening=True)
    (pid,) = wait_started(run, "main")
    for _ in range(3):
        run.kill_inside(pid, signal.SIGSTOP)
        run.until(lambda r: [p.state for p in r.alive()] == ["T"], "stopped")
        run.kill_inside(pid, signal.SIGCONT)
        run.until(lambda r: [p.state for p in r.alive()] != ["T"], "continued")
    run.kill(signal.SIGUSR2)
    run.say(signal=int(signal.SIGUSR2))
    assert not run.events("exited") and len(run.events("started")) == 1


def test_a_leader_thread_that_ends_first_is_not_the_end(gosv):
    run = start(gosv, {"main": probe(gosv, "lose-main-thread", 400, 5, restart="no")})
    (pid,) = wait_started(run, "main")
    run.until(lambda r: [p.state for p in r.all_processes() if p.pid == pid] == ["Z"],
              "a leader that looks like a zombie")
    assert not run.events("exited")
    assert run.wait() == 5
    assert run.events("exited")[0]["uptime_ms"] >= 300


def test_a_traced_service_is_reaped_with_the_right_code(gosv, tmp_path):
    run = start(gosv, {"main": probe(gosv, "say", "up", "listen-until", "TERM", "exit", 6)},
                exit_code_from="main")
    (pid,) = wait_started(run, "main")
    run.say(listening=True)
    tracer = run.in_namespace("strace", "-o", str(tmp_path / "trace"), "-p", str(pid))
    run.until(lambda r: "TracerPid:\t0" not in status_of(r, pid), "traced")
    assert stop(run) == 6
    tracer.wait(30)


def status_of(run, pid):
    with open(f"/proc/{run.init}/root/proc/{pid}/status") as status:
        return status.read()


def test_a_service_survives_its_tracers_death(gosv, tmp_path):
    run = start(gosv, {"main": probe(gosv, "say", "up", "listen-until", "TERM", "exit", 0)})
    (pid,) = wait_started(run, "main")
    run.say(listening=True)
    tracer = run.in_namespace("strace", "-o", str(tmp_path / "trace"), "-p", str(pid))
    run.until(lambda r: "TracerPid:\t0" not in status_of(r, pid), "traced")
    strace = [p.pid for p in run.all_processes() if p.comm == "strace"]
    run.kill_inside(strace[0], signal.SIGKILL)
    tracer.wait(30)
    run.until(lambda r: "TracerPid:\t0" in status_of(r, pid), "free again")
    assert not run.events("exited")
    assert stop(run) == 0


def test_a_parent_that_is_stuck_in_vfork_is_stopped_too(gosv, tmp_path):
    run = start(gosv, {"main": probe(gosv, "hang-in-vfork", tmp_path / "fifo",
                                     stop_grace_period="5s")})
    run.say(hangs=True)
    run.until(lambda r: "D" in [p.state for p in r.alive()], "in state D")
    assert stop(run) == 0


# --- reused numbers -------------------------------------------------------------------------------


def test_no_stranger_is_hit_when_pids_are_used_again(gosv, tmp_path):
    # 400 numbers in the namespace (kernel 6.14 and later) and a storm: each is used many times.
    storm = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); /bin/true; done; echo calm; sleep 1000"
    run = start(
        gosv,
        {
            "crasher": shell("sleep 1000 & exit 1", max_restarts=150, restart_delay="1ms",
                             restart_max_delay="1ms", failure_action="none"),
            "storm": shell(storm),
        },
        run={"given": ["write", "/proc/sys/kernel/pid_max", "400"]},
    )
    strangers = tmp_path / "strangers"
    with open(strangers, "ab") as heard:
        for _ in range(20):
            run.in_namespace(gosv.probe, "listen", stdout=heard)
    run.wait_event("failed", 60, service="crasher")
    run.stdout.wait_text("calm", 60)
    attempts = [e["attempt"] for e in run.events("restarting", service="crasher")]
    assert attempts == list(range(1, 151))
    assert len(run.events("started", service="crasher")) == 151
    assert max(e["pid"] for e in run.events("started")) <= 400
    assert strangers.read_text().count('"listening"') == 20
    assert '"signal"' not in strangers.read_text()
    assert len([p for p in run.alive() if p.comm == "probe"]) == 20
    assert stop(run) in (0, 137)


def test_idle_gosv_uses_no_processor_time_after_a_storm(gosv):
    run = start(gosv, {"main": probe(gosv, "orphans", 500, "say", "done", "pause")})
    run.say(say="done")
    run.until(lambda r: not r.zombies(), "all reaped")
    used = cpu_seconds(run.pid)
    begun = time.monotonic()
    run.until(lambda r: time.monotonic() - begun > 0.5, "half a second")
    assert cpu_seconds(run.pid) - used < 0.05
