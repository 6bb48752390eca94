"""Starts gosv in every way that a user may; the `gosv` fixture is one of these."""

import json
import os
from pathlib import Path

from .run import BENEATH, PID1, Run

# So that a test can wait for what gosv does: every event, one JSON object a line.
TALKATIVE = ("--log-format", "json", "--log-level", "debug")

TREE = Path(__file__).resolve().parents[2]

PROGRAMS = "cmake --preset dev && cmake --build --preset dev"


def call_that_starts():
    """The system call that starts a service to which gosv may lend its memory: from Linux 5.16 on clone."""
    release = tuple(int(number) for number in os.uname().release.split("-")[0].split(".")[:2])
    return "clone" if release >= (5, 16) else "clone3"


class MissingBinary(RuntimeError):
    pass


def find_binary():
    """$GOSV, else what ships, else what developers build."""
    if named := os.environ.get("GOSV"):
        candidates = [Path(named)]
    else:
        candidates = [TREE / "build/release/gosv", TREE / "build/dev/gosv"]
    return _first(candidates, "GOSV", "./dev build")


def library(binary):
    """Which C library is linked into it."""
    return "glibc" if b"GLIBC_TUNABLES" in Path(binary).read_bytes() else "musl"


def not_emulated():
    """What qemu-user cannot show: patterns of names of tests, each with the reason."""
    lines = (TREE / "integration/not_emulated.txt").read_text().splitlines()
    return [line.split(None, 1) for line in lines if line and not line.startswith("#")]


def find_program(name):
    """probe and launch. GOSV_PROGRAMS names the directory of another build."""
    if named := os.environ.get("GOSV_PROGRAMS"):
        return _first([Path(named) / name], "GOSV_PROGRAMS", PROGRAMS)
    return _first([TREE / "build" / preset / "integration" / name for preset in ("dev", "asan")],
                  "GOSV_PROGRAMS", PROGRAMS)


def _first(candidates, variable, how):
    for candidate in candidates:
        if candidate.is_file():
            return str(candidate.resolve())
    tried = ", ".join(str(candidate) for candidate in candidates)
    raise MissingBinary(f"{tried}: not there. Build it: {how}; or name it in ${variable}")


class Gosv:
    """A factory of runs in one place (PID1 or BENEATH). close() ends all of them."""

    def __init__(self, place, directory):
        self.place = place
        self.directory = Path(directory)
        self.binary = find_binary()
        self.probe = find_program("probe")
        self._launch = find_program("launch")
        self._runs = []

    def __call__(self, *args, given=(), binary=None, **kwargs):
        """`gosv ARGS`. `given`: what the probe does before it becomes gosv, such as
        ["ignore", "CHLD"]; the rest as for Run."""
        argv = [binary or self.binary, *map(str, args)]
        if given:
            argv = [self.probe, *map(str, given), "exec", *argv]
        return self.start(argv, **kwargs)

    def start(self, argv, **kwargs):
        """Any program in gosv's place, such as a shell or strace that starts it."""
        run = Run(self._launch, [str(word) for word in argv], self.place, **kwargs)
        self._runs.append(run)
        return run

    def command(self, *command, flags=TALKATIVE, **kwargs):
        """`gosv -- COMMAND`."""
        return self(*flags, "--", *command, **kwargs)

    def run_probe(self, *acts, **kwargs):
        """`gosv -- probe ACTS`."""
        return self.command(self.probe, *acts, **kwargs)

    def manifest(self, manifest, flags=TALKATIVE, **kwargs):
        """`gosv MANIFEST`, the manifest as text or as what JSON can say of it."""
        return self(*flags, self.write_manifest(manifest), **kwargs)

    def write_manifest(self, manifest, name="gosv.yaml"):
        path = self.directory / name
        text = manifest if isinstance(manifest, str) else json.dumps(manifest, indent=2)
        path.write_text(text)
        return str(path)

    def strace(self, *options, log=None):
        """Words to put in front of gosv's own, as in gosv.start([*gosv.strace(...), gosv.binary]).
        gosv is strace's child then, so this is for the place beneath only."""
        log = log or self.directory / "strace"
        return ["strace", "-qq", "-o", str(log), *options]

    def describe(self):
        return "\n".join(run.describe() for run in self._runs)

    def close(self):
        runs, self._runs = self._runs, []
        for run in runs:
            run.close()


PLACES = (PID1, BENEATH)
