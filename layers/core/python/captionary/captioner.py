"""Words for a picture, by the network of a pack."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from PIL import Image

from .decoder import Decoder
from .packs import Pack
from .preprocess import CHANNEL_MEANS_BGR, square, squeezed
from .records import LabelJson
from .words import sentence

TOP_K = 5


@dataclass(frozen=True)
class Description:
    """What the network says of a picture: labels ranked by score, best first, and a caption."""

    caption: str
    labels: tuple[LabelJson, ...]


class Captioner:
    """A loaded pack. Loading takes a tenth of a second, so keep one for the life of the process."""

    def __init__(self, pack: Pack, threads: int = 1) -> None:
        self.pack = pack
        self._network = Interpreter(str(pack.encoder), num_threads=threads)
        self._network.allocate_tensors()
        given = self._network.get_input_details()[0]
        self._input = given["index"]
        # By rank: probabilities (1, classes) and, where there is a decoder, features (1, 7, 7, C).
        self._outputs = {len(answer["shape"]): answer["index"] for answer in self._network.get_output_details()}
        self._table = _quantisation_table(given["dtype"], *given["quantization"])
        self._decoder = Decoder(pack.decoder, pack.vocabulary, pack.search, threads) if pack.vocabulary else None

    def describe(self, picture: Image.Image) -> Description:
        """Label and caption a picture (RGB, upright, any size)."""
        probabilities, features = self.look(picture)
        best = np.argsort(probabilities)[::-1][:TOP_K]
        labels = tuple(
            LabelJson(name=self.pack.labels[i], score=round(float(np.clip(probabilities[i], 0, 1)), 4), source="model")
            for i in best
        )
        if self._decoder is not None and features is not None:
            return Description(sentence(self._decoder.describe(features)), labels)
        caption = labels[0]["name"]
        return Description(caption=caption[:1].upper() + caption[1:], labels=labels)

    def look(self, picture: Image.Image) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """What the encoder sees: class probabilities (classes,), and features (7, 7, C) if it gives any."""
        as_square = squeezed if self.pack.is_squeezed else square
        pixels = as_square(picture, self.pack.input_size)[..., ::-1]  # (size, size, 3), blue, green, red
        channels = [self._table[i][pixels[..., i]] for i in range(3)]
        self._network.set_tensor(self._input, np.stack(channels, axis=-1)[np.newaxis])
        self._network.invoke()
        features = self._network.get_tensor(self._outputs[4])[0] if 4 in self._outputs else None
        return self._network.get_tensor(self._outputs[2])[0], features


def _quantisation_table(dtype: type[np.generic], scale: float, zero_point: int) -> list[NDArray[np.generic]]:
    """For each of the three channels, what each of the 256 brightnesses is to the network."""
    brightness = np.arange(256, dtype=np.float32)
    tables = []
    for mean in CHANNEL_MEANS_BGR:
        centred = brightness - mean
        if np.issubdtype(dtype, np.integer):
            limits = np.iinfo(dtype)  # type: ignore[type-var]
            centred = np.clip(np.round(centred / scale + zero_point), limits.min, limits.max)
        tables.append(centred.astype(dtype))
    return tables
