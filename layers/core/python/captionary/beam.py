"""Beam search: the likeliest sentences of a decoder that gives one word after the other.

Axes: N pictures at once, W beams (partial sentences) each, V words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .words import END, PAD, START, UNKNOWN

# Given the last words int32 (N*W,), their position, and for each beam which of the beams before it goes
# on (N*W,), the logarithms of the next words' probabilities float32 (N*W, V).
Step = Callable[[NDArray[np.int32], int, NDArray[np.intp]], NDArray[np.float32]]
_NEVER = np.float32(-1e9)


@dataclass(frozen=True)
class Search:
    """How to search."""

    width: int = 3
    longest: int = 20  # words
    length_penalty: float = 0.7  # exponent of Wu et al. 2016, arXiv:1609.08144, eq. 14; 0 favours short sentences
    no_repeat: int = 3  # words: no sequence of so many comes twice


@dataclass(frozen=True)
class Found:
    """A sentence: word numbers without start and end, and its score (log probability by length)."""

    numbers: tuple[int, ...]
    score: float


def beam_search(step: Step, pictures: int, search: Search) -> list[Found]:
    """The best sentence for each of N pictures.

    Args:
        step: asked once for each word, with the beams of picture n at n*W to (n+1)*W.
    """
    width = search.width
    last = np.full(pictures * width, START, np.int32)
    order = np.arange(pictures * width)
    searches = [_Beams(search) for _ in range(pictures)]
    for position in range(search.longest):
        logarithms = step(last, position, order)
        logarithms[:, (PAD, START, UNKNOWN)] = _NEVER
        for n, beams in enumerate(searches):
            own = slice(n * width, (n + 1) * width)
            last[own], parents = beams.extend(logarithms[own])
            order[own] = n * width + parents
        if all(beams.is_settled for beams in searches):
            break
    return [beams.best() for beams in searches]


class _Beams:
    """The beams of one picture."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._sentences: list[tuple[int, ...]] = [()] * search.width
        self._scores = np.full(search.width, _NEVER, np.float32)  # sums of logarithms
        self._scores[0] = 0  # they are all the same at first: one counts
        self._found: list[Found] = []

    def extend(self, logarithms: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """Go on by a word, (W, V) telling how likely each is: the words (W,), and which beam each came from (W,)."""
        width, words = logarithms.shape
        totals = self._scores[:, np.newaxis] + logarithms
        for beam, sentence in enumerate(self._sentences):
            totals[beam, _forbidden(sentence, self._search.no_repeat)] = _NEVER
        flat = totals.ravel()
        best = np.argpartition(flat, -2 * width)[-2 * width :]  # twice the width, for those that end
        best = best[np.argsort(-flat[best])]
        parents, following = np.divmod(best, words)
        ends = following == END
        for i in np.flatnonzero(ends[:width]):
            sentence = self._sentences[parents[i]]
            self._found.append(Found(sentence, float(flat[best[i]]) / self._penalty(len(sentence) + 1)))
        on = np.flatnonzero(~ends)[:width]
        self._sentences = [(*self._sentences[parents[i]], int(following[i])) for i in on]
        self._scores = flat[best[on]]
        return following[on].astype(np.int32), parents[on]

    @property
    def is_settled(self) -> bool:
        """Whether no open beam is ahead of what was found, if it ended now: words only cost."""
        if not self._found:
            return False
        return self.best().score >= float(self._scores[0]) / self._penalty(len(self._sentences[0]) + 1)

    def best(self) -> Found:
        """The best sentence that ended; the best open one if none did."""
        if self._found:
            return max(self._found, key=lambda found: found.score)
        return Found(self._sentences[0], float(self._scores[0]) / self._penalty(self._search.longest))

    def _penalty(self, length: int) -> float:
        return float(((5 + length) / 6) ** self._search.length_penalty)


def _forbidden(sentence: tuple[int, ...], n: int) -> list[int]:
    """Words that may not follow: the end at once, the last word again, what would repeat n words in a row."""
    if not sentence:
        return [END]
    forbidden = [sentence[-1]]
    if len(sentence) >= n:
        tail = sentence[len(sentence) - n + 1 :]
        forbidden += [sentence[i + n - 1] for i in range(len(sentence) - n + 1) if sentence[i : i + n - 1] == tail]
    return forbidden
