"""The table: a record for each photo, the timeline to list them by, and counts.

    pk              sk          what
    image#<id>      record      the record; after a delete, a mark of it for 15 days
    counts#<shard>  counts      photos by status; the sum over the shards counts
    model           current     what the caption function runs
    model           upgrade     how the change to a better model goes, where there is one

and what timeline.py keeps.
"""

from __future__ import annotations

import base64
import json
import random
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

from .errors import Conflict, InvalidCursor
from .records import Record
from .timeline import Place, Position, Timeline

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

COUNTED = ("pending", "ready", "failed")
_COUNT_SHARDS = 16  # of a partition each: one partition takes a thousand writes a second
_MARK_SECONDS = 15 * 24 * 3600  # a day more than a message can wait in a queue
_BATCH_GET_KEYS = 100  # DynamoDB's limit for one call
_CURSOR = re.compile(r"(\d{13}):(\d{16}#[a-z2-7]{16})")

Item = dict[str, Any]


class Upgrade(TypedDict):
    """How the change to a better model goes, for `GET /status`: `captioning` is making old captions anew by it."""

    model: str
    state: Literal["preparing", "captioning", "done", "failed"]
    reason: str | None  # why it failed, without a full stop


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
        self.timeline = Timeline(client, table)

    # Records

    def get(self, image_id: str) -> Record | None:
        """The record of a photo, also if it is a mark that the photo was deleted."""
        answer = self._db.get_item(TableName=self._table, Key=_record_key(image_id), ConsistentRead=True)
        item = answer.get("Item")
        return _from_item(item) if item else None

    def get_many(self, image_ids: Iterable[str]) -> dict[str, Record]:
        """The records of photos by id; those without one are left out."""
        keys = [_record_key(image_id) for image_id in dict.fromkeys(image_ids)]
        return {record.id: record for record in map(_from_item, self._batch_get(keys))}

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

    # Lists and counts

    def newest(self, limit: int, cursor: str | None = None) -> Listing:
        """Photos, newest first.

        Args:
            limit: how many at most; there may be fewer although a cursor says that more follow.
            cursor: from the listing before; None for the newest.
        Raises:
            InvalidCursor: this gallery gave out no such cursor.
        """
        start = _decode_cursor(cursor) if cursor is not None else None
        if start and start.page > self.timeline.newest_page():
            raise InvalidCursor(f"{cursor!r} is not a cursor of this gallery")
        entries, more = self.timeline.read(limit, start)
        records = self.get_many(entry.id for entry in entries)
        found = (records.get(entry.id) for entry in entries)
        return Listing(
            records=[record for record in found if record and record.is_visible],
            cursor=encode_cursor(more) if more else None,
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

    def counts(self) -> dict[str, int]:
        """How many photos are pending, ready and failed."""
        shards = self._batch_get([_count_key(shard) for shard in range(_COUNT_SHARDS)])
        return {status: sum(int(shard.get(status, {"N": "0"})["N"]) for shard in shards) for status in COUNTED}

    def put_model(self, summary: dict[str, Any]) -> None:
        """Remember what the caption function runs, for `GET /status`."""
        self._db.put_item(TableName=self._table, Item={**_MODEL, "summary": {"S": json.dumps(summary)}})

    def model(self) -> dict[str, Any] | None:
        """What the caption function runs, or None before its first run."""
        item = self._db.get_item(TableName=self._table, Key=_MODEL).get("Item")
        return dict(json.loads(item["summary"]["S"])) if item else None

    def put_upgrade(self, upgrade: Upgrade | None) -> None:
        """Remember how the change to a better model goes, for `GET /status`; None: there is none."""
        if upgrade is None:
            self._db.delete_item(TableName=self._table, Key=_UPGRADE)
        else:
            self._db.put_item(TableName=self._table, Item={**_UPGRADE, "upgrade": {"S": json.dumps(upgrade)}})

    def upgrade(self) -> Upgrade | None:
        """How the change to a better model goes; None where there is none."""
        item = self._db.get_item(TableName=self._table, Key=_UPGRADE).get("Item")
        return cast(Upgrade, json.loads(item["upgrade"]["S"])) if item else None

    # Inside

    def _batch_get(self, keys: Sequence[Any]) -> list[Any]:
        items: list[Any] = []
        for start in range(0, len(keys), _BATCH_GET_KEYS):
            left: Any = list(keys[start : start + _BATCH_GET_KEYS])
            pause = 0.02  # seconds; what the table could not answer at once is asked for again, later each time
            while left:
                answer = self._db.batch_get_item(RequestItems={self._table: {"Keys": left, "ConsistentRead": True}})
                items += answer["Responses"].get(self._table, [])
                unprocessed: Any = answer.get("UnprocessedKeys", {})
                left = unprocessed.get(self._table, {}).get("Keys")
                if left:
                    time.sleep(random.uniform(0, pause))
                    pause = min(pause * 2, 1.0)
        return items

    def _count(self, changes: dict[str, int]) -> Item | None:
        """The write that adds to the counts, on a shard chosen by chance."""
        if not changes:
            return None
        return {
            "Update": {
                "TableName": self._table,
                "Key": _count_key(random.randrange(_COUNT_SHARDS)),
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


_MODEL: Any = {"pk": {"S": "model"}, "sk": {"S": "current"}}
_UPGRADE: Any = {"pk": {"S": "model"}, "sk": {"S": "upgrade"}}
_TEXT = (
    "id",
    "key",
    "status",
    "sequencer",
    "etag",
    "media",
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
_NUMBERS = ("page", "created_at", "revision", "attempt", "width", "height", "bytes")
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
    return Timeline.entry_key(Place(record.page, record.created_at), record.id)


def _count_key(shard: int) -> Any:
    return {"pk": {"S": f"counts#{shard:02d}"}, "sk": {"S": "counts"}}


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


def encode_cursor(position: Position) -> str:
    """A position on the timeline, as text for clients to give back."""
    return base64.urlsafe_b64encode(f"{position.page:013d}:{position.before}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> Position:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError as exc:
        raise InvalidCursor(f"{cursor!r} is not a cursor of this gallery") from exc
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise InvalidCursor(f"{cursor!r} is not a cursor of this gallery")
    return Position(int(match[1]), match[2])
