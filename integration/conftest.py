"""Fixtures of the integration tests; README.md says how a test looks."""

import fcntl
import fnmatch
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support.gosv import PLACES, Gosv, not_emulated  # noqa: E402
from support.roots import PublicDirectory  # noqa: E402
from support.run import BENEATH, PID1  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--emulated", action="store_true",
                     help="gosv runs under qemu-user: leave out what not_emulated.txt names")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--emulated"):
        return
    for pattern, reason in not_emulated():
        for item in items:
            if fnmatch.fnmatchcase(item.name, pattern):
                item.add_marker(pytest.mark.skip(reason=reason))


def _gosv(place, directory):
    gosv = Gosv(place, directory)
    try:
        yield gosv
    finally:
        print(gosv.describe())  # pytest shows it when the test has failed
        gosv.close()


@pytest.fixture(params=PLACES)
def gosv(request, tmp_path):
    """gosv as PID 1 of its namespace, and once more as an ordinary process."""
    yield from _gosv(request.param, tmp_path)


@pytest.fixture
def gosv_pid1(tmp_path):
    yield from _gosv(PID1, tmp_path)


@pytest.fixture
def gosv_beneath(tmp_path):
    yield from _gosv(BENEATH, tmp_path)


@pytest.fixture
def public():
    """A directory for programs that another user than root is to run."""
    directory = PublicDirectory()
    yield directory
    directory.remove()


@pytest.fixture
def storm():
    """Held by a test that makes thousands of processes: one at a time, whatever -n says."""
    with open(Path(tempfile.gettempdir(), "gosv-test-storm.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
