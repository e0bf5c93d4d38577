"""A table filled with many records, quickly, for benchmarks: none of the guards of `Catalog.write`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from captionary import catalog as table
from captionary import identity, postings
from captionary.catalog import INDEX, Catalog
from captionary.postings import words_of, year_of
from captionary.records import LabelJson, Record
from captionary.table import text_set
from captionary.timeline import PLACES_PER_PAGE

ITEMS_PER_CALL = 25  # DynamoDB's limit
CAPTION = "A dog runs over the grass with a ball in its mouth"
LABELS = tuple(f"label {i}" for i in range(5))


@dataclass(frozen=True)
class Words:
    """What a photo is found by."""

    filename: str
    caption: str
    labels: tuple[str, ...]


def same_words(number: int) -> Words:
    """What each photo says that is only to be listed."""
    return Words(f"{number}.jpg", CAPTION, LABELS)


def add_records(catalog: Catalog, first: int, count: int, words: Callable[[int], Words] = same_words) -> None:
    """Add up to 128 records of photos that are not there, numbered from `first` on.

    Args:
        words: what the photo of a number is found by.
    """
    assert count <= PLACES_PER_PAGE
    places = catalog.timeline.take_places(count)
    records = [_record(first + i, place.page, place.created_at, words(first + i)) for i, place in enumerate(places)]
    items = [item for record in records for item in (table._to_item(record), table._entry_key(record))]
    _put(catalog, [*items, *_blocks(catalog, records)])
    _count(catalog, records)


def _record(number: int, page: int, created_at: int, words: Words) -> Record:
    record = Record(
        identity.image_id(f"{number}.jpg"),
        f"album/{words.filename}",
        "ready",
        page,
        created_at,
        revision=1,
        etag="0123456789abcdef",
        media="01234567",
        caption=words.caption,
        labels=tuple(LabelJson(name=name, score=0.5 / (i + 1), source="model") for i, name in enumerate(words.labels)),
        width=4000,
        height=3000,
        bytes=3_000_000,
        content_type="image/jpeg",
        placeholder="HAgODYJsV3iFVodwiImnd8tv3zUI",
        model_name="starter",
        model_version="1",
        indexed=INDEX,
    )
    return replace(record, posted=words_of(record))


def _blocks(catalog: Catalog, records: list[Record]) -> list[Any]:
    """The postings of the photos, whole blocks; their words are learnt."""
    entries: dict[tuple[str, int], list[str]] = {}
    for record in records:
        catalog._vocabulary.learn(record.posted, year_of(record.page))
        for word in record.posted:
            entries.setdefault((word, record.page), []).append(postings.entry_of(record))
    return [{**postings._block_key(*block), "entries": text_set(*some)} for block, some in entries.items()]


def _put(catalog: Catalog, items: list[Any]) -> None:
    # Places are taken once for each call, so some of these blocks may be there: of photos that were added before.
    def put(some: Iterable[Any]) -> None:
        requests: Any = [{"PutRequest": {"Item": item}} for item in some]
        catalog.table.client.batch_write_item(RequestItems={catalog.table.name: requests})

    with ThreadPoolExecutor(max_workers=4) as threads:
        list(threads.map(put, (items[start : start + ITEMS_PER_CALL] for start in range(0, len(items), ITEMS_PER_CALL))))


def _count(catalog: Catalog, records: list[Record]) -> None:
    amounts: Counter[tuple[str, str, str]] = Counter()
    for record in records:
        for action in [*catalog.labels.changes(record, None), _counted(catalog, record)]:
            update = action["Update"]
            [(name, value)] = update["ExpressionAttributeValues"].items()
            amounts[update["Key"]["pk"]["S"], update["Key"]["sk"]["S"], name[1:]] += int(value["N"])
    for (pk, sk, name), amount in amounts.items():
        catalog.table.transact([catalog.table.add({"pk": {"S": pk}, "sk": {"S": sk}}, **{name: {"N": str(amount)}})])


def _counted(catalog: Catalog, record: Record) -> Any:
    return catalog.table.add(table._count_key(0), **{record.status: {"N": "1"}})
