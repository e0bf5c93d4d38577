"""A table filled with many records, quickly, for benchmarks: none of the guards of `Catalog.write`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from captionary import catalog as table
from captionary import identity
from captionary.catalog import Catalog
from captionary.records import Record
from captionary.timeline import PLACES_PER_PAGE

ITEMS_PER_CALL = 25  # DynamoDB's limit


def add_records(catalog: Catalog, first: int, count: int) -> None:
    """Add up to 128 records of photos that are not there, numbered from `first` on."""
    assert count <= PLACES_PER_PAGE
    labels: Any = tuple({"name": f"label {i}", "score": 0.5 / (i + 1), "source": "model"} for i in range(5))
    records = [
        Record(
            identity.image_id(f"{first + i}.jpg"),
            f"album/{first + i}.jpg",
            "ready",
            place.page,
            place.created_at,
            revision=1,
            etag="0123456789abcdef",
            media="01234567",
            caption="A dog runs over the grass with a ball in its mouth",
            labels=labels,
            width=4000,
            height=3000,
            bytes=3_000_000,
            content_type="image/jpeg",
            placeholder="HAgODYJsV3iFVodwiImnd8tv3zUI",
            model_name="starter",
            model_version="1",
        )
        for i, place in enumerate(catalog.timeline.take_places(count))
    ]
    items = [item for record in records for item in (table._to_item(record), table._entry_key(record))]
    for start in range(0, len(items), ITEMS_PER_CALL):
        requests: Any = [{"PutRequest": {"Item": item}} for item in items[start : start + ITEMS_PER_CALL]]
        catalog._db.batch_write_item(RequestItems={catalog._table: requests})
    counted = catalog._count(Counter(record.status for record in records))
    if counted:
        catalog._db.update_item(**counted["Update"])
