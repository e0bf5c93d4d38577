"""Sentences for a picture's features, by the decoder of a pack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from .beam import Search, beam_search
from .words import Vocabulary

BEGIN, STEP = "begin", "step"


class Decoder:
    """A loaded decoder: `decoder.tflite` with two signatures, for as many beams as the search is wide.

    begin    features (1, 49, C) to memory, what each word will look at
    step     tokens int32 (W, 1), position int32 (1,), memory, cache (W, ..., T, D) to scores (W, V) of the next
             word, and what is to be written (W, ..., D) into the cache at this position, or modulo T
    """

    def __init__(self, path: Path, vocabulary: Vocabulary, search: Search, threads: int = 1) -> None:
        self._vocabulary, self._search = vocabulary, search
        network = Interpreter(str(path), num_threads=threads)
        self._begin, self._step = network.get_signature_runner(BEGIN), network.get_signature_runner(STEP)
        self._cache_shape = self._step.get_input_details()["cache"]["shape"]

    def describe(self, features: NDArray[np.float32]) -> list[str]:
        """Words for a picture, by its features (49, C); any shape with as many values will do."""
        memory = self._begin(features=features.reshape(1, 49, -1))["memory"]
        cache = np.zeros(self._cache_shape, np.float32)
        beams = np.arange(self._search.width)

        def step(last: NDArray[np.int32], position: int, order: NDArray[np.intp]) -> NDArray[np.float32]:
            nonlocal cache
            if (order != beams).any():
                cache = cache[order]
            answer = self._step(
                tokens=last[:, np.newaxis], position=np.array([position], np.int32), memory=memory, cache=cache
            )
            cache[..., position % cache.shape[-2], :] = answer["written"]
            return _log_softmax(answer["scores"])

        [found] = beam_search(step, 1, self._search)
        return self._vocabulary.decode(found.numbers)


def _log_softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    logarithms: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logarithms
