"""`gosv MANIFEST` with `tty: true` (cases 67 to 73)."""

import signal

import pytest

from support.services import QUICK, probe, shell, start, start_traced, stop
from support.terminal import INTERRUPT, SUSPEND, Terminal
from support.terminal import QUIT as QUIT_KEY

INT, QUIT, HUP, WINCH = (
    int(getattr(signal, name)) for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGWINCH")
)
END = ("listen-until", "TERM", "exit", 0)


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    made.close()


def start_on(gosv, terminal, services, streams=("stdin",)):
    """gosv's controlling terminal. The streams that are not on it stay pipes, so that what is said
    there can be told from what is typed."""
    on = {name: end for name, end in terminal.attach().items() if name in streams}
    run = start(gosv, services, run={"given": ["ctty"], **on})
    terminal.started()
    return run


def test_the_terminal_is_the_services(gosv, terminal):
    run = start_on(gosv, terminal, {
        "shell": probe(gosv, "foreground", "report", *END, tty=True),
        "other": probe(gosv, "say", "other", "pause"),
    })
    found = run.say(foreground=...)
    assert found["foreground"] == found["pgrp"]
    report = run.report()
    assert report["fds"]["0"]["target"].startswith("/dev/pts/")
    assert report["pgrp"] == report["pid"]
    run.say(say="other")
    assert stop(run) == 0


@pytest.mark.parametrize(("key", "number"), [(INTERRUPT, INT), (QUIT_KEY, QUIT)])
def test_a_key_gives_the_service_one_signal_and_gosv_none(gosv, terminal, key, number):
    run = start_on(gosv, terminal, {"shell": probe(gosv, *END, tty=True)})
    run.say(listening=True)
    terminal.type(key)
    run.say(signal=number)
    run.kill(HUP)
    run.say(signal=HUP)
    assert [e["signal"] for e in run.stdout.objects() if isinstance(e.get("signal"), int)
            and "listening" not in e] == [number, HUP]
    assert not run.events("shutdown")
    assert stop(run) == 0


def test_a_resize_is_told_to_the_service_once(gosv, terminal):
    run = start_on(gosv, terminal, {"shell": probe(gosv, *END, tty=True)})
    run.say(listening=True)
    terminal.resize(40, 100)
    run.say(signal=WINCH)
    run.kill(HUP)
    run.say(signal=HUP)
    assert len([e for e in run.stdout.objects() if e.get("signal") == WINCH]) == 1
    assert stop(run) == 0


def test_what_is_typed_reaches_the_service(gosv, terminal):
    run = start_on(gosv, terminal, {"shell": shell("read line; echo \"got $line\"; exit 4", tty=True,
                                                   restart="no")})
    terminal.type("hello\n")
    assert run.wait() == 4
    assert "got hello" in run.stdout.lines()


def wait_for_sleep(run):
    run.until(lambda r: [p.state for p in r.alive() if p.comm == "sleep" and p.tpgid == p.pgrp]
              == ["S"], "sleep in the foreground")


def test_an_interactive_shell_has_job_control(gosv, terminal):
    run = start_on(gosv, terminal, {
        "shell": {"command": ["/bin/bash", "--norc", "--noprofile", "-i"], "tty": True,
                  "restart": "no"},
    }, streams=("stdin", "stdout", "stderr"))
    terminal.screen.wait_text("# ")
    terminal.type("sleep 1000\n")
    wait_for_sleep(run)
    terminal.type(SUSPEND)
    terminal.screen.wait_text("Stopped")
    terminal.type("fg\n")
    wait_for_sleep(run)
    terminal.type(INTERRUPT)
    run.until(lambda r: "sleep" not in [p.comm for p in r.alive()], "its end")
    terminal.type("exit 9\n")
    assert run.wait() == 9
    assert "no job control" not in terminal.screen.text()


def test_a_service_that_the_terminal_stops_is_continued(gosv, terminal):
    # ^Z: nobody but gosv could ever resume it.
    ticks = ("say", "tick", "sleep", 50) * 200
    run = start_on(gosv, terminal, {"shell": probe(gosv, "fork", *ticks, "end", *ticks, tty=True)})
    main, child = {tick["pid"] for tick in run.stdout.wait_objects(3, say="tick")}
    terminal.type(SUSPEND)
    for pid in (main, child):
        before = len([e for e in run.stdout.objects() if e["pid"] == pid])
        run.stdout.wait_objects(before + 4, say="tick", pid=pid)
    assert not run.events("exited")
    assert stop(run) == 0


def test_a_restarted_service_gets_the_terminal_again(gosv, terminal):
    run = start_on(gosv, terminal, {
        "shell": probe(gosv, "foreground", "exit", 1, tty=True, max_restarts=3, **QUICK)})
    assert run.wait() == 1
    found = [e for e in run.stdout.objects() if "foreground" in e]
    assert len(found) == 4
    assert all(each["foreground"] == each["pgrp"] for each in found)


def test_gosv_is_not_stopped_when_it_logs_from_the_background(gosv):
    # TOSTOP: who writes from the background gets TTOU.
    terminal = Terminal(tostop=True)
    run = start_on(gosv, terminal, {"shell": probe(gosv, *END, tty=True)}, ("stdin", "stderr"))
    run.say(listening=True)
    run.kill(HUP)
    terminal.screen.wait_object(event="forwarded", signal="SIGHUP")
    assert stop(run) == 0
    terminal.screen.wait_object(event="end", code=0)
    terminal.close()


def test_a_terminal_that_hangs_up_ends_the_service(gosv, terminal):
    run = start_on(gosv, terminal, {"shell": probe(gosv, "say", "up", "pause", tty=True, restart="no")})
    run.say(say="up")
    terminal.hang_up()
    assert run.wait() == 128 + HUP


@pytest.mark.parametrize("error", ["EBADF", "ENOTTY", "ENXIO", "EPERM", "EINVAL", "EIO"])
def test_a_terminal_that_cannot_be_handed_over_is_no_reason_not_to_start(gosv_beneath, error):
    gosv = gosv_beneath
    run = start_traced(gosv, {"main": probe(gosv, "say", "up", "pause", tty=True)}, "-f",
                       "-e", "trace=ioctl", "-e", f"inject=ioctl:error={error}:when=2+")
    run.say(say="up")
    gosvs = run.wait_event("boot")["pid"]
    run.kill_inside(gosvs, signal.SIGTERM)
    assert run.wait() == 0


def test_tty_without_a_terminal_starts_all_the_same(gosv):
    run = start(gosv, {"main": probe(gosv, "input", "say", "up", "pause", tty=True)})
    run.say(input="")
    run.say(say="up")
    assert stop(run) == 0


def test_two_services_cannot_have_the_terminal(gosv_pid1):
    gosv = gosv_pid1
    run = start(gosv, {"a": probe(gosv, "pause", tty=True), "b": probe(gosv, "pause", tty=True)})
    assert run.wait() == 78
    assert "tty" in run.stderr.text()
