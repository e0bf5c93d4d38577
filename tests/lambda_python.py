"""Lambda's Python, for tests that run the functions from their zips alone.

It is this machine's python3.13, if there is one; otherwise that of Debian's next release, which the machine's own
mirror has: fetched once, checked by apt, unpacked into a folder, and run with its own C library. Beside its standard
library it finds the AWS SDK, which is Lambda's own there, and nothing of the project's environment.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import shutil
import subprocess
from pathlib import Path

from infra.packages import ROOT, read_template

VERSION = read_template()["Globals"]["Function"]["Runtime"].removeprefix("python")
HOME = ROOT / ".lambda-python"  # kept
RELEASE = "trixie"  # of Debian; it has Python 3.13
PACKAGES = (
    *(f"python{VERSION}-minimal", f"libpython{VERSION}-minimal", f"libpython{VERSION}-stdlib"),
    *("libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libexpat1", "libssl3t64", "libffi8", "libbz2-1.0", "liblzma5"),
    "libzstd1",
)
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # Python's names for processors, and Debian's
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SDK = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")


def find_or_fetch(folder: Path) -> Path | None:
    """A program that runs Python as Lambda does; None where none can be had.

    Args:
        folder: where the program is to be.
    """
    python = _machines_own()
    if python is None and not _fetch():
        return None
    sdk = folder / "sdk"
    sdk.mkdir(parents=True)
    for name in SDK:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        source = Path(spec.origin)
        source = source.parent if source.name == "__init__.py" else source
        (sdk / source.name).symlink_to(source)
    program = folder / "python"
    program.write_text(_launcher(program, sdk, python))
    program.chmod(0o755)
    return program


def _machines_own() -> str | None:
    """This machine's Python of that version, if it has one that runs."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        command = [f"python{VERSION}", "-c", "import sys; print(sys._base_executable)"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return None


def _launcher(program: Path, sdk: Path, python: str | None) -> str:
    """The script that is the program. Python takes it for itself, and starts others by it."""
    libraries = HOME / "usr" / "lib" / f"{platform.machine()}-linux-gnu"
    own = f'exec {python} -S "$@"'
    debians = (
        f"export PYTHONHOME={HOME}/usr\n"
        f'exec {libraries}/{_loader()} --library-path {libraries} --argv0 {program} {HOME}/usr/bin/python{VERSION} "$@"'
    )
    return f'#!/bin/sh\nexport PYTHONPATH="${{PYTHONPATH:-{sdk}}}"\n{own if python else debians}\n'


def _loader() -> str:
    return {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}[platform.machine()]


def _fetch() -> bool:
    """Have Debian's Python in its folder; whether that could be done."""
    if HOME.is_dir():
        return True
    if not (shutil.which("apt-get") and KEYS.is_file() and platform.machine() in ARCHITECTURES):
        return False
    mirrors = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    mirror = next((uri for uri in mirrors if uri.rstrip("/").endswith("/debian")), None)
    if mirror is None:
        return False
    unfinished = HOME.with_name(f"{HOME.name}-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    apt = unfinished / "apt"
    apt.mkdir(parents=True)
    (apt / "sources").write_text(f"deb [signed-by={KEYS}] {mirror} {RELEASE} main\n")
    settings = {
        "Dir::State": apt,
        "Dir::State::status": os.devnull,
        "Dir::Cache": apt,
        "Dir::Etc::SourceList": apt / "sources",
        "Dir::Etc::SourceParts": os.devnull,
        "Debug::NoLocking": 1,
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "APT::Architecture": ARCHITECTURES[platform.machine()],
        "APT::Sandbox::User": "",
    }
    command = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    for step in (["update"], ["download", *PACKAGES]):
        if subprocess.run([*command, *step], cwd=apt, check=False).returncode:
            return False
    for package in apt.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, unfinished], check=True)
    shutil.rmtree(apt)
    unfinished.rename(HOME)
    return True
