"""`gosv -- CMD`: the code that gosv ends with (cases 1 to 6)."""

import os
import signal
from pathlib import Path

import pytest

from support.roots import empty_root
from support.run import PID1

DEADLY = [1, 2, 3, 6, 9, 11, 13, 14, 15, 34, 64]

# "$0" is gosv; one shell for all, so that it does not take a minute.
LOOP = """
for code in $(seq 0 255); do
    {prefix} "$0" -- /bin/sh -c "exit $code"
    got=$?
    [ $got -eq $code ] || echo "$code became $got"
done
echo done
"""


def test_every_exit_code_of_the_command_is_gosvs(gosv):
    prefix = "unshare --pid --fork" if gosv.place == PID1 else ""
    loop = gosv.start(["/bin/sh", "-c", LOOP.format(prefix=prefix), gosv.binary])
    assert loop.wait(60) == 0
    assert loop.stdout.lines() == ["done"]


@pytest.mark.parametrize("number", DEADLY)
def test_a_command_that_dies_of_a_signal_gives_128_plus_its_number(gosv, number, tmp_path):
    # RLIMIT_CORE (4) unlimited: the core-dump bit of the status must not show.
    run = gosv.run_probe("die", number, given=["rlimit", 4, -1, -1], cwd=tmp_path)
    assert run.wait() == 128 + number


@pytest.mark.parametrize("code", [0, 3])
def test_gosv_itself_says_nothing_about_a_command_that_ran(gosv, code):
    run = gosv.command("/bin/sh", "-c", f"echo out; echo err >&2; exit {code}", flags=())
    assert run.wait() == code
    assert run.stdout.lines() == ["out"]
    assert run.stderr.lines() == ["err"]


# --- cannot be started -------------------------------------------------------------------------------


def complaint(run, command):
    """The only line on stderr, and it names the command."""
    (line,) = run.stderr.lines()
    assert f"'{command}'" in line
    return line


def make_script(path, first_line):
    path.write_text(f"{first_line}\nexit 5\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "command",
    ["no-such-command-anywhere", "/no/such/command", "", "./not-here"],
    ids=["in PATH", "absolute", "empty", "relative"],
)
def test_a_command_that_is_not_there_is_127(gosv, command):
    run = gosv.command(command, flags=())
    assert run.wait() == 127
    assert "No such file or directory" in complaint(run, command)


def test_an_interpreter_that_is_not_there_is_127(gosv, tmp_path):
    script = make_script(tmp_path / "script", "#!/no/such/interpreter")
    run = gosv.command(script, flags=())
    assert run.wait() == 127
    complaint(run, script)


def without_permission(directory):
    path = make_script(directory / "plain", "#!/bin/sh")
    os.chmod(path, 0o644)
    return path


def loop_of_links(directory):
    path = directory / "loop"
    path.symlink_to(path)
    return str(path)


def bad_format(directory):
    # Looks like an ELF file to execve, so it is no script for the shell either.
    path = directory / "elf"
    path.write_bytes(b"\x7fELF" + bytes(200))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (without_permission, "Permission denied"),
        (lambda directory: str(directory), "Permission denied"),
        (lambda directory: without_permission(directory) + "/below", "Not a directory"),
        (loop_of_links, "Too many levels of symbolic links"),
        (lambda directory: str(directory / ("x" * 300)), "File name too long"),
    ],
    ids=["EACCES", "directory", "ENOTDIR", "ELOOP", "ENAMETOOLONG"],
)
def test_a_command_that_cannot_be_executed_is_126(gosv, make, text, tmp_path):
    command = make(tmp_path)
    run = gosv.command(command, flags=())
    assert run.wait() == 126
    (line,) = run.stderr.lines()
    assert text in line


def test_a_program_that_is_open_for_writing_is_126(gosv, tmp_path):
    busy = tmp_path / "busy"
    busy.write_bytes(Path(gosv.probe).read_bytes())
    busy.chmod(0o755)
    with open(busy, "r+b"):
        run = gosv.command(busy, "exit", 0, flags=())
        assert run.wait() == 126
    assert "Text file busy" in complaint(run, busy)


def test_too_long_an_argument_list_is_126(gosv_beneath, tmp_path):
    # gosv itself could not be started with such a list, so the kernel's answer is made up: the path
    # filter leaves gosv's own exec alone.
    gosv = gosv_beneath
    command = tmp_path / "command"
    command.write_bytes(Path(gosv.probe).read_bytes())
    command.chmod(0o755)
    words = gosv.strace("-f", "-P", str(command), "-e", "inject=execve:error=E2BIG")
    run = gosv.start([*words, gosv.binary, "--", command, "exit", 0])
    assert run.wait() == 126
    assert "Argument list too long" in complaint(run, command)


# --- a script without #! -----------------------------------------------------------------------------


def test_a_script_without_an_interpreter_line_is_run_by_the_shell(gosv, tmp_path):
    script = make_script(tmp_path / "script", 'echo "$0 $1 $#"')
    run = gosv.command(script, "a b", "c")
    assert run.wait() == 5
    assert run.stdout.lines() == [f"{script} a b 2"]


def test_a_script_without_an_interpreter_line_is_126_where_there_is_no_shell(gosv, tmp_path):
    root = empty_root(tmp_path, gosv.binary, gosv.probe)
    make_script(root / "script", "echo never")
    run = gosv("--", "/script", given=["chroot", root], binary="/gosv")
    assert run.wait() == 126
    complaint(run, "/script")


# --- no process to be had ------------------------------------------------------------------------------


def test_a_fork_that_fails_is_told_and_ends_gosv(gosv, public):
    # A user that nobody else is, who may have one process: gosv.
    run = gosv(
        "--", public.add(gosv.probe), "exit", 0,
        given=["user", 64001, "rlimit", 6, 1, 1], binary=public.add(gosv.binary),
    )
    assert run.wait() == 126
    last = run.stderr.lines()[-1]
    assert "no process to be had" in last and "Resource temporarily unavailable" in last


def test_a_killed_command_is_told_from_one_that_says_137(gosv):
    run = gosv.run_probe("die", int(signal.SIGKILL))
    assert run.wait() == 137
    assert run.wait_event("exited")["signal"] == "SIGKILL"
    run = gosv.run_probe("exit", 137)
    assert run.wait() == 137
    assert run.wait_event("exited")["code"] == 137
