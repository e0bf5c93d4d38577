"""What a pack's network sees in a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from .preprocess import CHANNEL_MEANS_BGR


class Encoder:
    """A loaded `encoder.tflite`."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._network = Interpreter(str(path), num_threads=threads)
        self._network.allocate_tensors()
        given = self._network.get_input_details()[0]
        self._input = given["index"]
        # By rank: probabilities (1, classes) and, where there is a decoder, features (1, 7, 7, C).
        self._outputs = {len(answer["shape"]): answer for answer in self._network.get_output_details()}
        self._table = _quantisation_table(given["dtype"], *given["quantization"])

    @property
    def channels(self) -> int:
        """Of the features; 0 where it gives none."""
        return int(self._outputs[4]["shape"][-1]) if 4 in self._outputs else 0

    def look(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Class probabilities (classes,), and features (7, 7, C) if it gives any, of a square (size, size, 3), RGB."""
        channels = [self._table[i][pixels[..., 2 - i]] for i in range(3)]  # blue, green, red
        self._network.set_tensor(self._input, np.stack(channels, axis=-1)[np.newaxis])
        self._network.invoke()
        features = self._network.get_tensor(self._outputs[4]["index"])[0] if 4 in self._outputs else None
        return self._network.get_tensor(self._outputs[2]["index"])[0], features


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
