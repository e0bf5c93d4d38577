from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from captionary import identity
from captionary.records import Note, Record
from commands.training_set import approved_caption, write_training_set
from resnet50.training.captions import open_captioned


def note(verdict: str, caption: str = "A dog.") -> Note:
    return {"at": "2020-01-01T00:00:00Z", "verdict": verdict, "caption": caption, "note": ""}


def record(key: str = "a.jpg", **more: Any) -> Record:
    values: dict[str, Any] = {"status": "ready", "caption": "A dog.", **more}
    return Record(identity.image_id(key), key, page=1, created_at=1, **values)


@pytest.mark.parametrize(
    ("more", "caption"),
    [
        ({}, None),
        ({"own_caption": "Bello."}, "Bello."),
        ({"own_caption": "Bello.", "notes": (note("wrong", "Bello."),)}, "Bello."),
        ({"notes": (note("right"),)}, "A dog."),
        ({"notes": (note("right"), note("wrong"))}, None),
        ({"notes": (note("right"), note("wrong"), note("right"))}, "A dog."),
        ({"notes": (note("right", "A cat."),)}, None),
        ({"status": "failed", "own_caption": "Bello."}, None),
    ],
    ids=["nobody", "written", "judged by others", "right", "both", "more right", "of another caption", "unreadable"],
)
def test_what_people_approve_of(more: dict[str, Any], caption: str | None) -> None:
    assert approved_caption(record(**more)) == caption


def test_it_is_a_set_to_train_on(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "JPEG")
    keys = ["x/a.jpg", "y/a.jpg", "../../=evil.heic", "-d, e.jpg", "plain"]
    records = [record(key, own_caption=f"=This, is {i} ü.") for i, key in enumerate(keys)]
    gone = record("gone.jpg", own_caption="Gone.")
    nobodys = record("nobody.jpg")
    folder = tmp_path / "set"

    def preview(record: Record) -> bytes | None:
        return None if record.key == "gone.jpg" else buffer.getvalue()

    assert write_training_set([*records, gone, nobodys], preview, folder) == 5
    images = open_captioned(folder)
    assert sorted(images.captions) == [[f"'=This, is {i} ü."] for i in range(5)]
    assert sorted(images.names) == sorted(path.name for path in (folder / "photos").iterdir())
    assert f"_-d, e-{identity.image_id('-d, e.jpg')}.jpg" in images.names
    assert images.image(0).size == (8, 8)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
