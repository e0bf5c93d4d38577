"""A table filled with many records, quickly: none of the guards of `Catalog.write`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import track

from captionary import catalog as table
from captionary import identity, postings, vocabulary
from captionary.catalog import INDEX, Catalog
from captionary.postings import words_of, year_of
from captionary.records import LabelJson, Record
from captionary.table import key, number, text_set
from captionary.timeline import PLACES_PER_PAGE
from infra.deploy import read_template

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Counts = Counter[tuple[str, str, str]]  # by pk, sk and attribute

ITEMS_PER_CALL = 25  # DynamoDB's limit


@dataclass(frozen=True)
class Words:
    """What a photo is found by."""

    filename: str
    caption: str
    labels: tuple[str, ...]


def create_table(client: DynamoDBClient, name: str) -> None:
    """A table of its own, as template.yaml has it."""
    properties = read_template()["Resources"]["Table"]["Properties"]
    keys = {name: properties[name] for name in ("AttributeDefinitions", "KeySchema", "BillingMode")}
    client.create_table(TableName=name, **keys)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def fill(catalog: Catalog, count: int, words: Callable[[int], Words]) -> None:
    """Add so many records to an empty table, and as many more as make its newest page full.

    So galleries of any size are alike in how many pages a look at the newest photos takes.

    Args:
        words: what the photo of a number is found by.
    """
    counts: Counts = Counter()
    steps = range(0, count, PLACES_PER_PAGE)
    for start in track(steps, f"Filling in {count:,}", console=Console(stderr=True)):
        numbers = range(start, start + PLACES_PER_PAGE)
        places = catalog.timeline.take_places(len(numbers))
        records = [_record(i, place.page, place.created_at, words(i)) for i, place in zip(numbers, places, strict=True)]
        _put(catalog, [item for record in records for item in (table._to_item(record), _entry(record))])
        _put(catalog, _blocks(catalog, records))
        counts += _counts(catalog, records)
    for (pk, sk, name), amount in counts.items():
        catalog.table.transact([catalog.table.add(key(pk, sk), **{name: number(amount)})])


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
        looks=f"bench.{random.Random(number).getrandbits(256):064x}",
        model_name="starter",
        model_version="1",
        indexed=INDEX,
    )
    return replace(record, posted=words_of(record))


def _entry(record: Record) -> Any:
    return table._entry_key(record) | {"looks": {"S": record.looks}}


def _blocks(catalog: Catalog, records: list[Record]) -> list[Any]:
    """The postings of the photos, whole blocks; their words are learnt."""
    entries: dict[tuple[str, int], list[str]] = {}
    for record in records:
        for word in record.posted:
            entries.setdefault((word, record.page), []).append(postings.entry_of(record))
    catalog._vocabulary.learn({word for word, _ in entries}, year_of(records[0].page))
    counted = [word for record in records for word in record.posted if random.randrange(vocabulary.COUNTED) == 0]
    while counted:  # a transaction takes each word once
        some = set(counted)
        catalog._vocabulary.count(some)
        for word in some:
            counted.remove(word)
    return [{**postings._block_key(*block), "entries": text_set(*some)} for block, some in entries.items()]


def _put(catalog: Catalog, items: list[Any]) -> None:
    def put(some: Iterable[Any]) -> None:
        requests: Any = [{"PutRequest": {"Item": item}} for item in some]
        catalog.table.client.batch_write_item(RequestItems={catalog.table.name: requests})

    parts = [items[start : start + ITEMS_PER_CALL] for start in range(0, len(items), ITEMS_PER_CALL)]
    with ThreadPoolExecutor(max_workers=4) as threads:
        list(threads.map(put, parts))


def _counts(catalog: Catalog, records: list[Record]) -> Counts:
    """What the records add to the counts of statuses and labels."""
    counts: Counts = Counter()
    for record in records:
        counts["counts#00", "counts", record.status] += 1
        for action in catalog.labels.changes(record, None):
            place = action["Update"]["Key"]
            counts[place["pk"]["S"], place["sk"]["S"], "n"] += 1
    return counts
