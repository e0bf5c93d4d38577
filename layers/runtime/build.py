"""Builds the runtime layer: wheels for Lambda's Python and processor, whatever runs here.

    python3 build.py FOLDER [--arch arm64|x86_64] [--python 3.13]

`sam build` calls this by the Makefile beside it, `scripts/deploy` by itself. It needs pip and nothing else.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PYTHON = "3.13"  # the Runtime of template.yaml
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}  # Lambda's names for processors, and wheels'
GLIBCS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")  # all that Amazon Linux 2023 runs
PROGRAMS = "bin"  # of the packages, for a shell: with the path of this machine's Python in them


def build(out: Path, architecture: str, python: str = PYTHON) -> None:
    """Install the wheels into OUT/python.

    Raises:
        CalledProcessError: pip could not get them all; it said why.
    """
    target = out / "python"
    platforms = [f"--platform={glibc}_{MACHINES[architecture]}" for glibc in GLIBCS]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-compile", "--require-hashes", "--only-binary=:all:"),
            *(f"--python-version={python}", "--implementation=cp", *platforms),
            *(f"--requirement={REQUIREMENTS}", f"--target={target}"),
        ],
        check=True,
    )
    shutil.rmtree(target / PROGRAMS, ignore_errors=True)


def main() -> None:
    """Build what the arguments ask for."""
    parser = argparse.ArgumentParser(description="Build the runtime layer.")
    parser.add_argument("out", type=Path, metavar="FOLDER")
    parser.add_argument("--arch", choices=MACHINES, default="arm64")
    parser.add_argument("--python", default=PYTHON)
    given = parser.parse_args()
    try:
        build(given.out, given.arch, given.python)
    except subprocess.CalledProcessError as exc:
        sys.exit(exc.returncode)


if __name__ == "__main__":
    main()
