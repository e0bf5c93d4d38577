from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import filling, galleries, search
from benchmarks.filling import Words
from tests.unit.conftest import Aws

SIZE = 60


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> str:
    monkeypatch.setattr(galleries, "connect", lambda address: aws)
    monkeypatch.setattr(search, "WRITES", 10)
    return "http://dynamodb.invalid"


def kestrels(size: int) -> Callable[[int], Words]:
    return lambda number: Words(f"{number}.jpg", "a kestrel" if number % 2 else "a heron", ("bird",))


def test_a_table_that_was_filled_serves_the_next_run(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with galleries.filled_galleries([SIZE], kestrels, dynamodb) as [first]:
        assert first.ask({"limit": "100", "q": "kestrel"})[1] == SIZE // 2
        search.writes(first.catalog)
    monkeypatch.delattr(galleries, "fill")

    with galleries.filled_galleries([SIZE], kestrels, dynamodb) as [second]:
        assert second.ask({"limit": "100", "q": "kestrel"})[1] == SIZE // 2
        search.writes(second.catalog)


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
        assert gallery.ask({"limit": "100"})[1] == SIZE
