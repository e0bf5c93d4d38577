"""A network small enough to train and convert in a test: it tells red, green and blue apart."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest
from PIL import Image

from resnet50 import build

SIZE = 32
COLOURS = {"red": (230, 20, 20), "green": (20, 230, 20), "blue": (20, 20, 230)}


def solid(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new("RGB", size, colour)


@pytest.fixture(scope="session")
def tiny_network() -> keras.Model:
    """Preprocessed pictures (B, 32, 32, 3) to the probabilities of red, green and blue."""
    pictures = keras.Input((SIZE, SIZE, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(pictures)  # blue, green, red
    probabilities = keras.layers.Dense(3, activation="softmax", name="head")(pooled)
    network = keras.Model(pictures, probabilities)
    network.get_layer("head").set_weights([0.05 * np.eye(3)[::-1].astype(np.float32), np.zeros(3, np.float32)])
    return network


@pytest.fixture(scope="session")
def tiny_pack(tiny_network: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of the tiny network."""
    out = tmp_path_factory.mktemp("packs") / "tiny"
    encoder = build.to_int8(tiny_network, [solid(colour) for colour in COLOURS.values()])
    labels = [build.Label(f"n{i}", name) for i, name in enumerate(COLOURS)]
    about = build.About("tiny", "1", "none", "made by a test", {"top1": 1.0, "label_floor": 0.0})
    build.write_pack(out, about, SIZE, labels, encoder)
    return out
