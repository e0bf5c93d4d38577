"""Which words the gallery has, so that the beginning of one is enough to find it.

    pk              sk      what
    words#<start>   <word>  n: about how often it was used; years: those in which it was, in its first place alone

A word's first place is the partition of its first three letters; it also stands in those of the first
letter and the first two. Numbers come in masses, from cameras: they have one place, by more digits the
longer they are, so that no partition grows without end. So a number of up to three digits is found by the
first, one of four or five by two, of up to eight by four, and a longer one by six. A word stays when its
last photo goes: then its postings are empty, no more.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .table import MOST_ACTIONS, Item, Table, key, number, text_set
from .tokens import WORD_LENGTH

MOST_WORDS = 32  # that the beginning of a word stands for: the most used ones
_MOST_LOOKED_AT = 1000  # words of a partition
COUNTED = 32  # one use in so many is counted, and counts as so many
_REMEMBERED_SECONDS = 600.0
_MOST_REMEMBERED = 20_000
_WORDS_PER_TRANSACTION = 33  # three places each
_DIGITS = {1: 3, 3: 5, 4: 8, 6: WORD_LENGTH}  # that name the place of a number: so many, if it has up to so many


@dataclass(frozen=True)
class Word:
    """A word that photos have or had."""

    word: str
    uses: int  # roughly
    years: tuple[int, ...]  # of photos that were posted under it, the last first


class Vocabulary:
    """Learns words, and finds them by how they begin."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[tuple[str, int], float] = {}  # until when, on the monotonic clock

    def learn(self, words: Iterable[str], year: int) -> None:
        """See to it that these words are found, with this year; to be called before a photo is posted under them."""
        words, now = list(words), time.monotonic()
        unknown = [word for word in words if self._known.get((word, year), 0.0) < now]
        found = {word.word: word for word in self.find(unknown)}
        new = [word for word in unknown if word not in found or year not in found[word].years]
        for start in range(0, len(new), _WORDS_PER_TRANSACTION):
            some = new[start : start + _WORDS_PER_TRANSACTION]
            self._table.transact([action for word in some for action in self._entries(word, year, word in found)])
        if len(self._known) > _MOST_REMEMBERED:
            self._known.clear()
        self._known |= {(word, year): now + _REMEMBERED_SECONDS for word in unknown}
        if used := [word for word in words if random.randrange(COUNTED) == 0]:
            self.count(used)

    def count(self, words: Iterable[str]) -> None:
        """Count as many uses of each of these words as one that is counted stands for."""
        places = [key(f"words#{place}", word) for word in words for place in _places(word)]
        for start in range(0, len(places), MOST_ACTIONS):
            some = places[start : start + MOST_ACTIONS]
            self._table.transact([self._table.add(place, n=number(COUNTED)) for place in some])

    def find(self, words: Iterable[str]) -> list[Word]:
        """Those of these words that the gallery has."""
        return [_word(item) for item in self._table.batch_get([_key(word) for word in words])]

    def beginning(self, start: str) -> list[Word]:
        """The most used words that begin so."""
        found: list[Word] = []
        for place in _places_to_look(start):
            items, _ = self._table.query(f"words#{place}", _MOST_LOOKED_AT, beginning=start)
            found += map(_word, items)
        most_used = sorted(found, key=lambda word: (-word.uses, word.word))[:MOST_WORDS]
        elsewhere = [word.word for word in most_used if not word.years]
        return [word for word in most_used if word.years] + self.find(elsewhere)

    def _entries(self, word: str, year: int, is_known: bool) -> list[Item]:
        first, *others = _places(word)
        uses = number(0 if is_known else 1)
        entry = self._table.add(key(f"words#{first}", word), n=uses, years=text_set(str(year)))
        return [entry, *(self._table.add(key(f"words#{place}", word), n=uses) for place in others if not is_known)]


def _places(word: str) -> list[str]:
    """The partitions that a word stands in, its first place first."""
    if _has_digit(word):
        return [word[: next(digits for digits, longest in _DIGITS.items() if len(word) <= longest)]]
    return list(dict.fromkeys([word[:3], word[:1], word[:2]]))


def _places_to_look(start: str) -> list[str]:
    """The partitions with words that begin so."""
    if not _has_digit(start):
        return [start[:3]]
    places = [start[:digits] for digits, longest in _DIGITS.items() if digits <= len(start) <= longest]
    return places + [start + digit for digit in "0123456789"] if len(start) == 2 else places


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _key(word: str) -> Item:
    return key(f"words#{_places(word)[0]}", word)


def _word(item: Any) -> Word:
    years = sorted(map(int, item.get("years", {}).get("SS", [])), reverse=True)
    return Word(item["sk"]["S"], int(item["n"]["N"]), tuple(years))
