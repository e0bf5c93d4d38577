"""Words for a picture, by the network of a pack."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .decoder import Decoder
from .encoder import Encoder
from .hashing import Hashing
from .packs import HASH, Pack
from .preprocess import square, squeezed
from .records import LabelJson
from .words import sentence

TOP_K = 5


@dataclass(frozen=True)
class Description:
    """What the network says of a picture: labels that it is sure enough of, best first, or else one guess."""

    caption: str  # a sentence; from a pack without sentences the best label, a guess as such: "Perhaps dog"
    labels: tuple[LabelJson, ...]
    looks: str = ""  # as in the record; of packs that can't tell, nothing


class Captioner:
    """A loaded pack. Loading takes a tenth of a second, so keep one for the life of the process."""

    def __init__(self, pack: Pack, threads: int = 1) -> None:
        self.pack = pack
        self._encoder = Encoder(pack.encoder, threads)
        self._decoder = Decoder(pack.decoder, pack.vocabulary, pack.search, threads) if pack.vocabulary else None
        self._hashing = Hashing(pack.hash) if pack.hash else None
        self._sees_as = pack.manifest["files"].get(HASH, "")[:8]  # bits of another encoder mean something else

    def describe(self, picture: Image.Image) -> Description:
        """Label and caption a picture (RGB, upright, any size)."""
        probabilities, features = self.look(picture)
        best = np.argsort(probabilities)[::-1][:TOP_K]
        labels = tuple(
            LabelJson(name=self.pack.labels[i], score=round(float(np.clip(probabilities[i], 0, 1)), 4), source="model")
            for i in best
            if i == best[0] or probabilities[i] >= self.pack.label_floor
        )
        if self._decoder is not None and features is not None:
            looks = f"{self._sees_as}.{self._hashing.code(features).hex()}" if self._hashing else ""
            return Description(sentence(self._decoder.describe(features)), labels, looks)
        name = labels[0]["name"]
        caption = name[:1].upper() + name[1:] if labels[0]["score"] >= self.pack.label_floor else f"Perhaps {name}"
        return Description(caption, labels)

    def look(self, picture: Image.Image) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """What the encoder sees: class probabilities (classes,), and features (7, 7, C) if it gives any."""
        as_square = squeezed if self.pack.is_squeezed else square
        return self._encoder.look(as_square(picture, self.pack.input_size))
