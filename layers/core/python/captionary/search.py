"""Finding photos: by words, by label, by status, newest first.

Of the words that a query asks for, the rarest leads: its photos are read from the index, newest first, and
each record is compared with the whole query before it is answered, for the record is the truth. Where the
leading word stands close on a page, the other words' entries on that page are read first: that costs less
than the records of all the photos that lack them. One request does a bounded piece of work; a search that
finds little in much is answered with what was found so far, and a cursor.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, islice

from .postings import WORDS_OF_LABEL, Block, Postings, below, label_words, words_of
from .records import Record
from .timeline import LOWEST_SORT_KEY, Position, Timeline
from .tokens import LITTLE_WORDS, same_words, telling, words
from .vocabulary import Vocabulary, Word

_MOST_TERMS = 8  # of a query that are looked up in the index; the record is compared with them all
_MOST_WORK = 2000  # records and pages that one request looks at
_MOST_PAGES = 64  # looked at in one step
_CLOSE = 8  # entries on a page, from which on the other words are asked for first
_COMMON = 1024  # uses, from which on a word is looked for on each of the newest pages
_PARTS_OF_PAGES = (4, 8, 16, 32)
_MOST_RECORDS = 100  # read at once


@dataclass(frozen=True)
class Query:
    """What photos are asked for; all of it has to hold."""

    words: tuple[str, ...] = ()  # whole ones, singular or plural
    start: str = ""  # how some word begins
    label: str = ""  # a label's exact name
    status: str = ""
    is_void: bool = False  # nothing can be found: there was a text, but no word in it, or a label without a letter

    @classmethod
    def of(cls, text: str = "", label: str = "", status: str = "") -> Query:
        """What a person means: all words of the text, the last of which may not be typed to its end."""
        found = words(text)
        whole = tuple(telling(list(dict.fromkeys(found[:-1]))))
        start = found[-1] if found else ""
        if whole and start in LITTLE_WORDS:
            start = ""
        is_void = bool(text.strip() and not found) or bool(label and not label.strip())
        return cls(whole, start, label, status, is_void)

    def matches(self, record: Record) -> bool:
        """Whether a photo is what is asked for."""
        if not record.is_visible or self.status not in ("", record.status):
            return False
        if self.label and self.label not in [label["name"] for label in record.shown_labels]:
            return False
        if not self.words and not self.start:
            return True
        found = set(words_of(record))
        return all(not found.isdisjoint(same_words(word)) for word in self.words) and self._has_start(found)

    def _has_start(self, found: set[str]) -> bool:
        return (
            not self.start
            or any(word.startswith(self.start) for word in found)
            or not found.isdisjoint(same_words(self.start))
        )


@dataclass(frozen=True)
class _Term:
    """A word of the query, as the words of the gallery that will do."""

    words: tuple[Word, ...]

    @property
    def uses(self) -> int:
        return sum(word.uses for word in self.words)


@dataclass(frozen=True)
class _Step:
    """Photos that may be what is asked for, newest first, and down to where they were all named."""

    positions: list[Position]
    reached: Position
    work: int


class Search:
    """Answers queries."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        postings: Postings,
        timeline: Timeline,
        records: Callable[[Iterable[str]], dict[str, Record]],
    ) -> None:
        self._vocabulary = vocabulary
        self._postings = postings
        self._timeline = timeline
        self._records = records

    def find(self, query: Query, limit: int, start: Position | None) -> tuple[list[Record], Position | None]:
        """Photos, newest first, and where to go on for more; None at the end.

        There may be fewer than `limit`, or none, and yet more to come.

        Args:
            start: from an earlier answer; None for the newest.
        """
        found: list[Record] = []
        last, work = start, 0
        for step in self._steps(query, limit, start):
            for position, record in self._looked_up(step.positions, limit + 1 - len(found)):
                if record is None or not query.matches(record):
                    continue
                if len(found) == limit:
                    return found, last
                found.append(record)
                last = position
            work += step.work
            if work >= _MOST_WORK:
                return found, step.reached
        return found, None

    def _looked_up(self, positions: list[Position], wanted: int) -> Iterator[tuple[Position, Record | None]]:
        """Positions with their records, read so many at a time, and then more."""
        done = 0
        while some := positions[done : done + wanted]:
            records = self._records(position.id for position in some)
            yield from ((position, records.get(position.id)) for position in some)
            done, wanted = done + wanted, min(wanted * 2, _MOST_RECORDS)

    def _steps(self, query: Query, limit: int, start: Position | None) -> Iterator[_Step]:
        if query.is_void:
            return iter(())
        if query.words or query.start or query.label:
            return self._by_words(self._terms(query), limit, start)
        if query.status in ("pending", "failed"):
            return self._by_status(query.status, limit, start)
        return self._by_time(start)

    # By words

    def _terms(self, query: Query) -> list[_Term]:
        """What the query asks for that the index can tell."""
        label = label_words(query.label)[:WORDS_OF_LABEL] if query.label else []
        wanted = [{word} for word in label] + [same_words(word) for word in query.words]
        wanted = wanted[:_MOST_TERMS]
        start = same_words(query.start) if query.start else set()
        known = {word.word: word for word in self._vocabulary.find(sorted(start.union(*wanted)))}
        terms = [_Term(tuple(known[word] for word in sorted(some) if word in known)) for some in wanted]
        # The first digit alone tells next to nothing of long numbers: with other words, the records have to.
        if query.start and not (terms and len(query.start) == 1 and query.start.isdigit()):
            found = {word: known[word] for word in start if word in known}
            found |= {word.word: word for word in self._vocabulary.beginning(query.start)}
            terms.append(_Term(tuple(found.values())))
        return terms

    def _by_words(self, terms: list[_Term], limit: int, start: Position | None) -> Iterator[_Step]:
        if not all(term.words for term in terms):
            return
        leader, *others = sorted(terms, key=lambda term: term.uses)
        wanted = limit + 1
        for blocks in self._parts(leader, wanted, start):
            positions = [position for page, entries in blocks for position in below(entries, page, start)]
            work = len(blocks)
            if len(positions) > _CLOSE * len(blocks):
                for other in others:
                    positions = self._with_word(other, positions)
                    work += len(blocks)
            yield _Step(positions, Position(blocks[-1][0], LOWEST_SORT_KEY), work + len(positions))

    def _with_word(self, term: _Term, positions: list[Position]) -> list[Position]:
        """Those of the photos that have a word too."""
        pages = list(dict.fromkeys(position.page for position in positions))
        entries = self._postings.on_pages(term.words, pages)
        return [position for position in positions if position.before in entries.get(position.page, ())]

    def _parts(self, term: _Term, wanted: int, start: Position | None) -> Iterator[list[Block]]:
        """Blocks of a term, newest first, in parts that grow: the first may do, and then no more is read."""
        newest = start.page if start else None
        if term.uses >= _COMMON:
            for pages in self._newest_pages(newest):
                entries = self._postings.on_pages(term.words, pages)
                yield [(page, entries.get(page, set())) for page in pages]
                newest = pages[-1] - 1
        blocks = self._merged(term, newest)
        part: list[Block] = []
        count = 0
        for block in blocks:
            part.append(block)
            count += len(block[1])
            if count >= wanted or len(part) == _MOST_PAGES:
                yield part
                part, count, wanted = [], 0, min(wanted * 2, _MOST_WORK)
        if part:
            yield part

    def _merged(self, term: _Term, newest: int | None) -> Iterator[Block]:
        """Blocks of all words of a term, those of one page as one."""
        every = heapq.merge(*self._postings.blocks(term.words, newest), key=lambda block: -block[0])
        for page, blocks in groupby(every, key=lambda block: block[0]):
            yield page, set[str]().union(*(entries for _, entries in blocks))

    def _newest_pages(self, newest: int | None) -> Iterator[list[int]]:
        """The newest pages of the timeline from this one on, in parts that grow."""
        page = self._timeline.newest_page() if newest is None else newest
        pages = chain([page], self._timeline.pages_before(page))
        for size in _PARTS_OF_PAGES:
            if part := list(islice(pages, size)):
                yield part

    # By status and time

    def _by_status(self, status: str, limit: int, start: Position | None) -> Iterator[_Step]:
        more = True
        while more:
            positions, more = self._postings.with_status(status, limit, start)
            if positions:
                start = positions[-1]
                yield _Step(positions, start, len(positions))

    def _by_time(self, start: Position | None) -> Iterator[_Step]:
        while True:
            positions, start = self._timeline.read(_MOST_RECORDS, start)
            if reached := start or (positions[-1] if positions else None):
                yield _Step(positions, reached, _MOST_RECORDS)
            if start is None:
                return
