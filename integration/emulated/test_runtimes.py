"""gosv as PID 1 of a container that a real engine's runtime has made: runc (Docker, containerd) and crun
(Podman)."""

import json

import pytest

from support.bundle import Bundle
from support.deadline import until

LIMITED = {"command": ["/burden", "eat", "4"], "limits": {"memory": "64M", "pids": 20, "cpus": 0.5}}
EATER = {"command": ["/burden", "eat", "64"], "limits": {"memory": "16M", "memory_swap": 0},
         "restart": "no", "failure_action": "none"}


@pytest.fixture(params=["runc", "crun"])
def bundle(request, public):
    made = []

    def make(**options):
        made.append(Bundle(public.path, request.param, **options))
        return made[-1]

    yield make
    for each in made:
        print(each.describe())
        each.close()


# --- where the cgroup may be written --------------------------------------------------------------

# Without clone3 is Docker's default.
@pytest.mark.parametrize("clone3", [False, True], ids=["no_clone3", "clone3"])
def test_with_a_writable_mount_limits_are_in_force(bundle, clone3):
    run = bundle(clone3=clone3).manifest({"services": {"web": LIMITED, "eater": EATER}})
    oom = run.wait_event("oom", service="eater")
    assert oom["reason"] == "memory limit of the service"
    run.stdout.wait_text("eaten")
    assert ("join their leaf themselves" in run.events("cgroup")[0]["msg"]) == (not clone3)
    leaf = run.leaf("web")
    assert leaf.read("memory.max") == str(64 << 20)
    assert leaf.read("pids.max") == "20"
    assert leaf.read("cpu.max") == "50000 100000"
    assert len(leaf.processes()) == 1
    assert run.cgroup.processes() == []
    run.kill("TERM")
    assert run.wait() == 0
    assert not run.cgroup.exists


def test_with_the_hosts_cgroup_namespace_it_stays_below_its_own_cgroup(bundle):
    run = bundle(private=False).manifest({"services": {"web": LIMITED}})
    run.stdout.wait_text("eaten")
    assert run.leaf("web").read("memory.max") == str(64 << 20)
    assert run.where_an_exec_lands() == f"0::/{run.name}/init"
    run.kill("TERM")
    assert run.wait() == 0
    assert not run.services.exists


# As Kubernetes does it since 1.28.
def test_an_oom_group_on_the_container_does_not_take_gosv_along(bundle):
    run = bundle(limits={"memory.oom.group": "1", "memory.max": str(96 << 20)}).manifest(
        {"services": {"eater": EATER, "web": LIMITED}})
    run.wait_event("failed", service="eater")
    assert run.events("oom", service="eater")
    assert run.leaf("web").processes()
    assert run.where_an_exec_lands() == "0::/init"


# --- where it may not -----------------------------------------------------------------------------

# What gosv sees is the kernel's, whoever has mounted it: both runtimes for what is most usual alone.
OBSTACLES = {
    "read_only": (dict(mount="ro"), "/sys/fs/cgroup is mounted read-only",
                  "docker run --security-opt writable-cgroups=true"),
    "another_user": (dict(uid=1000), "/sys/fs/cgroup belongs to uid 0", "Start gosv as root"),
    "hosts_mount": (dict(mount="host"), "/sys/fs/cgroup shows another part of the cgroup tree",
                    "without -v /sys/fs/cgroup:/sys/fs/cgroup"),
}

CASES = [("runc", "read_only"), ("crun", "read_only"), ("runc", "another_user"), ("runc", "hosts_mount")]


@pytest.mark.parametrize("bundle,obstacle", CASES, indirect=["bundle"])
def test_auto_goes_on_without_and_names_the_flag_in_one_line(bundle, obstacle):
    options, why, way_out = OBSTACLES[obstacle]
    run = bundle(**options).manifest({"services": {"web": LIMITED}})
    run.stdout.wait_text("eaten")
    run.wait_event("started", service="web")
    [warning] = run.events("cgroup", level="warn")
    assert warning["msg"].startswith(f"limits of web are not enforced: {why}")
    assert way_out in warning["msg"]
    assert run.cgroup.children() == []
    run.kill("TERM")
    assert run.wait() == 0


@pytest.mark.parametrize("bundle,obstacle", CASES, indirect=["bundle"])
def test_required_ends_with_78_before_anything_starts(bundle, obstacle):
    options, why, way_out = OBSTACLES[obstacle]
    run = bundle(**options).manifest({"cgroup": "required", "services": {"web": LIMITED}})
    assert run.wait() == 78
    assert "eaten" not in run.stdout.text()
    assert f"gosv: cgroup: required, but {why}" in run.stderr.text()
    assert way_out in run.stderr.text()


# --- who comes in from outside --------------------------------------------------------------------

def test_an_exec_after_the_set_up_joins_init_and_has_no_services_limits(bundle):
    run = bundle().manifest({"services": {"web": LIMITED}})
    run.stdout.wait_text("eaten")
    assert run.where_an_exec_lands() == "0::/init"
    run.exec_and_leave("/burden", "eat", "1")
    until(lambda: len(run.init.processes()) == 2, "the process is in init, with gosv")
    run.kill("TERM")
    assert run.wait() == 0  # and the runtime has removed what gosv must stay in


def test_an_exec_before_the_set_up_is_moved_aside(bundle):
    run = bundle().manifest({"services": {"web": LIMITED}}, before=("listen-until", "USR1"))
    run.stdout.wait_object(listening=True)
    run.exec_and_leave("/burden", "eat", "1")
    until(lambda: len(run.cgroup.processes()) == 2, "both are in the container's own cgroup")
    run.kill("USR1")
    run.stdout.wait_text("eaten")
    run.wait_event("started", service="web")
    assert not run.events("cgroup", level="warn")
    assert len(run.init.processes()) == 2
    assert run.cgroup.processes() == []
    assert run.leaf("web").read("memory.max") == str(64 << 20)
    assert run.where_an_exec_lands() == "0::/init"


# --- what engines do with a container goes on working ---------------------------------------------

def test_pause_and_update_work_as_before(bundle):
    run = bundle().manifest({"services": {"web": LIMITED}})
    run.stdout.wait_text("eaten")
    for word, frozen in (("pause", "1"), ("resume", "0")):
        run.do(word, run.name)
        until(lambda: run.leaf("web").value("cgroup.events", "frozen") == frozen, word)
    run.do("update", "--pids-limit", 50, run.name)
    assert run.cgroup.read("pids.max") == "50"
    assert run.leaf("web").read("pids.max") == "20"
    run.kill("TERM")
    assert run.wait() == 0


# Not crun's: Debian's 1.8 breaks down over it, whatever is in the container.
@pytest.mark.parametrize("bundle", ["runc"], indirect=True)
def test_the_list_of_processes_has_the_services(bundle):
    run = bundle().manifest({"services": {"web": LIMITED}})
    run.stdout.wait_text("eaten")
    listed = json.loads(run.do("ps", "--format", "json", run.name).stdout)
    assert set(listed) == {*run.init.processes(), *run.leaf("web").processes()}


def test_after_a_kill_the_runtime_removes_all_that_gosv_could_not(bundle):
    run = bundle().manifest({"services": {"web": {"command": ["/burden", "scatter", "5"]}}})
    run.stdout.wait_text("scattered")
    assert run.leaf("web").exists
    run.kill("KILL")
    assert run.wait() == 137
    assert not run.cgroup.exists
