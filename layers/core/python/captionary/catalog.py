"""The table: a record for each photo, a timeline to list them by, and counts.

    pk                sk                          what
    image#<id>        record                      the record; after a delete, a mark of it for 15 days
    page#<number>     <created_at>#<id>           the timeline: which photos, in the order they came
    head              timeline                    how many places of the timeline are given out, and the last time
    counts            <shard>                     photos by status; the sum over the shards counts
    model             current                     what the caption function runs

The timeline is cut into pages of 128 places. A photo keeps its place for life, so that a page is
found by its number, without an index of pages, and no partition grows with the gallery: listing
costs the same at a hundred photos and at a million. Times are given out together with places, each
later than the one before, so that the order of pages is the order of times.
"""

from __future__ import annotations

import base64
import json
import random
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .errors import Conflict, InvalidCursor
from .records import Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PLACES_PER_PAGE = 128
COUNTED = ("pending", "ready", "failed")
_COUNT_SHARDS = 16  # a counter of DynamoDB takes a thousand writes a second; sixteen take more
_MARK_SECONDS = 15 * 24 * 3600  # a day more than a message can wait in a queue
_BATCH_GET_KEYS = 100  # DynamoDB's limits for one call
_BATCH_WRITE_ITEMS = 25
_WIDEST_LOOK = 16  # pages looked at side by side, where deletes have left many empty
_CURSOR = re.compile(r"(\d{1,12}):(\d{16}#[a-z2-7]{16})")

Item = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """A place on the timeline."""

    page: int
    created_at: int  # microseconds since 1970


@dataclass(frozen=True)
class Listing:
    """A part of the gallery, newest first, and the cursor that goes on after it."""

    records: list[Record]
    cursor: str | None


class Catalog:
    """Reads and writes the table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._db = client
        self._table = table
        self._threads = ThreadPoolExecutor(max_workers=_WIDEST_LOOK, thread_name_prefix="catalog")

    # Records

    def get(self, image_id: str) -> Record | None:
        """The record of a photo, also if it is a mark that the photo was deleted."""
        answer = self._db.get_item(TableName=self._table, Key=_record_key(image_id), ConsistentRead=True)
        item = answer.get("Item")
        return _from_item(item) if item else None

    def get_many(self, image_ids: Iterable[str]) -> dict[str, Record]:
        """The records of photos by id; those without one are left out."""
        wanted = list(dict.fromkeys(image_ids))
        found: dict[str, Record] = {}
        for start in range(0, len(wanted), _BATCH_GET_KEYS):
            keys: Any = [_record_key(image_id) for image_id in wanted[start : start + _BATCH_GET_KEYS]]
            while keys:
                answer = self._db.batch_get_item(RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
                for item in answer["Responses"].get(self._table, []):
                    record = _from_item(item)
                    found[record.id] = record
                unprocessed: Any = answer.get("UnprocessedKeys", {})
                keys = unprocessed.get(self._table, {}).get("Keys")
        return found

    def write(self, record: Record, previous: Record | None) -> Record:
        """Store a record, its entry on the timeline and the counts, all or nothing.

        Args:
            previous: the record that the new one was made from; None for a photo's first.
        Returns: the record as stored, with its new revision.
        Raises:
            Conflict: the record was changed by someone else since `previous` was read.
        """
        stored = replace(record, revision=(previous.revision if previous else 0) + 1)
        condition: Item = (
            {
                "ConditionExpression": "revision = :revision",
                "ExpressionAttributeValues": {":revision": {"N": str(previous.revision)}},
            }
            if previous
            else {"ConditionExpression": "attribute_not_exists(pk)"}
        )
        actions: list[Any] = [{"Put": {"TableName": self._table, "Item": _to_item(stored), **condition}}]
        if stored.is_visible and not (previous and previous.is_visible):
            actions.append({"Put": {"TableName": self._table, "Item": _entry_key(stored)}})
        elif previous and previous.is_visible and not stored.is_visible:
            actions.append({"Delete": {"TableName": self._table, "Key": _entry_key(previous)}})
        if count := self._count(_count_changes(stored, previous)):
            actions.append(count)
        self._transact(actions)
        return stored

    def write_new(self, records: Sequence[Record]) -> None:
        """Store many visible records at once, for filling a table that does not have them.

        Unlike `write`, it looks at nothing that is there, and is not all or nothing.
        """
        items = [_to_item(replace(record, revision=1)) for record in records]
        items += [_entry_key(record) for record in records]
        puts = [{"PutRequest": {"Item": item}} for item in items]
        for start in range(0, len(puts), _BATCH_WRITE_ITEMS):
            left: Any = {self._table: puts[start : start + _BATCH_WRITE_ITEMS]}
            while left:
                left = self._db.batch_write_item(RequestItems=left).get("UnprocessedItems")
        numbers = {status: sum(record.status == status for record in records) for status in COUNTED}
        if count := self._count({status: number for status, number in numbers.items() if number}):
            self._db.update_item(**count["Update"])

    # Timeline

    def take_places(self, count: int) -> list[Place]:
        """The next places of the timeline, for photos that are new to the gallery."""
        if count == 0:
            return []
        now = time.time_ns() // 1000
        while True:
            try:
                answer = self._db.update_item(
                    TableName=self._table,
                    Key=_HEAD,
                    UpdateExpression="SET last_at = :last ADD places :count",
                    ConditionExpression="attribute_not_exists(last_at) OR last_at < :first",
                    ExpressionAttributeValues={
                        ":first": {"N": str(now)},
                        ":last": {"N": str(now + count - 1)},
                        ":count": {"N": str(count)},
                    },
                    ReturnValues="UPDATED_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._db.exceptions.ConditionalCheckFailedException as exc:
                head: Any = exc.response.get("Item", {})
                now = max(time.time_ns() // 1000, int(head["last_at"]["N"]) + 1 if head else 0)
                continue
            first = int(answer["Attributes"]["places"]["N"]) - count
            return [Place((first + i) // PLACES_PER_PAGE, now + i) for i in range(count)]

    def last_page(self) -> int:
        """The number of the newest page of the timeline."""
        return max(0, self._head()[0] - 1) // PLACES_PER_PAGE

    def begin_page(self, after: int) -> int:
        """Let the next place be on a page of its own, later than page `after`; the page's number."""
        given_out, _ = self._head()
        page = max(-(-given_out // PLACES_PER_PAGE), after + 1)
        self._db.update_item(
            TableName=self._table,
            Key=_HEAD,
            UpdateExpression="ADD places :skipped",
            ExpressionAttributeValues={":skipped": {"N": str(page * PLACES_PER_PAGE - given_out)}},
        )
        return page

    def newest(self, limit: int, cursor: str | None = None) -> Listing:
        """Photos, newest first.

        Args:
            limit: how many at most.
            cursor: from the listing before; None for the newest.
        Raises:
            InvalidCursor: this gallery gave out no such cursor.
        """
        entries: list[tuple[int, str]] = []
        for entry in self._entries(limit + 1, *self._start(cursor)):
            entries.append(entry)
            if len(entries) > limit:
                break
        shown = entries[:limit]
        records = self.get_many(_entry_id(sort_key) for _, sort_key in shown)
        visible = (records.get(_entry_id(sort_key)) for _, sort_key in shown)
        return Listing(
            records=[record for record in visible if record and record.is_visible],
            cursor=encode_cursor(*shown[-1]) if len(entries) > limit else None,
        )

    def everything(self) -> Iterator[Record]:
        """Every photo, newest first. For maintenance: no request walks the whole gallery."""
        cursor: str | None = None
        while True:
            listing = self.newest(_BATCH_GET_KEYS, cursor)
            yield from listing.records
            if listing.cursor is None:
                return
            cursor = listing.cursor

    # Counts and model

    def counts(self) -> dict[str, int]:
        """How many photos are pending, ready and failed."""
        answer = self._db.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "counts"}},
            ConsistentRead=True,
        )
        return {status: sum(int(shard.get(status, {"N": "0"})["N"]) for shard in answer["Items"]) for status in COUNTED}

    def put_model(self, summary: dict[str, Any]) -> None:
        """Remember what the caption function runs, for `GET /status`."""
        self._db.put_item(TableName=self._table, Item={**_MODEL, "summary": {"S": json.dumps(summary)}})

    def model(self) -> dict[str, Any] | None:
        """What the caption function runs, or None before its first run."""
        item = self._db.get_item(TableName=self._table, Key=_MODEL).get("Item")
        return dict(json.loads(item["summary"]["S"])) if item else None

    # Inside

    def _head(self) -> tuple[int, int]:
        """How many places are given out, and the time of the last."""
        item = self._db.get_item(TableName=self._table, Key=_HEAD, ConsistentRead=True).get("Item", {})
        return int(item.get("places", {"N": "0"})["N"]), int(item.get("last_at", {"N": "0"})["N"])

    def _start(self, cursor: str | None) -> tuple[int, str | None]:
        last_page = self.last_page()
        if cursor is None:
            return last_page, None
        page, before = _decode_cursor(cursor)
        if page > last_page:
            raise InvalidCursor(f"{cursor!r} is not a cursor of this gallery")
        return page, before

    def _entries(self, limit: int, page: int, before: str | None) -> Iterator[tuple[int, str]]:
        """Pages and sort keys of entries from `page` on down. The first page is cut off at `before`."""
        width = 1
        while page >= 0:
            pages = range(page, max(-1, page - width), -1)
            if len(pages) == 1:
                found = [self._page_entries(page, before, limit)]
            else:
                found = list(self._threads.map(lambda number: self._page_entries(number, None, limit), pages))
            for number, sort_keys in zip(pages, found, strict=True):
                yield from ((number, sort_key) for sort_key in sort_keys)
            width = 1 if any(found) else min(width * 2, _WIDEST_LOOK)
            page, before = pages[-1] - 1, None

    def _page_entries(self, page: int, before: str | None, limit: int) -> list[str]:
        condition, values = "pk = :pk", {":pk": {"S": f"page#{page}"}}
        if before is not None:
            condition += " AND sk < :before"
            values[":before"] = {"S": before}
        answer = self._db.query(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ProjectionExpression="sk",
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit,
        )
        return [item["sk"]["S"] for item in answer["Items"]]

    def _count(self, changes: dict[str, int]) -> Item | None:
        """The write that adds to the counts, on a shard chosen by chance."""
        if not changes:
            return None
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"pk": {"S": "counts"}, "sk": {"S": f"{random.randrange(_COUNT_SHARDS):02d}"}},
                "UpdateExpression": "ADD " + ", ".join(f"{status} :{status}" for status in changes),
                "ExpressionAttributeValues": {f":{status}": {"N": str(n)} for status, n in changes.items()},
            }
        }

    def _transact(self, actions: Sequence[Any]) -> None:
        for attempt in range(8):
            try:
                self._db.transact_write_items(TransactItems=actions)
            except self._db.exceptions.TransactionCanceledException as exc:
                codes = {reason.get("Code") for reason in exc.response.get("CancellationReasons", [])}
                if "ConditionalCheckFailed" in codes:
                    raise Conflict("the record was changed meanwhile") from exc
                if "TransactionConflict" not in codes:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
            else:
                return
        raise Conflict("the table was too busy with the same photos")


_HEAD: Any = {"pk": {"S": "head"}, "sk": {"S": "timeline"}}
_MODEL: Any = {"pk": {"S": "model"}, "sk": {"S": "current"}}
_TEXT = (
    "id",
    "key",
    "status",
    "sequencer",
    "etag",
    "caption",
    "caption_source",
    "content_type",
    "taken_at",
    "placeholder",
    "model_name",
    "model_version",
    "error_code",
    "error_message",
)
_NUMBERS = ("page", "created_at", "revision", "width", "height", "bytes")
_JSON = ("labels", "feedback")


def _count_changes(record: Record, previous: Record | None) -> dict[str, int]:
    """By how much each count changes when a record takes the place of another."""
    before = previous.status if previous and previous.is_visible else None
    after = record.status if record.is_visible else None
    changes = {status: (status == after) - (status == before) for status in COUNTED}
    return {status: change for status, change in changes.items() if change}


def _record_key(image_id: str) -> Any:
    return {"pk": {"S": f"image#{image_id}"}, "sk": {"S": "record"}}


def _entry_key(record: Record) -> Any:
    return {"pk": {"S": f"page#{record.page}"}, "sk": {"S": f"{record.created_at:016d}#{record.id}"}}


def _entry_id(sort_key: str) -> str:
    return sort_key.partition("#")[2]


def _to_item(record: Record) -> Item:
    item: Item = _record_key(record.id)
    item |= {name: {"S": text} for name in _TEXT if (text := getattr(record, name))}
    item |= {name: {"N": str(getattr(record, name))} for name in _NUMBERS}
    if record.is_visible:
        item |= {name: {"S": json.dumps(getattr(record, name))} for name in _JSON}
    else:
        item["expires_at"] = {"N": str(int(time.time()) + _MARK_SECONDS)}
    return item


def _from_item(item: Any) -> Record:
    values: Item = {name: item[name]["S"] for name in _TEXT if name in item}
    values |= {name: int(item[name]["N"]) for name in _NUMBERS}
    values |= {name: json.loads(item[name]["S"]) for name in _JSON if name in item}
    if "labels" in values:
        values["labels"] = tuple(values["labels"])
    return Record(**values)


def encode_cursor(page: int, sort_key: str) -> str:
    """A cursor that goes on after an entry of the timeline: its page and its sort key."""
    return base64.urlsafe_b64encode(f"{page}:{sort_key}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> tuple[int, str]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError as exc:
        raise InvalidCursor(f"{cursor!r} is not a cursor of this gallery") from exc
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise InvalidCursor(f"{cursor!r} is not a cursor of this gallery")
    return int(match[1]), match[2]
