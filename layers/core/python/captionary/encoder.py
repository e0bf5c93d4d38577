"""What a pack's network sees in a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray


class Encoder:
    """A loaded `encoder.tflite`."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._network = Interpreter(str(path), num_threads=threads)
        self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]["index"]
        # By rank: probabilities (1, classes) and, where there is a decoder, features (1, 7, 7, C).
        self._outputs = {len(answer["shape"]): answer for answer in self._network.get_output_details()}

    @property
    def channels(self) -> int:
        """Of the features; 0 where it gives none."""
        return int(self._outputs[4]["shape"][-1]) if 4 in self._outputs else 0

    def look(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Class probabilities (classes,), and features (7, 7, C) if it gives any, of a square (size, size, 3), RGB."""
        self._network.set_tensor(self._input, pixels[np.newaxis].astype(np.float32))
        self._network.invoke()
        features = self._network.get_tensor(self._outputs[4]["index"])[0] if 4 in self._outputs else None
        return self._network.get_tensor(self._outputs[2]["index"])[0], features
