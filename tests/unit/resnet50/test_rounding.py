from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from captionary.encoder import Encoder
from captionary.preprocess import squeezed
from resnet50 import build
from resnet50.rounding import STEPS, round_kernel, rounded
from resnet50.training.encoder import preprocess

SIZE = 16
RANDOM = np.random.default_rng(1)
NOISE = [Image.fromarray(RANDOM.integers(0, 256, (SIZE, SIZE, 3), np.uint8)) for _ in range(8)]


@pytest.fixture
def network() -> keras.Model:
    """As ResNet50 begins: a border, a convolution, and a normalisation; then three classes."""
    keras.utils.set_random_seed(1)
    pictures = keras.Input((SIZE, SIZE, 3))
    seen = keras.layers.ZeroPadding2D(3, name="conv1_pad")(pictures)
    seen = keras.layers.Conv2D(16, 7, strides=2, name="conv1_conv")(seen)
    seen = keras.layers.BatchNormalization(name="bn")(seen)
    seen = keras.layers.GlobalAveragePooling2D()(keras.layers.Activation("relu")(seen))
    network = keras.Model(pictures, keras.layers.Dense(3, activation="softmax")(seen))
    network.get_layer("bn").set_weights([RANDOM.uniform(0.5, 2, 16).astype(np.float32) for _ in range(4)])
    return network


def test_a_rounded_kernel_is_at_steps_and_its_sums_stay() -> None:
    kernel = RANDOM.normal(0, 1, (7, 7, 3, 64)).astype(np.float32)
    found = round_kernel(kernel)
    largest = np.abs(kernel).max(axis=(0, 1, 2))
    steps = found / (largest / STEPS)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-3)
    np.testing.assert_allclose(np.abs(found).max(axis=(0, 1, 2)), largest, rtol=1e-6)
    assert (np.abs(found - kernel) < largest / STEPS).all(), "each weight is at one of the steps beside it"
    sums = np.abs((found - kernel).sum(axis=(0, 1)))
    assert (sums <= 0.5001 * largest / STEPS).all()


def test_a_kernel_of_one_place_is_rounded_to_the_nearest_step() -> None:
    kernel = np.array([[1.0, 0.0], [-0.496, 0.0]], np.float32)
    np.testing.assert_allclose(round_kernel(kernel), [[1.0, 0.0], [-63 / STEPS, 0.0]], rtol=1e-6)


def test_what_is_usual_comes_out_as_in_float(network: keras.Model) -> None:
    pictures = RANDOM.normal(50, 20, (20, SIZE, SIZE, 3)).astype(np.float32)
    before = network.get_weights()
    small = rounded(network, pictures)
    at_first = [keras.Model(some.input, some.get_layer("conv1_conv").output) for some in (network, small)]
    there, here = (np.asarray(some(pictures)).mean(axis=(0, 1, 2)) for some in at_first)
    np.testing.assert_allclose(here, there, atol=0.05)
    for one, other in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other, err_msg="the network itself stays")


def test_the_bias_makes_up_for_what_rounding_changes_on_average() -> None:
    pictures = keras.Input((SIZE, SIZE, 3))
    network = keras.Model(pictures, keras.layers.Conv2D(32, 1)(pictures))
    bright = RANDOM.normal(200, 20, (20, SIZE, SIZE, 3)).astype(np.float32)
    there, here = (np.asarray(some(bright)).mean(axis=(0, 1, 2)) for some in (network, rounded(network, bright)))
    np.testing.assert_allclose(here, there, atol=1e-3)


def test_the_converter_keeps_the_steps(network: keras.Model) -> None:
    encoder = Interpreter(model_content=build.to_int8(network, NOISE))
    [kernel] = [
        encoder.tensor(detail["index"])()
        for detail in encoder.get_tensor_details()
        if detail["dtype"] == np.int8 and list(detail["shape"]) == [16, 7, 7, 3]
    ]
    weights = network.get_layer("conv1_conv").get_weights()[0]
    steps = round_kernel(weights) / (np.abs(weights).max(axis=(0, 1, 2)) / STEPS)
    expected = np.round(steps).astype(np.int8).transpose(3, 0, 1, 2)[..., ::-1]  # of red, green and blue
    np.testing.assert_array_equal(kernel, expected)


def test_of_pixels_it_says_what_it_says_of_preprocessed_pictures(network: keras.Model, tmp_path: Path) -> None:
    pixels = np.stack([squeezed(photo, SIZE) for photo in NOISE]).astype(np.float32)
    expected = np.asarray(network(preprocess(pixels)))
    np.testing.assert_allclose(np.asarray(build._of_pixels(network)(pixels)), expected, atol=1e-4)
    path = tmp_path / "encoder.tflite"
    path.write_bytes(build.to_int8(network, NOISE))
    encoder = Encoder(path)
    np.testing.assert_allclose(
        np.stack([encoder.look(squeezed(photo, SIZE))[0] for photo in NOISE]), expected, atol=0.02
    )
