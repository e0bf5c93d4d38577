from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from captionary.hashing import Hashing, likeness, unit_mean
from resnet50.training import hashing

CHANNELS = 32


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    """Of 200 pictures, two views each, that differ a little: (200, 2, 49, 32)."""
    random = np.random.default_rng(1)
    pictures = random.gamma(1.0, size=(200, 1, 49, CHANNELS)).mean(axis=2, keepdims=True) * random.gamma(
        2.0, size=(200, 1, 1, CHANNELS)
    )
    views: np.ndarray = pictures + 0.02 * random.random((200, 2, 49, CHANNELS))
    return views.astype(np.float16)


def test_pictures_that_look_alike_have_most_bits_in_common(features: np.ndarray, tmp_path: Path) -> None:
    table = hashing.fit(features)
    assert (table.shape, table.dtype.name) == ((CHANNELS + 1, CHANNELS), "float16")
    np.save(tmp_path / "hash.npy", table)
    hasher = Hashing(tmp_path / "hash.npy")
    codes = [[hasher.code(view.reshape(7, 7, -1).astype(np.float32)) for view in views] for views in features]
    assert {len(code) for views in codes for code in views} == {CHANNELS // 8}
    same = np.mean([likeness(a, b) for a, b in codes])
    others = np.mean([likeness(a[0], b[1]) for a, b in itertools.pairwise(codes)])
    assert same > 0.8
    assert others < 0.4
    shares = np.mean([np.unpackbits(np.frombuffer(a, np.uint8)) for a, _ in codes], axis=0)
    assert shares.min() > 0.2
    assert shares.max() < 0.8, "each bit divides the pictures"


def test_a_few_pictures_give_as_many_bits_as_they_can(features: np.ndarray) -> None:
    assert hashing.fit(features[:20]).shape == (CHANNELS + 1, 16)


def test_the_mean_is_of_length_one(features: np.ndarray) -> None:
    grid = features[0, 0].reshape(7, 7, -1)
    np.testing.assert_allclose(np.linalg.norm(unit_mean(grid)), 1, rtol=1e-5)
    np.testing.assert_allclose(unit_mean(grid), unit_mean(features[0])[0], rtol=1e-5)
    assert not unit_mean(np.zeros((7, 7, 3), np.float32)).any(), "a picture without features has none"


def test_likeness() -> None:
    assert likeness(b"\x0f\xf0", b"\x0f\xf0") == 1
    assert likeness(b"\x00\x00", b"\x01\x80") == 0.75
    assert likeness(b"\x00", b"\xff") == 0
