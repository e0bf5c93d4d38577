"""The table: a record for each photo, the timeline to list them by, the words to find them by, and counts.

    pk              sk          what
    image#<id>      record      the record; after a delete, a mark of it for 15 days
    content#<hash>  <id>        a ready photo whose file has this SHA-256
    counts#<shard>  counts      photos by status, judgements by verdict; the sum over the shards counts
    model           current     what the caption function runs
    model           upgrade     how the change to a better model goes, where there is one

and what timeline.py, postings.py, vocabulary.py and labels.py keep.
"""

from __future__ import annotations

import base64
import json
import random
import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

from .errors import Conflict, InvalidCursor
from .labels import Labels
from .lookalikes import Lookalikes
from .postings import Postings, words_of, year_of
from .records import VERDICTS, Record
from .search import Query, Search
from .table import MOST_ACTIONS, Item, Table, key, number
from .timeline import Place, Position, Timeline
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

COUNTED = ("pending", "ready", "failed")
INDEX = "1"  # of words; another, where records are to be indexed anew
_PARTLY = "partly"  # more words than one transaction takes are still to be posted, or taken down
_COUNT_SHARDS = 16  # of a partition each: one partition takes a thousand writes a second
_MARK_SECONDS = 15 * 24 * 3600  # a day more than a message can wait in a queue
_CHUNK = 100  # records that are read at once
_SIDE_BY_SIDE = 16
_CURSOR = re.compile(r"(\d{13}):(\d{16}#[a-z2-7]{16})")


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
        self.table = Table(client, table)
        self._vocabulary = Vocabulary(self.table)
        self._postings = Postings(self.table)
        self._threads = ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE, thread_name_prefix="catalog")
        self.labels = Labels(self.table)
        self.timeline = Timeline(client, table)
        self.lookalikes = Lookalikes(self.timeline, self.get_many)
        self._search = Search(self._vocabulary, self._postings, self.timeline, self.get_many)

    # Records

    def get(self, image_id: str) -> Record | None:
        """The record of a photo, also if it is a mark that the photo was deleted."""
        item = self.table.get(_record_key(image_id))
        return _from_item(item) if item else None

    def get_many(self, image_ids: Iterable[str]) -> dict[str, Record]:
        """The records of photos by id; those without one are left out."""
        keys = [_record_key(image_id) for image_id in dict.fromkeys(image_ids)]
        return {record.id: record for record in map(_from_item, self.table.batch_get(keys))}

    def write(self, record: Record, previous: Record | None) -> Record:
        """Store a record, and with it its entry on the timeline, its words and the counts, all or nothing.

        A transaction is bounded: of a photo with very many new words, the last ones follow at once in further
        ones. The record says which words have it by now, so whoever writes it next goes on from there.

        Args:
            previous: the record that the new one was made from; None for a photo's first.
        Returns: the record as stored, with its new revision.
        Raises:
            Conflict: the record was changed by someone else since `previous` was read.
        """
        words = words_of(record) if record.is_visible else ()
        if words:
            self._vocabulary.learn(words, year_of(record.page))
        stored = self._write(record, previous, words)
        with suppress(Conflict):  # whoever wrote it meanwhile saw to the rest
            while stored.indexed == _PARTLY:
                stored = self._write(stored, stored, words)
        return stored

    def known(self, hashes: Iterable[str]) -> dict[str, str]:
        """Ids of ready photos by the SHA-256 of their files, as far as there are any; one for each."""
        wanted = list(dict.fromkeys(hashes))
        found = self._threads.map(lambda sha256: self.table.query(f"content#{sha256}", 1)[0], wanted)
        return {sha256: items[0]["sk"]["S"] for sha256, items in zip(wanted, found, strict=True) if items}

    # Lists and counts

    def newest(self, limit: int, cursor: str | None = None) -> Listing:
        """Photos, newest first.

        Args:
            limit: how many at most; there may be fewer although a cursor says that more follow.
            cursor: from the listing before; None for the newest.
        Raises:
            InvalidCursor: this gallery gave out no such cursor.
        """
        entries, more = self.timeline.read(limit, self._start(cursor))
        records = self.get_many(entry.id for entry in entries)
        found = (records.get(entry.id) for entry in entries)
        return Listing(
            records=[record for record in found if record and record.is_visible],
            cursor=encode_cursor(more) if more else None,
        )

    def find(self, query: Query, limit: int, cursor: str | None = None) -> Listing:
        """Photos that a query asks for, newest first; arguments and errors as those of `newest`."""
        found, more = self._search.find(query, limit, self._start(cursor))
        return Listing(found, encode_cursor(more) if more else None)

    def check_cursor(self, cursor: str | None) -> None:
        """Raises InvalidCursor where `newest` and `find` would."""
        self._start(cursor)

    def everything(self) -> Iterator[Record]:
        """Every photo, newest first. For maintenance: no request walks the whole gallery."""
        cursor: str | None = None
        while True:
            listing = self.newest(_CHUNK, cursor)
            yield from listing.records
            if listing.cursor is None:
                return
            cursor = listing.cursor

    def counts(self) -> dict[str, int]:
        """How many photos are pending, ready and failed."""
        return self.figures()[0]

    def figures(self) -> tuple[dict[str, int], dict[str, int]]:
        """How many photos are pending, ready and failed, and how many judgements say "right" and "wrong"."""
        shards = self.table.batch_get([_count_key(shard) for shard in range(_COUNT_SHARDS)])

        def total(name: str) -> int:
            return sum(int(shard.get(name, {"N": "0"})["N"]) for shard in shards)

        return {name: total(name) for name in COUNTED}, {verdict: total(_judged(verdict)) for verdict in VERDICTS}

    def put_model(self, summary: dict[str, Any]) -> None:
        """Remember what the caption function runs, for `GET /status`."""
        self.table.client.put_item(TableName=self.table.name, Item={**_MODEL, "summary": {"S": json.dumps(summary)}})

    def model(self) -> dict[str, Any] | None:
        """What the caption function runs, or None before its first run."""
        item = self.table.get(_MODEL)
        return dict(json.loads(item["summary"]["S"])) if item else None

    def put_upgrade(self, upgrade: Upgrade | None) -> None:
        """Remember how the change to a better model goes, for `GET /status`; None: there is none."""
        if upgrade is None:
            self.table.client.delete_item(TableName=self.table.name, Key=_UPGRADE)
        else:
            item = {**_UPGRADE, "upgrade": {"S": json.dumps(upgrade)}}
            self.table.client.put_item(TableName=self.table.name, Item=item)

    def upgrade(self) -> Upgrade | None:
        """How the change to a better model goes; None where there is none."""
        item = self.table.get(_UPGRADE)
        return cast(Upgrade, json.loads(item["upgrade"]["S"])) if item else None

    # Inside

    def _write(self, record: Record, previous: Record | None, words: tuple[str, ...]) -> Record:
        """One transaction of `write`, with as many changes of words as it takes."""
        moved = previous and previous.is_visible and record.is_visible and _entry_key(previous) != _entry_key(record)
        assert not moved, "a photo keeps its place"
        actions = self._fixed_actions(record, previous)
        posted = previous.posted if previous else ()
        wanted, standing = set(words), set(posted)
        changes = [word for word in words if word not in standing] + [word for word in posted if word not in wanted]
        now, later = changes[: MOST_ACTIONS - 1 - len(actions)], changes[MOST_ACTIONS - 1 - len(actions) :]
        actions += [self._postings.post(record, word) for word in now if word in wanted]
        if previous:
            actions += [self._postings.take_down(previous, word) for word in now if word not in wanted]
        stored = replace(
            record,
            revision=(previous.revision if previous else 0) + 1,
            indexed=_PARTLY if later else INDEX,
            posted=tuple(sorted(standing.symmetric_difference(now))),
        )
        condition: Item = (
            {"ConditionExpression": "revision = :r", "ExpressionAttributeValues": {":r": number(previous.revision)}}
            if previous
            else {"ConditionExpression": "attribute_not_exists(pk)"}
        )
        self.table.transact([self.table.put(_to_item(stored), **condition), *actions])
        return stored

    def _fixed_actions(self, record: Record, previous: Record | None) -> list[Item]:
        """What a change of the record brings along, but for words."""
        actions: list[Item] = []
        was_visible = previous is not None and previous.is_visible
        if record.is_visible and not (previous and was_visible and previous.looks == record.looks):
            actions.append(
                self.table.put(_entry_key(record) | ({"looks": {"S": record.looks}} if record.looks else {}))
            )
        elif previous and was_visible and not record.is_visible:
            actions.append(self.table.delete(_entry_key(previous)))
        before = _content_key(previous) if previous and previous.indexed else None
        after = _content_key(record)
        if before != after:
            actions += [self.table.delete(before)] if before else []
            actions += [self.table.put(after)] if after else []
        if changes := _count_changes(record, previous):
            amounts = {name: number(change) for name, change in changes.items()}
            # On a shard chosen by chance.
            actions.append(self.table.add(_count_key(random.randrange(_COUNT_SHARDS)), **amounts))
        return [
            *actions,
            *self._postings.list_status(record, previous),
            *self.labels.changes(record, previous),
        ]

    def _start(self, cursor: str | None) -> Position | None:
        """The position that a cursor stands for."""
        start = _decode_cursor(cursor) if cursor is not None else None
        if start and start.page > self.timeline.newest_page():
            raise InvalidCursor(f"{cursor!r} is not a cursor of this gallery")
        return start


_MODEL: Any = key("model", "current")
_UPGRADE: Any = key("model", "upgrade")
_TEXT = (
    "id",
    "key",
    "status",
    "sequencer",
    "etag",
    "media",
    "caption",
    "content_type",
    "taken_at",
    "camera",
    "sha256",
    "placeholder",
    "looks",
    "model_name",
    "model_version",
    "error_code",
    "error_message",
    "own_caption",
    "indexed",
)
_NUMBERS = ("page", "created_at", "revision", "attempt", "width", "height", "bytes")
_LATER_NUMBERS = ("edition",)  # which older records lack
_JSON = ("labels", "own_labels", "feedback", "notes")
_LISTS = ("labels", "own_labels", "notes")


def _count_changes(record: Record, previous: Record | None) -> dict[str, int]:
    """By how much each count changes when a record takes the place of another."""
    before, after = _counted(previous), _counted(record)
    return {name: change for name in before if (change := after[name] - before[name])}


def _counted(record: Record | None) -> dict[str, int]:
    """What a record adds to the counts."""
    visible = record if record and record.is_visible else None
    statuses = {status: int(visible is not None and visible.status == status) for status in COUNTED}
    return statuses | {_judged(verdict): visible.feedback[verdict] if visible else 0 for verdict in VERDICTS}


def _judged(verdict: str) -> str:
    return f"judged_{verdict}"


def _record_key(image_id: str) -> Any:
    return key(f"image#{image_id}", "record")


def _entry_key(record: Record) -> Any:
    return Timeline.entry_key(Place(record.page, record.created_at), record.id)


def _content_key(record: Record) -> Item | None:
    return key(f"content#{record.sha256}", record.id) if record.status == "ready" and record.sha256 else None


def _count_key(shard: int) -> Any:
    return key(f"counts#{shard:02d}", "counts")


def _to_item(record: Record) -> Item:
    item: Item = _record_key(record.id)
    item |= {name: {"S": text} for name in _TEXT if (text := getattr(record, name))}
    item |= {name: number(getattr(record, name)) for name in (*_NUMBERS, *_LATER_NUMBERS)}
    if record.posted:
        item["posted"] = {"S": " ".join(record.posted)}
    if record.is_visible:
        item |= {name: {"S": json.dumps(value)} for name in _JSON if (value := getattr(record, name)) is not None}
    else:
        item["expires_at"] = number(int(time.time()) + _MARK_SECONDS)
    return item


def _from_item(item: Any) -> Record:
    values: Item = {name: item[name]["S"] for name in _TEXT if name in item}
    values |= {name: int(item[name]["N"]) for name in (*_NUMBERS, *_LATER_NUMBERS) if name in item}
    values |= {name: json.loads(item[name]["S"]) for name in _JSON if name in item}
    values |= {name: tuple(values[name]) for name in _LISTS if name in values}
    if "posted" in item:
        values["posted"] = tuple(item["posted"]["S"].split(" "))
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
