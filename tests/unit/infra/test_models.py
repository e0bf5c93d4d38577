from __future__ import annotations

from pathlib import Path

import pytest

from infra import models
from infra.errors import StartError
from infra.models import choose
from tests.packs import make_pack


@pytest.fixture
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for built packs, with none in it."""
    monkeypatch.setattr(models, "PACKS", tmp_path / "packs")
    return tmp_path / "packs"


def test_packs_by_name_and_by_path(packs: Path, tmp_path: Path) -> None:
    own = make_pack(tmp_path / "own")
    assert choose("starter").pack.name == "starter"
    assert choose(str(own)).pack.folder == own
    insisting = choose("imagenet")
    assert (insisting.better, insisting.insists) == (packs / "imagenet", True)
    make_pack(packs / "imagenet")
    assert choose("imagenet").pack.name == "imagenet"
    for model in ("starter", "imagenet", str(own)):
        choice = choose(model)
        assert (choice.better, choice.insists, choice.replaces_starter) == (None, False, False), (
            "what was asked for, and no more"
        )


def test_auto_begins_with_the_starter_and_wants_the_imagenet_pack(packs: Path) -> None:
    choice = choose("auto")
    assert (choice.pack.name, choice.better, choice.warning) == ("starter", packs / "imagenet", "")


def test_auto_takes_the_imagenet_pack_where_it_is_built(packs: Path) -> None:
    make_pack(packs / "imagenet")
    choice = choose("auto")
    assert (choice.pack.name, choice.better, choice.replaces_starter) == ("imagenet", None, True)


@pytest.mark.parametrize("damage", ["file changed", "file gone", "no manifest", "a file"])
def test_auto_goes_on_with_the_starter_where_the_imagenet_pack_is_broken(packs: Path, damage: str) -> None:
    folder = make_pack(packs / "imagenet")
    match damage:
        case "file changed":
            (folder / "encoder.tflite").write_bytes(b"tampered")
        case "file gone":
            (folder / "labels.json").unlink()
        case "no manifest":
            (folder / "manifest.json").unlink()
        case "a file":
            folder.rename(packs / "elsewhere")
            folder.write_text("not a folder")
    choice = choose("auto")
    assert (choice.pack.name, choice.better) == ("starter", folder)
    assert choice.warning.startswith("The imagenet pack can't be used: ")
    assert choice.warning.endswith(". The starter takes its place until it is built again.")


def test_a_pack_that_was_asked_for_and_is_broken(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="nowhere holds no manifest"):
        choose("nowhere")
    own = make_pack(tmp_path / "own")
    (own / "encoder.tflite").write_bytes(b"tampered")
    with pytest.raises(StartError, match="not the file that the pack's manifest describes"):
        choose(str(own))
