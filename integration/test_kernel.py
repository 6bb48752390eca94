"""gosv as a kernel's own PID 1, with that machine's root cgroup as its own."""

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
