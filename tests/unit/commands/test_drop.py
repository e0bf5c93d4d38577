from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from rich.progress import Progress

from commands import drop
from commands.drop import Dropped, find_photos, upload, wait_for
from infra.data_folder import DataFolder
from tests.unit.conftest import IMAGES, Aws

JPEG = b"\xff\xd8\xff\xe0 and so on"


@pytest.fixture
def progress() -> Progress:
    return Progress(disable=True)


def test_folders_are_searched_for_what_is_or_calls_itself_a_picture(tmp_path: Path) -> None:
    files = {
        "a.jpg": JPEG,
        "empty.png": b"",
        "no ending": JPEG,
        "scan.pgm": b"P5",
        "deep/er/b.HEIC": b"....ftypheic",
        "notes.txt": b"hello",
        "film.mp4": b"....ftypisom",
        ".hidden.jpg": JPEG,
        ".cache/c.jpg": JPEG,
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    found, skipped = find_photos([tmp_path])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "a.jpg",
        "deep/er/b.HEIC",
        "empty.png",
        "no ending",
        "scan.pgm",
    ]
    assert [path.name for path in skipped] == ["film.mp4", "notes.txt"]
    assert find_photos([tmp_path / "notes.txt"]) == ([tmp_path / "notes.txt"], []), "whoever names it means it"


def test_the_same_file_is_one_photo_and_the_same_name_is_not(aws: Aws, tmp_path: Path, progress: Progress) -> None:
    paths = []
    for folder, content in (("a", b"one"), ("b", b"two"), ("c", b"one")):
        path = tmp_path / folder / "IMG_0001.jpg"
        path.parent.mkdir()
        path.write_bytes(JPEG + content)
        paths.append(path)
    clients: Any = SimpleNamespace(s3=aws.s3)
    dropped, refused = upload(clients, IMAGES, paths, progress)
    assert refused == []
    assert [photo.path for photo in dropped] == paths
    assert dropped[0].id == dropped[2].id != dropped[1].id
    stored = aws.s3.list_objects_v2(Bucket=IMAGES)["Contents"]
    assert len(stored) == 2
    assert all(entry["Key"].endswith("/IMG_0001.jpg") for entry in stored)
    assert aws.s3.head_object(Bucket=IMAGES, Key=stored[0]["Key"])["ContentType"] == "image/jpeg"


def test_what_can_not_be_read_is_told_and_the_rest_goes_on(aws: Aws, tmp_path: Path, progress: Progress) -> None:
    (tmp_path / "good.jpg").write_bytes(JPEG)
    clients: Any = SimpleNamespace(s3=aws.s3)
    dropped, refused = upload(clients, IMAGES, [tmp_path / "gone.jpg", tmp_path / "good.jpg"], progress)
    assert [photo.path.name for photo in dropped] == ["good.jpg"]
    assert [path.name for path, _ in refused] == ["gone.jpg"]


class FakeApi:
    """Answers with one more photo ready at each question."""

    def __init__(self) -> None:
        self.questions = 0

    def get(self, path: str, **query: str) -> dict[str, Any]:
        self.questions += 1
        ids = query["ids"].split(",")
        assert len(ids) <= 100
        return {
            "items": [
                {"id": image_id, "status": "ready" if i < self.questions else "pending"}
                for i, image_id in enumerate(ids)
            ]
        }


def test_waiting_until_all_are_done(progress: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop, "PAUSE_SECONDS", 0)
    dropped = [Dropped(Path(f"{i}.jpg"), f"{i:016d}") for i in range(250)]
    api: Any = FakeApi()
    images = wait_for(api, dropped, progress)
    assert len(images) == 250
    assert {image["status"] for image in images.values()} == {"ready"}


def test_waiting_ends_when_nothing_happens(progress: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(drop, "PATIENCE_SECONDS", 0.05)
    api: Any = SimpleNamespace(get=lambda path, **query: {"items": []})
    images = wait_for(api, [Dropped(Path("a.jpg"), "a" * 16)], progress)
    assert images == {"a" * 16: {"id": "a" * 16, "status": "pending"}}


@pytest.mark.parametrize("command", [["status"], ["drop", __file__]])
def test_without_a_gallery_the_way_out_is_named(command: list[str], tmp_path: Path) -> None:
    from commands.__main__ import main

    result = CliRunner().invoke(main, [*command, "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "Start it with: scripts/run" in result.output


def test_a_gallery_that_was_stopped(tmp_path: Path) -> None:
    from commands.__main__ import main

    endpoints = {"api": "http://127.0.0.1:1/api", "site": "http://127.0.0.1:1/"}
    (tmp_path / "endpoints.json").write_text(json.dumps(endpoints))
    for command in (["status"], ["drop", __file__]):
        result = CliRunner().invoke(main, [*command, "--data", str(tmp_path)])
        assert (result.exit_code, result.output) == (
            1,
            f"Error: No gallery runs on {tmp_path}. Start it with: scripts/run\n",
        )


def test_a_gallery_that_does_not_answer(tmp_path: Path) -> None:
    from commands.__main__ import main

    folder = DataFolder(tmp_path)
    folder.open()
    endpoints = dict.fromkeys(("api", "site", "aws_endpoint"), "http://127.0.0.1:1")
    folder.write_endpoints(endpoints)
    for command in (["status"], ["drop", __file__]):
        result = CliRunner().invoke(main, [*command, "--data", str(tmp_path)])
        assert (result.exit_code, result.output) == (
            1,
            "Error: The gallery does not answer. Start it with: scripts/run\n",
        )
    folder.close()


def test_every_command_is_listed_and_has_help() -> None:
    from commands.__main__ import COMMANDS, main

    listing = CliRunner().invoke(main, ["--help"]).output
    for name in COMMANDS:
        assert name in listing
    for name in ("drop", "status"):
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0
