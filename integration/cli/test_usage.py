"""What gosv says when it is called in another way than it can be; exit 64, or 78 for a manifest."""

import os
import signal

import pytest


def complaint(run, code):
    assert run.wait() == code
    assert run.stdout.text() == ""
    return run.stderr.text()


def test_help_and_version_go_to_stdout(gosv_beneath):
    for flag in ("--help", "-help", "-h"):
        run = gosv_beneath(flag)
        assert run.wait() == 0
        assert run.stdout.text().startswith("gosv - ")
        assert run.stderr.text() == ""
    run = gosv_beneath("--version")
    assert run.wait() == 0
    assert run.stdout.text().startswith("gosv ")


def test_as_an_init_of_docker_the_version_has_tinis_form(gosv_beneath, tmp_path):
    init = tmp_path / "docker-init"
    init.symlink_to(gosv_beneath.binary)
    run = gosv_beneath("--version", binary=str(init))
    assert run.wait() == 0
    assert run.stdout.text().startswith("tini version ")


@pytest.mark.parametrize("words, told", [
    (["sleep", "1"], "unexpected word '1' after the manifest 'sleep'"),
    (["--confg", "x"], "unknown flag '--confg'"),
    (["--"], "no command after --"),
    (["--run", ""], "--run needs a value"),
    (["--json", "x"], "--json goes with `gosv check`"),
    (["--strict", "x"], "--strict goes with `gosv check`"),
])
def test_a_wrong_call_is_told_with_a_way_out(gosv, words, told):
    said = complaint(gosv(*words), os.EX_USAGE)
    assert said.startswith(f"gosv: {told}\nhint: ")
    assert said.count("\n") == 2


def test_without_a_manifest_what_was_tried_is_told(gosv):
    assert not os.path.exists("/etc/gosv.yaml"), "this test needs a machine without one"
    said = complaint(gosv(env={}), os.EX_USAGE)
    assert "$GOSV_CONFIG" in said
    assert "/etc/gosv.yaml" in said


def test_a_program_in_place_of_the_manifest_is_told_about_the_dashes(gosv):
    said = complaint(gosv("nginx"), os.EX_CONFIG)
    assert said.startswith("nginx: error: the manifest ")
    assert "gosv -- nginx\n" in said


def test_a_bad_manifest_starts_nothing(gosv, tmp_path):
    mark = tmp_path / "mark"
    said = complaint(gosv.manifest({"services": {"good": {"command": ["touch", str(mark)]},
                                                 "bad": {"comand": "x"}}}, flags=()), os.EX_CONFIG)
    assert "did you mean 'command'?" in said
    assert not mark.exists()


def test_run_takes_a_line_for_the_shell_as_it_is(gosv):
    line = """/bin/sh -c 'printf "%s\\n" "$0" "$@"; kill -TERM "$PPID"; sleep 60' "a b" '${X}' "$HOME" '#'"""
    run = gosv("--run", line, env={"HOME": "/h", "PATH": os.environ["PATH"]})
    run.stdout.wait_text("#\n")
    run.wait()
    assert run.stdout.lines() == ["a b", "${X}", "/h", "#"]


def test_the_demo_says_what_there_is_to_see(gosv):
    run = gosv("demo")
    run.stdout.wait_text("heartbeat: still here")
    run.stdout.wait_text("crasher: started, will fail in a second\n")
    run.kill(signal.SIGTERM)
    assert run.wait() == 0
    assert run.stdout.text().startswith("gosv demo: ")
    assert "\nservices:\n  heartbeat:\n" in run.stdout.text()
