"""Which photos have a word: kept by the very transactions that keep the records, so never behind them.

    pk                    sk                             what
    word#<word>#<year>    <page>                         entries: the photos of that page that have the word
    status#<status>       <page>#<created_at>#<id>       a photo that is pending, or that failed

Photos stand under a word as they stand on the timeline, a page of up to 128 in one item. So the photos
with a word that is rare come with one reading, from many pages, and those with a common one too, from the
newest pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from .identity import filename_of
from .records import Record
from .table import Item, Table, key, text_set
from .timeline import Position
from .tokens import WORD_LENGTH, telling, words
from .vocabulary import Word

MOST_WORDS = 200  # that one photo is found by
WORDS_OF_LABEL = 2  # that find it for certain, however much else there is to say of a photo
_FEWEST_BLOCKS, _MOST_BLOCKS = 16, 128  # read at once
_LISTED = ("pending", "failed")  # of ready photos there are too many for a list: that's the timeline
_SIDE_BY_SIDE = 16

Block = tuple[int, set[str]]  # a page of the timeline, and entries on it


def words_of(record: Record) -> tuple[str, ...]:
    """The words that a photo is found by: those of its labels, its caption and the name of its file."""
    labels = [label_words(label["name"]) for label in record.shown_labels]
    found = dict.fromkeys(word for label in labels for word in label[:WORDS_OF_LABEL])
    found |= dict.fromkeys(word for label in labels for word in label[WORDS_OF_LABEL:])
    found |= dict.fromkeys(telling(words(filename_of(record.key))))
    found |= dict.fromkeys(telling(words(record.shown_caption)))
    return tuple(found)[:MOST_WORDS]


def label_words(name: str) -> list[str]:
    """The words that a label is found by; one without letters, such as a heart, is a word itself."""
    return words(name) or ["".join(name.casefold().split())[:WORD_LENGTH]]


def year_of(page: int) -> int:
    """The year in which a page of the timeline was opened, in UTC."""
    return datetime.fromtimestamp(page / 1000, UTC).year


def entry_of(record: Record) -> str:
    """A photo's entry on its page."""
    return f"{record.created_at:016d}#{record.id}"


class Postings:
    """Posts photos under words and finds them there."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._threads = ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE, thread_name_prefix="postings")

    # Writing: actions for the transaction that writes the record

    def post(self, record: Record, word: str) -> Item:
        """Have a photo found by a word."""
        return self._table.add(_block_key(word, record.page), entries=text_set(entry_of(record)))

    def take_down(self, record: Record, word: str) -> Item:
        """Have it found by the word no longer."""
        return self._table.take_out(_block_key(word, record.page), entries=text_set(entry_of(record)))

    def list_status(self, record: Record, previous: Record | None) -> list[Item]:
        """Keep the lists of photos that are pending, and that failed."""
        before = previous.status if previous and previous.indexed else None
        if before == record.status:
            return []
        actions = []
        if previous and before in _LISTED:
            actions.append(self._table.delete(_status_key(previous)))
        if record.status in _LISTED:
            actions.append(self._table.put(_status_key(record)))
        return actions

    # Reading

    def with_status(self, status: str, limit: int, start: Position | None) -> tuple[list[Position], bool]:
        """Photos that are pending or failed, newest first, below a position; and whether there are more."""
        up_to = f"{start.page:013d}#{start.before}" if start else ""
        items, more = self._table.query(f"status#{status}", limit + 1, up_to=up_to)
        keys = [sk for item in items if (sk := item["sk"]["S"]) != up_to]
        return [Position(int(sk[:13]), sk[14:]) for sk in keys], more

    def blocks(self, some: Iterable[Word], newest: int | None) -> list[Iterator[Block]]:
        """For each of these words its blocks, the newest page first, read as far as they are asked for.

        Args:
            newest: the page to begin at; None for the newest.
        """
        some = list(some)
        at_once = max(_FEWEST_BLOCKS, _MOST_BLOCKS // max(1, len(some)))
        return [self._blocks(word, newest, at_once) for word in some]

    def on_pages(self, some: Iterable[Word], pages: list[int]) -> dict[int, set[str]]:
        """The entries on these pages of photos with any of these words."""
        keys = [_block_key(word.word, page) for word in some for page in pages if year_of(page) in word.years]
        found: dict[int, set[str]] = {}
        for item in self._table.batch_get(keys):
            found.setdefault(int(item["sk"]["S"]), set()).update(_entries(item))
        return found

    def _blocks(self, word: Word, newest: int | None, at_once: int) -> Iterator[Block]:
        years = [year for year in word.years if newest is None or year <= year_of(newest)]
        # The first reading is under way before the first block is asked for: words are read side by side.
        first = self._threads.submit(self._read, word.word, years[0], newest, at_once) if years else None

        def blocks() -> Iterator[Block]:
            for year in years:
                up_to = newest
                while True:
                    read = first.result() if first and (year, up_to) == (years[0], newest) else None
                    items, more = read or self._read(word.word, year, up_to, _MOST_BLOCKS)
                    for item in items:
                        if entries := _entries(item):
                            yield int(item["sk"]["S"]), entries
                        else:
                            self._forget(item)
                    if not more:
                        break
                    up_to = int(items[-1]["sk"]["S"]) - 1

        return blocks()

    def _read(self, word: str, year: int, up_to: int | None, limit: int) -> tuple[list[Any], bool]:
        return self._table.query(f"word#{word}#{year}", limit, up_to="" if up_to is None else f"{up_to:013d}")

    def _forget(self, item: Any) -> None:
        """Remove a block that its last photo has left."""
        with suppress(self._table.client.exceptions.ConditionalCheckFailedException):  # a photo came back just now
            self._table.client.delete_item(
                TableName=self._table.name,
                Key={"pk": item["pk"], "sk": item["sk"]},
                ConditionExpression="attribute_not_exists(entries)",
            )


def below(entries: Iterable[str], page: int, start: Position | None) -> list[Position]:
    """Positions of a page's entries that come after `start`, newest first."""
    before = start.before if start and start.page == page else "~"
    return [Position(page, entry) for entry in sorted(entries, reverse=True) if entry < before]


def _entries(item: Any) -> set[str]:
    return set(item.get("entries", {}).get("SS", []))


def _block_key(word: str, page: int) -> Item:
    return key(f"word#{word}#{year_of(page)}", f"{page:013d}")


def _status_key(record: Record) -> Item:
    return key(f"status#{record.status}", f"{record.page:013d}#{entry_of(record)}")
