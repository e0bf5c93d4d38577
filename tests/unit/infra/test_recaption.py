from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from captionary import identity
from captionary.gallery import Gallery
from captionary.records import Record
from infra import recaption
from infra.recaption import caption_anew
from infra.recover import RecoveryError
from tests.unit.conftest import TABLE

Answer = Callable[[Record], Record]


def add(gallery: Gallery, key: str, **more: Any) -> Record:
    [place] = gallery.catalog.timeline.take_places(1)
    values = {"status": "ready", "model_name": "old", "caption": "old words", **more}
    record = Record(identity.image_id(key), key, page=place.page, created_at=place.created_at, **values)
    return gallery.catalog.write(record, None)


def is_old(record: Record) -> bool:
    return record.model_name == "old"


def anew(record: Record) -> Record:
    return replace(record, model_name="new", caption="new words")


@pytest.fixture
def run(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, list[list[str]]]]:
    """Captions anew, with something in place of the queue and the caption function behind it."""

    def run(answer: Answer = anew, **more: Any) -> tuple[int, list[list[str]]]:
        asked: list[list[str]] = []

        def look_again(clients: Any, endpoints: dict[str, str], keys: list[str]) -> None:
            asked.append(keys)
            for record in gallery.catalog.get_many(map(identity.image_id, keys)).values():
                gallery.catalog.write(answer(record), record)

        monkeypatch.setattr(recaption, "look_again", look_again)
        clients: Any = SimpleNamespace(dynamodb=gallery.catalog._db)
        return caption_anew(clients, {"table": TABLE}, is_old, **more), asked

    return run


Run = Callable[..., tuple[int, list[list[str]]]]


def test_what_is_stale_and_nothing_else(gallery: Gallery, run: Run) -> None:
    stale = add(gallery, "stale")
    others = [
        add(gallery, "by the new one", model_name="new"),
        add(gallery, "failed", status="failed"),
        add(gallery, "pending", status="pending"),
    ]
    assert run() == (1, [["stale"]])
    words = gallery.catalog.get(stale.id)
    assert words is not None
    assert words.caption == "new words"
    assert [gallery.catalog.get(record.id) for record in others] == others
    assert run() == (0, [])


def test_a_hundred_at_a_time_so_that_new_photos_need_not_wait(
    gallery: Gallery, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recaption, "CHUNK", 2)
    for key in "abcde":
        add(gallery, key)
    steps: list[tuple[int, int]] = []
    count, asked = run(progress=lambda done, total: steps.append((done, total)))
    assert (count, [len(keys) for keys in asked]) == (5, [2, 2, 1])
    assert steps == [(0, 5), (2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize(
    "answer",
    [lambda record: record.failed("damaged", "It is damaged."), lambda record: record.deleted("")],
    ids=["fails", "is deleted"],
)
def test_a_photo_that_is_not_waited_for_any_longer(gallery: Gallery, run: Run, answer: Answer) -> None:
    add(gallery, "a")
    assert run(answer) == (1, [["a"]])


def test_a_photo_that_stays_as_it_is_does_not_keep_the_others_waiting(
    gallery: Gallery, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recaption, "CHUNK", 2)
    monkeypatch.setattr(recaption, "PATIENCE_SECONDS", 0.5)
    for key in ("a", "b", "c", "stuck"):
        add(gallery, key)
    with pytest.raises(RecoveryError, match=r"^1 photos still wait for their captions$"):
        run(lambda record: record if record.key == "stuck" else anew(record))
    assert [record.key for record in gallery.catalog.everything() if is_old(record)] == ["stuck"]


def test_where_nothing_goes_on_the_rest_is_not_queued(
    gallery: Gallery, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recaption, "CHUNK", 1)
    monkeypatch.setattr(recaption, "PATIENCE_SECONDS", 0.5)
    for key in "abc":
        add(gallery, key)
    asked: list[Record] = []

    def nothing(record: Record) -> Record:
        asked.append(record)
        return record

    with pytest.raises(RecoveryError, match=r"^1 photos"):
        run(nothing)
    assert len(asked) == 1
