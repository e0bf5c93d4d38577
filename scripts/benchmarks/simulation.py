"""The caption function on Lambda, simulated: what memory makes of its time, and what busy items do to its writes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

MB_PER_PROCESSOR = 1769  # Lambda gives a whole one at this size. Source: AWS Lambda Developer Guide, "Memory"
THREADS = 2  # photos that a worker has in hand at once
ATTEMPTS = 8  # of a transaction that others are in the way of, as Table.transact makes them
FIRST_PAUSE = 0.02  # seconds, at most; twice as long before each further attempt


@dataclass(frozen=True)
class Step:
    """A part of the work on a photo."""

    seconds: float  # of a whole processor, or of waiting for an answer
    computes: bool
    alone: bool = False  # whether one photo at a time is worked on so


def batch_seconds(photos: Sequence[Sequence[Step]], memory: int) -> float:
    """How long a worker takes for a batch, shared by two threads that take photo after photo.

    Args:
        memory: of the function, in MB.
    """
    processors = memory / MB_PER_PROCESSOR
    waiting = [list(steps) for steps in photos]
    hands: list[list[Step]] = []
    alone: list[Step] | None = None  # whose turn it is
    now = 0.0
    while waiting or hands:
        while waiting and len(hands) < THREADS:
            hands.append(waiting.pop(0))
        if alone is None:
            alone = next((steps for steps in hands if steps[0].alone), None)
        going_on = [steps for steps in hands if not steps[0].alone or steps is alone]
        computing = sum(steps[0].computes for steps in going_on)
        # Each thread has a processor to itself at most, and its share of what there is.
        speed = min(1.0, processors / computing) if computing else 1.0
        passed = min(steps[0].seconds / (speed if steps[0].computes else 1.0) for steps in going_on)
        now += passed
        for steps in going_on:
            left = steps[0].seconds - passed * (speed if steps[0].computes else 1.0)
            if left > 1e-9:
                steps[0] = replace(steps[0], seconds=left)
            else:
                alone = None if steps is alone else alone
                del steps[0]
        hands = [steps for steps in hands if steps]
    return now


@dataclass(frozen=True)
class Contention:
    """What became of transactions that wanted the same items."""

    attempts: float  # for each photo
    gave_up: float  # share of photos whose transaction was refused to the last, and is begun anew


def contention(photos_per_second: float, shares: Sequence[float], seconds: float, photos: int = 4000) -> Contention:
    """Transactions of photos that come by chance; one that meets another one's item is refused, and tries again.

    Args:
        shares: for each item that several photos write, the share of the photos that do.
        seconds: that DynamoDB takes for a transaction, in which its items are its own.
    """
    chance = random.Random(1)
    arrivals, now = [], 0.0
    for _ in range(photos):
        now += chance.expovariate(photos_per_second)
        items = frozenset(i for i, share in enumerate(shares) if chance.random() < share)
        arrivals.append((now, 0, items))
    attempts = gave_up = 0
    busy: dict[int, float] = {}  # until when each item is somebody's
    pending = sorted(arrivals, reverse=True, key=lambda each: each[0])
    while pending:
        at, attempt, items = pending.pop()
        attempts += 1
        if all(busy.get(item, 0.0) <= at for item in items):
            busy |= dict.fromkeys(items, at + seconds)
        elif attempt + 1 < ATTEMPTS:
            again = at + seconds + chance.uniform(0, FIRST_PAUSE * 2**attempt)
            _insert(pending, (again, attempt + 1, items))
        else:
            gave_up += 1
    return Contention(attempts / photos, gave_up / photos)


def _insert(pending: list[tuple[float, int, frozenset[int]]], entry: tuple[float, int, frozenset[int]]) -> None:
    """Into a list whose first entry comes last."""
    place = len(pending)
    while place and pending[place - 1][0] < entry[0]:
        place -= 1
    pending.insert(place, entry)
