"""Fixtures of the integration tests; README.md says how a test looks."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support.gosv import PLACES, Gosv  # noqa: E402
from support.run import BENEATH, PID1  # noqa: E402


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
