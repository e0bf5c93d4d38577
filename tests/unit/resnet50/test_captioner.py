from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from captionary import packs
from captionary.captioner import Captioner
from captionary.preprocess import square
from resnet50.training.encoder import preprocess

from .conftest import COLOURS, SIZE, solid


@pytest.mark.parametrize("name", COLOURS)
def test_the_best_label_is_the_caption(tiny_pack: Path, name: str) -> None:
    description = Captioner(packs.load(tiny_pack)).describe(solid(COLOURS[name]))
    assert description.caption == name.title()
    assert next(label["name"] for label in description.labels) == name
    scores = [label["score"] for label in description.labels]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=0.02)
    assert {label["source"] for label in description.labels} == {"model"}


def test_int8_in_the_function_says_what_keras_says(tiny_pack: Path, tiny_network: keras.Model) -> None:
    captioner = Captioner(packs.load(tiny_pack))
    random = np.random.default_rng(1)
    for _ in range(20):
        colour = random.integers(0, 256, 3)
        picture = Image.fromarray(np.full((50, 70, 3), colour, np.uint8))
        expected = tiny_network(preprocess(square(picture, SIZE).astype(np.float32)[np.newaxis]), training=False)
        ranked = {label["name"]: label["score"] for label in captioner.describe(picture).labels}
        scores = [ranked[name] for name in COLOURS]
        np.testing.assert_allclose(scores, np.asarray(expected)[0], atol=0.06)


def test_only_the_middle_square_is_looked_at(tiny_pack: Path) -> None:
    picture = solid(COLOURS["red"], (300, 100))
    picture.paste(COLOURS["blue"], (100, 0, 200, 100))
    assert Captioner(packs.load(tiny_pack)).describe(picture).caption == "Blue"


def test_what_the_network_is_not_sure_of_is_not_told(tiny_pack: Path) -> None:
    pack = packs.load(tiny_pack)
    likely = replace(pack, manifest={**pack.manifest, "scores": {"label_floor": 0.5}})
    assert [label["name"] for label in Captioner(likely).describe(solid(COLOURS["red"])).labels] == ["red"]
    certain = replace(pack, manifest={**pack.manifest, "scores": {"label_floor": 1.01}})
    guess = Captioner(certain).describe(solid(COLOURS["red"]))
    assert (guess.caption, [label["name"] for label in guess.labels]) == ("Perhaps red", ["red"])
    assert replace(pack, manifest={}).label_floor == packs.LABEL_FLOOR, "of a pack that was not measured"


@pytest.mark.parametrize("size", [(1, 1), (2, 500), (500, 2)])
def test_any_shape_will_do(tiny_pack: Path, size: tuple[int, int]) -> None:
    assert Captioner(packs.load(tiny_pack)).describe(solid(COLOURS["green"], size)).caption == "Green"
