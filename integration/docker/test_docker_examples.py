"""Every example under docker/examples/ does what its README says. python-http is in
test_docker_lifecycle.py; those with a database, a web server and a queue in test_docker_services.py."""

import io
import tarfile

import pytest

from conftest import EXAMPLES
from support.deadline import PATIENCE


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
def test_an_example_has_a_readme_and_a_manifest_without_fault(containers, example, name):
    assert (EXAMPLES / name / "README.md").is_file()
    check = containers.run(example(name), "check", "--strict", "/etc/gosv.yaml",
                           options=["--entrypoint", "/sbin/gosv"])
    assert check.wait() == 0, check.describe()


def test_zombie_demo_leaves_no_zombie_with_gosv(containers, example):
    demo = containers.run(example("zombie-demo"))
    assert demo.wait() == 0
    demo.stdout.wait_text("PID 1 is: /sbin/gosv")
    demo.stdout.wait_text("state Z")
    demo.stdout.wait_text("PID 1 has reaped it")


def test_zombie_demo_keeps_its_zombie_without_gosv(containers, example):
    demo = containers.run(example("zombie-demo"), "/srv/zombie.py", options=["--entrypoint", "python3"])
    assert demo.wait() == 1
    demo.stdout.wait_text("PID 1 does not wait for it: it will stay")


def test_scratch_static_runs_without_shell_library_and_passwd(containers, example):
    clock = containers.run(example("scratch-static"))
    clock.stdout.wait_text("uid 65534: 1 s")
    clock.stdout.wait_text("uid 65533: 0 s")
    clock.kill("USR1")
    clock.stderr.wait_text("=== end of snapshot")
    assert clock.exec("sh", "-c", "true", check=False).returncode != 0, "there is a shell after all"
    assert clock.stop() < 1.0 * PATIENCE
    assert clock.wait() == 0


def test_scratch_static_refuses_a_user_by_name(containers, example):
    run = containers.manifest(
        example("scratch-static"), "services: {clock: {command: [/bin/clock], user: clock}}",
        flags=(), options=["--entrypoint", "/sbin/gosv"])
    assert run.wait() == 78
    run.stderr.wait_text("clock")


def test_the_image_of_gosv_is_one_file(engine, gosv_image, containers):
    assert containers.run(gosv_image, "--version").wait() == 0
    created = engine.docker("create", gosv_image, "--version").stdout.strip()
    try:
        # What docker itself puts into every container is left out.
        listed = engine.docker("export", created, text=False).stdout
    finally:
        engine.docker("rm", created)
    with tarfile.open(fileobj=io.BytesIO(listed)) as archive:
        files = [member.name for member in archive if member.isfile() and member.size > 0]
    assert files == ["sbin/gosv"]
