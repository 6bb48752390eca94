"""Every process of a service is in its leaf, from its first instruction on."""

import pytest


# Without clone3 is the path of most users: Docker's default seccomp profile.
@pytest.mark.parametrize("clone3,starts", [(False, 1001), (True, 501)], ids=["no_clone3", "clone3"])
def test_a_service_is_in_its_leaf_from_its_first_instruction_on(container, clone3, starts):
    made = container(clone3=clone3)
    run = made.manifest({"services": {"web": {
        "command": [made.burden, "where"], "restart_delay": 0, "max_restarts": starts - 1,
    }}}, flags=("--log-format", "json"))
    assert run.wait(300) == 1
    seen = run.stdout.text().split()
    assert seen == ["0::/services/web"] * starts


@pytest.mark.parametrize("clone3", [True, False], ids=["clone3", "no_clone3"])
def test_the_log_says_how_services_come_into_their_leaf(container, clone3):
    made = container(clone3=clone3)
    run = made.manifest({"services": {"web": {"command": ["true"], "restart": "no"}}})
    note = run.wait_event("cgroup")["msg"]
    assert ("join their leaf themselves" in note) == (not clone3)
    assert run.wait() == 0


def test_gosv_and_whoever_was_there_before_are_in_init(container):
    made = container()
    run = made.manifest({"services": {"web": {"command": ["sleep", "1000"]}}})
    run.wait_event("started")
    assert run.pid in made.init.processes()
    assert made.cgroup.processes() == []
    assert made.cgroup.children() == ["init", "services"]
    assert made.services.children() == ["web"]


def test_only_what_the_manifest_needs_is_enabled(container):
    made = container()
    run = made.manifest({"services": {"web": {"command": ["sleep", "1000"]}}})
    run.wait_event("started")
    assert sorted(made.cgroup.read("cgroup.subtree_control").split()) == ["memory", "pids"]
    assert not (made.leaf("web").path / "cpu.max").exists()


def test_a_name_like_an_interface_file_gets_a_leaf_too(container):
    made = container()
    run = made.manifest({"services": {"memory.max": {"command": [made.burden, "where"],
                                                     "restart": "no", "failure_action": "none"}}})
    assert run.wait() == 1
    assert run.stdout.text().split() == ["0::/services/memory.max.service"]
