from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from captionary import packs
from captionary.errors import PackError


@pytest.fixture
def copy(tiny_pack: Path, tmp_path: Path) -> Path:
    """A pack that a test may spoil."""
    return Path(shutil.copytree(tiny_pack, tmp_path / "copy"))


def change(folder: Path, **values: object) -> None:
    manifest = json.loads((folder / packs.MANIFEST).read_text())
    (folder / packs.MANIFEST).write_text(json.dumps({**manifest, **values}))


def test_a_whole_pack(tiny_pack: Path) -> None:
    pack = packs.load(tiny_pack)
    assert (pack.name, pack.version, pack.input_size, pack.labels) == ("tiny", "1", 32, ["red", "green", "blue"])
    assert pack.summary() == {
        "name": "tiny",
        "version": "1",
        "classes": 3,
        "scores": {"top1": 1.0, "label_floor": 0.0},
        "caption_scores": None,
    }


def test_a_changed_file_is_refused(copy: Path) -> None:
    data = bytearray((copy / packs.ENCODER).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / packs.ENCODER).write_bytes(data)
    with pytest.raises(PackError, match="not the file that the pack's manifest describes"):
        packs.load(copy)


def test_a_missing_file_is_refused(copy: Path) -> None:
    (copy / packs.LABELS).unlink()
    with pytest.raises(PackError, match=r"lacks labels\.json"):
        packs.load(copy)


def test_a_manifest_that_does_not_vouch_for_a_file_is_refused(copy: Path) -> None:
    manifest = json.loads((copy / packs.MANIFEST).read_text())
    change(copy, files={packs.LABELS: manifest["files"][packs.LABELS]})
    with pytest.raises(PackError, match="does not list"):
        packs.load(copy)


def test_labels_that_do_not_fit_are_refused(copy: Path) -> None:
    change(copy, classes=4)
    with pytest.raises(PackError, match="4 classes but 3 labels"):
        packs.load(copy)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "can't be read"),
        ("[]", "not a pack of format 2"),
        ('{"format": 99}', "not a pack of format 2"),
        ('{"format": 2, "name": "x"}', "lacks classes, files, input, version"),
    ],
)
def test_manifests_that_make_no_sense(copy: Path, content: str, reason: str) -> None:
    (copy / packs.MANIFEST).write_text(content)
    with pytest.raises(PackError, match=reason):
        packs.load(copy)


def test_a_folder_that_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no model pack"):
        packs.load(tmp_path)
