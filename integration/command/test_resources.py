"""`gosv -- CMD` short of everything, idle, under other names (cases 75 to 85)."""

import re
import resource
import signal
import time

import pytest

from support.deadline import until
from support.gosv import call_that_starts
from support.processes import status_field

TERM = int(signal.SIGTERM)
LAST = 64


def test_however_few_descriptors_there_are_it_works_or_says_why_not(gosv):
    codes = {}
    for limit in range(4, 17):  # with less not even a dynamic linker works
        run = gosv.run_probe("exit", 3, given=["rlimit", resource.RLIMIT_NOFILE, limit, limit])
        codes[limit] = run.wait()
        if codes[limit] != 3:
            assert codes[limit] in (70, 126), codes
            assert "Too many open files" in run.stderr.text()
    assert codes[16] == 3, codes


@pytest.mark.parametrize("call", ["signalfd4", "epoll_create1", "epoll_ctl"])
@pytest.mark.parametrize("error", ["EMFILE", "ENOMEM"])
def test_what_cannot_be_opened_at_the_start_is_told_before_anything_runs(gosv_beneath, call, error):
    gosv = gosv_beneath
    words = gosv.strace("-e", f"trace={call}", "-e", f"inject={call}:error={error}")
    run = gosv.start([*words, gosv.binary, "--", gosv.probe, "say", "never"])
    assert run.wait() == 70
    assert "cannot start" in run.stderr.text()
    assert run.stdout.text() == ""


@pytest.mark.parametrize(
    ("call", "error"),
    [("clone", "EAGAIN"), ("clone", "ENOMEM"), ("pipe2", "EMFILE"), ("pipe2", "ENFILE")],
)
def test_a_command_that_no_process_is_to_be_had_for_is_126(gosv_beneath, call, error):
    gosv = gosv_beneath
    call = call_that_starts() if call == "clone" else call
    # The first clone3 is the question whether there is one.
    when = ":when=2" if call == "clone3" else ""
    words = gosv.strace("-e", f"trace={call}", "-e", f"inject={call}:error={error}{when}")
    run = gosv.start([*words, gosv.binary, "--", gosv.probe, "say", "never"])
    assert run.wait() == 126
    assert "no process to be had" in run.stderr.text()
    assert run.stdout.text() == ""


@pytest.mark.parametrize("error", ["EINVAL", "ENOSYS", "EPERM"])
def test_a_command_that_may_not_share_memory_gets_a_copy(gosv_beneath, error):
    gosv = gosv_beneath
    words = gosv.strace("-e", "trace=clone", "-e", f"inject=clone:error={error}")
    run = gosv.start([*words, gosv.binary, "--", gosv.probe, "say", "copy", "exit", 3])
    assert run.wait() == 3
    run.say(say="copy")


@pytest.mark.parametrize(
    "fault",
    [
        "epoll_wait,epoll_pwait:error=ENOMEM:when=1..5",
        "epoll_ctl:error=ENOMEM",
        "pidfd_open:error=EMFILE",
        "pidfd_open:error=ENFILE",
        "pidfd_send_signal:error=ENOSYS",
        "openat:error=EMFILE",
        "openat:error=ENOMEM",
        "getdents64:error=ENOMEM",
        "read:error=ENOMEM:when=1..3",
        "waitid:error=ENOMEM:when=1..3",
        "write:error=ENOMEM",
    ],
)
def test_gosv_outlives_every_shortage_until_its_command_ends(gosv, fault):
    run = gosv.run_probe("fork", "listen-until", TERM, "end", "listen-until", 40, "listen-until",
                         TERM, "exit", 3)
    run.stdout.wait_objects(2, listening=True)
    main = run.wait_event("started")["pid"]
    with run.traced("-e", f"inject={fault}"):
        run.kill(40)
        run.say(signal=40, pid=main)
        run.kill(TERM)
        assert run.wait() == 3


def switches(pid):
    return sum(
        int(status_field(pid, f"{kind}_ctxt_switches")) for kind in ("voluntary", "nonvoluntary")
    )


def test_it_sleeps_while_nothing_happens(gosv):
    run = gosv.run_probe("listen-until", TERM, "exit", 3)
    run.say(listening=True)
    run.wait_event("started")
    until(lambda: status_field(run.pid, "State").startswith("S"), "asleep")
    with run.traced() as log:
        time.sleep(3)  # the measured time
        calls = log.read_text().splitlines()
    # One turn of the loop, because strace has interrupted the wait; then the next wait.
    assert calls[-1].startswith(("epoll_wait", "epoll_pwait")) and len(calls) <= 4, calls
    run.kill(TERM)
    assert run.wait() == 3


def test_it_is_small(gosv):
    run = gosv.run_probe("listen-until", TERM, "exit", 3)
    run.say(listening=True)
    assert int(status_field(run.pid, "RssAnon").split()[0]) < 1024
    run.kill(TERM)
    assert run.wait() == 3


# --- as somebody else --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tini", "docker-init", "podman-init"])
def test_under_the_name_of_a_container_engines_init_it_answers_like_tini(gosv_beneath, name, tmp_path):
    link = tmp_path / name
    link.symlink_to(gosv_beneath.binary)
    run = gosv_beneath("--version", binary=link)
    assert run.wait() == 0
    # What dockerd's parseInitVersion wants.
    assert re.fullmatch(r"tini version \S+( - git\.[0-9a-f]+)?\n", run.stdout.text())


def test_under_its_own_name_it_says_so(gosv_beneath):
    run = gosv_beneath("--version")
    assert run.wait() == 0
    assert re.fullmatch(r"gosv \d+\.\d+\.\d+\n", run.stdout.text())


def test_docker_init_runs_a_command_as_dockerd_calls_it(gosv, tmp_path):
    link = tmp_path / "docker-init"
    link.symlink_to(gosv.binary)
    run = gosv("--", gosv.probe, "exit", 3, binary=link)
    assert run.wait() == 3


def test_the_switches_of_other_inits_in_the_environment_are_left_alone(gosv):
    env = {"TINI_SUBREAPER": "1", "TINI_VERBOSITY": "3", "TINI_KILL_PROCESS_GROUP": "1",
           "DUMB_INIT_SETSID": "0", "DUMB_INIT_DEBUG": "1"}
    run = gosv.run_probe("report", "exit", 3, env=env, flags=())
    assert run.wait() == 3
    assert sorted(run.report()["env"]) == sorted(f"{k}={v}" for k, v in env.items())
    assert run.stderr.text() == ""
