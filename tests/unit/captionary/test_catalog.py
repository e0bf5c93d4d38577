from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from captionary import catalog as catalog_module
from captionary import identity
from captionary.catalog import PLACES_PER_PAGE, Catalog
from captionary.errors import Conflict, InvalidCursor
from captionary.records import Record, Status


def add(catalog: Catalog, key: str, status: Status = "ready") -> Record:
    [place] = catalog.take_places(1)
    return catalog.write(Record(identity.image_id(key), key, status, place.page, place.created_at), None)


def keys_of(catalog: Catalog, limit: int) -> Iterator[list[str]]:
    """The keys of each page, until the last."""
    cursor: str | None = None
    while True:
        listing = catalog.newest(limit, cursor)
        yield [record.key for record in listing.records]
        if listing.cursor is None:
            return
        cursor = listing.cursor


def test_a_record_comes_back_as_it_was_written(catalog: Catalog) -> None:
    record = Record(
        identity.image_id("a"),
        "a b/ü.jpg",
        "ready",
        3,
        1_795_249_291_317_898,
        sequencer="0A",
        etag="e",
        caption="A dog",
        labels=({"name": "dog", "score": 0.93, "source": "model"},),
        width=3000,
        height=2000,
        bytes=12345,
        content_type="image/jpeg",
        taken_at="2020-01-01T00:00:00Z",
        placeholder="abc",
        model_name="m",
        model_version="1",
        feedback={"right": 1, "wrong": 2},
    )
    catalog.write(record, None)
    assert catalog.get(record.id) == replace(record, revision=1)
    assert catalog.get_many([record.id, "aaaaaaaaaaaaaaaa"]) == {record.id: replace(record, revision=1)}
    assert catalog.get("aaaaaaaaaaaaaaaa") is None


def test_an_empty_gallery(catalog: Catalog) -> None:
    assert catalog.newest(50).records == []
    assert catalog.newest(50).cursor is None
    assert catalog.counts() == {"pending": 0, "ready": 0, "failed": 0}
    assert catalog.model() is None


def test_newest_first_page_by_page(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_module, "PLACES_PER_PAGE", 4)
    keys = [f"{i:02d}" for i in range(11)]
    for key in keys:
        add(catalog, key)
    assert list(keys_of(catalog, 3)) == [["10", "09", "08"], ["07", "06", "05"], ["04", "03", "02"], ["01", "00"]]
    assert list(keys_of(catalog, 11)) == [keys[::-1]]
    assert [record.key for record in catalog.everything()] == keys[::-1]


def test_a_partition_of_the_timeline_is_bounded(catalog: Catalog) -> None:
    places = [place for _ in range(6) for place in catalog.take_places(100)]
    pages = [place.page for place in places]
    assert max(pages.count(page) for page in pages) == PLACES_PER_PAGE
    assert pages == sorted(pages)


def test_times_grow_even_if_the_clock_does_not(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.cycle([5_000_000_000, 4_000_000_000, 5_000_000_000])
    monkeypatch.setattr("time.time_ns", lambda: next(clock))
    times = [place.created_at for count in (1, 3, 1, 2) for place in catalog.take_places(count)]
    assert times == sorted(set(times))


def test_photos_added_between_two_pages_do_not_shift_the_second(catalog: Catalog) -> None:
    for key in "abcd":
        add(catalog, key)
    first = catalog.newest(2)
    add(catalog, "e")
    second = catalog.newest(2, first.cursor)
    assert [record.key for record in first.records + second.records] == ["d", "c", "b", "a"]


def test_the_photo_a_cursor_stands_on_may_be_deleted(catalog: Catalog) -> None:
    records = [add(catalog, key) for key in "abcd"]
    first = catalog.newest(2)
    catalog.write(records[2].deleted(""), records[2])
    assert [record.key for record in catalog.newest(2, first.cursor).records] == ["b", "a"]


def test_emptied_pages_are_passed_over(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_module, "PLACES_PER_PAGE", 1)
    records = [add(catalog, f"{i:02d}") for i in range(40)]
    for record in records[1:39]:
        catalog.write(record.deleted(""), record)
    assert list(keys_of(catalog, 1)) == [["39"], ["00"]]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "*", "AAAA", "OTk5OTk5OjE3OTUyNDkyOTEzMTc4OTgjYWFhYWFhYWFhYWFhYWFhYQ", "é"],
    ids=["empty", "short", "no base64", "no text", "a page that isn't there", "not ascii"],
)
def test_cursors_from_elsewhere_are_refused(catalog: Catalog, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        catalog.newest(10, cursor)


def test_who_comes_second_is_told(catalog: Catalog) -> None:
    record = add(catalog, "a", "pending")
    catalog.write(replace(record, caption="first"), record)
    with pytest.raises(Conflict):
        catalog.write(replace(record, caption="second"), record)
    with pytest.raises(Conflict):
        catalog.write(record, None)
    stored = catalog.get(record.id)
    assert stored is not None
    assert (stored.caption, stored.revision) == ("first", 2)
    assert catalog.counts()["pending"] == 1


def test_counts_follow_every_change(catalog: Catalog) -> None:
    record = add(catalog, "a", "pending")
    add(catalog, "b", "failed")
    assert catalog.counts() == {"pending": 1, "ready": 0, "failed": 1}
    record = catalog.write(replace(record, status="ready"), record)
    record = catalog.write(replace(record, caption="again"), record)
    assert catalog.counts() == {"pending": 0, "ready": 1, "failed": 1}
    record = catalog.write(record.deleted("0B"), record)
    assert catalog.counts() == {"pending": 0, "ready": 0, "failed": 1}
    catalog.write(record.deleted("0C"), record)
    assert catalog.counts() == {"pending": 0, "ready": 0, "failed": 1}


def test_a_deleted_photo_leaves_a_mark_that_is_not_listed(catalog: Catalog) -> None:
    record = add(catalog, "a")
    catalog.write(record.deleted("0B"), record)
    mark = catalog.get(record.id)
    assert mark is not None
    assert (mark.status, mark.sequencer, mark.is_visible) == ("deleted", "0B", False)
    assert catalog.newest(10).records == []


def test_the_mark_goes_by_itself(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    record = add(catalog, "a")
    catalog.write(record.deleted(""), record)
    item = catalog._db.get_item(TableName="photos", Key={"pk": {"S": f"image#{record.id}"}, "sk": {"S": "record"}})[
        "Item"
    ]
    assert int(item["expires_at"]["N"]) == 1000 + 15 * 24 * 3600


def test_a_new_page_can_be_begun(catalog: Catalog) -> None:
    add(catalog, "a")
    assert catalog.last_page() == 0
    assert catalog.begin_page(after=6) == 7
    assert catalog.take_places(1)[0].page == 7
    assert catalog.begin_page(after=2) == 8, "never back to a page that is in use"
    assert catalog.take_places(1)[0].page == 8


def test_more_records_than_one_call_may_ask_for(catalog: Catalog) -> None:
    ids = [add(catalog, str(i)).id for i in range(130)]
    assert set(catalog.get_many(ids + ids)) == set(ids)


def test_many_new_records_at_once(catalog: Catalog) -> None:
    places = catalog.take_places(60)
    records = [
        Record(identity.image_id(str(i)), str(i), "failed" if i == 7 else "ready", place.page, place.created_at)
        for i, place in enumerate(places)
    ]
    catalog.write_new(records)
    assert [record.key for record in catalog.everything()] == [str(i) for i in reversed(range(60))]
    assert catalog.counts() == {"pending": 0, "ready": 59, "failed": 1}
    stored = catalog.get(records[0].id)
    assert stored is not None
    catalog.write(stored.deleted(""), stored)
    assert catalog.counts()["ready"] == 58


def test_the_model_is_remembered(catalog: Catalog) -> None:
    catalog.put_model({"name": "starter", "version": "1"})
    assert catalog.model() == {"name": "starter", "version": "1"}
