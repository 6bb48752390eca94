"""`gosv -- CMD`: what the command is given is what gosv was given (cases 21 to 32)."""

import errno
import os
import resource
import signal
import socket
import subprocess

import pytest

from support.roots import empty_root
from support.run import PID1
from support.streams import Lines

CHLD = int(signal.SIGCHLD)
TERM = int(signal.SIGTERM)
KEPT_IGNORED = sorted(
    [int(n) for n in (signal.SIGTTOU, signal.SIGSEGV, signal.SIGINT, signal.SIGPIPE, signal.SIGHUP,
                      signal.SIGUSR1)] + [40]
)
STANDARD = {"0", "1", "2"}


def report_of(run):
    report = run.report()
    assert run.wait() == 0
    return report


# --- signals ---------------------------------------------------------------------------------------------


def test_an_ignored_sigchld_hides_no_death(gosv):
    run = gosv.run_probe("exit", 7, given=["ignore", CHLD])
    assert run.wait() == 7


def test_the_command_gets_the_mask_that_gosv_got(gosv):
    report = report_of(gosv.run_probe("report", given=["block", CHLD, "block", TERM, "block", 40]))
    assert report["blocked"] == [TERM, CHLD, 40]


def test_a_mask_of_all_signals_stops_nothing(gosv):
    run = gosv.run_probe("report", "exit", 7, given=["block-all"])
    assert run.wait() == 7
    everything = set(range(1, 65)) - {int(signal.SIGKILL), int(signal.SIGSTOP)}
    assert set(run.report()["blocked"]) == everything


def test_the_command_ignores_what_gosv_was_told_to_ignore(gosv):
    given = [word for number in KEPT_IGNORED for word in ("ignore", number)]
    report = report_of(gosv.run_probe("report", given=given))
    assert report["ignored"] == KEPT_IGNORED
    assert report["blocked"] == []


def test_by_default_nothing_is_ignored_blocked_caught_or_pending(gosv):
    report = report_of(gosv.run_probe("report"))
    for state in ("ignored", "blocked", "caught", "pending"):
        assert report[state] == []


def test_nohup_protects_the_command(gosv):
    run = gosv.start(["nohup", gosv.binary, "--", gosv.probe, "say", "up", "sleep", 200, "exit", 3])
    run.say(say="up")
    run.kill(signal.SIGHUP)
    assert run.wait() == 3


def test_a_log_that_nobody_reads_puts_no_sigpipe_into_the_command(gosv):
    read_end, write_end = os.pipe()
    os.close(read_end)
    run = gosv.run_probe("report", "exit", 4, stderr=write_end)
    os.close(write_end)
    assert run.wait() == 4
    assert run.report()["pending"] == []


# --- descriptors -----------------------------------------------------------------------------------------


def test_the_command_has_the_descriptors_that_gosv_was_given_and_no_other(gosv, tmp_path):
    given = []
    for fd in (3, 4, 10):
        path = tmp_path / f"file{fd}"
        path.touch()
        given += ["open", fd, path]
    run = gosv.run_probe("report", "pause", given=given)
    fds = run.report()["fds"]
    assert set(fds) == STANDARD | {"3", "4", "10"}
    assert all(fds[str(fd)]["target"] == str(tmp_path / f"file{fd}") for fd in (3, 4, 10))
    # gosv keeps none of them: else the reader of a pipe would wait for ever for its end.
    run.until(
        lambda r: not any(str(tmp_path) in target for target in r.files().values()),
        "gosv lets go of what is the command's",
    )


def test_a_pipe_ends_when_the_command_closes_it(gosv):
    read_end, write_end = os.pipe()
    run = gosv.start([gosv.binary, "--", gosv.probe, "close", write_end, "say", "closed", "pause"],
                     pass_fds=(write_end,))
    os.close(write_end)
    run.say(say="closed")
    Lines(read_end, "pipe").wait_end()


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)],
                         ids=lambda fds: "fds " + ",".join(map(str, fds)))
def test_closed_standard_streams_are_no_trap(gosv, closed):
    given = [word for fd in closed for word in ("close", fd)]
    run = gosv("--log-level", "debug", "--", gosv.probe, "pause", given=given)
    run.until(lambda r: r.alive(), "the command runs")
    files = run.files()
    for fd in closed:
        # Nothing of gosv's own, such as a signalfd, may come to lie where logs are written.
        assert files[fd] == "/dev/null"
    run.kill(TERM)
    assert run.wait() == 128 + TERM


def test_stdin_reaches_the_command_and_so_does_its_end(gosv):
    run = gosv.run_probe("input", stdin=subprocess.PIPE)
    text = "line\n" * 5000
    run.stdin.write(text.encode())
    run.stdin.close()
    assert run.say(input=...)["input"] == text
    assert run.wait() == 0


def test_gosv_never_reads_its_standard_input(gosv, tmp_path):
    path = tmp_path / "input"
    path.write_text("all of it")
    with open(path, "rb") as file:
        run = gosv.run_probe("sleep", 50, "exit", 0, stdin=file)
        assert run.wait() == 0
        assert file.tell() == 0
        run = gosv.run_probe("input", stdin=file)
        assert run.say(input=...)["input"] == "all of it"


def stdin_null():
    return os.open(os.devnull, os.O_RDWR)


def stdin_directory():
    return os.open("/", os.O_RDONLY)


def stdin_socket():
    ours, theirs = socket.socketpair()
    ours.shutdown(socket.SHUT_WR)
    return theirs.detach()


@pytest.mark.parametrize("make", [stdin_null, stdin_directory, stdin_socket])
def test_any_kind_of_standard_input_will_do(gosv, make):
    stdin = make()
    run = gosv.run_probe("input", "exit", 5, stdin=stdin)
    os.close(stdin)
    assert run.wait() == 5
    said = run.say(input=...)
    assert said["input"] == "" or said["errno"] == errno.EISDIR


# --- the rest of a process's state -------------------------------------------------------------------------


def test_the_command_starts_where_gosv_was_started_and_gosv_does_not_stay(gosv, tmp_path):
    (tmp_path / "here").symlink_to(gosv.probe)
    run = gosv.command("./here", "report", "pause", cwd=tmp_path)
    assert run.report()["cwd"] == str(tmp_path)
    # It would pin the mount.
    run.until(lambda r: os.readlink(f"/proc/{r.pid}/cwd") == "/", "gosv goes to /")


def test_the_command_sees_its_directory_however_late_it_looks(gosv_beneath, tmp_path):
    gosv = gosv_beneath
    (tmp_path / "here").write_bytes(open(gosv.probe, "rb").read())
    (tmp_path / "here").chmod(0o755)
    words = gosv.strace("-f", "-P", str(tmp_path / "here"), "-P", "./here", "-e",
                        "inject=execve:delay_enter=300000")
    run = gosv.start([*words, gosv.binary, "--", "./here", "report"], cwd=tmp_path)
    assert run.report()["cwd"] == str(tmp_path)
    assert run.wait() == 0


def test_everything_else_passes_through_unchanged(gosv):
    given = ["umask", "027", "nice", 5, "write", "/proc/self/oom_score_adj", "500",
             "groups", "7,8,64003", "rlimit", resource.RLIMIT_NOFILE, 100, 200,
             "rlimit", resource.RLIMIT_CORE, 0, 0, "setenv", "COLOUR", "a b=c"]
    direct = gosv.start([gosv.probe, *given, "report"], env={"PATH": "/bin", "EMPTY": ""})
    expected = direct.report()
    report = report_of(
        gosv.run_probe("report", given=given, env={"PATH": "/bin", "EMPTY": ""})
    )
    for what in ("umask", "nice", "oom_score_adj", "groups", "rlimits", "env", "uid", "gid", "caps",
                 "no_new_privs", "dumpable"):
        assert report[what] == expected[what], what
    assert report["oom_score_adj"] == 500 and report["groups"] == [7, 8, 64003]
    assert report["argv"] == [gosv.probe, "report"]


def test_the_command_leads_a_group_of_its_own_in_gosvs_session(gosv):
    report = report_of(gosv.run_probe("report"))
    assert report["pgrp"] == report["pid"]
    assert report["sid"] == report["ppid"]


def test_a_listen_pid_that_names_gosv_then_names_the_command(gosv):
    given = ["setenv", "LISTEN_FDS", 1, "setenv", "NOTIFY_SOCKET", "/run/notify", "listen-pid"]
    report = report_of(gosv.run_probe("report", given=given))
    env = dict(entry.split("=", 1) for entry in report["env"])
    assert int(env["LISTEN_PID"]) == report["pid"]
    assert env["LISTEN_FDS"] == "1" and env["NOTIFY_SOCKET"] == "/run/notify"


def test_a_listen_pid_that_names_somebody_else_is_left_alone(gosv):
    report = report_of(gosv.run_probe("report", given=["setenv", "LISTEN_PID", "4242"]))
    assert "LISTEN_PID=4242" in report["env"]


# --- under restrictions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        ["no-new-privs"],
        ["drop-caps"],
        ["deny", "clone3", errno.ENOSYS],
        ["deny", "clone3", errno.EPERM],
        ["deny", "close_range", errno.ENOSYS],
        ["deny", "pidfd_open", errno.ENOSYS],
        ["deny", "pidfd_open", errno.EPERM, "deny", "pidfd_send_signal", errno.EPERM],
    ],
    ids=lambda words: " ".join(map(str, words)),
)
def test_it_works_under_restrictions(gosv, given):
    run = gosv.run_probe("fork", "setsid", "say", "daemon", "pause", "end", "say", "up",
                         "listen-until", TERM, "exit", 3, given=given)
    run.say(say="daemon")
    run.say(listening=True)
    run.kill(TERM)
    assert run.wait() == 3
    if gosv.place != PID1:
        assert run.processes() == []


def test_another_user_than_root_can_run_it(gosv, public):
    run = gosv.command(public.add(gosv.probe), "report", "listen-until", TERM, "exit", 3,
                       given=["user", 65534], binary=public.add(gosv.binary))
    assert run.report()["uid"] == [65534] * 3
    run.say(listening=True)
    run.kill(TERM)
    assert run.wait() == 3


@pytest.mark.parametrize("proc", ["none", "empty"])
def test_it_works_without_proc(gosv, proc):
    # Who has left the command's group can only be found by PID 1 then: it signals all that it sees.
    leave = ["setsid"] if gosv.place == PID1 else []
    run = gosv.run_probe("fork", *leave, "listen-until", TERM, "end", "listen-until", TERM,
                         "exit", 3, proc=proc)
    run.stdout.wait_objects(2, listening=True)
    run.kill(TERM)
    assert run.wait() == 3
    assert len([said for said in run.stdout.objects() if said.get("signal") == TERM]) == 2


def test_it_works_in_an_empty_read_only_root(gosv, tmp_path):
    root = empty_root(tmp_path, gosv.binary, gosv.probe)
    run = gosv("--", "/probe", "report", "exit", 3, binary="/gosv",
               given=["read-only", root, "chroot", root])
    assert run.wait() == 3
    assert run.report()["cwd"] == "/"
