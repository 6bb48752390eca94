"""Fixtures for a kernel of our own; README.md in the folder above says how it is started."""

import itertools

import pytest

from support.container import Container, in_guest

_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def kernel():
    # Limits, OOM kills and fork bombs: never on the machine itself.
    if not in_guest():
        pytest.fail("these tests need a kernel of their own: integration/kernel/boot.py -- "
                    "/usr/bin/python3 -m pytest integration/kernel", pytrace=False)


@pytest.fixture
def container(public):
    """container(mount="ro", ...): see support/container.py."""
    made = []

    def make(**options):
        made.append(Container(public.path, f"container{next(_numbers)}", **options))
        return made[-1]

    yield make
    for each in made:
        print(each.describe())  # pytest shows it when the test has failed
        each.close()
