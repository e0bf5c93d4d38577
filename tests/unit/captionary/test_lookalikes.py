from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from captionary import identity, lookalikes, timeline
from captionary.catalog import Catalog
from captionary.records import Record

BASE = bytes(32)


def differing(bits: int) -> bytes:
    """A code with so many other bits than BASE."""
    return ((1 << bits) - 1).to_bytes(32)


def add(catalog: Catalog, key: str, code: bytes | None, encoder: str = "a", **more: Any) -> Record:
    [place] = catalog.timeline.take_places(1)
    looks = "" if code is None else f"{encoder}.{code.hex()}"
    record = Record(identity.image_id(key), key, "ready", place.page, place.created_at, looks=looks, **more)
    return catalog.write(record, None)


def keys(found: list[lookalikes.Lookalike]) -> list[str]:
    return [other.record.key for other in found]


@pytest.fixture
def several_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "PLACES_PER_PAGE", 2)
    monkeypatch.setattr(lookalikes, "_READ_AT_ONCE", 2)
    monkeypatch.setattr(lookalikes, "_NEWEST", 1)


@pytest.mark.usefixtures("several_pages")
def test_the_most_alike_come_first(catalog: Catalog) -> None:
    photo = add(catalog, "photo", BASE)
    for bits in (40, 10, 60, 20, 89, 90):
        add(catalog, f"{bits}", differing(bits))
    add(catalog, "of another encoder", BASE, encoder="b")
    add(catalog, "not captioned", None)
    found = catalog.lookalikes.find(photo, 10)
    assert keys(found) == ["10", "20", "40", "60", "89"], "the photo itself is not told, nor what differs in more bits"
    assert [round(other.similarity, 3) for other in found] == [0.922, 0.844, 0.688, 0.531, 0.305]
    assert [other.duplicate for other in found] == ["near", "near", None, None, None]
    assert keys(catalog.lookalikes.find(photo, 2)) == ["10", "20"]


@pytest.mark.usefixtures("several_pages")
def test_what_was_deleted_or_captioned_anew_since(catalog: Catalog) -> None:
    photo = add(catalog, "photo", BASE)
    gone, changed, stays = (add(catalog, name, differing(5)) for name in ("gone", "changed", "stays"))
    for i in range(12):
        add(catalog, f"other {i}", bytes([255]) * 32)
    assert len(catalog.lookalikes.find(photo, 10)) == 3
    catalog.write(gone.deleted("2"), gone)
    catalog.write(replace(changed, looks=f"a.{differing(200).hex()}"), changed)
    assert keys(catalog.lookalikes.find(photo, 10)) == ["stays"], "at once, although it remembers otherwise"
    add(catalog, "new", differing(1))
    assert keys(catalog.lookalikes.find(photo, 10)) == ["new", "stays"]
    catalog.write(replace(stays, looks=f"a.{differing(3).hex()}"), stays)
    for _ in range(3):
        found = catalog.lookalikes.find(photo, 10)
    assert keys(found) == ["new", "stays"], "pages are read again in turn"


def test_the_same_file_and_the_same_picture(catalog: Catalog) -> None:
    photo = add(catalog, "photo", BASE, sha256="1" * 64)
    add(catalog, "scaled", differing(3), sha256="2" * 64)
    add(catalog, "copy", BASE, sha256="1" * 64)
    add(catalog, "alike", differing(50), sha256="3" * 64)
    found = catalog.lookalikes.find(photo, 10)
    assert [(other.record.key, other.duplicate) for other in found] == [
        ("copy", "exact"),
        ("scaled", "near"),
        ("alike", None),
    ]


def test_a_photo_that_the_model_tells_nothing_of(catalog: Catalog) -> None:
    assert catalog.lookalikes.find(add(catalog, "photo", None), 10) == []


def test_reading_ends_in_time_and_goes_on_later(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "PLACES_PER_PAGE", 1)
    monkeypatch.setattr(lookalikes, "_NEWEST", 1)
    monkeypatch.setattr(lookalikes, "_READ_AT_ONCE", 1)
    old = add(catalog, "old", differing(1))
    for name in "abc":
        add(catalog, name, None)
    photo = add(catalog, "photo", BASE)
    monkeypatch.setattr(lookalikes, "_MOST_SECONDS", 0.0)
    assert catalog.lookalikes.find(photo, 10) == []
    monkeypatch.setattr(lookalikes, "_MOST_SECONDS", 60.0)
    assert keys(catalog.lookalikes.find(photo, 10)) == [old.key]
