from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra import run
from infra.errors import StartError


def make_pack(folder: Path) -> Path:
    folder.mkdir(parents=True)
    files = {"labels.json": b'[{"name": "thing"}]', "encoder.tflite": b"network"}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    manifest = {
        "format": 1,
        "name": "x",
        "version": "1",
        "input": {"size": 1},
        "classes": 1,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_packs_by_name_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PACKS", tmp_path / "packs")
    starter, own = make_pack(tmp_path / "packs" / "starter"), make_pack(tmp_path / "own")
    assert run.choose_pack("auto") == starter
    assert run.choose_pack("starter") == starter
    assert run.choose_pack(str(own)) == own
    with pytest.raises(StartError, match="scripts/captionary pack imagenet"):
        run.choose_pack("imagenet")
    imagenet = make_pack(tmp_path / "packs" / "imagenet")
    assert run.choose_pack("imagenet") == imagenet
    assert run.choose_pack("auto") == imagenet, "the better one, where it is built"
    with pytest.raises(StartError, match="nowhere holds no manifest"):
        run.choose_pack("nowhere")
    (own / "encoder.tflite").write_bytes(b"tampered")
    with pytest.raises(StartError, match="not the file that the pack's manifest describes"):
        run.choose_pack(str(own))


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
