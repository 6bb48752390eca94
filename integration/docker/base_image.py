"""The base image debian:bookworm-slim, made where no registry can be reached.

debootstrap builds it from the mirror this machine itself installs from; the machine's settings for
reaching that and PyPI (a proxy, certificates) go into the image, so that apt-get and pip work in `docker
build`. The result is an archive for `docker import`, cached in $GOSV_CACHE (~/.cache/gosv) between runs.

Run as a program, it only fills the cache: ./dev test does that beside the compiler.
"""

import ast
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

RELEASE = "bookworm"
# Part of the cache's key: count it up when what goes into the image changes.
RECIPE = 3
# As in the image of that name in a registry: no documentation, and dpkg does not wait for the disk.
LEFT_OUT = ("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man")
DPKG_SETTINGS = "force-unsafe-io\n" + "".join(f"path-exclude /{path}/*\n" for path in LEFT_OUT)
CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
# The machine's, under a name that installing ca-certificates leaves alone.
PIP_CERTIFICATES = pathlib.Path("/etc/pip.pem")
PIP_SETTINGS = ("extra-index-url", "index-url", "proxy", "trusted-host")


def cache_directory():
    return pathlib.Path(os.environ.get("GOSV_CACHE") or pathlib.Path.home() / ".cache/gosv")


def mirror():
    """Where this machine's apt takes the release's main component from."""
    if "GOSV_DEBIAN_MIRROR" in os.environ:
        return os.environ["GOSV_DEBIAN_MIRROR"]
    targets = output("apt-get", "indextargets", "--format",
                     "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
    for line in targets.splitlines():
        uri, release, component = line.split()
        if release in (RELEASE, "stable") and component == "main" and "/debian" in uri:
            return uri
    raise RuntimeError(f"apt knows no mirror of Debian {RELEASE}; set GOSV_DEBIAN_MIRROR to one")


def apt_settings():
    """The lines of the machine's apt configuration that say how to reach a mirror."""
    wanted = re.compile(r"Acquire::(https?::|Check-Valid-Until|Check-Date|Retries)")
    lines = output("apt-config", "dump").splitlines()
    return "".join(line + "\n" for line in lines if wanted.match(line))


def pip_settings():
    """A pip.conf with what the machine's own says of how to reach PyPI, from files and environment."""
    lines = {"cert": PIP_CERTIFICATES}
    for line in output("/usr/bin/python3", "-m", "pip", "config", "list").splitlines():
        name, value = line.split("=", 1)
        key = name.rpartition(".")[2]
        if key in PIP_SETTINGS:
            lines[key] = ast.literal_eval(value)
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in sorted(lines.items()))


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def proxy(settings):
    """debootstrap does not read apt's configuration: the proxy in it, as an environment."""
    found = re.search(r'^Acquire::http::Proxy "(.+)";', settings, re.MULTILINE)
    return {"http_proxy": found.group(1)} if found else {}


def ensure():
    """The path of the archive; makes it when the cache has none. Safe to call side by side."""
    uri, settings, pip = mirror(), apt_settings(), pip_settings()
    content = f"{RECIPE}\n{uri}\n{settings}\n{pip}".encode() + CERTIFICATES.read_bytes()
    key = hashlib.sha256(content).hexdigest()[:12]
    directory = cache_directory()
    directory.mkdir(parents=True, exist_ok=True)
    archive = directory / f"debian-{RELEASE}-{key}.tar"
    with open(directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            make(archive, uri, settings, pip)
    return archive


def checked(*command, env=None):
    """As subprocess.run, but an interrupted debootstrap may still unmount what it has mounted."""
    with subprocess.Popen(command, env=env) as process:
        try:
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    if code != 0:
        raise subprocess.CalledProcessError(code, command)


def make(archive, uri, settings, pip):
    # Device nodes are made in it, so not every directory will do: /tmp may be mounted nodev.
    with tempfile.TemporaryDirectory(prefix="base.", dir=archive.parent) as scratch:
        root = pathlib.Path(scratch) / "root"
        extra = ["--include=ca-certificates"] if uri.startswith("https:") else []
        checked("debootstrap", "--variant=minbase", *extra, RELEASE, root, uri,
                env={**proxy(settings), **os.environ})
        (root / "etc/apt/apt.conf.d/90machine").write_text(settings)
        (root / "etc/dpkg/dpkg.cfg.d/90slim").write_text(DPKG_SETTINGS)
        (root / "etc/pip.conf").write_text(pip)
        shutil.copy(CERTIFICATES, root / PIP_CERTIFICATES.relative_to("/"))
        for path in LEFT_OUT:
            shutil.rmtree(root / path)
            (root / path).mkdir()
        if extra:
            shutil.copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
        for directory, names in (("var/cache/apt/archives", "*.deb"), ("var/lib/apt/lists", "*_*")):
            for file in (root / directory).glob(names):
                file.unlink()
        unfinished = pathlib.Path(scratch) / "archive"
        checked("tar", "--numeric-owner", "-C", root, "-cf", unfinished, ".")
        unfinished.rename(archive)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("no base image: terminated"))
    try:
        print(ensure())
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(f"no base image: {error}")
