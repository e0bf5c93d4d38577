"""Captions as words, words as numbers, and back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

PAD, START, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<start>", "<end>", "<unknown>")
_WORD = re.compile(r"'s\b|[^\W_]+(?:-[^\W_]+)*")


def tokenise(caption: str) -> list[str]:
    """The words of a caption, in small letters and without punctuation; "man's" is two: man 's."""
    return _WORD.findall(caption.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


def sentence(words: Sequence[str]) -> str:
    """Words as a sentence: a capital, a full stop. Nothing for no words."""
    text = " ".join(words).replace(" 's", "'s")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


class Vocabulary:
    """The words that a decoder knows, by number; the first four numbers have a meaning of their own."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self._all = [*SPECIAL, *words]
        self._numbers = {word: number for number, word in enumerate(self._all)}

    @classmethod
    def of(cls, captions: Iterable[str], least: int) -> Vocabulary:
        """The words that occur at least so often, the most frequent first."""
        counts = Counter(word for caption in captions for word in tokenise(caption))
        return cls(
            [word for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count >= least]
        )

    def __len__(self) -> int:
        return len(self._all)

    def encode(self, caption: str, length: int) -> list[int]:
        """A caption as `length` numbers: start, words, end, padding; what is too long is cut off, end and all."""
        numbers = [START, *(self._numbers.get(word, UNKNOWN) for word in tokenise(caption)), END][:length]
        return numbers + [PAD] * (length - len(numbers))

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Words, up to the end mark."""
        words = []
        for number in numbers:
            if number == END:
                break
            if number >= len(SPECIAL):
                words.append(self._all[number])
        return words
