"""The order of the gallery: which photos there are, newest first, in partitions that stay small.

    pk              sk                     what
    timeline        head                   the newest page, how many of its places are given out, and the last time
    page#<page>     <created_at>#<id>      an entry; a photo keeps its place for life; looks: what it looks like
    index#hour#<h>  index                  pages that were opened in that hour (hours since 1970)
    index#month#<m> index                  hours of that month in which pages were opened (m is 202611, say)
    index#root      index                  months in which pages were opened

A page holds 128 places and is named by the millisecond in which it was opened, so the order of names
is the order of time, also after a part of the table was lost and its photos were put back where they
stood. Times are given out with places, each later than the one before. Reading a part of the gallery
costs a page or two, at a hundred photos and at a hundred million: the index is asked only where a page
ends, and each of its items is bounded by the time it stands for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PLACES_PER_PAGE = 128
LOWEST_SORT_KEY = "0" * 16 + "#" + "2" * 16  # before every entry of a page
_WIDEST_LOOK = 16  # pages read side by side, where deletes have left them thin
_MOST_EMPTY = 128  # emptied pages that one reading passes over before it asks to be continued
_HOUR = 3_600_000  # milliseconds
_LATEST_WRITE = _HOUR  # after a page was full, no photo is written to it any more

_HEAD: Any = {"pk": {"S": "timeline"}, "sk": {"S": "head"}}


@dataclass(frozen=True)
class Place:
    """A place on the timeline."""

    page: int  # milliseconds since 1970
    created_at: int  # microseconds since 1970


@dataclass(frozen=True)
class Position:
    """Where a reading may go on: below this sort key of this page."""

    page: int
    before: str

    @property
    def id(self) -> str:
        """The id of the photo whose entry this is."""
        return self.before.partition("#")[2]


class Timeline:
    """Gives out places, and reads entries."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._db = client
        self._table = table
        self._threads = ThreadPoolExecutor(max_workers=_WIDEST_LOOK, thread_name_prefix="timeline")
        self._taken_back: set[int] = set()

    # Places

    def take_places(self, count: int) -> list[Place]:
        """The next places, for up to 128 photos that are new to the gallery."""
        assert count <= PLACES_PER_PAGE
        if count == 0:
            return []
        first = time.time_ns() // 1000
        while True:
            try:
                answer = self._db.update_item(
                    TableName=self._table,
                    Key=_HEAD,
                    UpdateExpression="SET last_at = :last ADD used :count",
                    ConditionExpression="last_at < :first AND used <= :most",
                    ExpressionAttributeValues={
                        ":first": _number(first),
                        ":last": _number(first + count - 1),
                        ":count": _number(count),
                        ":most": _number(PLACES_PER_PAGE - count),
                    },
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._db.exceptions.ConditionalCheckFailedException as exc:
                head: Any = exc.response.get("Item", {})
                first = max(time.time_ns() // 1000, _value(head, "last_at") + 1)
                if not head or _value(head, "used") > PLACES_PER_PAGE - count:
                    page = self._open_page(_value(head, "page"), first, count)
                    if page is not None:
                        return _places(page, first, count)
                continue
            return _places(_value(answer["Attributes"], "page"), first, count)

    def take_back(self, page: int) -> None:
        """Let readers find a page again whose photos are put back; new photos get places after it."""
        if page in self._taken_back:
            return
        self._index(page)
        while True:
            head: Any = self._head()
            newest = _value(head, "page")
            if newest > page:
                break
            first = max(time.time_ns() // 1000, _value(head, "last_at") + 1, (page + 1) * 1000)
            self._open_page(newest, first, 0)
        self._taken_back.add(page)

    @staticmethod
    def entry_key(place: Place, image_id: str) -> Any:
        """The key of a photo's entry."""
        return {"pk": {"S": f"page#{place.page}"}, "sk": {"S": f"{place.created_at:016d}#{image_id}"}}

    # Reading

    def newest_page(self) -> int:
        """The page that new photos go to; 0 for an empty gallery."""
        return _value(self._head(), "page")

    def read(self, limit: int, start: Position | None) -> tuple[list[Position], Position | None]:
        """Entries, newest first, and where to go on for more; None at the end.

        There may be fewer than `limit` and yet more to come, where very many photos were deleted.

        Args:
            start: from an earlier reading; None for the newest.
        """
        page = start.page if start else self.newest_page()
        found = self._entries(page, start.before if start else None, limit + 1)
        older = self.pages_before(page)
        width, empty = 1, 0
        while len(found) <= limit:
            pages = list(islice(older, width))
            if not pages:
                return found, None
            for number, entries in zip(pages, self._entries_of(pages, limit + 1), strict=True):
                found += entries
                if not entries:
                    empty += 1
                    self._forget(number, newer=page)
                page = number
            if empty >= _MOST_EMPTY and len(found) <= limit:
                return found, Position(page, LOWEST_SORT_KEY)
            width = min(width * 2, _WIDEST_LOOK)
        return found[:limit], found[limit - 1]

    def looks_on(self, pages: list[int]) -> list[dict[str, str]]:
        """Of each page, what its photos look like, by their ids; those that are not captioned yet are left out."""
        return list(self._threads.map(self._looks, pages))

    # Inside

    def _looks(self, page: int) -> dict[str, str]:
        answer = self._db.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"page#{page}"}},
            ConsistentRead=True,
        )
        return {item["sk"]["S"].partition("#")[2]: item["looks"]["S"] for item in answer["Items"] if "looks" in item}

    def _head(self) -> Any:
        return self._db.get_item(TableName=self._table, Key=_HEAD, ConsistentRead=True).get("Item", {})

    def _open_page(self, last_page: int, first: int, count: int) -> int | None:
        """Make a new page the head, some places of it taken; None if someone else was faster."""
        page = max(first // 1000, last_page + 1)
        self._index(page)
        values = {":page": _number(page), ":used": _number(count), ":last": _number(first + count - 1)}
        condition = "attribute_not_exists(page)"
        if last_page:
            condition = "page = :old"
            values[":old"] = _number(last_page)
        try:
            self._db.update_item(
                TableName=self._table,
                Key=_HEAD,
                UpdateExpression="SET page = :page, used = :used, last_at = :last",
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except self._db.exceptions.ConditionalCheckFailedException:
            return None
        return page

    def _entries_of(self, pages: list[int], limit: int) -> list[list[Position]]:
        if len(pages) == 1:
            return [self._entries(pages[0], None, limit)]
        return list(self._threads.map(lambda page: self._entries(page, None, limit), pages))

    def _entries(self, page: int, before: str | None, limit: int) -> list[Position]:
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
        return [Position(page, item["sk"]["S"]) for item in answer["Items"]]

    def pages_before(self, page: int) -> Iterator[int]:
        """The pages that were opened before this one, newest first; the index is read as far as they are asked for."""
        hour, month = page // _HOUR, _month(page)
        yield from self._parts(f"hour#{hour}", below=page)
        for earlier_hour in self._parts(f"month#{month}", below=hour):
            yield from self._parts(f"hour#{earlier_hour}")
        for earlier_month in self._parts("root", below=month):
            for its_hour in self._parts(f"month#{earlier_month}"):
                yield from self._parts(f"hour#{its_hour}")

    def _parts(self, level: str, below: int | None = None) -> list[int]:
        key: Any = _index_key(level)
        item: Any = self._db.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})
        parts = sorted(map(int, item.get("parts", {}).get("NS", [])), reverse=True)
        return parts if below is None else [part for part in parts if part < below]

    def _forget(self, page: int, newer: int) -> None:
        """Take an emptied page out of the index, if the one after it is so old that nothing is written here now."""
        if newer < time.time_ns() // 1_000_000 - _LATEST_WRITE:
            self._change_index(f"hour#{page // _HOUR}", "DELETE", page)

    def _index(self, page: int) -> None:
        """Enter a page into the index, from the root down, so that no reader finds a dead end."""
        hour, month = page // _HOUR, _month(page)
        for level, part in (("root", month), (f"month#{month}", hour), (f"hour#{hour}", page)):
            self._change_index(level, "ADD", part)

    def _change_index(self, level: str, change: str, part: int) -> None:
        self._db.update_item(
            TableName=self._table,
            Key=_index_key(level),
            UpdateExpression=f"{change} parts :parts",
            ExpressionAttributeValues={":parts": {"NS": [str(part)]}},
        )


def _places(page: int, first: int, count: int) -> list[Place]:
    return [Place(page, first + i) for i in range(count)]


def _month(page: int) -> int:
    moment = datetime.fromtimestamp(page / 1000, UTC)
    return moment.year * 100 + moment.month


def _index_key(level: str) -> Any:
    return {"pk": {"S": f"index#{level}"}, "sk": {"S": "index"}}


def _number(value: int) -> Any:
    return {"N": str(value)}


def _value(item: Any, name: str) -> int:
    return int(item[name]["N"]) if name in item else 0
