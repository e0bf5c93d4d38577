"""Fit the matrix that turns features into bits: iterative quantization.

Principal components, turned so that as little as possible is lost when only signs are left (Gong and
Lazebnik 2011, "Iterative Quantization: A Procrustean Approach to Learning Binary Codes", CVPR, section 2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from captionary.hashing import unit_mean

BITS = 256
MOST_PICTURES = 10_000
TURNS = 50  # after which the paper finds no more gain


def fit(features: NDArray[np.float16], seed: int = 1) -> NDArray[np.float16]:
    """What captionary.hashing needs, for an encoder whose features of N pictures, V views each, these are.

    Args:
        features: (N, V, 49, C); the first views of up to 10,000 pictures count.
    Returns: (C + 1, bits); as many bits as these pictures can tell apart, 256 at most.
    """
    sample = np.stack([unit_mean(views[0]) for views in features[:: -(-len(features) // MOST_PICTURES)]])  # (n, C)
    mean = sample.mean(axis=0)
    centred = sample - mean
    bits = min(BITS, *(side // 8 * 8 for side in centred.shape))
    _, directions = np.linalg.eigh(centred.T @ centred)  # by their variance, the least first
    basis = directions[:, ::-1][:, :bits]  # (C, bits)
    projected = centred @ basis
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(bits, bits)))
    for _ in range(TURNS):
        signs = np.where(projected @ turn > 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(signs.T @ projected)
        turn = (left @ right).T
    turned = basis @ turn
    return np.vstack([turned, -mean @ turned]).astype(np.float16)
