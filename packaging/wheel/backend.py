"""Builds a wheel that carries the corslint binary: a PEP 517 backend without dependencies.

The binary is, in this order, the one that CORSLINT_BINARY names, the one of the release that this source is (by the first
section of CHANGELOG.md), or what `go build` makes of this source. A download whose checksum is wrong is an error, and never a
reason to try something else.

    pip install .
    python packaging/wheel/backend.py --os darwin --arch arm64 --binary dist/corslint dist    # a wheel for another platform
"""

import argparse
import base64
import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
RELEASES = "https://github.com/corslint/corslint/releases/download"

# Go's names of the platforms of a release, and the tags of wheels for them. The binaries are static, so that they run with
# glibc and with musl; macOS 12 is the oldest that Go 1.26 supports.
TAGS = {
    ("linux", "amd64"): "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    ("linux", "arm64"): "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    ("darwin", "amd64"): "macosx_12_0_x86_64",
    ("darwin", "arm64"): "macosx_12_0_arm64",
    ("windows", "amd64"): "win_amd64",
    ("windows", "arm64"): "win_arm64",
}

METADATA = """\
Metadata-Version: 2.1
Name: corslint
Version: {version}
Summary: Predicts what servers answer to cross-origin requests and what browsers then do
Home-page: https://github.com/corslint/corslint
License: MIT
Requires-Python: >=3.8
"""


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel for this machine and returns its name (PEP 517)."""
    system, machine = this_platform()
    tag = re.sub(r"[^a-zA-Z0-9]", "_", sysconfig.get_platform())
    with tempfile.TemporaryDirectory() as temporary:
        binary = find_binary(released_version(), system, machine, Path(temporary))
        return write_wheel(Path(wheel_directory), binary.read_bytes(), system, tag)


def build_sdist(sdist_directory, config_settings=None):
    """A source distribution is the repository itself."""
    raise UnsupportedOperation("corslint has no source distribution")


class UnsupportedOperation(Exception):
    """What PEP 517 wants to be raised."""


def released_version():
    """Returns the version that this source is released as; None where it is between two releases.

    packaging/version.sh is the same for shells.
    """
    for line in (SOURCE / "CHANGELOG.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            found = re.match(r"## (\d[0-9A-Za-z.-]*)", line)
            return found and found.group(1)
    return None


def python_version():
    """Returns the version as PEP 440 writes it: 1.2.0-rc.1 is 1.2.0rc1."""
    version = released_version() or "0.0.0.dev0"
    return re.sub(r"-(alpha|beta|rc)\.?", lambda m: {"alpha": "a", "beta": "b", "rc": "rc"}[m.group(1)], version)


def this_platform():
    """Returns Go's names of the operating system and the architecture."""
    machine = platform.machine().lower()
    return platform.system().lower(), {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def program(system):
    return "corslint.exe" if system == "windows" else "corslint"


def find_binary(version, system, machine, directory):
    """Returns the path of a binary, which may lie in the directory."""
    given = os.environ.get("CORSLINT_BINARY")
    if given:
        return Path(given)
    if version and (system, machine) in TAGS:
        binary = download(version, system, machine, directory)
        if binary:
            return binary
    return build(directory / program(system))


def download(version, system, machine, directory):
    """Returns the binary of a release; None where there is none to be had."""
    archive = "corslint_{}_{}_{}.{}".format(version, system, machine, "zip" if system == "windows" else "tar.gz")
    folder = "{}/v{}/".format(os.environ.get("CORSLINT_RELEASES", RELEASES), version)
    try:
        checksums, data = fetch(folder + "checksums.txt").decode(), fetch(folder + archive)
    except (urllib.error.URLError, OSError) as problem:
        print("corslint: {}{}: {}; building from source".format(folder, archive, problem), file=sys.stderr)
        return None
    if "{}  {}".format(hashlib.sha256(data).hexdigest(), archive) not in checksums.splitlines():
        raise RuntimeError("the checksum of {}{} is not the one in checksums.txt".format(folder, archive))
    binary = directory / program(system)
    if system == "windows":
        with zipfile.ZipFile(io.BytesIO(data)) as z:
            binary.write_bytes(z.read(binary.name))
    else:
        with tarfile.open(fileobj=io.BytesIO(data)) as t:
            binary.write_bytes(t.extractfile(binary.name).read())
    return binary


def fetch(url):
    with urllib.request.urlopen(url, timeout=60) as response:
        return response.read()


def build(binary):
    """Builds the binary from this source."""
    if not shutil.which("go"):
        raise RuntimeError("no released binary belongs to this source, and there is no Go to build one with (https://go.dev/dl)")
    command = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", str(binary), "./cmd/corslint"]
    subprocess.run(command, cwd=SOURCE, env={**os.environ, "CGO_ENABLED": "0"}, check=True)
    return binary


def write_wheel(directory, binary, system, tag):
    """Writes a wheel around a binary and returns its name. The same binary gives the same bytes."""
    version = python_version()
    name = "corslint-" + version
    wheel = "Wheel-Version: 1.0\nGenerator: corslint\nRoot-Is-Purelib: false\n"
    wheel += "".join("Tag: py3-none-{}\n".format(t) for t in tag.split("."))
    files = {
        "{}.data/scripts/{}".format(name, program(system)): binary,
        name + ".dist-info/METADATA": METADATA.format(version=version).encode(),
        name + ".dist-info/WHEEL": wheel.encode(),
        name + ".dist-info/LICENSE": (SOURCE / "LICENSE").read_bytes(),
    }
    record = name + ".dist-info/RECORD"
    lines = ["{},sha256={},{}".format(path, digest(data), len(data)) for path, data in files.items()]
    files[record] = "\n".join(lines + [record + ",,", ""]).encode()

    directory.mkdir(parents=True, exist_ok=True)
    target = "{}-py3-none-{}.whl".format(name, tag)
    with zipfile.ZipFile(directory / target, "w", zipfile.ZIP_DEFLATED) as z:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path)  # its date is that of 1980: nothing changes from day to day
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, which is what the permissions are of
            entry.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
            z.writestr(entry, data)
    return target


def digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def main():
    system, machine = this_platform()
    parser = argparse.ArgumentParser(description="Writes a wheel around a corslint binary.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--os", default=system)
    parser.add_argument("--arch", default=machine)
    arguments = parser.parse_args()
    tag = TAGS[arguments.os, arguments.arch]
    print(write_wheel(arguments.directory, arguments.binary.read_bytes(), arguments.os, tag))


if __name__ == "__main__":
    main()
