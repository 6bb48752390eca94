"""The exit codes of gosv, as Docker sees them: the contract with whoever restarts containers."""

import pytest

from support.deadline import PATIENCE


def service(command, **keys):
    """A manifest of one service."""
    lines = ["services:", "  it:", f"    command: {command}"]
    return "\n".join(lines + [f"    {key}: {value}" for key, value in keys.items()]) + "\n"


CODES = {
    "all services completed": (service("[probe, exit, '0']", type="oneshot"), 0),
    "a service's own code": (service("[probe, exit, '7']", restart="no"), 7),
    "its code after the last restart": (
        service("[probe, exit, '9']", max_restarts=1, restart_delay="10ms"), 9),
    "128 and the signal that killed it": (service("[probe, die, SEGV]", restart="no"), 139),
    "its program was not found": (service("[/no/such/program]"), 127),
    "it cannot be executed": (service("[/etc/passwd]"), 126),
    "a manifest that is invalid": ("services: {it: {comand: [probe]}}\n", 78),
}


@pytest.fixture(scope="module")
def ended(engine, image, tmp_path_factory):
    """All of CODES, run side by side: their exit codes and what they said."""
    from conftest import Containers
    containers = Containers(engine, tmp_path_factory.mktemp("manifests"))
    runs = {name: containers.manifest(image, text) for name, (text, _) in CODES.items()}
    try:
        yield {name: (run.wait(), run) for name, run in runs.items()}
    finally:
        print(containers.describe())
        containers.close()


@pytest.mark.parametrize("name", CODES)
def test_the_container_ends_with(ended, name):
    code, run = ended[name]
    assert code == CODES[name][1], run.describe()


def test_an_invalid_manifest_is_explained_in_the_logs(ended):
    _, run = ended["a manifest that is invalid"]
    run.stderr.wait_text("/etc/gosv.yaml:1:")
    run.stderr.wait_text("'comand'")
    run.stderr.wait_text("did you mean 'command'?")


def test_a_program_that_is_missing_is_named_in_the_logs(ended):
    _, run = ended["its program was not found"]
    assert "/no/such/program" in run.wait_event("failed", service="it")["reason"]


def test_a_stop_that_was_asked_for_ends_with_0(containers, image):
    run = containers.manifest(image, service("[probe, pause]"))
    run.wait_event("started", service="it")
    assert run.stop() < 1.0 * PATIENCE
    assert run.wait() == 0


def test_a_service_that_ignores_term_is_killed_by_gosv_before_docker_does_it(containers, image):
    # With every default: 8 s of grace, 9 s for the shutdown, 10 s of patience in docker stop.
    run = containers.manifest(image, service("[probe, ignore, TERM, say, deaf, pause]"))
    run.stdout.wait_object(say="deaf")
    seconds = run.stop()
    assert run.wait() == 137
    assert 7.5 < seconds < 10.0
    run.wait_event("killing", service="it")
    run.wait_event("end", code=137)


def test_a_manifest_that_is_not_there_ends_with_78(containers, image):
    run = containers.run(image, "/etc/nowhere.yaml")
    assert run.wait() == 78
    run.stderr.wait_text("/etc/nowhere.yaml: error: ")


def test_no_manifest_at_the_default_path_ends_with_64_and_says_what_was_tried(containers, gosv_image):
    run = containers.run(gosv_image)
    assert run.wait() == 64
    run.stderr.wait_text("/etc/gosv.yaml")


def test_an_unknown_flag_ends_with_64(containers, image):
    run = containers.run(image, "--frobnicate")
    assert run.wait() == 64
    run.stderr.wait_text("frobnicate")


@pytest.mark.parametrize("acts, code", [(["exit", "0"], 0), (["exit", "3"], 3), (["die", "TERM"], 143)])
def test_a_command_gives_its_own_code(containers, image, acts, code):
    assert containers.command(image, "probe", *acts).wait() == code


@pytest.mark.parametrize("command, code", [("/no/such/program", 127), ("/etc/passwd", 126)])
def test_a_command_that_cannot_start_gives_the_shells_codes(containers, image, command, code):
    assert containers.command(image, command).wait() == code
