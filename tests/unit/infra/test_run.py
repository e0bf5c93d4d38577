from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra import run
from infra.errors import StartError


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
