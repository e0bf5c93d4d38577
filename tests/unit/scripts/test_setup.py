"""scripts/setup.sh, on machines that lack something."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from infra.deploy import ROOT


def run(function: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Call a function of setup.sh with nothing but `path` and the system's basics to find programs in."""
    return subprocess.run(
        ["bash", "-c", f"source {ROOT}/scripts/setup.sh; {function}"],
        env={"PATH": str(path), "HOME": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with bash and dirname, and room for programs that a test makes."""
    for name in ("bash", "dirname", "cat", "cmp"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    return tmp_path


def make(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/usr/bin/bash\n{script}\n")
    program.chmod(0o755)


def test_no_python(programs: Path) -> None:
    result = run("find_python", programs)
    assert result.returncode == 1
    assert "needs Python 3.11 or newer; no python3 is what is here" in result.stderr


def test_python_too_old(programs: Path) -> None:
    make(programs, "python3", '[ "$1" = --version ] && echo "Python 3.9.2" || exit 1')
    result = run("find_python", programs)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer; Python 3.9.2 is what is here. Install one" in result.stderr


def test_a_newer_python_under_another_name(programs: Path) -> None:
    make(programs, "python3", "exit 1")
    make(programs, "python3.12", "exit 0")
    assert run("find_python", programs).stdout == f"{programs}/python3.12\n"


def test_no_node(programs: Path) -> None:
    result = run("need_node", programs)
    assert result.returncode == 1
    assert "needs Node 20.19 or newer, with npm, to build its page; none is what is here" in result.stderr


def test_node_too_old(programs: Path) -> None:
    make(programs, "npm", "exit 0")
    make(programs, "node", '[ "$1" = --version ] && echo v18.20.0 || exit 1')
    result = run("need_node", programs)
    assert result.returncode == 1
    assert "v18.20.0 is what is here" in result.stderr
    assert result.stderr.count("\n") == 1
