from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest

from captionary import catalog as catalog_module
from captionary import identity
from captionary import timeline as module
from captionary.catalog import Catalog
from captionary.records import Record
from captionary.timeline import PLACES_PER_PAGE, Timeline

DAY = 24 * 3600


@pytest.fixture
def timeline(catalog: Catalog) -> Timeline:
    return catalog.timeline


@pytest.fixture(autouse=True)
def no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where photos stand does not depend on their words, and in moto each word takes its time."""
    monkeypatch.setattr(catalog_module, "words_of", lambda record: ())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stops the clock; call it to set the seconds since 1970, which then go on by a millisecond a look."""
    seconds = itertools.count(1_800_000_000_000)

    def set_to(moment: float) -> None:
        nonlocal seconds
        seconds = itertools.count(round(moment * 1000))

    monkeypatch.setattr(time, "time_ns", lambda: next(seconds) * 1_000_000)
    return set_to


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PLACES_PER_PAGE", 4)


def add(catalog: Catalog, *keys: str) -> list[Record]:
    records = []
    for key in keys:
        [place] = catalog.timeline.take_places(1)
        record = Record(identity.image_id(key), key, "ready", place.page, place.created_at)
        records.append(catalog.write(record, None))
    return records


def pages_of(catalog: Catalog, limit: int) -> list[list[str]]:
    """The keys of each part of the gallery, until the last."""
    parts: list[list[str]] = []
    cursor: str | None = None
    while True:
        listing = catalog.newest(limit, cursor)
        parts.append([record.key for record in listing.records])
        if listing.cursor is None:
            return parts
        cursor = listing.cursor


def calls_of(catalog: Catalog, work: Callable[[], Any]) -> int:
    """How many requests `work` makes of the table."""
    count = 0

    def note(**_: Any) -> None:
        nonlocal count
        count += 1

    events = catalog.table.client.meta.events
    events.register("before-call.dynamodb", note)
    work()
    events.unregister("before-call.dynamodb", note)
    return count


@pytest.mark.usefixtures("small_pages")
def test_newest_first_page_by_page(catalog: Catalog) -> None:
    keys = [f"{i:02d}" for i in range(11)]
    add(catalog, *keys)
    assert pages_of(catalog, 3) == [["10", "09", "08"], ["07", "06", "05"], ["04", "03", "02"], ["01", "00"]]
    assert pages_of(catalog, 11) == [keys[::-1]]
    assert pages_of(catalog, 100) == [keys[::-1]]
    assert [record.key for record in catalog.everything()] == keys[::-1]


def test_a_page_is_bounded(timeline: Timeline) -> None:
    places = [place for _ in range(30) for place in timeline.take_places(10)]
    pages = [place.page for place in places]
    assert max(pages.count(page) for page in pages) <= PLACES_PER_PAGE
    assert len(set(pages)) == 3
    assert pages == sorted(pages)


def test_times_grow_even_if_the_clock_does_not(timeline: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    jumps = itertools.cycle([5_000_000_000_000, 4_000_000_000_000, 5_000_000_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(jumps))
    times = [place.created_at for count in (1, 3, 1, 2, 128, 1) for place in timeline.take_places(count)]
    assert times == sorted(set(times))


@pytest.mark.usefixtures("small_pages")
def test_pages_are_found_across_hours_months_and_years(catalog: Catalog, clock: Callable[[float], None]) -> None:
    expected: list[str] = []
    for i, moment in enumerate((0, 0.5, 3600, 5000, DAY, 40 * DAY, 41 * DAY, 400 * DAY, 3000 * DAY)):
        clock(1_800_000_000 + moment)
        keys = [f"{i}-{j}" for j in range(4)]
        add(catalog, *keys)
        expected = keys[::-1] + expected
    assert [key for part in pages_of(catalog, 5) for key in part] == expected


@pytest.mark.usefixtures("small_pages")
def test_reading_costs_the_same_however_many_there_are(catalog: Catalog, clock: Callable[[float], None]) -> None:
    add(catalog, *[f"a{i}" for i in range(8)])
    few = calls_of(catalog, lambda: catalog.newest(4))
    for i in range(30):
        clock(1_800_000_000 + i * 700)
        add(catalog, *[f"{i}-{j}" for j in range(4)])
    assert calls_of(catalog, lambda: catalog.newest(4)) <= few + 1
    middle = catalog.newest(60).cursor
    assert calls_of(catalog, lambda: catalog.newest(4, middle)) <= few + 2


@pytest.mark.usefixtures("small_pages")
def test_emptied_pages_are_passed_over_and_forgotten(catalog: Catalog, clock: Callable[[float], None]) -> None:
    clock(1_800_000_000)
    records = add(catalog, *[f"{i:03d}" for i in range(200)])
    for record in records[1:199]:
        catalog.write(record.deleted(""), record)
    assert pages_of(catalog, 1) == [["199"], ["000"]]
    clock(1_800_000_000 + 2 * DAY)
    before = calls_of(catalog, lambda: pages_of(catalog, 1))
    assert calls_of(catalog, lambda: pages_of(catalog, 1)) < before / 4
    assert pages_of(catalog, 1) == [["199"], ["000"]]


@pytest.mark.usefixtures("small_pages")
def test_a_reading_that_meets_only_emptied_pages_asks_to_be_continued(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_EMPTY", 10)
    records = add(catalog, *[f"{i:03d}" for i in range(200)])
    for record in records[1:199]:
        catalog.write(record.deleted(""), record)
    parts = pages_of(catalog, 5)
    assert len(parts) > 2
    assert [key for part in parts for key in part] == ["199", "000"]


@pytest.mark.usefixtures("small_pages")
def test_a_page_that_may_still_be_written_to_is_not_forgotten(catalog: Catalog) -> None:
    [slow] = catalog.timeline.take_places(1)
    add(catalog, *"abcdefg")
    assert len(catalog.newest(10).records) == 7
    catalog.write(Record(identity.image_id("slow"), "slow", "ready", slow.page, slow.created_at), None)
    assert [record.key for record in catalog.newest(10).records] == [*"gfedcba", "slow"]


@pytest.mark.parametrize("later", [-3600, 0, 3600], ids=["earlier", "now", "later"])
def test_a_page_that_is_taken_back_is_found_and_followed_by_new_photos(catalog: Catalog, later: int) -> None:
    """As after a crash, when the table is an older one, or none."""
    add(catalog, "known")
    page = round((time.time() + later) * 1000)
    image_id = identity.image_id("kept")
    for _ in range(2):
        catalog.timeline.take_back(page)
    catalog.write(Record(image_id, "kept", "ready", page, page * 1000), None)
    expected = ["kept", "known"] if later >= 0 else ["known", "kept"]
    assert pages_of(catalog, 10) == [expected]
    add(catalog, "new")
    assert pages_of(catalog, 10) == [["new", *expected]]


def test_a_lost_head_is_made_anew_after_everything(catalog: Catalog) -> None:
    add(catalog, "old")
    catalog.table.client.delete_item(TableName="photos", Key={"pk": {"S": "timeline"}, "sk": {"S": "head"}})
    add(catalog, "new")
    assert pages_of(catalog, 10) == [["new", "old"]]
