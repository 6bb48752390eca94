"""Fixtures of the tests in real Docker: an engine for the session, images, containers.

These tests fail where Docker cannot run, unless GOSV_SKIP_DOCKER=1 says that this is known.
"""

import os
import pathlib
import shutil
import signal
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import base_image  # noqa: E402
from container import Container  # noqa: E402
from engine import Engine, EngineFailed  # noqa: E402
from support.gosv import TALKATIVE, TREE, find_binary, find_program, library  # noqa: E402

EXAMPLES = TREE / "docker/examples"


def pytest_configure():
    # Whoever ends the tests from outside wants the engine ended, too: as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    # With xdist, one worker for all of them: the others would start an engine each.
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("docker"))


@pytest.fixture(scope="session")
def engine():
    if os.environ.get("GOSV_SKIP_DOCKER"):
        pytest.skip("GOSV_SKIP_DOCKER is set")
    # Not in pytest's own temporary directory: the path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="docker.") as directory:
        try:
            engine = Engine(directory)
            engine.start()
        except EngineFailed as failure:
            pytest.fail(f"{failure}\nGOSV_SKIP_DOCKER=1 leaves out what needs a Docker engine",
                        pytrace=False)
        try:
            engine.import_base(base_image.ensure(), "debian:bookworm-slim")
            yield engine
        finally:
            engine.stop()


@pytest.fixture(scope="session")
def gosv_image(engine):
    """What README.md tells users to build; every other image copies gosv from it. With the C library
    that the binary under test has: where no zig can be fetched, there is none for an image either."""
    return engine.build("gosv", TREE, GOSV_LIBC=library(find_binary()))


@pytest.fixture(scope="session")
def image(engine, gosv_image, tmp_path_factory):
    """Debian with gosv as the entry point and the probe beside it."""
    context = tmp_path_factory.mktemp("image")
    shutil.copy(find_program("probe"), context / "probe")
    return engine.build("gosv-test", context, """
        FROM debian:bookworm-slim
        COPY --from=gosv /sbin/gosv /sbin/gosv
        COPY probe /bin/probe
        ENTRYPOINT ["/sbin/gosv"]
    """)


@pytest.fixture(scope="session")
def example(engine, gosv_image):
    """example("NAME"): the tag of that example's image, built once."""
    built = {}

    def build(name):
        if name not in built:
            built[name] = engine.build(f"example-{name}", EXAMPLES / name)
        return built[name]

    return build


class Containers:
    """Starts containers; removes all of them at the end of the test."""

    def __init__(self, engine, directory):
        self.engine = engine
        self._directory = directory
        self._all = []

    def run(self, image, *arguments, options=()):
        """`docker run OPTIONS IMAGE ARGUMENTS`, detached."""
        container = Container(self.engine, [*options, image, *arguments])
        self._all.append(container)
        return container

    def manifest(self, image, text, flags=TALKATIVE, options=()):
        """gosv with this manifest, every event as a JSON line."""
        path = self._directory / f"gosv{len(self._all)}.yaml"
        path.write_text(text)
        path.chmod(0o644)
        mount = ("--volume", f"{path}:/etc/gosv.yaml:ro")
        return self.run(image, *flags, "/etc/gosv.yaml", options=[*mount, *options])

    def command(self, image, *command, flags=TALKATIVE, options=()):
        """`gosv -- COMMAND`."""
        return self.run(image, *flags, "--", *command, options=options)

    def describe(self):
        return "\n".join(container.describe() for container in self._all)

    def close(self):
        for container in self._all:
            container.remove()


@pytest.fixture
def containers(engine, tmp_path):
    containers = Containers(engine, tmp_path)
    try:
        yield containers
    finally:
        print(containers.describe())  # pytest shows it when the test has failed
        containers.close()
