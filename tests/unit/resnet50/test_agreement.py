from __future__ import annotations

import keras
import numpy as np
import pytest
from PIL import Image

from captionary.errors import PackError
from captionary.preprocess import squeezed
from resnet50 import build
from resnet50.agreement import agreement

from .conftest import COLOURS, SIZE, solid

PHOTOS = [solid(colour) for colour in COLOURS.values()]


def test_eight_bits_that_say_what_float_says(tiny_network: keras.Model) -> None:
    encoder = build.to_int8(tiny_network, PHOTOS)
    assert agreement(tiny_network, encoder, PHOTOS) == {"pictures": 3, "top1": 1.0}


def test_eight_bits_that_say_something_else_are_refused(tiny_network: keras.Model) -> None:
    other = keras.models.clone_model(tiny_network)
    other.get_layer("head").set_weights([-0.05 * np.eye(3)[::-1].astype(np.float32), np.zeros(3, np.float32)])
    with pytest.raises(PackError, match=r"puts another label first than in float, .* on 100% of 3 pictures"):
        agreement(tiny_network, build.to_int8(other, PHOTOS), PHOTOS)


def test_labels_that_float_finds_as_likely_are_no_matter(tiny_network: keras.Model) -> None:
    unsure = keras.models.clone_model(tiny_network)
    unsure.get_layer("head").set_weights([-1e-5 * np.eye(3)[::-1].astype(np.float32), np.zeros(3, np.float32)])
    found = agreement(unsure, build.to_int8(tiny_network, PHOTOS), PHOTOS)
    assert found["top1"] == 0.0


def test_features_are_compared_place_by_place() -> None:
    def network(kernel: int) -> keras.Model:
        pictures = keras.Input((SIZE, SIZE, 3))
        keras.utils.set_random_seed(kernel)
        features = keras.layers.Conv2D(4, 5, strides=4, activation="relu")(pictures)
        answer = keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalAveragePooling2D()(pictures))
        return keras.Model(pictures, [answer, features])

    random = np.random.default_rng(1)
    photos = [Image.fromarray(random.integers(0, 255, (SIZE, SIZE, 3), np.uint8)) for _ in range(4)]
    one, other = network(1), network(2)
    found = agreement(one, build.to_int8(one, photos, squeezed), photos)
    assert found["cosine"] > 0.99
    other.set_weights([*one.get_weights()[:2], *other.get_weights()[2:]])
    swapped = keras.Model(one.input, [one.outputs[0], other(one.input)[1][..., ::-1]])
    with pytest.raises(PackError, match="features are not what they were in float"):
        agreement(swapped, build.to_int8(one, photos, squeezed), photos)
