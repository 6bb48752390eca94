"""gosv as a kernel's own PID 1, with that machine's root cgroup as its own."""

import pytest
from kernel.boot import run

from support.gosv import Gosv, find_program
from support.run import PID1


def test_gosv_can_be_the_init_of_a_machine(tmp_path):
    burden = find_program("burden")
    gosv = Gosv(PID1, tmp_path)
    manifest = gosv.write_manifest({"cgroup": "required", "services": {
        "eater": {"command": [burden, "eat", "64"], "limits": {"memory": "16M", "memory_swap": 0},
                  "restart": "no", "failure_action": "none"},
        "escape": {"command": [burden, "escape"], "restart": "no", "failure_action": "none"},
        "where": {"command": ["cat", "/proc/self/cgroup"], "restart": "no"},
    }})
    ended = run([gosv.binary, manifest], as_pid1=True, memory=256, seconds=120)
    assert "0::/services/where" in ended.text
    assert "killed for memory: memory limit of the service, limit 16384K" in ended.text
    assert "1 left behind: " in ended.text
    assert ended.code in (3, 137)  # whichever failed first


def test_without_a_cgroup_mount_a_machine_gets_its_services_all_the_same(tmp_path):
    gosv = Gosv(PID1, tmp_path)
    manifest = gosv.write_manifest({"services": {"web": {
        "command": ["echo", "runs"], "restart": "no", "limits": {"pids": 5}}}})
    ended = run(["sh", "-c", f"umount /sys/fs/cgroup; exec {gosv.binary} {manifest}"],
                as_pid1=True, memory=256, seconds=120)
    assert "limits of web are not enforced: no cgroup2 file system is mounted" in ended.text
    assert "runs" in ended.text
    assert ended.code == 0


# How such hosts mount their hierarchies. The legacy one is what is seen through a plain tmpfs, in which
# a mkdir would succeed.
V1 = """
umount /sys/fs/cgroup
mount -t tmpfs tmpfs /sys/fs/cgroup
for each in memory pids cpu; do
    mkdir /sys/fs/cgroup/$each && mount -t cgroup -o $each cgroup /sys/fs/cgroup/$each || exit 99
done
"""
HYBRID = V1 + """
mkdir /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified || exit 99
"""
# Only a hierarchy without controllers, as systemd's: that is no obstacle.
NAMED = """
mkdir /tmp/systemd && mount -t cgroup -o none,name=systemd cgroup /tmp/systemd || exit 99
"""
NO_V2 = {"v1": V1, "hybrid": HYBRID}
WHY = "this host keeps its controllers in cgroup v1"


def boot(tmp_path, prepare, mode, *, as_pid1=True):
    gosv = Gosv(PID1, tmp_path)
    manifest = gosv.write_manifest({"cgroup": mode, "services": {"web": {
        "command": ["sh", "-c", "cat /proc/self/cgroup; echo runs"], "restart": "no",
        "limits": {"pids": 5}}}})
    return run(["sh", "-c", f"{prepare}\n exec {gosv.binary} {manifest}"],
               as_pid1=as_pid1, memory=256, seconds=120)


@pytest.mark.parametrize("host", NO_V2)
def test_on_a_host_with_cgroup_v1_auto_goes_on_and_says_so(tmp_path, host):
    ended = boot(tmp_path, NO_V2[host], "auto")
    assert f"limits of web are not enforced: {WHY}. Boot the host with systemd.unified" in ended.text
    assert "runs" in ended.text
    assert ended.code == 0


@pytest.mark.parametrize("host", NO_V2)
def test_on_a_host_with_cgroup_v1_required_ends_with_78(tmp_path, host):
    ended = boot(tmp_path, NO_V2[host], "required")
    assert f"cgroup: required, but {WHY}" in ended.text
    assert "runs" not in ended.text
    assert ended.code == 78


def test_a_hierarchy_of_v1_without_controllers_is_no_obstacle(tmp_path):
    ended = boot(tmp_path, NAMED, "required")
    assert "0::/services/web" in ended.text and "runs" in ended.text
    assert ended.code == 0


@pytest.mark.parametrize("mode, code", [("auto", 0), ("required", 78)])
def test_the_root_cgroup_of_a_machine_is_not_for_who_is_not_its_init(tmp_path, mode, code):
    ended = boot(tmp_path, "", mode, as_pid1=False)
    assert "is the root cgroup of the machine, and gosv is not its init" in ended.text
    assert "systemd-run --scope -p Delegate=yes" in ended.text
    assert ("runs" in ended.text) == (mode == "auto")
    assert ended.code == code
