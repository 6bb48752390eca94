"""`gosv MANIFEST`: the snapshot on USR1 (cases 43, 52, 61, 65 and 66)."""

import fcntl
import json
import os
import signal
import time

import pytest

from support.services import QUICK, probe, shell, start, stop, wait_started
from support.streams import Lines

END = "=== end of snapshot"
END_ON_TERM = ("listen-until", "TERM", "exit", 0)


def snapshot(run, count=1, seconds=30):
    """Text of the count-th snapshot, asked for now."""
    run.kill(signal.SIGUSR1)
    run.stderr.wait_for(lambda lines: lines.text().count(END) >= count, f"snapshot {count}", seconds)
    text = run.stderr.text()
    begin = text.index("=== snapshot")
    for _ in range(count - 1):
        begin = text.index("=== snapshot", begin + 1)
    return text[begin:text.index(END, begin)]


def block(text, service):
    """The part that is about one service."""
    begin = text.index(f"=== service {service}")
    end = text.find("\n===", begin + 1)
    return text[begin:end if end > 0 else len(text)]


def json_snapshot(run):
    run.kill(signal.SIGUSR1)
    found = run.stderr.wait_for(
        lambda lines: [o for o in lines.objects() if "services" in o], "a snapshot in JSON")
    return found[0]


def family(gosv):
    """A service with a child that does not wait for its own dead child."""
    return probe(gosv, "fork", "say", "child", "fork", "say", "zombie", "exit", 0, "end", "pause",
                 "end", "say", "main", "pause")


def start_family(gosv, **top):
    run = start(gosv, {
        "family": family(gosv),
        "crasher": probe(gosv, "exit", 3, restart_delay="1h", restart_max_delay="1h"),
        "job": probe(gosv, "exit", 0, type="oneshot"),
    }, **top)
    wait_started(run, "family")
    pids = {who: run.say(say=who)["pid"] for who in ("main", "child", "zombie")}
    run.wait_event("restarting", service="crasher")
    run.wait_event("completed", service="job")
    run.until(lambda r: [p.pid for p in r.zombies()] == [pids["zombie"]], "the zombie")
    return run, pids


def rows(part):
    """pid -> words of its line in a table of processes."""
    lines = (line.split() for line in part.splitlines())
    return {int(words[0]): words for words in lines
            if len(words) > 5 and words[0].isdigit() and words[1].isdigit()}


def test_it_shows_gosv_and_every_service_with_its_tree(gosv):
    run, pids = start_family(gosv)
    text = snapshot(run)
    part = block(text, "family")
    assert f"(running, pid {pids['main']}, up " in part
    for column in ("PID", "PPid", "State", "Threads", "VmRSS", "VmSize", "Name"):
        assert column in part
    shown = rows(part)
    assert set(pids.values()) <= set(shown)
    assert shown[pids["child"]][1:3] == [str(pids["main"]), "S"]
    assert shown[pids["zombie"]][1:3] == [str(pids["child"]), "Z"]
    assert f"parent {pids['child']} does not wait" in part
    assert f"{pids['main']} probe, open files (3)" in part and "0 -> /dev/null" in part
    assert "memory maps (first 10 of " in part and gosv.probe in part
    assert "backoff" in block(text, "crasher") and "exit code 3" in block(text, "crasher")
    assert "completed" in block(text, "job") and "exit code 0" in block(text, "job")
    assert f"=== gosv itself (pid {run.inside_pid})" in text
    assert stop(run) == 0


def test_in_json_it_is_one_object_on_one_line(gosv):
    run, pids = start_family(gosv, snapshot_format="json")
    found = json_snapshot(run)
    assert (found["event"], found["pid"], found["state"]) == (
        "snapshot", run.inside_pid, "supervising")
    services = {service["name"]: service for service in found["services"]}
    assert set(services) == {"family", "crasher", "job"}
    family = services["family"]
    assert (family["state"], family["pid"], family["restarts"]) == ("running", pids["main"], 0)
    shown = {process["pid"]: process for process in family["processes"]}
    assert set(shown) == set(pids.values())
    assert shown[pids["child"]]["ppid"] == pids["main"]
    assert [pid for pid in shown if shown[pid]["zombie"]] == [pids["zombie"]]
    main = shown[pids["main"]]
    assert main["vm_rss_kb"] > 0 and main["threads"] == 1 and main["files_total"] == 3
    assert main["files"][0] == {"fd": 0, "target": "/dev/null"} and len(main["maps"]) == 10
    (zombies,) = found["zombies"]
    assert (zombies["ppid"], zombies["pids"]) == (pids["child"], [pids["zombie"]])
    assert services["crasher"]["last_run"] == {"code": 3}
    assert 0 < services["crasher"]["next_start_ms"] <= 3_600_000
    assert services["job"]["state"] == "completed"
    assert "=== snapshot" not in run.stderr.text()
    assert stop(run) == 0


@pytest.mark.parametrize(("maps", "shown"), [(2, 2), ("all", None)])
def test_how_many_memory_maps_are_shown_can_be_chosen(gosv_pid1, maps, shown):
    gosv = gosv_pid1
    run = start(gosv, {"main": probe(gosv, "say", "main", "pause")}, snapshot_format="json",
                snapshot_maps=maps)
    run.say(say="main")  # a process that is still being started has fewer than it will have
    (main,) = json_snapshot(run)["services"][0]["processes"]
    assert len(main["maps"]) == (shown or main["maps_total"]) and main["maps_total"] > 10
    assert stop(run) == 0


def test_a_daemon_in_a_session_of_its_own_is_shown(gosv):
    run = start(gosv, {"main": probe(gosv, "fork", "setsid", "fork", "say", "daemon", "pause", "end",
                                     "end", "say", "main", "pause")})
    pid = run.say(say="daemon")["pid"]
    run.say(say="main")
    run.until(lambda r: [p.ppid for p in r.alive() if p.pid == pid] == [r.inside_pid], "adopted")
    assert str(pid) in snapshot(run)
    assert stop(run) == 0


def test_restarts_and_the_last_end_are_told(gosv):
    run = start(gosv, {"main": shell("exit 3", max_restarts=4, failure_action="none", **QUICK),
                       "good": probe(gosv, "pause")})
    run.wait_event("failed", service="main")
    part = block(snapshot(run), "main")
    assert "failed" in part and "4" in part and "exit code 3" in part
    assert stop(run) == 0


def test_a_dead_leader_with_living_threads_is_no_zombie(gosv):
    run = start(gosv, {"main": probe(gosv, "lose-main-thread", -1, 0)})
    (pid,) = wait_started(run, "main")
    run.until(lambda r: [p.state for p in r.all_processes() if p.pid == pid] == ["Z"], "state Z")
    part = block(snapshot(run), "main")
    assert "running" in part and "Threads" in part
    assert not run.events("exited")
    assert stop(run) == 0


def test_fifty_requests_at_once_starve_nobody(gosv):
    run = start(gosv, {
        "crasher": probe(gosv, "exit", 1, max_restarts="unlimited", **QUICK),
        "good": probe(gosv, "say", "up", "pause"),
    })
    run.say(say="up")
    for _ in range(50):
        run.kill(signal.SIGUSR1)
    run.stderr.wait_text(END)
    before = len(run.events("restarting"))
    run.wait_events(before + 3, "restarting")
    begun = time.monotonic()
    assert stop(run) == 0
    assert time.monotonic() - begun < 5
    assert run.stderr.text().count("=== snapshot") <= 50


def test_a_request_in_the_shutdown_is_answered(gosv):
    run = start(gosv, {"slow": shell("trap 'sleep 0.5; exit 0' TERM; echo up; "
                                     "while :; do sleep 0.05; done")})
    run.stdout.wait_text("up")
    run.kill(signal.SIGTERM)
    run.wait_event("stopping", service="slow")
    text = snapshot(run)
    assert "stopping" in block(text, "slow")
    assert run.wait() == 0
    assert len(run.events("started")) == 1


@pytest.mark.parametrize("proc", ["none", "empty"])
def test_without_proc_it_says_what_gosv_knows_itself(gosv, proc):
    run = start(gosv, {"main": probe(gosv, "pause")}, run={"proc": proc})
    (pid,) = wait_started(run, "main")
    part = block(snapshot(run), "main")
    assert "running" in part and str(pid) in part
    assert stop(run) == 0


def test_with_hidepid_and_without_rights_it_shows_what_it_may(gosv_pid1, public):
    gosv = gosv_pid1
    path = public.path / "gosv.yaml"
    program = public.add(gosv.probe)
    path.write_text(json.dumps({"services": {"main": {"command": [program, "say", "up", "pause"]}}}))
    script = ("mount -o remount,hidepid=2 /proc && "
              f"exec {gosv.probe} user 64009 exec {public.add(gosv.binary)} {path}")
    run = gosv.start(["/bin/sh", "-c", script])
    run.say(say="up")
    run.stderr.wait_text("started")
    assert "running" in block(snapshot(run), "main")
    assert stop(run) == 0


def test_names_that_look_like_something_else_do_no_harm(gosv, tmp_path):
    for name in (") R 1 (", "a\nb", "\x1b[31mred"):
        program = tmp_path / name
        program.write_bytes(open(gosv.probe, "rb").read())
        program.chmod(0o755)
    run = start(gosv, {
        "main": {"command": [str(tmp_path / ") R 1 ("), "fork", "exec", str(tmp_path / "a\nb"), "say",
                             "child", "pause", "end", "exec", str(tmp_path / "\x1b[31mred"), "say",
                             "main", "pause"]}})
    child, main = run.say(say="child")["pid"], run.say(say="main")["pid"]
    text = snapshot(run)
    assert str(child) in text and str(main) in text
    assert "\x1b" not in text and "a\nb" not in text
    assert stop(run) == 0


def test_pids_that_vanish_meanwhile_are_left_out(gosv):
    storm = "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); /bin/true & done; wait; echo calm; sleep 1000"
    run = start(gosv, {"storm": shell(storm), "good": probe(gosv, "say", "up", "pause")})
    run.say(say="up")
    for count in range(1, 6):
        assert "=== service good" in snapshot(run, count)
    assert stop(run) == 0


def test_a_process_with_thousands_of_descriptors_is_shown(gosv):
    script = "i=10; while [ $i -lt 2000 ]; do eval \"exec $i</dev/null\"; i=$((i+1)); done; echo up; " \
             "sleep 1000"
    run = start(gosv, {"main": {"command": ["/bin/bash", "-c", script.replace("$", "$$")]}},
                run={"given": ["rlimit", 7, 4096, 4096]})
    run.stdout.wait_text("up")
    part = block(snapshot(run), "main")
    assert "/dev/null" in part
    assert stop(run) == 0


def test_a_thousand_processes_are_shown_in_bounded_time(gosv, storm):
    children = "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); sleep 1000 & done; echo up; wait"
    run = start(gosv, {"main": shell(children), "good": probe(gosv, *END_ON_TERM)})
    run.stdout.wait_text("up", 60)
    pid = run.say(listening=True)["pid"]
    wait_started(run, "main", "good")
    run.kill(signal.SIGUSR1)
    run.kill(signal.SIGHUP)
    run.say(signal=int(signal.SIGHUP), pid=pid)  # gosv serves others meanwhile
    run.stderr.wait_text(END, 20)
    assert stop(run) == 0


def test_a_reader_that_hangs_does_not_hold_up_the_supervision(gosv):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"." * 4096)
    run = start(gosv, {
        "main": probe(gosv, "say", "up", "listen-until", "TERM", "exit", 0),
        "other": probe(gosv, "exit", 1, max_restarts=5, failure_action="none", **QUICK),
    }, run={"stderr": writer})
    os.close(writer)
    run.say(listening=True)
    run.kill(signal.SIGUSR1)
    run.kill(signal.SIGHUP)
    run.say(signal=int(signal.SIGHUP))
    begun = time.monotonic()
    assert stop(run) in (0, 137)
    assert time.monotonic() - begun < 5
    os.close(reader)


def test_a_slow_reader_gets_it_whole(gosv):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    run = start(gosv, {f"s{i}": probe(gosv, "say", f"s{i}", "pause") for i in range(20)},
                run={"stderr": writer})
    os.close(writer)
    for i in range(20):
        run.say(say=f"s{i}")
    run.kill(signal.SIGUSR1)
    lines = Lines(reader, "stderr, late")
    lines.wait_text(END)
    text = lines.text()
    inside = text[text.index("=== snapshot"): text.index(END)]
    assert all(f"=== service s{i} " in inside or f"=== service s{i}\n" in inside for i in range(20))
    assert '"event"' not in inside  # gosv's own lines wait until it is written
    assert stop(run) == 0


@pytest.mark.parametrize("signal_name", ["SIGUSR2", "RTMIN+1"])
def test_the_signal_can_be_chosen(gosv_pid1, signal_name):
    number = {"SIGUSR2": 12, "RTMIN+1": 35}[signal_name]
    run = start(gosv_pid1, {"main": probe(gosv_pid1, "listen-until", "TERM", "exit", 0)},
                snapshot_signal=signal_name)
    run.say(listening=True)
    run.kill(signal.SIGUSR1)
    run.say(signal=int(signal.SIGUSR1))
    run.kill(number)
    run.stderr.wait_text(END)
    assert stop(run) == 0
