"""How a photo looks, in 256 bits: the more alike two photos look, the fewer of them differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class Hashing:
    """A loaded `hash.npy`: float16 (C + 1, bits), a matrix that features are turned by, and an offset below it."""

    def __init__(self, path: Path) -> None:
        table = np.load(path).astype(np.float32)
        self._turn, self._offset = table[:-1], table[-1]

    def code(self, features: NDArray[np.float32]) -> bytes:
        """The bits of a picture, eight in a byte, by its features (7, 7, C)."""
        return np.packbits(unit_mean(features) @ self._turn + self._offset > 0).tobytes()


def unit_mean(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """The mean over all places of features (..., 7, 7, C) or (..., 49, C): (..., C), of length 1."""
    places = (-3, -2) if features.shape[-2] == 7 else (-2,)
    mean: NDArray[np.float32] = features.mean(axis=places, dtype=np.float32)
    mean /= np.maximum(np.linalg.norm(mean, axis=-1, keepdims=True), 1e-9)
    return mean


def likeness(a: bytes, b: bytes) -> float:
    """How much two codes of equal length have in common: 1 if they are the same, about 0 for photos by chance."""
    differing = (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()
    return max(0.0, 1 - 2 * differing / (8 * len(a)))
