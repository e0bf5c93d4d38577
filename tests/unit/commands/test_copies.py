from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from captionary import identity
from captionary.errors import FileTooLarge
from captionary.records import LabelJson, Record
from captionary.storage import Original
from commands import copies
from commands.copies import JOURNAL, Copied, write_copies


def file_of(form: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, form)
    return buffer.getvalue()


class Bucket:
    """Originals by key, each of which counts how often it was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def add(self, key: str, form: str = "JPEG", **more: Any) -> Record:
        self.files[key] = file_of(form)
        values: dict[str, Any] = {"status": "ready", "caption": "A dog.", "etag": key, **more}
        values["labels"] = (LabelJson(name="dog", score=0.9, source="model"),)
        return Record(identity.image_id(key), key, page=1, created_at=1, **values)

    def fetch(self, key: str) -> Original | None:
        self.asked.append(key)
        return Original(self.files[key], key) if key in self.files else None


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_copies_have_the_words_in_them_or_beside_them(bucket: Bucket, tmp_path: Path) -> None:
    records = [bucket.add("x/a.jpg"), bucket.add("b.tif", "TIFF"), bucket.add("c", "PNG", content_type="image/png")]
    assert write_copies(records, bucket.fetch, tmp_path / "out") == Copied(written=3)
    assert names(tmp_path / "out") == ["a.jpg", "b.tif", "b.tif.xmp", "c.png"]
    assert (tmp_path / "out" / "b.tif").read_bytes() == bucket.files["b.tif"]
    for name in ("a.jpg", "b.tif.xmp", "c.png"):
        content = (tmp_path / "out" / name).read_bytes()
        assert b"A dog." in content
        assert b"<rdf:li>dog</rdf:li>" in content


def test_names_that_are_alike(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "d.jpg").write_bytes(b"not ours")
    (tmp_path / "e.jpg.xmp").symlink_to(tmp_path / "nowhere")
    keys = ["1/a.jpg", "2/A.JPG", "3/a.jpg", "../../a.jpg", "x/d.jpg", "e.jpg"]
    records = [bucket.add(key) for key in keys]
    write_copies(records, bucket.fetch, tmp_path)
    expected = ["A (2).JPG", "a (3).jpg", "a (4).jpg", "a.jpg", "d (2).jpg", "d.jpg", "e (2).jpg", "e.jpg.xmp"]
    assert names(tmp_path) == expected
    assert (tmp_path / "d.jpg").read_bytes() == b"not ours"
    again = write_copies([*reversed(records), bucket.add("4/a.jpg")], bucket.fetch, tmp_path)
    assert again == Copied(written=1, current=6), "whatever the order, each keeps its name"
    assert "a (5).jpg" in names(tmp_path)


@pytest.mark.parametrize(
    ("change", "spoil"),
    [
        ({"own_caption": "Bello."}, None),
        ({"own_labels": ("Bello",)}, None),
        ({"etag": "other"}, None),
        ({}, lambda folder: (folder / "a.tif").unlink()),
        ({}, lambda folder: (folder / "a.tif").write_bytes(b"cut")),
        ({}, lambda folder: (folder / "a.tif.xmp").unlink()),
    ],
    ids=["caption", "labels", "content", "copy gone", "copy cut", "file beside gone"],
)
def test_what_was_changed_is_written_again(
    bucket: Bucket, tmp_path: Path, change: dict[str, Any], spoil: Callable[[Path], Any] | None
) -> None:
    changing, steady = bucket.add("a.tif", "TIFF"), bucket.add("b.jpg")
    write_copies([changing, steady], bucket.fetch, tmp_path)
    bucket.asked = []
    changed = replace(changing, **change)
    if spoil:
        spoil(tmp_path)
    assert write_copies([changed, steady], bucket.fetch, tmp_path) == Copied(written=1, current=1)
    assert bucket.asked == ["a.tif"]
    assert names(tmp_path) == ["a.tif", "a.tif.xmp", "b.jpg"]
    assert changed.shown_caption in (tmp_path / "a.tif.xmp").read_text()


def test_a_file_beside_goes_when_the_words_are_in_the_copy(bucket: Bucket, tmp_path: Path) -> None:
    record = bucket.add("a.jpg", "TIFF")
    write_copies([record], bucket.fetch, tmp_path)
    assert names(tmp_path) == ["a.jpg", "a.jpg.xmp"]
    bucket.files["a.jpg"] = file_of("JPEG")
    write_copies([replace(record, etag="other")], bucket.fetch, tmp_path)
    assert names(tmp_path) == ["a.jpg"]


def test_photos_without_words_or_files_are_left_out(bucket: Bucket, tmp_path: Path) -> None:
    gone = bucket.add("gone.jpg")
    del bucket.files["gone.jpg"]
    records = [
        gone,
        bucket.add("waits.jpg", status="pending"),
        bucket.add("broken.jpg", status="failed"),
        bucket.add("named.psd", status="failed", own_caption="A drawing."),
    ]
    bucket.files["named.psd"] = b"8BPS"
    assert write_copies(records, bucket.fetch, tmp_path) == Copied(written=1, left_out=3)
    assert names(tmp_path) == ["named.psd", "named.psd.xmp"]


def test_a_file_that_is_too_large_is_left_out(bucket: Bucket, tmp_path: Path) -> None:
    def refuse(key: str) -> None:
        raise FileTooLarge(2, 1)

    assert write_copies([bucket.add("a.jpg")], refuse, tmp_path) == Copied(left_out=1)


def test_broken_off_it_goes_on(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [bucket.add("1/a.jpg"), bucket.add("2/a.jpg"), bucket.add("3/a.jpg")]
    replace_file = copies._replace

    def die(path: Path, data: bytes) -> None:
        if path.name == "a (2).jpg":
            replace_file(path, data)
            raise KeyboardInterrupt
        replace_file(path, data)

    monkeypatch.setattr(copies, "_replace", die)
    with pytest.raises(KeyboardInterrupt):
        write_copies(records, bucket.fetch, tmp_path)
    monkeypatch.setattr(copies, "_replace", replace_file)
    assert write_copies(records, bucket.fetch, tmp_path) == Copied(written=2, current=1)
    assert names(tmp_path) == ["a (2).jpg", "a (3).jpg", "a.jpg"]
    assert (tmp_path / JOURNAL).is_file()
