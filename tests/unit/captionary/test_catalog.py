from __future__ import annotations

from dataclasses import replace

import pytest

from captionary import identity
from captionary.catalog import Catalog, encode_cursor
from captionary.errors import Conflict, InvalidCursor
from captionary.records import Record, Status
from captionary.timeline import Position


def add(catalog: Catalog, key: str, status: Status = "ready") -> Record:
    [place] = catalog.timeline.take_places(1)
    return catalog.write(Record(identity.image_id(key), key, status, place.page, place.created_at), None)


def test_a_record_comes_back_as_it_was_written(catalog: Catalog) -> None:
    record = Record(
        identity.image_id("a"),
        "a b/ü.jpg",
        "ready",
        1_795_249_291_317,
        1_795_249_291_317_898,
        sequencer="0A",
        etag="e",
        media="m",
        attempt=2,
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


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "*", "AAAA", encode_cursor(Position(9_999_999_999_999, "0" * 16 + "#" + "a" * 16)), "é"],
    ids=["empty", "short", "no base64", "no text", "a page that isn't there", "not ascii"],
)
def test_cursors_from_elsewhere_are_refused(catalog: Catalog, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        catalog.newest(10, cursor)


@pytest.mark.parametrize("before", ["0" * 16 + "#" + "2" * 16, "9" * 16 + "#" + "z" * 16])
def test_a_cursor_made_by_hand_reaches_no_more_than_the_list(catalog: Catalog, before: str) -> None:
    records = [add(catalog, key) for key in "abc"]
    gone = catalog.write(records[1].deleted(""), records[1])
    for page in (0, 1, records[0].page - 1, records[0].page):
        listing = catalog.newest(10, encode_cursor(Position(page, before)))
        found = {record.id for record in listing.records}
        assert found <= {record.id for record in records} - {gone.id}
        assert not found or page == records[0].page


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
    item = catalog.table.get({"pk": {"S": f"image#{record.id}"}, "sk": {"S": "record"}})
    assert int(item["expires_at"]["N"]) == 1000 + 15 * 24 * 3600


def test_more_records_than_one_call_may_ask_for(catalog: Catalog) -> None:
    ids = [add(catalog, str(i)).id for i in range(130)]
    assert set(catalog.get_many(ids + ids)) == set(ids)


def test_the_model_is_remembered(catalog: Catalog) -> None:
    catalog.put_model({"name": "starter", "version": "1"})
    assert catalog.model() == {"name": "starter", "version": "1"}
