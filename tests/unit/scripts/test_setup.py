"""scripts/setup.sh, on machines that lack something."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
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


def test_a_python_that_tensorflow_has_wheels_for_comes_first(programs: Path) -> None:
    make(programs, "python3", 'case $2 in *"< (4,)"*) exit 0 ;; *) exit 1 ;; esac')
    assert run("find_python", programs).stdout == f"{programs}/python3\n"
    make(programs, "python3.13", "exit 0")
    assert run("find_python", programs).stdout == f"{programs}/python3.13\n"


def test_no_tensorflow_for_this_python(programs: Path) -> None:
    make(programs, "python3", 'case $2 in *"sys.version_info >= (3, 14)"*) exit 1 ;; *) exit 0 ;; esac')
    result = run(f"environment={programs}/none; need_python_for_tensorflow", programs)
    assert (result.returncode, result.stderr) == (
        1,
        "Training and building packs need TensorFlow, which has no wheels for Python 3.14 yet; "
        "use Python 3.11 to 3.13.\n",
    )
    make(programs, "python3", "exit 0")
    assert run(f"environment={programs}/none; need_python_for_tensorflow; echo on", programs).stdout == "on\n"


# In place of an environment's Python: notes that pip was called, and takes its time.
SLOW_PIP = """
case "$*" in *pip*) echo installed >>{log}; sleep 1 ;; esac
"""


@pytest.fixture
def environment(programs: Path) -> Path:
    """An environment that holds no set yet."""
    for name in ("flock", "mkdir", "cp", "sleep"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    (programs / "venv" / "bin").mkdir(parents=True)
    make(programs / "venv" / "bin", "python", SLOW_PIP.format(log=programs / "log"))
    return programs / "venv"


def test_two_installations_at_once_are_one(environment: Path, programs: Path) -> None:
    call = f"set -euo pipefail; environment={environment}; need base training; echo >&9"
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda _: run(call, programs), range(2)))
    assert (programs / "log").read_text() == "installed\n"
    said = "".join(sorted(result.stderr for result in results))
    assert said.count("Installing Python packages (base, once) ...") == 1
    assert said.count("Waiting for another installation of Python packages ...") == 1
    assert said.count("9: Bad file descriptor") == 2, "what is started later does not hold the lock"


def test_an_installation_without_flock(environment: Path, programs: Path) -> None:
    (programs / "flock").unlink()
    result = run(f"set -euo pipefail; environment={environment}; need base; need base; echo on", programs)
    assert (result.returncode, result.stdout) == (0, "on\n")
    assert (programs / "log").read_text() == "installed\n"


def test_an_installation_that_fails(environment: Path, programs: Path) -> None:
    make(environment / "bin", "python", 'case "$*" in *pip*) exit 1 ;; esac')
    result = run(f"set -euo pipefail; environment={environment}; need base; echo on", programs)
    assert (result.returncode, result.stdout) == (1, "")
    assert "could not be installed" in result.stderr


def test_the_page_s_packages_without_a_network(programs: Path) -> None:
    (programs / "frontend").mkdir()
    (programs / "frontend" / "package-lock.json").write_text("{}")
    make(programs, "node", "exit 0")
    make(programs, "npm", "echo 'npm error network' >&2; exit 1")
    result = run(f"root={programs}; need_page_packages; echo on", programs)
    assert (result.returncode, result.stdout) == (1, "")
    said = result.stderr.splitlines()
    assert said[:2] == ["Installing the page's packages (once) ...", "npm error network"]
    assert said[2:] == [
        "The page's packages could not be installed; see npm's words above. "
        "A network to the npm registry is needed once."
    ]


def test_a_page_that_can_not_be_built_without_node(programs: Path) -> None:
    for name in ("find", "sort", "cksum"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    (programs / "frontend").mkdir()
    result = run(f"set -euo pipefail; root={programs}; need_page; echo on", programs)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Captionary needs Node 20.19 or newer, with npm, to build its page; none is what")


def test_what_is_set_up_side_by_side(programs: Path) -> None:
    result = run('side_by_side "echo one" "echo two"; echo then', programs)
    assert (sorted(result.stdout.split()), result.returncode) == (["one", "then", "two"], 0)


def test_one_that_fails_stops_what_comes_after_all(programs: Path) -> None:
    make(programs, "slow", "read -t 0.3 <> <(:); echo slow")
    result = run('side_by_side "fail No network." "slow"; echo then', programs)
    assert (result.stdout, result.stderr, result.returncode) == ("slow\n", "No network.\n", 1)
