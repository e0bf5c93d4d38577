from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra import models, run
from infra.builder import Builder
from infra.data_folder import DataFolder
from infra.deploy import ROOT
from infra.errors import StartError
from infra.ministack import free_port


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=rf"Port {port} is taken.*--port {port + 1}"):
            run.check_port(port)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--model", "nowhere"], "--model nowhere: nowhere holds no manifest.json, so it is no model pack.\n")],
)
def test_what_stops_the_start_is_one_sentence(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(run.main, [*arguments, "--data", str(tmp_path / "data")])
    assert (result.exit_code, result.output) == (1, sentence)


def builds_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *command: str) -> None:
    def builder(out: Path, data: DataFolder) -> Builder:
        return Builder(out, data.logs / "build.log", data.build, list(command))

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (ROOT, ROOT / "layers/core/python"))))
    monkeypatch.setattr(models, "PACKS", tmp_path / "packs")
    monkeypatch.setattr(run, "_builder", builder)


def test_who_insists_on_imagenet_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "packs" / "imagenet"
    make = "import sys; from pathlib import Path; from tests.packs import make_pack; make_pack(Path(sys.argv[1]))"
    builds_by(monkeypatch, tmp_path, sys.executable, "-c", make, str(out))
    data = DataFolder(tmp_path / "data")
    data.open()
    assert run.build_first(out, data).folder == out
    data.close()
    assert capsys.readouterr().out.startswith("The imagenet model is built first, once (log: ")


def test_what_can_not_be_built_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    builds_by(monkeypatch, tmp_path, "sh", "-c", "echo 'Error: the host is away.'; exit 1")
    result = CliRunner().invoke(
        run.main, ["--model", "imagenet", "--data", str(tmp_path / "data"), "--port", str(free_port())]
    )
    assert result.exit_code == 1
    assert result.output.endswith("The imagenet model can't be built: the host is away.\n")
