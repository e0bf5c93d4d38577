"""Whether a network of 8 bits still says what it said in float: a pack that does not is never written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from captionary.encoder import Encoder
from captionary.errors import PackError
from captionary.packs import ENCODER, LABEL_FLOOR
from captionary.preprocess import square, squeezed

from .training.encoder import preprocess

# A picture counts as mistaken where float is sure enough to tell its best label, and finds the one that 8 bits
# put first less than half as likely.
LIKELY = 0.5
MOST_MISTAKEN = 0.05  # of the pictures
LEAST_COSINE = 0.99  # of the features at each place, on average
BATCH = 32


def agreement(network: keras.Model, encoder: bytes, photos: Iterable[Image.Image]) -> dict[str, Any]:
    """How an int8 encoder compares with the float network that it was made from.

    Args:
        network: preprocessed pictures (B, size, size, 3) to probabilities (B, classes), and features
            (B, 7, 7, C) if it gives any; then the photos are squeezed, not cut.
        encoder: a LiteRT file.
        photos: others than those it was rounded by.
    Returns: `pictures`; `top1`, the share of them whose best label is the same; `cosine`, of the features at each
        place, on average, where there are any.
    Raises:
        PackError: they differ by more than 8 bits should cost.
    """
    size, gives_features = int(network.input_shape[1]), len(network.outputs) == 2
    as_square = squeezed if gives_features else square
    pictures = np.stack([as_square(photo, size) for photo in photos])
    answers = network.predict(preprocess(pictures.astype(np.float32)), batch_size=BATCH, verbose=0)
    probabilities, features = answers if gives_features else (answers, None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ENCODER
        path.write_bytes(encoder)
        small = Encoder(path, threads=2)
        looks = [small.look(picture) for picture in pictures]
    chosen = np.array([look[0].argmax() for look in looks])
    best = probabilities.argmax(axis=1)
    found: dict[str, Any] = {"pictures": len(pictures), "top1": round(float((chosen == best).mean()), 4)}
    rows = np.arange(len(pictures))
    sure, given = probabilities[rows, best], probabilities[rows, chosen]
    mistaken = float(((sure >= LABEL_FLOOR) & (given < LIKELY * sure)).mean())
    if mistaken > MOST_MISTAKEN:
        raise PackError(
            f"With 8 bits the network puts another label first than in float, one that float finds unlikely, on "
            f"{mistaken:.0%} of {len(pictures)} pictures; at most {MOST_MISTAKEN:.0%} is let pass. "
            "No pack was written. A network that was trained further may stand it better."
        )
    if features is not None:
        found["cosine"] = round(_cosine(features, np.stack([look[1] for look in looks if look[1] is not None])), 4)
        if not found["cosine"] >= LEAST_COSINE:
            raise PackError(
                f"With 8 bits the network's features are not what they were in float: their cosine is "
                f"{found['cosine']}, and should be {LEAST_COSINE} or more. No pack was written. "
                "A network that was trained further may stand it better."
            )
    return found


def _cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The cosine of features (N, 7, 7, C) at each place, on average; where nothing is seen, there is none."""
    norms = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    products = (a * b).sum(axis=-1)
    return float(np.mean(products[norms > 0] / norms[norms > 0]))
