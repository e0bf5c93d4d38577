"""What the caption function did in the last hours, minute by minute: for `GET /activity`.

    pk                         sk         what
    activity#<begin>#<shard>   <minute>   photos by outcome, milliseconds by stage, longest waits; gone after two days

Each batch adds to the item of its minute, in one of a few shards, so that no item is written too often. What is
counted is work that was done: an event that came twice counts twice, and a batch whose worker died not at all.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .table import Item, Table, key, number

OUTCOMES = ("ready", "failed", "gave_up", "put_off", "removed")  # what else there is changed nothing
UNCHANGED = "unchanged"
STAGES = ("fetch", "decode", "encode", "network", "store", "record")
MAX_MINUTES = 24 * 60
MOST_STEPS = 120  # of an answer
_STEPS = (1, 2, 5, 10, 15)  # minutes; round ones, of which an hour is a multiple
_SHARDS = 4  # one item takes a thousand writes a second
_PARTITION_MINUTES = 6 * 60
_KEPT_SECONDS = 2 * 24 * 3600
_MINUTE = "%Y-%m-%dT%H:%M"


class Batch:
    """What came of a batch of messages, photo by photo. Several threads may tell of it."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()  # by code
        self.milliseconds: defaultdict[str, list[float]] = defaultdict(list)  # by stage, of each photo
        self.waits: list[float] = []  # seconds from a message's sending to the beginning of the work on it
        self.tries: list[int] = []
        self._lock = threading.Lock()

    def took(self, waited: float, tries: int) -> None:
        """A message was taken on, that had waited so many seconds, for the so many-th time."""
        self.waits.append(waited)
        self.tries.append(tries)

    def came(self, outcome: str, error: str | None = None, ms: Mapping[str, float] | None = None) -> None:
        """An event came to this end."""
        with self._lock:
            self.outcomes[outcome] += 1
            if error:
                self.errors[error] += 1
            for stage, milliseconds in (ms or {}).items():
                self.milliseconds[stage].append(milliseconds)


@dataclass
class Step:
    """What was done in a minute, or in a few."""

    outcomes: Counter[str] = field(default_factory=Counter)
    milliseconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))  # sums, by stage
    measured: Counter[str] = field(default_factory=Counter)  # photos, by stage
    wait: float | None = None  # the longest, in seconds

    def add(self, item: Item) -> None:
        """Add an item of the table."""
        for name, value in item.items():
            kind, _, what = name.partition("_")
            if kind == "photos":
                self.outcomes[what] += int(value["N"])
            elif kind == "ms":
                self.milliseconds[what] += float(value["N"])
            elif kind == "of":
                self.measured[what] += int(value["N"])
            elif name == "waits":
                self.wait = max([*map(float, value["NS"]), self.wait or 0.0])

    def to_json(self, minute: int) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "at": f"{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%dT%H:%M:%SZ}",
            **{outcome: self.outcomes[outcome] for outcome in (*OUTCOMES, UNCHANGED)},
            "ms": {stage: round(self.milliseconds[stage] / n, 1) for stage in STAGES if (n := self.measured[stage])},
            "wait_seconds": self.wait,
        }


class Activity:
    """Keeps and tells what was done."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, batch: Batch, now: float | None = None) -> None:
        """Add what came of a batch: one write, which never waits for another one."""
        minute = int((time.time() if now is None else now) // 60)
        values = dict(_amounts(batch))
        adds = ", ".join(f"{name} :{name}" for name in values)
        self._table.client.update_item(
            TableName=self._table.name,
            Key=_key(minute, random.randrange(_SHARDS)),
            UpdateExpression=f"ADD {adds} SET expires_at = :expires_at",
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()}
            | {":expires_at": number(minute * 60 + _KEPT_SECONDS)},
        )

    def read(self, minutes: int, now: float | None = None) -> dict[str, Any]:
        """What was done in the last minutes, the running one included, in up to about `MOST_STEPS` steps, oldest first.

        It takes a number of reads that grows with the hours asked for, and not with what was done in them.
        """
        now = time.time() if now is None else now
        last = int(now // 60)
        step = next(step for step in _STEPS if minutes <= step * MOST_STEPS)
        first = (last - minutes + 1) // step * step
        by_minute: defaultdict[int, Step] = defaultdict(Step)
        by_step = {begin: Step() for begin in range(first, last + 1, step)}
        for minute, item in self._items(min(first, last - 1), last):
            by_minute[minute].add(item)
            if minute >= first:
                by_step[minute // step * step].add(item)
        return {
            "minutes": minutes,
            "step_seconds": step * 60,
            "per_minute": _rate(by_minute, now),
            "items": [told.to_json(begin) for begin, told in by_step.items()],
        }

    def _items(self, first: int, last: int) -> Iterator[tuple[int, Item]]:
        """The items of these minutes, both included."""
        for begin in range(first // _PARTITION_MINUTES * _PARTITION_MINUTES, last + 1, _PARTITION_MINUTES):
            to = min(last, begin + _PARTITION_MINUTES - 1)
            limit = to - max(first, begin) + 1
            for shard in range(_SHARDS):
                items, _ = self._table.query(_partition(begin, shard), limit, up_to=_text(to))
                for item in items:
                    minute = _minute(item["sk"]["S"])
                    if minute >= first:
                        yield minute, item


def _amounts(batch: Batch) -> Iterator[tuple[str, Item]]:
    """What a batch adds to the numbers of its minute, and to the set of its waits."""
    photos = Counter[str]()
    for outcome, count in batch.outcomes.items():
        photos[outcome if outcome in OUTCOMES else UNCHANGED] += count
    for outcome, count in photos.items():
        yield f"photos_{outcome}", number(count)
    for stage, milliseconds in batch.milliseconds.items():
        yield f"ms_{stage}", {"N": f"{sum(milliseconds):.1f}"}
        yield f"of_{stage}", number(len(milliseconds))
    if batch.waits:
        # DynamoDB adds to numbers but keeps no greatest one. That is found later, in a set of rounded ones.
        yield "waits", {"NS": [_rounded(max(batch.waits))]}


def _rate(steps: Mapping[int, Step], now: float) -> float:
    """Photos in the last sixty seconds: those of the running minute, and of the one before its share of them."""
    minute, seconds = divmod(now, 60)
    running, before = (_photos(steps[at].outcomes) if at in steps else 0 for at in (int(minute), int(minute) - 1))
    return round(running + before * (1 - seconds / 60), 1)


def _photos(outcomes: Mapping[str, int]) -> int:
    """How many photos were dealt with for good."""
    return sum(outcomes.get(outcome, 0) for outcome in ("ready", "failed", "gave_up"))


def _rounded(seconds: float) -> str:
    """With two digits that count, and no smaller part than a tenth; written as DynamoDB does, once in a set."""
    digits = 1 if seconds < 1 else 1 - int(math.log10(seconds))
    return f"{round(seconds, min(digits, 1)):.1f}".removesuffix(".0")


def _key(minute: int, shard: int) -> Any:
    return key(_partition(minute, shard), _text(minute))


def _partition(minute: int, shard: int) -> str:
    return f"activity#{_text(minute // _PARTITION_MINUTES * _PARTITION_MINUTES)}#{shard}"


def _text(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime(_MINUTE)


def _minute(text: str) -> int:
    return int(datetime.strptime(text, _MINUTE).replace(tzinfo=UTC).timestamp()) // 60
