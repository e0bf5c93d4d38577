from __future__ import annotations

import io
import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner

from captionary.packs import load
from captionary.reconcile import Report
from infra import builder, feed, models, run
from infra.builder import Builder
from infra.data_folder import DataFolder
from infra.deploy import ROOT
from infra.errors import StartError
from infra.ministack import free_port
from infra.models import Choice
from infra.recover import RecoveryError
from tests.mounts import mounted
from tests.packs import make_pack


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


def start_on(data: Path, *more: str) -> tuple[int, str]:
    """The exit status of a start on this folder, and what it says."""
    result = CliRunner().invoke(run.main, ["--model", "starter", "--data", str(data), *more])
    return result.exit_code, result.output


def test_a_disk_that_is_full_stops_the_start(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "-o", "size=50m"):
        status, said = start_on(tmp_path / "disk" / "data")
        assert status == 1
        full = rf"The disk of the data folder {tmp_path}/disk/data is full: 5\d MB are free, and the gallery needs "
        assert re.fullmatch(full + r"300 MB; make room, or choose another with --data.\n", said)


def test_a_disk_without_room_for_a_folder_stops_the_start(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "-o", "nr_inodes=2"):
        assert start_on(tmp_path / "disk" / "data") == (
            1,
            f"The data folder {tmp_path}/disk/data can't be written to (No space left on device); "
            "mend that, or choose another with --data.\n",
        )


def test_a_disk_that_is_only_read_stops_the_start(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "-o", "ro"):
        assert start_on(tmp_path / "disk" / "data") == (
            1,
            f"The data folder {tmp_path}/disk/data can't be written to (Read-only file system); "
            "mend that, or choose another with --data.\n",
        )


def test_a_file_in_place_of_the_data_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("I am a file")
    status, said = start_on(tmp_path / "data")
    assert (status, said.count("\n")) == (1, 1)
    assert said.endswith("is a file where a folder is needed; choose another with --data.\n")


def test_a_port_that_is_taken_stops_the_start(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = start_on(tmp_path / "data", "--port", str(port))
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith(
        f"Port {port} is taken by another program. Choose another, for instance: scripts/run --port "
    )


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


def test_python_without_tensorflow_stops_who_insists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    builds_by(monkeypatch, tmp_path, "true")
    monkeypatch.setattr(builder, "NO_TENSORFLOW", (3, 0))
    with pytest.raises(StartError, match=r"^The imagenet model can't be built: .* no wheels for Python 3.14 yet; use "):
        run.build_first(tmp_path / "packs" / "imagenet", DataFolder(tmp_path / "data"))


GONE = EndpointConnectionError(endpoint_url="http://127.0.0.1:4566")


class Gallery:
    """A supervisor with nothing behind it: what is deployed and told is kept here."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.starter, self.better = load(make_pack(tmp_path / "starter")), load(make_pack(tmp_path / "imagenet"))
        data = DataFolder(tmp_path / "data")
        data.logs.mkdir(parents=True)
        self.supervisor = run.Supervisor(data, free_port(), Choice(self.starter, tmp_path / "imagenet"))
        clients: Any = self
        self.supervisor._clients = clients
        self.lambda_ = self
        self.supervisor._endpoints = {"ingest_queue": "queue", "table": "table"}
        self.supervisor._caption_function = "function"
        self.deployed: list[str] = []
        self.told: list[Any] = []
        self.anew: list[str] = []
        self.troubles: list[Exception | None] = []  # of the deployments to come
        self.load_error = b""
        self.lost: Exception | None = None  # how captioning anew ends
        monkeypatch.setattr(feed, "paused", self._paused)
        monkeypatch.setattr(feed, "resume", lambda *_: None)
        monkeypatch.setattr(run, "deploy", self._deploy)
        monkeypatch.setattr(run, "caption_anew", self._caption_anew)
        monkeypatch.setattr("threading.Thread", AtOnce)
        monkeypatch.setattr(run, "Catalog", lambda *_: self)
        monkeypatch.setattr(self.supervisor._cloud, "save_all", lambda: None)

    @contextmanager
    def _paused(self, *_: Any) -> Iterator[None]:
        yield

    def _deploy(self, clients: Any, folder: Path, parameters: Any, wheels: Path | None) -> dict[str, str]:
        if trouble := self.troubles.pop(0) if self.troubles else None:
            raise trouble
        self.deployed.append(folder.name)
        return {}

    def _caption_anew(self, *_: Any) -> int:
        self.anew.append(self.deployed[-1])
        if self.lost:
            raise self.lost
        return 2

    def put_upgrade(self, upgrade: Any) -> None:
        self.told.append(upgrade)

    def invoke(self, *, InvocationType: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's names
        if InvocationType == "RequestResponse" and self.load_error and self.deployed[-1] == "imagenet":
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(self.load_error)}
        return {"Payload": io.BytesIO(b"{}")}

    @property
    def dynamodb(self) -> None:
        return None

    @property
    def states(self) -> list[str]:
        return [upgrade["state"] for upgrade in self.told]

    @property
    def pack(self) -> str:
        return self.supervisor._pack.name


class AtOnce:
    """In place of a thread."""

    def __init__(self, target: Any, args: Any = (), **_: Any) -> None:
        self._target, self._args = target, args

    def start(self) -> None:
        self._target(*self._args)


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gallery:
    return Gallery(tmp_path, monkeypatch)


def test_the_better_model_takes_over(gallery: Gallery, capsys: pytest.CaptureFixture[str]) -> None:
    gallery.supervisor._go_over(gallery.better)
    assert (gallery.pack, gallery.deployed, gallery.anew) == ("imagenet", ["imagenet"], ["imagenet"])
    assert gallery.states == ["captioning", "done"]
    assert capsys.readouterr().out.endswith("2 captions made anew by the imagenet model.\n")


def test_a_model_that_can_not_be_loaded_does_not_take_over(
    gallery: Gallery, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery.load_error = b'{"errorMessage": "Task timed out after 60.00 seconds.\\nMore."}'
    gallery.supervisor._go_over(gallery.better)
    assert (gallery.pack, gallery.deployed, gallery.anew) == ("starter", ["imagenet", "starter"], [])
    [upgrade] = gallery.told
    reason = "it can't be loaded (Task timed out after 60.00 seconds)"
    assert upgrade == {"model": "imagenet", "state": "failed", "reason": reason}
    assert capsys.readouterr().out.startswith(f"The imagenet model can't take over: {reason}. The starter goes on")
    assert gallery.supervisor._built is None


def test_a_change_that_the_clouds_death_broke_off_is_tried_again(gallery: Gallery) -> None:
    gallery.supervisor._built = gallery.better
    gallery.troubles = [GONE, GONE]
    gallery.supervisor._go_over(gallery.better)
    assert (gallery.pack, gallery.states, gallery.supervisor._built) == ("starter", [], gallery.better)
    assert gallery.supervisor._next_try > 0
    gallery.supervisor._go_over(gallery.better)
    assert (gallery.pack, gallery.states) == ("imagenet", ["captioning", "done"])
    assert not gallery.supervisor._built, "it is over"


def test_a_change_is_given_up_after_a_few_tries(gallery: Gallery) -> None:
    gallery.supervisor._built = gallery.better
    gallery.troubles = [PermissionError("no"), None] * 4
    tries = 0
    while gallery.supervisor._built:
        gallery.supervisor._go_over(gallery.better)
        tries += 1
    assert (tries, gallery.pack, gallery.deployed) == (4, "starter", ["starter"] * 4)
    assert (gallery.told[-1]["state"], gallery.told[-1]["reason"]) == ("failed", "no")


@pytest.mark.parametrize("trouble", [GONE, RecoveryError("1 of 2 photos kept their old captions")])
def test_nobody_claims_that_captioning_anew_goes_on_where_it_does_not(gallery: Gallery, trouble: Exception) -> None:
    gallery.lost = trouble
    gallery.supervisor._go_over(gallery.better)
    assert gallery.states == ["captioning", "done"]
    assert gallery.told[-1]["reason"] == str(trouble)
    gallery.lost = ValueError("unforeseen")
    with pytest.raises(ValueError, match="unforeseen"):
        gallery.supervisor._replace_starter()
    assert gallery.told[-1] == {"model": "imagenet", "state": "done", "reason": "it was broken off"}


def test_a_model_that_can_not_be_loaded_any_more_gives_way_to_the_starter(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "recover", lambda *_: Report())
    gallery.supervisor._deploy(gallery.better)
    gallery.load_error = b"?"
    gallery.supervisor._settle_in(has_taken_over=True)
    assert (gallery.pack, gallery.deployed, gallery.states) == ("starter", ["imagenet", "starter"], ["failed"])


def test_python_without_tensorflow_builds_nothing(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(builder, "NO_TENSORFLOW", (3, 0))
    gallery.supervisor.build()
    assert gallery.told == [{"model": "imagenet", "state": "failed", "reason": builder.HINDRANCE}]
    assert capsys.readouterr().out.count("TensorFlow") == 1
    assert gallery.supervisor._builder is None
