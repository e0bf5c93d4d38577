"""Conv4 features of pictures, computed once and kept in a file that is mapped, not read, into memory.

Axes: N pictures, V views of each (itself, its mirror image, random parts), S places, C = 1024 channels: for
captions 7 rows of 7 places, `conv4_block6_out` of Keras' ResNet50, averaged over neighbours where it is larger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from captionary.preprocess import squeezed

from .captions import pixels
from .data import Pictures
from .encoder import preprocess

BATCH = 32


def look(network: keras.Model, photo: Image.Image) -> NDArray[np.float32]:
    """What a network, as `conv4_network` gives it, sees in one photo: features (7, 7, C)."""
    picture = squeezed(photo, int(network.input_shape[1])).astype(np.float32)
    features: NDArray[np.float32] = np.asarray(network.predict_on_batch(preprocess(picture[np.newaxis]))[0])
    return features


def encode(
    network: keras.Model,
    images: Pictures,
    cache: Path,
    *,
    key: str,
    views: int = 1,
    most: int | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> NDArray[np.float16]:
    """Features float16 (N, V, S, C) of a set, mapped from a file below `cache`; made if that is not there yet.

    Broken off and called again, it goes on where it was. Memory: a batch, whatever the set's size.

    Args:
        network: pictures (B, size, size, 3) to (B, rows, columns, C).
        key: names network and set, e.g. by a hash of the weights.
        most: pictures from the set's beginning; None: all.
        report: called with how many pictures are done, of how many.
    """
    size = int(network.input_shape[1])
    rows, columns, channels = network.output_shape[1:]
    count = len(images) if most is None else min(most, len(images))
    shape = (count, views, rows * columns, channels)
    about = json.dumps([key, size, images.fingerprint, count, views])
    identity = hashlib.sha256(about.encode()).hexdigest()[:16]
    cache.mkdir(parents=True, exist_ok=True)
    path, progress = cache / f"features-{identity}.npy", cache / f"features-{identity}.done"
    if not path.is_file():
        progress.unlink(missing_ok=True)
        np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
    features = np.lib.format.open_memmap(path, mode="r+")
    done = int(progress.read_text()) if progress.is_file() else 0
    for start in range(done, count, BATCH):
        indices = range(start, min(start + BATCH, count))
        for view in range(views):
            batch = preprocess(pixels(images, indices, size, view).astype(np.float32))
            answer = np.asarray(network.predict_on_batch(batch))
            features[start : indices.stop, view] = answer.reshape(len(indices), rows * columns, channels)
        features.flush()
        beside = progress.with_suffix(".new")
        beside.write_text(str(indices.stop))
        beside.replace(progress)
        report(indices.stop, count)
    return np.lib.format.open_memmap(path, mode="r")
