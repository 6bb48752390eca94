"""Fixtures for the kernel in qemu; README.md in the folder above says how it is started."""

import os

import pytest

from kernel.conftest import container  # noqa: F401
from support.container import in_guest


@pytest.fixture(scope="session", autouse=True)
def machine():
    if not in_guest() or os.cpu_count() != 2:
        pytest.fail("these tests need a kernel of their own: integration/kernel/boot.py --rig qemu -- "
                    "/usr/bin/python3 -m pytest integration/emulated", pytrace=False)
