from __future__ import annotations

import io
import json
import platform
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from infra import given_cloud, run
from infra.errors import StartError
from infra.given_cloud import GivenCloud
from infra.ministack import claim, free_port

REFUSAL = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message></Error>
<RequestId>1</RequestId></ErrorResponse>"""


@contextmanager
def answering(status: int, content_type: str, body: str) -> Iterator[str]:
    """A server that has one answer to all; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_nothing_answers() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(StartError, match=rf"^Nothing answers at {address}\. Start that cloud first, or leave --cloud"):
        GivenCloud(address).start()


def test_it_refuses() -> None:
    with (
        answering(403, "text/xml", REFUSAL) as address,
        pytest.raises(StartError, match=r"refuses the credentials test/test, .*: The security token included"),
    ):
        GivenCloud(address).start()


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, "text/html", "<!doctype html><title>A page</title>"),
        (404, "text/plain", "404 page not found"),
        (405, "application/problem+json", '{"title": "Method not allowed", "status": 405}'),
        (501, "text/html", "<html><body>Error response</body></html>"),
        (200, "text/xml", "<Something/>"),
    ],
    ids=["a page", "not found", "another gallery", "not implemented", "other XML"],
)
def test_it_is_no_such_cloud(status: int, content_type: str, body: str) -> None:
    with (
        answering(status, content_type, body) as address,
        pytest.raises(StartError, match=rf"^What answers at {address} is no cloud like LocalStack"),
    ):
        GivenCloud(address).start()


@pytest.mark.parametrize(
    ("given", "endpoint", "port"),
    [
        ("http://localhost:4566", "http://localhost:4566", 4566),
        ("localhost:4566/", "http://localhost:4566", 4566),
        ("http://127.0.0.1:4567", "http://127.0.0.1:4567", 4567),
        ("http://localstack.lan", "http://localstack.lan:80", None),
    ],
)
def test_addresses(given: str, endpoint: str, port: int | None) -> None:
    cloud = GivenCloud(given)
    assert (cloud.endpoint, cloud.port) == (endpoint, port)


@pytest.mark.parametrize("given", ["https://localhost:4566", "http://localhost:port", "http://a:1/b", "http://", ""])
def test_what_is_no_address(given: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(run.main, ["--model", "starter", "--data", str(tmp_path / "data"), "--cloud", given])
    assert result.exit_code == 1
    assert result.output == f"--cloud {given}: give an address like http://localhost:4566, without a path.\n"


def test_a_gallery_with_a_token_keeps_to_its_own_cloud(tmp_path: Path) -> None:
    arguments = ["--model", "starter", "--data", str(tmp_path / "data"), "--cloud", "http://127.0.0.1:1"]
    result = CliRunner().invoke(run.main, [*arguments, "--token", "a-token-of-the-gallery"])
    assert result.exit_code == 1
    assert result.output.startswith("--cloud is for galleries without an access token: ")


def test_one_gallery_has_it(tmp_path: Path) -> None:
    port = free_port()
    assert claim(port) is not None
    arguments = ["--model", "starter", "--data", str(tmp_path / "data"), "--cloud", f"http://127.0.0.1:{port}"]
    result = CliRunner().invoke(run.main, [*arguments, "--port", str(free_port(but_not=port))])
    assert result.exit_code == 1
    assert result.output == (
        f"Another gallery of this machine has the cloud at http://127.0.0.1:{port}; stop it first.\n"
    )


def test_it_is_seen_when_it_goes() -> None:
    with answering(200, "text/plain", "") as address:
        cloud = GivenCloud(address)
        assert not cloud.died()
    cloud._next_look = 0.0
    assert cloud.died()


def test_the_packages_of_the_functions_are_known_by_name() -> None:
    pins = given_cloud.pins(platform.python_version())
    assert {"ai-edge-litert", "numpy", "pillow", "chalice"} <= pins.keys()
    assert {name: version(name) for name in pins} == pins, "as they are installed here"


class Workers:
    """Lambda of a cloud whose workers have some packages."""

    def __init__(self, versions: dict[str, str], error: str = "") -> None:
        self.functions: set[str] = set()
        self._answer = {"errorMessage": error} if error else {"python": "3.13.7", "machine": "aarch64"}
        self._versions = versions
        self._error = {"FunctionError": "Unhandled"} if error else {}

    def create_function(self, FunctionName: str, **_: Any) -> None:  # noqa: N803 - boto3's name
        self.functions.add(FunctionName)

    def get_waiter(self, _: str) -> Any:
        return SimpleNamespace(wait=lambda **_: None)

    def invoke(self, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's name
        versions = {name: self._versions.get(name, "") for name in json.loads(Payload)["names"]}
        return {"Payload": io.BytesIO(json.dumps(self._answer | {"versions": versions}).encode()), **self._error}

    def delete_function(self, FunctionName: str) -> None:  # noqa: N803 - boto3's name
        self.functions.discard(FunctionName)

    @property
    def clients(self) -> Any:
        return SimpleNamespace(lambda_=self)


def test_workers_that_have_the_packages_need_no_others(tmp_path: Path) -> None:
    workers = Workers(given_cloud.pins("3.13.7"))
    assert given_cloud.wheels(workers.clients, tmp_path) == (None, "arm64")
    assert workers.functions == set(), "the probe is gone"


def test_workers_that_have_none_get_them_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def install(command: list[str], **_: Any) -> Any:
        asked.append(command[3:])
        Path(command[2]).mkdir(parents=True)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", install)
    workers = Workers({"numpy": "1.0"})
    folder, processor = given_cloud.wheels(workers.clients, tmp_path)
    assert folder is not None
    assert (folder.is_dir(), processor) == (True, "arm64")
    assert given_cloud.wheels(workers.clients, tmp_path) == (folder, processor)
    assert asked == [["--arch", "arm64", "--python", "3.13"]]


def test_without_a_network_they_get_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failure = subprocess.CompletedProcess([], 1, stderr="a\nERROR: No matching distribution found\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failure)
    with pytest.raises(StartError, match=r"Python 3\.13 on arm64, .*: ERROR: No matching distribution found\. A"):
        given_cloud.wheels(Workers({}).clients, tmp_path)


def test_a_cloud_that_can_not_run_functions(tmp_path: Path) -> None:
    workers = Workers({}, error="no Docker here")
    with pytest.raises(StartError, match=r"^The cloud can't run a function: no Docker here$"):
        given_cloud.wheels(workers.clients, tmp_path)
    assert workers.functions == set(), "the probe is gone"
