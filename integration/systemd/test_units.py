"""gosv on a machine with systemd, in the host's cgroup namespace: its unit's cgroup is its own if, and only
if, it is delegated."""

import pytest

from support.deadline import until
from support.unit import ANOTHER_USER, systemctl

DELEGATED = "--property=Delegate=yes"


def manifest(unit, **more):
    return {"services": {"web": {"command": [unit.burden, "eat", "4"],
                                 "limits": {"memory": "64M", "pids": 20, "cpus": 0.5}}}, **more}


def assert_in_force(unit):
    unit.wait_event("started", service="web")
    assert not unit.events("cgroup", level="warn")
    assert unit.leaf("web").read("memory.max") == str(64 << 20)
    assert unit.leaf("web").read("pids.max") == "20"
    assert len(unit.leaf("web").processes()) == 1
    assert unit.cgroup.processes() == []


# --- delegated ------------------------------------------------------------------------------------

def test_a_delegated_scope_is_gosvs_own(unit):
    unit.scope(manifest(unit, cgroup="required"), DELEGATED)
    assert_in_force(unit)
    assert len(unit.init.processes()) == 1
    systemctl("stop", f"{unit.name}.scope")
    unit.wait()
    unit.wait_until_gone()


def test_its_processes_know_their_leaf_by_its_whole_path(unit):
    unit.scope({"services": {"web": {"command": [unit.burden, "where"], "restart": "no"}}}, DELEGATED)
    assert unit.wait() == 1
    assert unit.text() == f"0::/system.slice/{unit.name}.scope/services/web\n"


def test_a_delegated_service_is_gosvs_own_and_stops_in_order(unit):
    unit.service(manifest(unit, cgroup="required"), DELEGATED, "--property=KillMode=mixed")
    assert_in_force(unit)
    systemctl("stop", f"{unit.name}.service")
    assert unit.events("stopped", service="web")
    assert not unit.events("killing")
    assert unit.events("end", code=0)
    unit.wait_until_gone()


def test_limits_outlive_what_systemd_does_to_its_units(unit):
    unit.service(manifest(unit), DELEGATED)
    assert_in_force(unit)
    systemctl("daemon-reload")
    systemctl("set-property", "--runtime", f"{unit.name}.service", "MemoryMax=512M", "TasksMax=100")
    until(lambda: unit.cgroup.read("memory.max") == str(512 << 20), "systemd has set its own limit")
    assert_in_force(unit)


def test_an_oom_kill_of_a_service_does_not_end_the_unit(unit):
    services = manifest(unit)["services"]
    services["eater"] = {"command": [unit.burden, "eat", "64"], "restart": "no", "failure_action": "none",
                         "limits": {"memory": "16M", "memory_swap": 0}}
    unit.service({"services": services}, DELEGATED)
    unit.wait_event("failed", service="eater")
    assert unit.events("oom", service="eater")
    state = systemctl("show", "--property=ActiveState,OOMPolicy", f"{unit.name}.service")
    assert sorted(state.split()) == ["ActiveState=active", "OOMPolicy=continue"]
    assert len(unit.leaf("web").processes()) == 1
    assert not unit.events("shutdown")


def test_started_in_init_of_a_delegated_unit_it_takes_the_unit(unit):
    # As DelegateSubgroup=init has it, since systemd 254.
    enter = (f"cd /sys/fs/cgroup/system.slice/{unit.name}.service && mkdir init && "
             'echo 0 >init/cgroup.procs && exec "$$@"')
    unit.service(manifest(unit, cgroup="required"), DELEGATED, before=("/bin/sh", "-c", enter, "sh"))
    assert_in_force(unit)
    assert unit.init.children() == []


# --- not delegated --------------------------------------------------------------------------------

def test_without_delegation_auto_keeps_its_hands_off_and_names_the_setting(unit):
    unit.scope(manifest(unit))
    unit.wait_event("started", service="web")
    [warning] = unit.events("cgroup", level="warn")
    assert warning["msg"].startswith("limits of web are not enforced: ")
    assert "is not delegated to gosv" in warning["msg"]
    assert "systemd-run --scope -p Delegate=yes" in warning["msg"]
    assert unit.cgroup.children() == []
    assert len(unit.cgroup.processes()) == 2


def test_without_delegation_required_is_78(unit):
    unit.scope(manifest(unit, cgroup="required"))
    assert unit.wait() == 78
    assert "is not delegated to gosv" in unit.log()
    assert unit.text() == ""


# --- another user ---------------------------------------------------------------------------------

def test_a_scope_of_another_user_belongs_to_root(unit):
    unit.scope(manifest(unit), DELEGATED, f"--uid={ANOTHER_USER}")
    unit.wait_event("started", service="web")
    [warning] = unit.events("cgroup", level="warn")
    assert "belongs to uid 0 and gosv may not write there" in warning["msg"]
    assert unit.cgroup.children() == []


def test_a_delegated_service_of_another_user_is_that_users(unit):
    unit.service(manifest(unit, cgroup="required"), DELEGATED, f"--uid={ANOTHER_USER}")
    assert_in_force(unit)


@pytest.mark.parametrize("how", ["service", "scope"])
def test_a_users_own_manager_delegates_too(unit, user_manager, how):
    plan = manifest(unit, cgroup="required")
    if how == "service":
        unit.service_of_a_user(user_manager, plan, DELEGATED)
    else:
        unit.scope_of_a_user(user_manager, plan, DELEGATED)
    assert_in_force(unit)
