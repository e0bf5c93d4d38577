from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from deployment import parts
from deployment.parts import COLD_LIMIT, LIMIT, Sizes, TooLarge, check, measure, show, wheels
from infra.packages import Files, contents, read_template
from layers.runtime import build


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(parts, "BUILDS", tmp_path / "builds")
    return tmp_path / "builds"


def pip(monkeypatch: pytest.MonkeyPatch, status: int) -> list[Any]:
    """A pip that installs one file, or ends with this status."""
    calls: list[Any] = []

    def run(command: list[str], **_: Any) -> Any:
        calls.append(command)
        if status == 0:
            (Path(command[2]) / "python").mkdir()
            (Path(command[2]) / "python" / "numpy.py").write_text("numpy")
        return subprocess.CompletedProcess(command, status)

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_wheels_are_fetched_once(builds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pip(monkeypatch, 0)
    first = wheels("arm64", "3.13")
    assert (first / "python" / "numpy.py").is_file()
    assert wheels("arm64", "3.13") == first
    assert wheels("x86_64", "3.13") != first
    assert [command[4] for command in calls] == ["arm64", "x86_64"]


def test_missing_wheels_are_said_to_be_missing(builds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pip(monkeypatch, 1)
    for _ in range(2):
        with pytest.raises(click.ClickException, match="are not here, and could not be fetched"):
            wheels("arm64", "3.13")
    assert len(calls) == 2, "what was broken off is not taken for whole"


def test_a_function_counts_with_its_layers(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "numpy.py").write_text("x" * 1000)
    (tmp_path / "manifest.json").write_text("{}")
    template = read_template()
    files = contents(template, tmp_path, wheels=tmp_path)
    found = {sizes.function: sizes for sizes in measure(template, files)}
    assert found.keys() == {"CaptionFunction", "DeadLettersFunction", "UploadFunction", "ApiFunction"}
    assert found["CaptionFunction"].parts.keys() == {"CaptionFunction", "CoreLayer", "RuntimeLayer", "ResNet50Layer"}
    assert found["ApiFunction"].parts.keys() == {"ApiFunction", "CoreLayer", "RuntimeLayer"}
    assert found["ApiFunction"].parts["RuntimeLayer"] == 1002
    assert found["ApiFunction"].all == sum(found["ApiFunction"].parts.values())


@pytest.mark.parametrize(
    ("function", "limit"), [("ApiFunction", LIMIT), ("CaptionFunction", COLD_LIMIT)], ids=["lambda's", "ours"]
)
def test_a_function_may_be_as_large_as_the_limit_and_no_larger(function: str, limit: int) -> None:
    check([Sizes(function, {function: 1, "RuntimeLayer": limit - 1})])
    with pytest.raises(TooLarge, match=f"{function} with its layers has"):
        check([Sizes(function, {function: 2, "RuntimeLayer": limit - 1})])


def test_lambdas_limit_is_250_mebibytes() -> None:
    assert LIMIT == 250 * 1024 * 1024


def test_what_takes_the_space_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files: Files = []
    for name, megabytes in (("numpy", 2), ("numpy.libs", 3), ("PIL", 1)):
        path = tmp_path / f"{name}.so"
        path.write_bytes(b"x" * megabytes * 1_000_000)
        files.append((f"python/{name}/file.so", path))
    show([Sizes("ApiFunction", {"ApiFunction": 10, "RuntimeLayer": 6_000_000})], {"RuntimeLayer": files})
    said = capsys.readouterr().out
    assert "RuntimeLayer: 6.0 MB (numpy 5.0, PIL 1.0)" in said


def test_the_wheels_are_for_the_functions_python() -> None:
    assert read_template()["Globals"]["Function"]["Runtime"] == f"python{build.PYTHON}"
    assert read_template()["Parameters"]["Architecture"]["AllowedValues"] == list(build.MACHINES)


def test_zips_of_long_ago_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ZIPS", tmp_path)
    for number in range(parts.KEPT_ZIPS + 2):
        (tmp_path / f"{number}.zip").touch()
        os.utime(tmp_path / f"{number}.zip", (number, number))
    parts.clear_up()
    assert len(list(tmp_path.iterdir())) == parts.KEPT_ZIPS
    assert not (tmp_path / "1.zip").exists()
