from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from resnet50 import networks
from resnet50.training import head
from resnet50.training.data import DataError, LabelledImages, open_labelled
from resnet50.training.features import encode
from resnet50.training.settings import HeadSettings

from .test_training import pack_npz

SETTINGS = HeadSettings(epochs=2, batch_size=6, dev_images=2, views=2, learning_rate=0.01)


@pytest.fixture
def images(tmp_path: Path) -> LabelledImages:
    return open_labelled(pack_npz(tmp_path / "set.npz", 14))


@pytest.fixture
def distilled() -> keras.Model:
    """ResNet50 up to conv4, its batch normalisation as if it had been trained."""
    keras.utils.set_random_seed(1)
    whole = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(72, 72, 3))
    network = keras.Model(whole.input, whole.get_layer(head.CONV4).output)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(keras.random.normal(layer.moving_mean.shape))
    return network


def test_stage_5_is_given_all_that_it_looks_at(distilled: keras.Model) -> None:
    network = head.on_top_of(distilled, 3, SETTINGS)  # of 5 x 5 places of conv4: an odd number
    pictures = np.random.default_rng(1).normal(0, 50, (2, 72, 72, 3)).astype(np.float32)
    seen = head.below(network).predict(pictures, verbose=0)
    assert seen.shape == (2, 3, 3, 1024)
    expected = network.predict(pictures, verbose=0)
    np.testing.assert_allclose(head.above(network).predict(seen, verbose=0), expected, rtol=1e-4, atol=1e-4)


def test_training_leaves_what_lies_below_as_it_is(
    distilled: keras.Model, images: LabelledImages, tmp_path: Path
) -> None:
    network = head.on_top_of(distilled, 3, SETTINGS)
    features = encode(head.below(network), images, tmp_path / "features", key="a", views=2)
    fresh = network.get_layer("conv5_block1_1_conv").get_weights()[0]

    class Killed(Exception):
        pass

    def kill_in_the_second_epoch(epoch: int, step: int, logs: dict[str, float]) -> None:
        if epoch == 1:
            raise Killed

    with pytest.raises(Killed):
        head.train(network, features, images, SETTINGS, tmp_path / "run", kill_in_the_second_epoch)
    epochs: set[int] = set()
    network = head.on_top_of(distilled, 3, SETTINGS)
    scores = head.train(
        network, features, images, SETTINGS, tmp_path / "run", lambda epoch, step, logs: epochs.add(epoch)
    )
    assert epochs == {1}
    trained, summary = networks.trained_network(tmp_path / "run")
    assert summary["scores"] == scores
    assert summary["training_images"] == 12
    for layer in (layer for layer in distilled.layers if layer.weights):
        for before, after in zip(layer.get_weights(), trained.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(before, after)
    assert not np.array_equal(fresh, trained.get_layer("conv5_block1_1_conv").get_weights()[0])
    with pytest.raises(DataError, match="has another mixup"):
        head.train(network, features, images, dataclasses.replace(SETTINGS, mixup=0.0), tmp_path / "run")


def test_batches_mix_pictures_and_their_labels(images: LabelledImages) -> None:
    features = np.repeat(np.arange(14, dtype=np.float16)[:, None, None, None], 4, axis=2)  # (14, 1, 4, 1)
    settings = dataclasses.replace(SETTINGS, batch_size=14, mixup=1.0)
    seen, targets = head.HeadBatches(features, images.labels, 3, settings, epoch=0)[0]
    assert seen.shape == (14, 2, 2, 1)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    assert 0 < targets.min(initial=1, where=targets > 0) < 1
    again, _ = head.HeadBatches(features, images.labels, 3, settings, epoch=0)[0]
    np.testing.assert_array_equal(seen, again)
    in_order, labels = head.HeadBatches(features, images.labels, 3, settings, epoch=None)[0]
    np.testing.assert_array_equal(in_order[:, 0, 0, 0], np.arange(14))
    np.testing.assert_array_equal(labels.argmax(axis=1), images.labels)


def test_too_few_pictures(distilled: keras.Model, images: LabelledImages, tmp_path: Path) -> None:
    network = head.on_top_of(distilled, 3, SETTINGS)
    with pytest.raises(DataError, match="14 pictures, and 14 of them are to be held out"):
        head.train(
            network, np.zeros((14, 1, 9, 1024), np.float16), images, HeadSettings(dev_images=14), tmp_path / "run"
        )
