from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from captionary import packs
from resnet50.scoring import label_floor, label_scores
from resnet50.training import scores
from resnet50.training.data import DataError, open_labelled

from .conftest import COLOURS, solid

CAPTIONS = ["a dog runs in the snow", "two men play on a field", "a boy rides a bike along the road"]
REFERENCES = [
    ["A black dog runs in the snow.", "a dog is running in the snow"],
    ["Two men play football on a field!"],
    ["a boy rides a bike", "A boy rides his bike along the road.", "boy on bike"],
]


@pytest.fixture
def pack(tiny_pack: Path, tmp_path: Path) -> Path:
    """A pack that a test may write to."""
    return Path(shutil.copytree(tiny_pack, tmp_path / "pack"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two photos of each of two colours, one of them wrong, in folders called by the colours."""
    for folder, colours in (("blue", ("blue", "blue")), ("red", ("red", "green"))):
        (tmp_path / "photos" / folder).mkdir(parents=True)
        for i, colour in enumerate(colours):
            solid(COLOURS[colour]).save(tmp_path / "photos" / folder / f"{i}.png")
    return tmp_path / "photos"


def evaluate(*arguments: str | Path) -> Result:
    from commands.evaluate import command

    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_bleu_is_what_sacrebleu_says() -> None:
    ours = scores.bleu_and_cider(CAPTIONS, REFERENCES)["bleu4"]
    assert scores.sacre_bleu(CAPTIONS, REFERENCES) == pytest.approx(ours, abs=0.01)
    assert 20 < ours < 100


def test_classes_are_known_by_their_names(tiny_pack: Path, photos: Path) -> None:
    images = open_labelled(photos)
    assert images.names == ["blue", "red"], "in another order than the pack's, and fewer"
    pack = packs.load(tiny_pack)
    assert label_scores(pack, images, range(4)) == {"pictures": 4, "top1": 0.75, "top5": 1.0}
    (photos / "mauve").mkdir()
    solid(COLOURS["red"]).save(photos / "mauve" / "1.png")
    with pytest.raises(DataError, match=r"the pack tiny does not know mauve \(1 such"):
        label_scores(pack, open_labelled(photos), range(4))


def test_the_floor_is_where_half_of_the_labels_are_right() -> None:
    scores = np.array([[0.6, 0.3], [0.45, 0.4], [0.3, 0.2]], np.float32)
    right = np.array([[True, False], [False, True], [False, False]])
    assert label_floor(scores, right) == 0.31
    assert label_floor(scores, np.ones_like(right)) == 0.01
    assert label_floor(scores, np.zeros_like(right)) == 1


def test_the_floor_is_measured_on_many_pictures(tiny_pack: Path, photos: Path) -> None:
    found = label_scores(packs.load(tiny_pack), open_labelled(photos), [0, 1, 2, 3] * 50)
    assert (found["pictures"], found["top1"]) == (200, 0.75)
    assert found["label_floor"] == 0.01, "three quarters of what it is sure of are right, and it is unsure of the rest"


def test_the_command_measures_labels(pack: Path, photos: Path, tmp_path: Path) -> None:
    result = evaluate("--pack", pack, "--data", photos, "--out", tmp_path / "out", "--manifest")
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert found == {"pictures": 4, "top1": 0.75, "top5": 1.0}
    assert (tmp_path / "out" / "scores.md").read_text().splitlines() == [
        f"# The pack {pack.name} on photos",
        "",
        "| pictures | top-1 | top-5 |",
        "| ---: | ---: | ---: |",
        "| 4 | 0.75 | 1.0 |",
    ]
    assert packs.load(pack).manifest["scores"] == {"data": "photos", "label_floor": 0.0, **found}
    last = evaluate("--pack", pack, "--data", photos, "--last", "1", "--json")
    assert json.loads(last.output)["pictures"] == 1
    assert packs.load(pack).manifest["scores"]["pictures"] == 4, "unless asked, the manifest stays as it is"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--split", "dev"], "--last is for labelled ones"),
        (["--weights", "imagenet"], "--last is for labelled ones"),
        (["--weights", "imagenet", "--manifest"], "--manifest is for the pack as it is"),
    ],
)
def test_options_that_do_not_go_together(pack: Path, photos: Path, arguments: list[str], reason: str) -> None:
    result = evaluate("--pack", pack, "--data", photos, *arguments)
    assert result.exit_code == 2
    assert reason in " ".join(result.output.split())
