from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from captionary.activity import MAX_MINUTES, MOST_STEPS, OUTCOMES, STAGES, Activity, Batch
from captionary.catalog import Catalog
from tests.unit.conftest import TABLE, Aws

NOON = 1_790_000_000.0 // 86400 * 86400 + 43200
IDLE: dict[str, Any] = {**dict.fromkeys((*OUTCOMES, "unchanged"), 0), "ms": {}, "wait_seconds": None}


@pytest.fixture
def activity(catalog: Catalog) -> Activity:
    return Activity(catalog.table)


def batch(*outcomes: str, waited: float = 0.0, **ms: float) -> Batch:
    told = Batch()
    told.took(waited, 1)
    for outcome in outcomes:
        told.came(outcome, ms=ms)
    return told


def numbers(told: dict[str, Any], name: str) -> list[Any]:
    return [step[name] for step in told["items"]]


def test_nothing_was_done(activity: Activity) -> None:
    told = activity.read(3, NOON + 30)
    assert (told["minutes"], told["step_seconds"], told["per_minute"]) == (3, 60, 0)
    assert [step.pop("at")[11:] for step in told["items"]] == ["11:58:00Z", "11:59:00Z", "12:00:00Z"]
    assert told["items"] == [IDLE] * 3


def test_minutes_add_up(activity: Activity) -> None:
    activity.add(batch("ready", "ready", waited=0.26, decode=10, network=5), NOON - 1)
    activity.add(batch("ready", "failed", "known", waited=12.4, decode=40), NOON + 1)
    activity.add(batch("put_off", "superseded", waited=3.04), NOON + 2)
    told = activity.read(3, NOON + 30)
    assert numbers(told, "ready") == [0, 2, 1]
    assert numbers(told, "failed") == [0, 0, 1]
    assert numbers(told, "put_off") == [0, 0, 1]
    assert numbers(told, "unchanged") == [0, 0, 2]
    assert numbers(told, "ms") == [{}, {"decode": 10.0, "network": 5.0}, {"decode": 40.0}]
    assert numbers(told, "wait_seconds") == [None, 0.3, 12.0]


def test_the_rate_is_that_of_the_last_sixty_seconds(activity: Activity) -> None:
    activity.add(batch(*["ready"] * 40), NOON - 30)
    activity.add(batch(*["ready"] * 5, "failed", "known", "put_off"), NOON + 3)
    rates = [activity.read(1, NOON + seconds)["per_minute"] for seconds in (3, 15, 45, 60, 90, 120)]
    assert rates == [44.0, 36.0, 16.0, 6.0, 3.0, 0.0]


@pytest.mark.parametrize(
    ("minutes", "step"), [(1, 1), (60, 1), (120, 1), (121, 2), (600, 5), (601, 10), (1200, 10), (MAX_MINUTES, 15)]
)
def test_steps_are_longer_where_more_is_asked_for(activity: Activity, minutes: int, step: int) -> None:
    now = NOON + 17 * 60 + 5
    for minute in (0, 16, 17):
        activity.add(batch("ready", decode=minute), NOON + minute * 60)
    told = activity.read(minutes, now)
    assert told["step_seconds"] == step * 60
    assert minutes / step <= len(told["items"]) <= MOST_STEPS + 1
    assert sum(numbers(told, "ready")) == (1 if minutes == 1 else 3)
    assert all(int(step["at"][14:16]) % (told["step_seconds"] // 60) == 0 for step in told["items"])


def test_a_day_takes_a_bounded_number_of_reads(
    aws: Aws, activity: Activity, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in range(0, 30, 3):
        for _ in range(8):
            activity.add(batch("ready"), NOON - hours * 3600)
    asked: list[int] = []
    query = catalog.table.query

    def counting(partition: str, limit: int, **more: str) -> Any:
        asked.append(limit)
        return query(partition, limit, **more)

    monkeypatch.setattr(catalog.table, "query", counting)
    assert sum(numbers(activity.read(60, NOON + 30), "ready")) == 8
    assert len(asked) <= 8
    assert max(asked) <= 60
    asked.clear()
    assert sum(numbers(activity.read(MAX_MINUTES, NOON + 30), "ready")) == 9 * 8, "with the one that a day began with"
    assert len(asked) <= 20


def test_many_write_at_once(aws: Aws, activity: Activity) -> None:
    """Nothing is lost, in a few items that go by themselves after two days."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda i: activity.add(batch("ready", waited=i, decode=1), NOON), range(60)))
    told = activity.read(1, NOON + 1)["items"][0]
    assert (told["ready"], told["ms"], told["wait_seconds"]) == (60, {"decode": 1.0}, 59.0)
    items = aws.dynamodb.scan(TableName=TABLE)["Items"]
    assert 2 <= len(items) <= 4
    assert {item["expires_at"]["N"] for item in items} == {str(int(NOON) + 2 * 24 * 3600)}


def test_an_item_stays_small(aws: Aws, activity: Activity, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write of up to a kilobyte costs one unit, and stays at that whatever the waits are."""
    monkeypatch.setattr("captionary.activity.random.randrange", lambda stop: 0)
    for i in range(400):
        told = batch(*OUTCOMES, waited=1.017**i, **dict.fromkeys(STAGES, 12345.6))
        activity.add(told, NOON)
    [item] = aws.dynamodb.scan(TableName=TABLE)["Items"]
    assert len(item["waits"]["NS"]) < 250
    assert not any(wait.endswith(".0") for wait in item["waits"]["NS"]), "the local cloud takes 1 and 1.0 for two"
    assert sum(len(name) + len(str(value)) for name, value in item.items()) < 4000


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, 0.0), (0.04, 0.0), (0.96, 1.0), (9.96, 10.0), (12.4, 12.0), (1249, 1200.0), (99999, 1e5)]
)
def test_waits_have_two_digits(activity: Activity, seconds: float, told: float) -> None:
    activity.add(batch("ready", waited=seconds), NOON)
    assert activity.read(1, NOON)["items"][0]["wait_seconds"] == told


def test_the_writer_waits_for_nobody(activity: Activity, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request, and none to read first."""
    calls: list[str] = []
    call = catalog.table.client._make_api_call  # type: ignore[attr-defined]

    def counting(name: str, wish: Any) -> Any:
        calls.append(name)
        return call(name, wish)

    monkeypatch.setattr(catalog.table.client, "_make_api_call", counting)
    activity.add(batch("ready", "failed", waited=1, decode=1), NOON)
    assert calls == ["UpdateItem"]
