"""The build of a pack beside the gallery, with other commands in place of the one that takes a minute."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.builder import Builder, BuildError
from infra.deploy import ROOT
from infra.sandbox import eventually
from tests.packs import make_pack
from tests.running import is_running

MAKE = "import sys; from pathlib import Path; from tests.packs import make_pack; make_pack(Path(sys.argv[1]))"
# A shell with a child: what a build is.
LINGER = "echo $$ >{folder}/shell; sleep 600 & echo $! >{folder}/child; wait"


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (ROOT, ROOT / "layers/core/python"))))
    return tmp_path / "packs" / "imagenet"


def builder(out: Path, *command: str) -> Builder:
    base = out.parent.parent
    return Builder(out, base / "build.log", base / "scratch", list(command))


def started(out: Path, *command: str) -> Builder:
    build = builder(out, *command)
    build.start()
    return build


def ended(build: Builder) -> Builder:
    eventually(build.has_ended)
    return build


def lingering(folder: Path) -> list[int]:
    """The processes of a build that lingers, once both run."""

    def look() -> list[int] | None:
        written = [file.read_text() for name in ("shell", "child") if (file := folder / name).is_file()]
        return [int(text) for text in written] if len("".join(written).split()) == 2 else None

    return eventually(look)


def test_the_command_that_builds(tmp_path: Path) -> None:
    build = Builder(tmp_path / "imagenet", tmp_path / "log", tmp_path / "scratch")
    command = [str(ROOT / "scripts" / "captionary"), "pack", "imagenet", "--out", str(tmp_path / "imagenet")]
    assert build._command == command


def test_a_build_that_succeeds(out: Path, tmp_path: Path) -> None:
    build = ended(started(out, sys.executable, "-c", MAKE, str(out)))
    assert build.result().folder == out
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            "echo Loading ...; echo 'Error: There is no network.' >&2; echo 'Look to it.' >&2; exit 1",
            "There is no network",
        ),
        ("echo 'ValueError: odd'; exit 1", "ValueError: odd"),
        ("exit 3", "the build ended with exit status 3"),
        ("kill -9 $$", "the build was ended by signal 9; perhaps memory ran out"),
    ],
    ids=["error", "last words", "no words", "killed"],
)
def test_why_a_build_failed(out: Path, tmp_path: Path, script: str, reason: str) -> None:
    build = ended(started(out, "bash", "-c", script))
    with pytest.raises(BuildError) as failure:
        build.result()
    assert str(failure.value) == reason
    assert not out.exists()
    assert not (tmp_path / "scratch").exists()


def test_a_build_that_says_it_succeeded_and_left_nothing(out: Path) -> None:
    with pytest.raises(BuildError, match="holds no manifest"):
        ended(started(out, "true")).result()


def test_a_broken_pack_is_built_again(out: Path) -> None:
    (make_pack(out) / "encoder.tflite").write_bytes(b"tampered")
    script = f"rm -r {out}; exec {sys.executable} -c '{MAKE}' {out}"
    assert ended(started(out, "bash", "-c", script)).result().folder == out


def test_two_builds_at_once_are_one(out: Path, tmp_path: Path) -> None:
    script = f"echo built >>{tmp_path}/count; sleep 0.5; exec {sys.executable} -c '{MAKE}' {out}"
    first, second = started(out, "bash", "-c", script), started(out, "bash", "-c", script)
    assert ended(first).result() == ended(second).result()
    assert (tmp_path / "count").read_text() == "built\n"


def test_it_gives_way_to_the_gallery(out: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError):
        ended(started(out, "bash", "-c", f"nice >{tmp_path}/niceness")).result()
    assert int((tmp_path / "niceness").read_text()) >= 10


AUTOGROUP = Path("/proc/self/autogroup")


@pytest.mark.skipif(not AUTOGROUP.exists() or not AUTOGROUP.read_text(), reason="time is not shared out by session")
def test_it_gives_way_as_a_session(out: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError):
        ended(started(out, "bash", "-c", f"cat {AUTOGROUP} >{tmp_path}/autogroup")).result()
    assert (tmp_path / "autogroup").read_text().endswith("nice 10\n")


def test_what_pip_is_told_by_the_person_counts(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TIMEOUT", "77")
    monkeypatch.delenv("PIP_RETRIES", raising=False)
    with pytest.raises(BuildError):
        ended(started(out, "bash", "-c", f"echo $PIP_TIMEOUT $PIP_RETRIES $TMPDIR >{tmp_path}/told")).result()
    assert (tmp_path / "told").read_text() == f"77 1 {tmp_path / 'scratch'}\n"


def test_stopping_clears_up_after_a_build_that_ended(out: Path, tmp_path: Path) -> None:
    build = ended(started(out, "bash", "-c", "touch $TMPDIR/left"))
    assert (tmp_path / "scratch" / "left").exists()
    build.stop()
    assert not (tmp_path / "scratch").exists()


def test_stopping_ends_all_its_processes(out: Path, tmp_path: Path) -> None:
    build = started(out, "bash", "-c", LINGER.format(folder=tmp_path))
    processes = lingering(tmp_path)
    build.stop()
    eventually(lambda: not any(map(is_running, processes)))
    assert not (tmp_path / "scratch").exists()
    build.stop()  # twice is fine, and so is before the start
    builder(out).stop()


def test_a_build_does_not_outlive_a_gallery_that_is_killed(out: Path, tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from infra.builder import Builder
command = ["bash", "-c", {LINGER.format(folder=tmp_path)!r}]
build = Builder(Path({str(out)!r}), Path("log"), Path("scratch"), command)
build.start()
input()
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdin=subprocess.PIPE) as gallery:
        processes = lingering(tmp_path)
        gallery.send_signal(signal.SIGKILL)
    eventually(lambda: not any(map(is_running, processes)))
