"""`gosv -- CMD` on a terminal: the keyboard is the command's (cases 67 to 74)."""

import errno
import signal

import pytest

from support.terminal import INTERRUPT, QUIT, SUSPEND, Terminal

INT = int(signal.SIGINT)
TERM = int(signal.SIGTERM)
LAST = 64

TIOCSPGRP = 0x5410
TIOCGPGRP = 0x540F


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    made.close()


def on(terminal, start, *args, given=(), **kwargs):
    run = start(*args, given=["ctty", *given], **terminal.attach(), **kwargs)
    terminal.started()
    return run


def signals(terminal):
    return [said["signal"] for said in terminal.screen.objects() if "signal" in said]


def test_the_command_is_in_the_foreground(gosv, terminal):
    run = on(terminal, gosv.run_probe, "report", "exit", 3, flags=())
    report = terminal.screen.wait_object(report=True)
    assert report["tpgid"] == report["pgrp"] == report["pid"]
    assert run.wait() == 3


def test_an_interactive_shell_has_job_control(gosv, terminal):
    run = on(terminal, gosv.command, "/bin/dash", "-i", flags=())
    terminal.type("sleep 1000 &\njobs\n")
    terminal.screen.wait_text("Running")
    terminal.type("kill %1\nexit 7\n")
    terminal.screen.wait_end()
    assert run.wait() in (7, 0) and "job control" not in terminal.screen.text()


@pytest.mark.parametrize(("key", "number"), [(INTERRUPT, INT), (QUIT, int(signal.SIGQUIT))])
def test_a_key_is_one_signal(gosv, terminal, key, number):
    run = on(terminal, gosv.run_probe, "listen-until", LAST, "exit", 3, flags=())
    terminal.screen.wait_object(listening=True)
    terminal.type(key)
    terminal.screen.wait_object(signal=number)
    run.kill(LAST)
    assert run.wait() == 3
    terminal.screen.wait_end()
    assert signals(terminal) == [number, LAST]


def test_a_new_size_is_one_signal(gosv, terminal):
    run = on(terminal, gosv.run_probe, "listen-until", LAST, "exit", 3, flags=())
    terminal.screen.wait_object(listening=True)
    terminal.resize(30, 100)
    terminal.screen.wait_object(signal=int(signal.SIGWINCH))
    run.kill(LAST)
    assert run.wait() == 3
    terminal.screen.wait_end()
    assert signals(terminal) == [int(signal.SIGWINCH), LAST]


def test_a_command_that_is_suspended_where_no_shell_waits_goes_on(gosv, terminal):
    run = on(terminal, gosv.run_probe, "say", "up", "sleep", 500, "say", "still here",
             "listen-until", TERM, "exit", 3, flags=())
    terminal.screen.wait_object(say="up")
    for _ in range(3):
        terminal.type(SUSPEND)
    terminal.screen.wait_object(say="still here")
    terminal.screen.wait_object(listening=True)
    run.kill(TERM)
    assert run.wait() == 3


def state_of(run, comm):
    return next((p.state for p in run.processes() if p.comm == comm), None)


def start_shell(gosv, terminal):
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PS1": "prompt> ", "HOME": "/", "TERM": "dumb"}
    run = gosv.start([gosv.probe, "ctty", "exec", "/bin/bash", "--norc", "--noediting", "-i"],
                     env=env, **terminal.attach())
    terminal.started()
    terminal.screen.wait_text("prompt> ")
    return run


def test_a_shell_can_suspend_and_resume_it(gosv, terminal):
    run = start_shell(gosv, terminal)
    terminal.type(f"{gosv.binary} -- sleep 1000\n")
    run.until(lambda r: state_of(r, "sleep") == "S", "the command runs")
    for _ in range(2):
        terminal.type(SUSPEND)
        run.until(lambda r: state_of(r, "sleep") == "T" and state_of(r, "gosv") == "T", "both stop")
        terminal.type("echo the shell is $((40 + 2))\n")
        terminal.screen.wait_text("the shell is 42")
        terminal.type("fg\n")
        run.until(lambda r: state_of(r, "sleep") == "S" and state_of(r, "gosv") == "S", "both go on")
    # The foreground is the command's again: the key reaches it and the shell gets its code.
    terminal.type(INTERRUPT)
    run.until(lambda r: state_of(r, "gosv") is None, "the end")
    terminal.type("echo code=$?\n")
    terminal.screen.wait_text("code=130")


def test_as_a_background_job_it_leaves_the_terminal_alone(gosv, terminal):
    start_shell(gosv, terminal)
    terminal.type(f"{gosv.binary} -- {gosv.probe} report sleep 100000 &\n")
    report = terminal.screen.wait_object(report=True)
    assert report["tpgid"] not in (report["pgrp"], 0)
    terminal.type("echo the shell is $((40 + 2))\n")
    terminal.screen.wait_text("the shell is 42")


def test_its_log_gets_through_a_terminal_that_stops_background_writers(gosv):
    terminal = Terminal(tostop=True)
    run = on(terminal, gosv.run_probe, "report", "listen-until", LAST, "exit", 3, env={})
    terminal.screen.wait_object(listening=True)
    assert terminal.screen.wait_object(report=True)["ignored"] == []
    run.kill(TERM)
    terminal.screen.wait_object(event="forwarded", signal="SIGTERM")
    run.kill(LAST)
    assert run.wait() == 3
    terminal.close()


def test_a_terminal_that_hangs_up_ends_the_command(gosv, terminal):
    run = on(terminal, gosv.run_probe, "say", "up", "pause", flags=())
    terminal.screen.wait_object(say="up")
    terminal.hang_up()
    assert run.wait() == 128 + int(signal.SIGHUP)


@pytest.mark.parametrize("request_", [TIOCSPGRP, TIOCGPGRP], ids=["tcsetpgrp", "tcgetpgrp"])
@pytest.mark.parametrize(
    "error", [errno.EBADF, errno.ENOTTY, errno.ENXIO, errno.EPERM, errno.EINVAL, errno.EIO],
    ids=lambda number: errno.errorcode[number],
)
def test_a_terminal_that_cannot_be_given_away_is_no_reason_not_to_start(
    gosv, terminal, error, request_
):
    run = on(terminal, gosv.run_probe, "exit", 3, given=["deny-ioctl", request_, error])
    assert run.wait() == 3


def test_doubled_signals_arrive_as_often_as_they_were_sent(gosv, terminal):
    # `docker attach` with its signal proxy: the key and a signal.
    run = on(terminal, gosv.run_probe, "listen-until", LAST, "exit", 3, flags=())
    terminal.screen.wait_object(listening=True)
    terminal.type(INTERRUPT)
    terminal.screen.wait_object(signal=INT)
    run.kill(INT)
    run.kill(TERM)
    terminal.screen.wait_objects(2, signal=INT)
    terminal.screen.wait_object(signal=TERM)
    run.kill(LAST)
    assert run.wait() == 3
