from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import filling, galleries, search
from benchmarks.filling import Words
from captionary.timeline import PLACES_PER_PAGE
from tests.unit.conftest import Aws

SIZE = PLACES_PER_PAGE


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> str:
    monkeypatch.setattr(galleries, "connect", lambda address: aws)
    return "http://dynamodb.invalid"


def kestrels(size: int) -> Callable[[int], Words]:
    return lambda number: Words(f"{number}.jpg", "a kestrel" if number % 2 else "a heron", ("bird",))


def test_a_table_that_was_filled_serves_the_next_run(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with galleries.filled_galleries([SIZE], kestrels, dynamodb) as [first]:
        assert first.ask({"limit": "200", "q": "kestrel"})[1] == SIZE // 2
    monkeypatch.delattr(galleries, "fill")

    with galleries.filled_galleries([SIZE], kestrels, dynamodb) as [second]:
        assert second.ask({"limit": "200", "q": "kestrel"})[1] == SIZE // 2


def test_a_table_whose_filling_broke_off_is_filled_anew(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(filling, "_counts", breaks_off)
        with (
            pytest.raises(KeyboardInterrupt),
            galleries.filled_galleries([SIZE], kestrels, dynamodb),
        ):
            pass

    with galleries.filled_galleries([SIZE], kestrels, dynamodb) as [gallery]:
        assert gallery.ask({"limit": "200"})[1] == SIZE


def test_the_newest_page_of_any_gallery_is_full(dynamodb: str) -> None:
    with galleries.filled_galleries([10, SIZE + 10], kestrels, dynamodb) as both:
        assert [gallery.catalog.counts()["ready"] for gallery in both] == [SIZE, 2 * SIZE]


def test_writing_is_measured_in_a_table_of_its_own(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "WRITES", 15)
    tables = aws.dynamodb.list_tables()["TableNames"]
    plain, indexed = search.writes(aws.dynamodb)
    assert indexed.ratio == pytest.approx(indexed.value / plain.value)
    assert aws.dynamodb.list_tables()["TableNames"] == tables
