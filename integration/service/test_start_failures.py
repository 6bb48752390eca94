"""`gosv MANIFEST`: services that cannot be started (cases 3 to 7 and 79)."""

import errno
import os
import shutil

import pytest

from support.gosv import call_that_starts
from support.services import (
    QUICK,
    probe,
    start,
    start_public,
    start_traced,
    stop,
    stop_traced,
)


def script(path, first_line="#!/bin/sh"):
    path.write_text(f"{first_line}\nexit 5\n")
    path.chmod(0o755)
    return str(path)


def without_permission(directory):
    path = script(directory / "plain")
    os.chmod(path, 0o644)
    return path


def loop_of_links(directory):
    path = directory / "loop"
    path.symlink_to(path)
    return str(path)


NOT_FOUND = {
    "absolute": lambda directory: "/no/such/program",
    "in PATH": lambda directory: "no-such-program-anywhere",
    "relative": lambda directory: "./not-here",
    "interpreter": lambda directory: script(directory / "script", "#!/no/such/interpreter"),
}
NOT_EXECUTABLE = {
    "Permission denied": without_permission,
    "Permission denied (a directory)": str,
    "Not a directory": lambda directory: without_permission(directory) + "/below",
    "Too many levels of symbolic links": loop_of_links,
    "File name too long": lambda directory: str(directory / ("x" * 300)),
}


def fails_at_once(gosv, command, code, text):
    run = start(gosv, {"bad": {"command": [command]}})
    assert run.wait() == code
    (failed,) = run.events("failed", service="bad")
    assert failed["code"] == code and failed["level"] == "error"
    assert command[:100] in failed["reason"] and "exec" in failed["reason"] and text in failed["reason"]
    for event in ("started", "exited", "restarting"):
        assert run.events(event) == []
    assert run.events("end", code=code)


@pytest.mark.parametrize("which", NOT_FOUND)
def test_a_program_that_is_not_there_fails_for_good_with_127(gosv, which, tmp_path):
    fails_at_once(gosv, NOT_FOUND[which](tmp_path), 127, "No such file or directory")


@pytest.mark.parametrize("text", NOT_EXECUTABLE)
def test_a_program_that_cannot_be_executed_fails_for_good_with_126(gosv_pid1, text, tmp_path):
    fails_at_once(gosv_pid1, NOT_EXECUTABLE[text](tmp_path), 126, text.partition(" (")[0])


def test_a_service_that_cannot_be_started_leaves_the_others_alone(gosv):
    run = start(gosv, {
        "missing": {"command": ["/no/such/program"], "failure_action": "none"},
        "good": probe(gosv, "say", "up", "pause"),
    })
    run.say(say="up")
    run.wait_event("failed", service="missing", code=127)
    assert stop(run) == 0
    assert not run.events("restarting")


def test_a_failed_step_before_the_exec_is_told_by_its_name(gosv):
    run = start(gosv, {"lost": probe(gosv, "exit", 0, working_dir="/no/such/directory")})
    assert run.wait() == 126
    (failed,) = run.events("failed")
    assert "working_dir" in failed["reason"] and "No such file or directory" in failed["reason"]


def test_a_script_without_an_interpreter_line_is_run_by_the_shell(gosv_pid1, tmp_path):
    path = script(tmp_path / "script", 'echo "ran $0 $1"')
    run = start(gosv_pid1, {"script": {"command": [path, "a b"], "restart": "no"}})
    assert run.wait() == 5
    assert f"ran {path} a b" in run.stdout.lines()


# --- what passes is tried again -------------------------------------------------------------------


def busy_program(gosv, directory):
    path = directory / "busy"
    shutil.copy2(gosv.probe, path)
    return path


def test_a_program_that_is_being_written_is_tried_again(gosv, tmp_path):
    busy = busy_program(gosv, tmp_path)
    with open(busy, "r+b"):
        run = start(gosv, {
            "busy": {"command": [str(busy), "say", "up", "pause"], **QUICK,
                     "max_restarts": "unlimited"},
            "good": probe(gosv, "say", "good", "pause"),
        })
        failures = run.wait_events(3, "restarting", service="busy")
        assert [each["attempt"] for each in failures[:3]] == [1, 2, 3]
        assert "Text file busy" in failures[0]["reason"]
    run.say(say="up")
    run.wait_event("started", service="busy")
    assert stop(run) == 0
    assert not run.events("exited", service="busy", code=126)
    assert len(run.events("started", service="good")) == 1


def test_what_might_pass_but_does_not_fails_by_the_restart_limit(gosv, tmp_path):
    busy = busy_program(gosv, tmp_path)
    with open(busy, "r+b"):
        run = start(gosv, {"busy": {"command": [str(busy)], **QUICK, "max_restarts": 2}})
        assert run.wait() == 126
    assert [each["attempt"] for each in run.events("restarting")] == [1, 2]
    (failed,) = run.events("failed", service="busy", code=126)
    assert failed["reason"].startswith("gave up restarting: cannot start")
    assert "Text file busy" in failed["reason"]


@pytest.mark.parametrize(
    ("error", "tried"),
    [("ESTALE", 3), ("ENOMEM", 3), ("EIO", 3), ("EMFILE", 3), ("E2BIG", 1), ("EPERM", 1),
     ("EINVAL", 1)],
)
def test_whether_an_error_of_exec_may_pass_decides_on_another_try(gosv_beneath, error, tried,
                                                                  tmp_path):
    # The kernel's answer is made up, for this path alone.
    gosv = gosv_beneath
    path = busy_program(gosv, tmp_path)
    run = start_traced(gosv, {"main": {"command": [str(path)], **QUICK, "max_restarts": 2}},
                       "-f", "-P", str(path), "-e", f"inject=execve:error={error}")
    assert run.wait() == 126
    assert len(run.events("restarting")) == tried - 1
    (failed,) = run.events("failed", code=126)
    assert os.strerror(getattr(errno, error)) in failed["reason"]
    assert not run.events("started") and not run.events("exited")


@pytest.mark.parametrize("call", ["clone", "clone3", "pipe2"])
@pytest.mark.parametrize("error", ["EAGAIN", "ENOMEM", "EMFILE"])
def test_a_start_for_which_there_is_no_room_is_tried_again(gosv_beneath, call, error):
    gosv = gosv_beneath
    # The first service starts, the second does not, four times.
    first = {"clone": 2, "clone3": 3, "pipe2": 2}[call]  # the first clone3 only asks whether there is one
    # With a score of its own a service gets a copy of gosv's memory, by clone3; else it shares it.
    score = {"oom_score_adj": 1000} if call == "clone3" else {}
    if call == "clone" and call_that_starts() != "clone":
        call, first = "clone3", 3
    services = {
        "good": probe(gosv, "say", "good", "pause", **score),
        "late": probe(gosv, "say", "late", "pause", max_restarts=0, restart_delay="100ms",
                      restart_max_delay="200ms", **score),
    }
    run = start_traced(gosv, services, "-e", f"inject={call}:error={error}:when={first}..{first + 3}")
    run.say(say="late")
    run.wait_event("started", service="late")
    retries = run.events("restarting", service="late")
    assert [each["delay_ms"] for each in retries] == [100, 200, 200, 200]
    assert all(call in each["reason"] for each in retries)
    assert "max_restarts" not in retries[0] or retries[0]["max_restarts"] == 0
    assert not run.events("failed") and not run.events("exited")
    assert stop_traced(run) == 0


def test_a_user_without_processes_left_waits_for_one(gosv, public):
    # gosv itself and two services are all that this user may have: RLIMIT_NPROC (6) is 3.
    user = 64100 + os.getpid() % 400
    program = public.add(gosv.probe)
    services = {
        "keeps": {"command": [program, "say", "keeps", "pause"]},
        "leaves": {"command": [program, "listen-until", "USR1"], "restart": "no"},
        "waits": {"command": [program, "say", "waits", "pause"], "restart_delay": "5ms",
                  "restart_max_delay": "20ms", "max_restarts": 0},
    }
    run = start_public(gosv, public, services, given=["rlimit", 6, 3, 3, "user", user])
    run.say(listening=True)
    first = run.wait_events(3, "restarting", service="waits")[0]
    assert "Resource temporarily unavailable" in first["reason"]
    run.kill_inside(run.say(listening=True)["pid"], 10)
    run.say(say="waits")
    assert stop(run) == 0
    assert not run.events("failed")


def test_a_crash_loop_of_failed_starts_does_not_spin(gosv, tmp_path):
    busy = busy_program(gosv, tmp_path)
    with open(busy, "r+b"):
        run = start(gosv, {"busy": {"command": [str(busy)], "restart_delay": "20ms",
                                    "max_restarts": 6, "restart_max_delay": "80ms"}})
        assert run.wait() == 126
    assert [each["delay_ms"] for each in run.events("restarting")] == [20, 40, 80, 80, 80, 80]


def test_a_name_is_looked_up_in_the_services_own_path(gosv_pid1, tmp_path):
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "only-here", "#!/bin/sh")
    run = start(gosv_pid1, {"main": {"command": ["only-here"], "restart": "no",
                                     "environment": {"PATH": f"/no/such:{tmp_path}/bin"}}})
    assert run.wait() == 5
