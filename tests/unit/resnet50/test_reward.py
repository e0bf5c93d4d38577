from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocoevalcap.cider.cider import Cider

from captionary.words import END, PAD, START, UNKNOWN, Vocabulary, tokenise
from resnet50.training import decoder, reward
from resnet50.training.settings import DecoderSettings

REFERENCES = [
    ["a black dog runs through the snow", "a dog is running in the snow", "dog in snow"],
    ["two men play football on a field", "men playing a game of football"],
    ["a girl in a red dress smiles", "a girl smiles at the camera", "the smiling girl wears red"],
]
GIVEN = ["a dog runs in the snow", "two men on a field", "a boy rides a bike"]


def test_cider_is_what_the_library_says() -> None:
    wanted = dict(enumerate(REFERENCES))
    _, expected = Cider().compute_score(wanted, {i: [caption] for i, caption in enumerate(GIVEN)})
    ours = reward.CiderD([[tokenise(caption) for caption in own] for own in REFERENCES])
    scores = [ours.score(i, [tokenise(caption)])[0] for i, caption in enumerate(GIVEN)]
    assert scores == pytest.approx([float(value) / 10 for value in expected], abs=1e-6)
    assert scores[0] > 0.1
    assert ours.score(0, [[], tokenise(GIVEN[0])]) == [0, scores[0]]


SETTINGS = DecoderSettings(
    kind="show-and-tell",
    least_count=1,
    longest=9,
    width=32,
    epochs=8,
    batch_size=3,
    captions_each=8,
    patience=8,
    learning_rate=0.01,
    average_momentum=0.5,
    dropout=0.0,
    word_dropout=0.0,
    views=1,
    reward_epochs=3,
    reward_rate=3e-3,
    reward_batch_size=3,
    reward_average_momentum=0.5,
)


@pytest.fixture
def features() -> NDArray[np.float16]:
    return np.random.default_rng(1).normal(size=(3, 1, 49, 8)).astype(np.float16)


def test_sentences_by_chance_are_sentences(features: NDArray[np.float16]) -> None:
    network = decoder.network(SETTINGS, 12, 8)
    chances = np.random.default_rng(1).random((3, 200, 9), np.float32)
    chances[0, :2] = [[0], [np.nextafter(np.float32(1), np.float32(0))]]
    given = {"features": features[:, 0].astype(np.float32), "chances": chances}
    said = reward.Sampler(network, 1.0).predict_on_batch(given)
    assert said.shape == (3, 200, 9)
    assert not np.isin(said, (START, UNKNOWN)).any()
    after_end = np.cumsum(said == END, axis=-1) - (said == END) > 0
    assert ((said == PAD) == after_end).all()
    # An untrained network finds about all words equally likely.
    counts = np.bincount(said[..., 0].ravel(), minlength=12)[[END, *range(4, 12)]]
    assert counts.min() > 30
    cool = reward.Sampler(network, 1e-6).predict_on_batch(given)
    assert (cool == cool[:, :1]).all(), "where it is cold, the likeliest words alone are said"


def test_the_score_gets_better_by_being_learnt_from(features: NDArray[np.float16], tmp_path: Path) -> None:
    # Of three references the last is odd: likelihood alone gives it its share, the reward does not.
    captions = [["a dog in the snow", "a dog in the snow", f"word{i} odd one"] for i in range(3)]
    decoder.train(features, captions, features, captions, dataclasses.replace(SETTINGS, epochs=3), tmp_path)
    shutil.copytree(tmp_path, tmp_path / "again")
    rewards: list[float] = []

    def report(epoch: int, step: int, scores: dict[str, float]) -> None:
        if "cider" not in scores:
            rewards.append(-scores["loss"])

    settings = dataclasses.replace(SETTINGS, reward_epochs=12)
    scores = reward.fine_tune(tmp_path, features, captions, features, captions, settings, report)
    assert np.mean(rewards[-3:]) > np.mean(rewards[:3])
    summary = json.loads((tmp_path / "decoder.json").read_text())
    assert summary["reward_epochs"] == 12
    assert summary["scores"]["cider"] == scores["cider"]
    assert set(summary["vocabulary"]) >= set(Vocabulary.of(["a dog in the snow"], 1).words)
    epochs: list[int] = []
    reward.fine_tune(
        tmp_path,
        features,
        captions,
        features,
        captions,
        dataclasses.replace(settings, reward_epochs=13),
        lambda epoch, step, scores: epochs.append(epoch),
    )
    assert set(epochs) == {12}, "what was done is not done again"
