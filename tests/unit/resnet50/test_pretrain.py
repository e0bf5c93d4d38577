from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from resnet50.training import decoder, pretrain
from resnet50.training.data import DataError, LabelledImages, open_labelled
from resnet50.training.settings import DecoderSettings, HeadSettings

from .test_training import pack_npz

COUNT, HELD_OUT, CLASSES = 36, 6, 3
CAPTIONS = [["a red one", "red"], ["a green one"]]
SETTINGS = DecoderSettings(
    least_count=1,
    longest=5,
    width=16,
    layers=1,
    picture_layers=1,
    heads=2,
    views=1,
    label_epochs=6,
    label_batch_size=6,
    label_rate=0.01,
    label_dropout=0.0,
    label_dev_images=HELD_OUT,
    epochs=1,
    batch_size=2,
    captions_each=2,
)


@pytest.fixture
def images(tmp_path: Path) -> LabelledImages:
    return open_labelled(pack_npz(tmp_path / "set.npz", COUNT))


@pytest.fixture
def labelled() -> NDArray[np.float16]:
    """Features (N, 1, 49, 8) in which the class is a channel that some places light up in."""
    random = np.random.default_rng(1)
    features = random.normal(0, 0.3, (COUNT, 1, 49, 8)).astype(np.float16)
    for i in range(COUNT):
        features[i, 0, random.integers(0, 49, 10), i % CLASSES] += 2
    return features


@pytest.fixture
def seen() -> NDArray[np.float16]:
    return np.random.default_rng(2).normal(1, 2, (2, 1, 49, 8)).astype(np.float16)


def test_what_labels_taught_is_what_a_decoder_begins_with(
    images: LabelledImages, labelled: NDArray[np.float16], seen: NDArray[np.float16], tmp_path: Path
) -> None:
    class Killed(Exception):
        pass

    def kill_in_the_third_epoch(epoch: int, step: int, scores: dict[str, float]) -> None:
        if epoch == 2:
            raise Killed

    run = tmp_path / "labels"
    with pytest.raises(Killed):
        pretrain.train(seen, CAPTIONS, labelled, images, SETTINGS, run, kill_in_the_third_epoch)
    epochs: set[int] = set()
    scores = pretrain.train(
        seen, CAPTIONS, labelled, images, SETTINGS, run, lambda epoch, step, scores: epochs.add(epoch)
    )
    assert epochs == {2, 3, 4, 5}
    assert scores["top1"] == 1
    assert json.loads((run / "decoder.json").read_text())["labels"] == {
        "pictures": COUNT - HELD_OUT,
        "classes": CLASSES,
        **scores,
    }
    again = pretrain.train(seen, CAPTIONS, labelled, images, SETTINGS, run, lambda *step: epochs.clear())
    assert (again, epochs) == (scores, {2, 3, 4, 5}), "what is learnt is not learnt again"
    taught, vocabulary, _ = decoder.load(run)
    assert "red" in vocabulary.words
    np.testing.assert_allclose(taught.mean, seen.astype(np.float32).mean(axis=(0, 1, 2)), atol=1e-3)
    still = dataclasses.replace(SETTINGS, learning_rate=0.0, weight_decay=0.0)
    decoder.train(seen, CAPTIONS, seen, CAPTIONS, still, tmp_path / "run", start=[run])
    trained, *_ = decoder.load(tmp_path / "run")
    for before, after in zip(taught.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_half_of_the_pictures_are_learnt_as_in_a_mirror(images: LabelledImages) -> None:
    columns = np.broadcast_to(np.arange(7)[:, np.newaxis], (COUNT, 1, 7, 7, 1)).reshape(COUNT, 1, 49, 1)
    features = columns.astype(np.float16)
    lesson = HeadSettings(batch_size=COUNT, mixup=0.0)
    learnt, _ = pretrain.LabelBatches(features, images.labels, CLASSES, lesson, epoch=0)[0]
    mirrored = {tuple(one) for one in learnt.reshape(COUNT, 7, 7)[:, 0]}
    assert mirrored == {tuple(map(float, range(7))), tuple(map(float, range(6, -1, -1)))}
    scored, _ = pretrain.LabelBatches(features, images.labels, CLASSES, lesson, epoch=None)[0]
    np.testing.assert_array_equal(scored, features[:, 0])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "show-and-tell"}, "set picture_layers to 1 or more"),
        ({"picture_layers": 0}, "set picture_layers to 1 or more"),
        ({"label_dev_images": COUNT}, "There are 36 labelled pictures, and 36 of them are to be held out; set"),
        ({"label_rate": 0.02}, "has another label_rate"),
    ],
)
def test_what_can_not_be_taught_is_said(
    images: LabelledImages,
    labelled: NDArray[np.float16],
    seen: NDArray[np.float16],
    tmp_path: Path,
    changes: dict[str, Any],
    reason: str,
) -> None:
    (tmp_path / "settings.json").write_text(json.dumps(dataclasses.asdict(SETTINGS)))
    with pytest.raises(DataError, match=reason):
        pretrain.train(seen, CAPTIONS, labelled, images, dataclasses.replace(SETTINGS, **changes), tmp_path)
