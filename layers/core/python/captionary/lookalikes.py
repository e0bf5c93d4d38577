"""Photos that look alike, by the bits that the encoder's features were turned into (hashing.py).

The bits of a photo lie in its entry on the timeline. They are kept in the process, page by page, and
compared all at once, a tenth of a microsecond each: 100,000 photos take a few megabytes, and their pages
are read once. Later on, each request reads again the newest pages and those that it knows for the longest
time. What it remembers is but a hint of where to look: what is answered was read from the record just then.
"""

from __future__ import annotations

import heapq
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from . import hashing
from .records import Record
from .timeline import Timeline

LEAST_LIKENESS = 0.3  # of two photos by chance one in twenty is as high
SAME_PICTURE = 0.75  # saved anew, scaled, cut a little or mirrored; of 9,000 pairs of other photos none came to 0.6
_MOST_SECONDS = 5.0  # that one request reads pages that are new to it; the next goes on
_READ_AT_ONCE = 64
_NEWEST = 4  # pages, where photos are still being captioned
_LONGEST_KNOWN = 8
_LOOK_FOR_ALL = 600.0  # seconds; in between, only pages that are newer than all that are known are looked for

Duplicate = Literal["exact", "near"]
_Page = dict[str, tuple[str, int]]  # id to encoder and code


@dataclass(frozen=True)
class Lookalike:
    """A photo, how much it looks like another one (0 to 1), and whether it is the same file or picture."""

    record: Record
    similarity: float
    duplicate: Duplicate | None


class Lookalikes:
    """Finds them. Keep one for the life of the process."""

    def __init__(self, timeline: Timeline, records: Callable[[Iterable[str]], dict[str, Record]]) -> None:
        self._timeline = timeline
        self._records = records
        self._pages: dict[int, _Page] = {}  # in the order in which they were read
        self._all_known_at = -_LOOK_FOR_ALL

    def find(self, record: Record, limit: int) -> list[Lookalike]:
        """Photos that look like this one, the most alike first."""
        if not record.looks:
            return []
        self._refresh()
        found: list[Lookalike] = []
        candidates = self._alike(record)
        while len(found) < limit and (some := list(islice(candidates, 2 * limit))):
            records = self._records(image_id for image_id, _ in some)
            for image_id, looks in some:
                other = records.get(image_id)
                if other is not None and other.is_visible and other.looks == looks:
                    found.append(_lookalike(record, other))
        return sorted(found, key=lambda other: (other.duplicate != "exact", -other.similarity))[:limit]

    def _alike(self, record: Record) -> Iterator[tuple[str, str]]:
        """Ids and looks, the most alike first."""
        encoder, wanted = _parse(record.looks)
        bits = 4 * len(record.looks.partition(".")[2])
        most = int((1 - LEAST_LIKENESS) / 2 * bits)  # that may differ
        heap = [
            (differing, image_id, code)
            for page in self._pages.values()
            for image_id, (by, code) in page.items()
            if by == encoder and (differing := (code ^ wanted).bit_count()) <= most
        ]
        heapq.heapify(heap)
        while heap:
            _, image_id, code = heapq.heappop(heap)
            if image_id != record.id:
                yield image_id, f"{encoder}.{code:0{bits // 4}x}"

    def _refresh(self) -> None:
        """Read the pages that are not known yet, and some again."""
        newest = self._timeline.newest_page()
        if not newest:
            return
        now = time.monotonic()
        knew_all = now - self._all_known_at < _LOOK_FOR_ALL
        longest_known = list(islice(self._pages, _LONGEST_KNOWN))
        pages = self._all_pages(newest)
        first = list(islice(pages, _NEWEST))
        meets_known = any(page in self._pages for page in first)
        self._read([*first, *longest_known])
        if knew_all and meets_known:
            return
        unknown = (page for page in pages if page not in self._pages)
        while some := list(islice(unknown, _READ_AT_ONCE)):
            if time.monotonic() - now >= _MOST_SECONDS:
                return
            self._read(some)
        self._all_known_at = now

    def _all_pages(self, newest: int) -> Iterator[int]:
        yield newest
        yield from self._timeline.pages_before(newest)

    def _read(self, pages: list[int]) -> None:
        wanted = list(dict.fromkeys(pages))
        for page, entries in zip(wanted, self._timeline.looks_on(wanted), strict=True):
            self._pages.pop(page, None)
            self._pages[page] = {image_id: _parse(looks) for image_id, looks in entries.items()}


def _lookalike(record: Record, other: Record) -> Lookalike:
    codes = (bytes.fromhex(looks.partition(".")[2]) for looks in (record.looks, other.looks))
    similarity = hashing.likeness(*codes)
    if record.sha256 and record.sha256 == other.sha256:
        return Lookalike(other, similarity, "exact")
    return Lookalike(other, similarity, "near" if similarity >= SAME_PICTURE else None)


def _parse(looks: str) -> tuple[str, int]:
    encoder, _, code = looks.partition(".")
    return sys.intern(encoder), int(code, 16)
