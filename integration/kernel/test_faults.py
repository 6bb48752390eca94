"""Every single step of the set-up fails once: gosv goes on or ends as `auto` and `required` say, never half.

The steps are not written down here: a first run tells what gosv asks the kernel of cgroups until its
services have started, and then one run after the other has one of them fail.
"""

import errno
import signal

import pytest

PARTS = 4
LIMITS = {"memory.max": str(64 << 20), "cpu.max": "50000 100000", "pids.max": "20"}


def manifest(made, mode):
    waiting = {"command": [made.burden, "fork", "0"], "restart_delay": 0, "failure_action": "none"}
    return {"cgroup": mode, "services": {
        "limited": {**waiting, "limits": {"memory": "64M", "cpus": 0.5, "pids": 20}},
        "free": waiting,
    }}


def start(container, mode, step, error):
    made = container(fail_step=(step, error))
    return made, made.manifest(manifest(made, mode))


def has_settled(run, service):
    return run.events("started", service=service) or run.events("failed", service=service)


_steps = []  # of one run, for all


@pytest.fixture
def steps(container):
    """What gosv asks the kernel of cgroups up to its last start, numbered. Not the read that finds a
    file's end."""
    if not _steps:
        made, run = start(container, "auto", 0, 0)
        run.wait_events(2, "started")
        said = made.steps()
        last = max(i for i, line in enumerate(said) if line == "start")
        lines = [line.partition(" ") for line in said[:last] if line != "start"]
        _steps.extend((int(number), name) for i, (number, _, name) in enumerate(lines)
                      if not name.startswith("read ") or name != lines[i - 1][2])
        # That it is what it is meant to be.
        names = [name for _, name in _steps]
        assert "openat /proc/self/cgroup" in names
        assert "write /sys/fs/cgroup/services/limited/pids.max" in names
        assert "openat /sys/fs/cgroup/services/free" in names
        run.kill(signal.SIGTERM)
        assert run.wait() == 0
    return _steps


def is_untouched(made, run):
    """The container's cgroup is as gosv has found it."""
    return (made.cgroup.children() == [] and made.cgroup.read("cgroup.subtree_control") == ""
            and (run.has_ended or run.pid in made.cgroup.processes()))


def limits_not_in_force(made):
    leaf = made.leaf("limited")
    return [file for file, value in LIMITS.items()
            if not (leaf.path / file).exists() or leaf.read(file) != value]


def check_auto(made, run, error):
    # The one without limits starts in any case.
    run.wait_event("started", service="free")
    run.stderr.wait_for(lambda _: has_settled(run, "limited"), "the limited one has started or failed")
    warnings = [event["msg"] for event in run.events("cgroup", level="warn")]
    if failed := run.events("failed", service="limited"):
        # The kernel has refused one of its limits: file, value and errno.
        file = next(file for file in LIMITS if failed[0]["reason"].startswith(file))
        assert f"cannot write '{LIMITS[file]}': {error}" in failed[0]["reason"]
        assert limits_not_in_force(made) == [file]
        assert not run.events("started", service="limited")
        assert made.leaf("free").processes()
    elif made.services.exists:
        assert len(made.leaf("limited").processes()) == 1
        assert len(made.leaf("free").processes()) == 1
        told = [file for file in LIMITS
                if any(f"a limit of limited is not enforced: {file}" in each for each in warnings)]
        assert limits_not_in_force(made) == told
        assert len(warnings) == len(told)
    else:
        assert len(warnings) == 1
        assert warnings[0].startswith("limits of limited are not enforced: ")
        assert is_untouched(made, run)
    run.kill(signal.SIGTERM)
    assert run.wait() == 0
    assert not made.services.exists


def check_required(made, run):
    run.stderr.wait_for(lambda _: run.has_ended or len(run.events("started")) == 2
                        or "gosv: cgroup: required" in run.stderr.text(), "it has started or ended")
    if run.events("started"):
        assert limits_not_in_force(made) == []
        assert not run.events("cgroup", level="warn")
        assert len(made.leaf("limited").processes()) == 1
        run.kill(signal.SIGTERM)
        assert run.wait() == 0
        assert not made.services.exists
    else:
        assert run.wait() == 78
        assert "\nhint: " in run.stderr.text() or "is not in force: " in run.stderr.text()
        assert not run.events("started")
        assert is_untouched(made, run)


def each_fails(container, steps, mode, error, check):
    for number, name in steps:
        made, run = start(container, mode, number, error)
        try:
            check(made, run)
            assert any(line.endswith(f" = {error}") for line in made.steps())
        except BaseException:
            print(f"failed at step {number}: {name}\n{run.describe()}")
            raise
        made.close()


# In parts, so that none takes long enough to be taken for a hang.
@pytest.mark.parametrize("part", range(PARTS))
def test_auto_goes_on_whichever_step_fails_and_tells_every_limit_that_is_not_in_force(
        container, steps, part):
    each_fails(container, steps[part::PARTS], "auto", errno.EIO,
               lambda made, run: check_auto(made, run, "Input/output error"))


@pytest.mark.parametrize("part", range(PARTS))
def test_required_has_everything_in_force_or_ends_with_78_whichever_step_fails(
        container, steps, part):
    each_fails(container, steps[part::PARTS], "required", errno.EACCES, check_required)
