from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain, repeat
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

    monkeypatch.setattr(recaption, "PAUSE_SECONDS", 0.01)

    def run(answer: Answer = anew, waiting: Iterable[int] = (), **more: Any) -> tuple[int, list[list[str]]]:
        asked: list[list[str]] = []
        depths = chain(waiting, repeat(0))

        def get_queue_attributes(**_: Any) -> dict[str, Any]:
            return {"Attributes": {"ApproximateNumberOfMessages": str(next(depths))}}

        def look_again(clients: Any, endpoints: dict[str, str], etags: dict[str, str]) -> None:
            asked.append(list(etags))
            for record in gallery.catalog.get_many(map(identity.image_id, etags)).values():
                gallery.catalog.write(answer(record), record)

        monkeypatch.setattr(recaption, "look_again", look_again)
        clients: Any = SimpleNamespace(
            dynamodb=gallery.catalog.table.client, sqs=SimpleNamespace(get_queue_attributes=get_queue_attributes)
        )
        return caption_anew(clients, {"table": TABLE, "ingest_queue": "queue"}, is_old, **more), asked

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


def fail(record: Record) -> Record:
    return record.failed("internal", "It failed.")


def test_a_photo_that_was_deleted_is_not_counted(gallery: Gallery, run: Run) -> None:
    add(gallery, "a")
    assert run(lambda record: record.deleted("")) == (0, [["a"]])


def test_a_photo_that_fails_is_not_waited_for(gallery: Gallery, run: Run) -> None:
    for key in ("a", "broken"):
        add(gallery, key)
    assert run(lambda record: fail(record) if record.key == "broken" else anew(record)) == (1, [["broken", "a"]])


def test_a_photo_that_keeps_its_words_does_not_keep_the_others_waiting(
    gallery: Gallery, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recaption, "CHUNK", 2)
    for key in ("a", "b", "c", "stuck"):
        add(gallery, key)
    with pytest.raises(RecoveryError, match=r"^1 of 4 photos kept their old captions$"):
        run(lambda record: record if record.key == "stuck" else anew(record))
    assert [record.key for record in gallery.catalog.everything() if is_old(record)] == ["stuck"]


def test_what_is_still_in_the_queue_is_waited_for(gallery: Gallery, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recaption, "PATIENCE_SECONDS", 0.5)
    add(gallery, "a")
    started = time.monotonic()
    with pytest.raises(RecoveryError):
        run(lambda record: record, waiting=[0, 1] * 1000)
    assert time.monotonic() - started >= 0.5


@pytest.mark.parametrize("answer", [lambda record: record, fail], ids=["stays as it is", "fails"])
def test_where_none_gets_new_words_the_rest_is_not_touched(
    gallery: Gallery, run: Run, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setattr(recaption, "CHUNK", 1)
    for key in "abc":
        add(gallery, key)
    with pytest.raises(RecoveryError, match=r"^none of 1 photos got a new caption, and 2 more were not tried$"):
        run(answer)
    assert len([record for record in gallery.catalog.everything() if record.caption == "old words"]) >= 2
