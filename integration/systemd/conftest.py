"""Fixtures for a guest with systemd; README.md in the folder above says how it is started."""

from pathlib import Path

import pytest

from support.container import in_guest
from support.roots import PublicDirectory
from support.unit import Unit, UserManager


@pytest.fixture(scope="session", autouse=True)
def machine():
    if not in_guest() or Path("/proc/1/comm").read_text() != "systemd\n":
        pytest.fail("these tests need a kernel of their own: integration/kernel/boot.py --systemd -- "
                    "/usr/bin/python3 -m pytest integration/systemd", pytrace=False)


@pytest.fixture
def unit(public):
    made = Unit(public)
    yield made
    print(made.describe())
    made.close()


@pytest.fixture(scope="module")
def user_manager():
    directory = PublicDirectory()
    made = UserManager(directory.path)
    yield made
    made.close()
    directory.remove()
