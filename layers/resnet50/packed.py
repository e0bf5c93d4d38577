"""The encoder of a pack, in the place of the Keras network that it was made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from captionary.encoder import Encoder
from captionary.packs import Pack
from captionary.preprocess import CHANNEL_MEANS_BGR

from .training.distil import GRID


class PackedNetwork:
    """Gives features as `conv4_network`'s network does, to whoever asks a batch at a time: those of the function."""

    def __init__(self, pack: Pack) -> None:
        self._encoder = Encoder(pack.encoder, threads=2)
        self.input_shape = (None, pack.input_size, pack.input_size, 3)
        self.output_shape = (None, GRID, GRID, self._encoder.channels)  # no channels: it gives no features

    def predict_on_batch(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Preprocessed pictures (B, size, size, 3) to features float32 (B, 7, 7, C)."""
        pixels = np.round(pictures + np.asarray(CHANNEL_MEANS_BGR, np.float32))[..., ::-1].astype(np.uint8)
        features = [self._encoder.look(picture)[1] for picture in pixels]
        return np.stack([seen for seen in features if seen is not None])
