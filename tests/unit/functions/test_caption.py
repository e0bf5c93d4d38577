from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from captionary import events, identity, images, isolated
from captionary.activity import STAGES
from captionary.captioner import Description
from captionary.errors import DamagedPhoto
from captionary.gallery import Gallery
from tests.unit.captionary.test_isolated import DIES_OF_POISON
from tests.unit.conftest import IMAGES, Aws
from tests.unit.functions.messages import CONTEXT, SENT_AT, failures, jpeg, record_of, s3_body, sqs_event
from tests.unit.log import Line, check_metrics


class FakeCaptioner:
    """Says what colour a picture is."""

    def __init__(self) -> None:
        self.pack = SimpleNamespace(name="fake", version="7")
        self.calls = 0

    def describe(self, picture: Image.Image) -> Description:
        self.calls += 1
        red, _, blue = picture.resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
        name = "red" if red > blue else "blue"
        return Description(name.title(), ({"name": name, "score": 0.9, "source": "model"},), "fake.00ff")


@pytest.fixture
def caption(function: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = function("caption")
    fake = FakeCaptioner()
    monkeypatch.setattr(module, "captioner", lambda: fake)
    return module


def test_a_photo_becomes_a_record_with_all_that_belongs_to_it(aws: Aws, caption: ModuleType, gallery: Gallery) -> None:
    key = "holiday pics/a+b ü.jpg"
    aws.s3.put_object(Bucket=IMAGES, Key=key, Body=jpeg(size=(2000, 1000)))
    assert failures(caption.handler(sqs_event(s3_body(key)), CONTEXT)) == []
    record = record_of(gallery, key)
    assert (record.status, record.caption, record.labels[0]["name"]) == ("ready", "Red", "red")
    assert (record.width, record.height, record.content_type) == (2000, 1000, "image/jpeg")
    assert (record.model_name, record.model_version) == ("fake", "7")
    assert record.looks == "fake.00ff"
    assert record.placeholder
    assert record.sha256 == hashlib.sha256(jpeg(size=(2000, 1000))).hexdigest()
    keys = {listed.key: listed for listed in gallery.storage.derived()}
    assert keys.keys() == {
        identity.thumbnail_key(record.id, record.media),
        identity.preview_key(record.id, record.media),
        identity.sidecar_key(record.id),
    }
    answer = aws.s3.get_object(Bucket="media", Key=identity.thumbnail_key(record.id, record.media))
    assert answer["ContentType"] == "image/jpeg"
    assert "immutable" in answer["CacheControl"]
    assert max(Image.open(answer["Body"]).size) == 400


def test_a_bad_file_fails_at_once_and_disturbs_no_other(aws: Aws, caption: ModuleType, gallery: Gallery) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="good1", Body=jpeg("red"))
    aws.s3.put_object(Bucket=IMAGES, Key="bad", Body=b"not a picture")
    aws.s3.put_object(Bucket=IMAGES, Key="empty", Body=b"")
    aws.s3.put_object(Bucket=IMAGES, Key="good2", Body=jpeg("blue"))
    bodies = [s3_body(key) for key in ("good1", "bad", "empty", "good2")]
    assert failures(caption.handler(sqs_event(*bodies), CONTEXT)) == []
    assert [record_of(gallery, key).status for key in ("good1", "good2")] == ["ready", "ready"]
    bad = record_of(gallery, "bad")
    assert (bad.status, bad.error_code) == ("failed", "unsupported_format")
    assert "JPEG" in bad.error_message
    assert record_of(gallery, "empty").error_code == "empty"


def test_a_second_look_at_what_is_captioned_by_then_does_nothing(
    aws: Aws, caption: ModuleType, gallery: Gallery
) -> None:
    """The look for lost photos asks for all that wait, however often it was asked for them before."""
    etag = aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())["ETag"].strip('"')
    look = sqs_event(events.look_again(IMAGES, "a", etag))
    for _ in range(3):
        assert failures(caption.handler(look, CONTEXT)) == []
    assert caption.captioner().calls == 1
    caption.handler(sqs_event(events.look_again(IMAGES, "a")), CONTEXT)
    assert caption.captioner().calls == 2
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg("blue"))
    caption.handler(sqs_event(events.look_again(IMAGES, "a", "another")), CONTEXT)
    assert record_of(gallery, "a").caption == "Blue"


def test_a_file_of_too_many_bytes_is_not_read(
    aws: Aws, caption: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("captionary.storage.MAX_BYTES", 10)
    aws.s3.put_object(Bucket=IMAGES, Key="large", Body=jpeg())
    assert failures(caption.handler(sqs_event(s3_body("large")), CONTEXT)) == []
    large = record_of(gallery, "large")
    assert (large.error_code, large.bytes) == ("too_large", len(jpeg()))
    assert large.etag


def test_events_of_objects_that_are_gone_are_done_with(caption: ModuleType, gallery: Gallery) -> None:
    assert failures(caption.handler(sqs_event(s3_body("gone")), CONTEXT)) == []
    assert gallery.catalog.get(identity.image_id("gone")) is None


def test_a_removed_object_takes_everything_with_it(aws: Aws, caption: ModuleType, gallery: Gallery) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    caption.handler(sqs_event(s3_body("a", "0A")), CONTEXT)
    aws.s3.delete_object(Bucket=IMAGES, Key="a")
    caption.handler(sqs_event(s3_body("a", "0B", "ObjectRemoved:Delete")), CONTEXT)
    assert gallery.catalog.newest(10).records == []
    assert list(gallery.storage.derived()) == []


def test_a_batch_may_hold_the_same_event_several_times(aws: Aws, caption: ModuleType, gallery: Gallery) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    assert failures(caption.handler(sqs_event(*[s3_body("a")] * 5), CONTEXT)) == []
    assert gallery.catalog.counts() == {"pending": 0, "ready": 1, "failed": 0}


def test_test_events_and_foreign_messages_are_done_with(caption: ModuleType) -> None:
    answer = caption.handler(sqs_event(json.dumps({"Event": "s3:TestEvent"}), "hello", "{}"), CONTEXT)
    assert failures(answer) == []


def test_what_may_pass_is_put_off_and_tried_again(
    aws: Aws, caption: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_off: list[tuple[str, int]] = []
    monkeypatch.setattr(
        caption,
        "queue",
        SimpleNamespace(
            change_message_visibility=lambda **wish: put_off.append((wish["ReceiptHandle"], wish["VisibilityTimeout"]))
        ),
    )
    aws.s3.put_object(Bucket=IMAGES, Key="good", Body=jpeg())
    aws.s3.put_object(Bucket=IMAGES, Key="unlucky", Body=jpeg())
    fetch = caption.storage.fetch

    def out_of_order(key: str, *how: Any) -> Any:
        if key == "unlucky":
            raise ConnectionError("the bucket does not answer")
        return fetch(key, *how)

    monkeypatch.setattr(caption.storage, "fetch", out_of_order)
    bodies = (s3_body("good"), s3_body("unlucky"))
    assert failures(caption.handler(sqs_event(*bodies), CONTEXT)) == ["m1"]
    assert failures(caption.handler(sqs_event(*bodies, tries=2), CONTEXT)) == ["m1"]
    assert put_off == [("r1", 10), ("r1", 60)]
    assert record_of(gallery, "good").status == "ready"
    assert (record_of(gallery, "unlucky").status, record_of(gallery, "unlucky").attempt) == ("pending", 0)

    assert failures(caption.handler(sqs_event(*bodies, tries=3), CONTEXT)) == ["m1"], "on to the dead letters"
    assert put_off[2:] == [("r1", 0)]
    given_up = record_of(gallery, "unlucky")
    assert (given_up.status, given_up.error_code) == ("failed", "internal")
    assert "ConnectionError" not in given_up.error_message, "a person can do nothing with that"

    monkeypatch.setattr(caption.storage, "fetch", fetch)
    assert failures(caption.handler(sqs_event(events.look_again(IMAGES, "unlucky")), CONTEXT)) == []
    assert record_of(gallery, "unlucky").status == "ready"


class WorkerDied(BaseException):
    pass


@pytest.fixture
def poisoned(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of photos, one of which ends whoever reads it."""
    read = images.read

    def read_or_die(data: bytes) -> images.Photo:
        if data == b"poison":
            raise WorkerDied
        return read(data)

    monkeypatch.setattr(images, "read", read_or_die)
    keys = ["a", "poison", "b", "c"]
    for key in keys:
        aws.s3.put_object(Bucket=IMAGES, Key=key, Body=b"poison" if key == "poison" else jpeg())
    return keys


def test_a_file_that_ended_the_worker_is_read_apart_and_takes_no_other_along(
    caption: ModuleType, gallery: Gallery, poisoned: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = [s3_body(key) for key in poisoned]
    with pytest.raises(WorkerDied):
        caption.handler(sqs_event(*bodies), CONTEXT)
    # The process that reads is another, which knows nothing of this one's patches.
    (tmp_path / "sitecustomize.py").write_text(DIES_OF_POISON)
    monkeypatch.syspath_prepend(tmp_path)
    assert failures(caption.handler(sqs_event(*bodies, tries=2), CONTEXT)) == []
    assert [record_of(gallery, key).status for key in poisoned] == ["ready", "failed", "ready", "ready"]
    assert record_of(gallery, "poison").error_code == "crashed"


def test_a_file_that_ends_every_worker_takes_no_other_along(
    caption: ModuleType,
    gallery: Gallery,
    poisoned: list[str],
    function: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(isolated, "read", images.read)
    bodies = [s3_body(key) for key in poisoned]
    for tries in (1, 2, 3):
        with pytest.raises(WorkerDied):
            caption.handler(sqs_event(*bodies, tries=tries), CONTEXT)
    letters = function("dead_letters").handler(sqs_event(*bodies), CONTEXT)
    assert failures(letters) == ["m1"], "the others were dealt with before it"
    assert [record_of(gallery, key).status for key in poisoned] == ["ready", "failed", "ready", "ready"]
    assert record_of(gallery, "poison").error_code == "internal"


def test_a_worker_that_dies_for_another_reason_costs_no_photo(
    aws: Aws, caption: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    with monkeypatch.context() as patched:
        patched.setattr(caption, "describe", dying)
        for tries in (1, 2):
            with pytest.raises(WorkerDied):
                caption.handler(sqs_event(s3_body("a"), tries=tries), CONTEXT)
    assert failures(caption.handler(sqs_event(s3_body("a"), tries=3), CONTEXT)) == []
    assert (record_of(gallery, "a").status, record_of(gallery, "a").attempt) == ("ready", 0)


def dying(*args: object) -> None:
    raise WorkerDied


class Queue:
    """Notes what becomes visible again, and when."""

    def __init__(self) -> None:
        self.seen_again: dict[str, int] = {}

    def change_message_visibility(self, *, ReceiptHandle: str, VisibilityTimeout: int, **_: Any) -> None:  # noqa: N803
        self.seen_again[ReceiptHandle] = VisibilityTimeout


def test_a_file_that_never_comes_to_an_end_ends_the_worker_and_the_batch_comes_again(
    aws: Aws, caption: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    queue, has_ended = Queue(), threading.Event()
    read = images.read

    def read_for_ever(data: bytes) -> images.Photo:
        if data == b"endless":
            assert has_ended.wait(20)
            raise DamagedPhoto("it came to an end")
        return read(data)

    monkeypatch.setattr(images, "read", read_for_ever)
    monkeypatch.setattr(caption, "queue", queue)
    monkeypatch.setattr(caption, "PICTURE_SECONDS", 0.5)
    monkeypatch.setattr(caption.os, "_exit", lambda status: has_ended.set())
    for key in ("a", "endless", "b"):
        aws.s3.put_object(Bucket=IMAGES, Key=key, Body=b"endless" if key == "endless" else jpeg())
    caption.handler(sqs_event(s3_body("a"), s3_body("endless"), s3_body("b")), CONTEXT)
    assert has_ended.is_set()
    assert queue.seen_again == {"r0": 1, "r1": 1, "r2": 1}
    assert {record_of(gallery, key).status for key in ("a", "b")} == {"ready"}
    assert [vars(line)["key"] for line in caplog.records if vars(line).get("outcome") == "hangs"] == ["endless"]


def test_a_worker_with_no_time_left_leaves_suspects_to_another(
    aws: Aws, caption: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue()
    monkeypatch.setattr(caption, "queue", queue)
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    context = SimpleNamespace(**{**vars(CONTEXT), "get_remaining_time_in_millis": lambda: 20_000})
    assert failures(caption.handler(sqs_event(s3_body("a"), tries=2), context)) == ["m0"]
    assert (queue.seen_again, gallery.catalog.get(identity.image_id("a"))) == ({"r0": 1}, None)


def test_a_photo_that_can_not_get_another_caption_keeps_the_one_that_it_has(
    aws: Aws, caption: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    caption.handler(sqs_event(s3_body("a", "0A")), CONTEXT)
    before = record_of(gallery, "a")
    derived = sorted(listed.key for listed in gallery.storage.derived())
    again = events.look_again(IMAGES, "a")

    def broken() -> None:
        raise MemoryError("the new model is too large")

    with monkeypatch.context() as patched:
        patched.setattr(caption, "captioner", broken)
        patched.setattr(caption, "queue", SimpleNamespace(change_message_visibility=lambda **wish: None))
        for tries in (1, 2, 3):
            assert failures(caption.handler(sqs_event(again, tries=tries), CONTEXT)) == ["m0"]
    with monkeypatch.context() as patched:
        patched.setattr(images, "read", raising(DamagedPhoto("cut off")))
        assert failures(caption.handler(sqs_event(again), CONTEXT)) == []
        assert replace(record_of(gallery, "a"), revision=0) == replace(before, revision=0)
        assert sorted(listed.key for listed in gallery.storage.derived()) == derived
        aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg("blue"))
        caption.handler(sqs_event(again), CONTEXT)
        assert record_of(gallery, "a").status == "failed", "other content has no caption yet"


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*args: object) -> None:
        raise error

    return fail


def test_new_content_that_can_not_be_captioned_has_failed(
    aws: Aws, caption: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    caption.handler(sqs_event(s3_body("a", "0A")), CONTEXT)
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg("blue"))
    monkeypatch.setattr(caption, "captioner", raising(MemoryError("the model is too large")))
    monkeypatch.setattr(caption, "queue", SimpleNamespace(change_message_visibility=lambda **wish: None))
    for tries in (1, 2):
        caption.handler(sqs_event(s3_body("a", "0B"), tries=tries), CONTEXT)
        assert (record_of(gallery, "a").status, record_of(gallery, "a").sequencer) == ("ready", "0A")
    assert failures(caption.handler(sqs_event(s3_body("a", "0B"), tries=3), CONTEXT)) == ["m0"]
    assert (record_of(gallery, "a").error_code, record_of(gallery, "a").sequencer) == ("internal", "0B")


def test_what_our_own_message_captioned_is_not_failed_by_s3_s_own(
    aws: Aws, caption: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    caption.handler(sqs_event(events.look_again(IMAGES, "a")), CONTEXT)
    before = record_of(gallery, "a")
    monkeypatch.setattr(caption, "captioner", raising(MemoryError("the model is too large")))
    monkeypatch.setattr(caption, "queue", SimpleNamespace(change_message_visibility=lambda **wish: None))
    for tries in (1, 2, 3):
        assert failures(caption.handler(sqs_event(s3_body("a"), tries=tries), CONTEXT)) == ["m0"]
    assert replace(record_of(gallery, "a"), revision=0) == replace(before, revision=0)


def test_when_the_table_does_not_answer_everything_comes_again(
    aws: Aws, caption: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise ConnectionError("no table")

    monkeypatch.setattr(caption.gallery, "begin", fail)
    monkeypatch.setattr(caption, "queue", SimpleNamespace(change_message_visibility=fail))
    for tries in (1, 2, 3):
        assert failures(caption.handler(sqs_event(s3_body("a"), s3_body("b"), tries=tries), CONTEXT)) == ["m0", "m1"]


def test_a_photo_is_followed_by_its_id_through_the_log(
    aws: Aws, caption: ModuleType, logged: Callable[[], list[Line]], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    caption.handler(sqs_event(s3_body("a", "0A")), CONTEXT)
    [photo, batch] = logged()
    names = {
        "image_id": identity.image_id("a"),
        "key": "a",
        "message_id": "m0",
        "request_id": "r",
        "service": "caption",
    }
    assert photo.items() >= {**names, "message": "photo", "outcome": "ready", "tries": 1, "model": "fake 7"}.items()
    assert set(photo["ms"]) == set(STAGES)
    assert (batch["message"], batch["messages"]) == ("batch", 1)

    with monkeypatch.context() as patched:
        patched.setattr(caption.storage, "fetch", raising(ConnectionError("the bucket does not answer")))
        caption.handler(sqs_event(events.look_again(IMAGES, "a")), CONTEXT)
    [put_off, *_] = logged()
    assert put_off.items() >= {**names, "outcome": "put_off", "level": "ERROR"}.items()
    assert "the bucket does not answer" in put_off["exception"]
    aws.s3.delete_object(Bucket=IMAGES, Key="a")
    caption.handler(sqs_event(s3_body("a", "0B", "ObjectRemoved:Delete")), CONTEXT)
    assert logged()[0].items() >= {**names, "outcome": "removed"}.items()


def test_every_photo_is_told_of_when_the_table_does_not_answer(
    caption: ModuleType, logged: Callable[[], list[Line]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caption.gallery, "begin", raising(ConnectionError("no table")))
    caption.handler(sqs_event(s3_body("a"), s3_body("b")), CONTEXT)
    told = {line["image_id"]: line["outcome"] for line in logged() if line["message"] == "photo"}
    assert told == {identity.image_id(key): "put_off" for key in ("a", "b")}


def test_a_key_is_data_in_the_log(aws: Aws, caption: ModuleType, logged: Callable[[], list[Line]]) -> None:
    key = 'a\n{"message": "forged"}\u2028\x1b[2J\u202e.jpg'
    aws.s3.put_object(Bucket=IMAGES, Key=key, Body=jpeg())
    caption.handler(sqs_event(s3_body(key)), CONTEXT)
    [photo, _] = logged()
    assert photo["key"] == key


def test_an_invocation_tells_its_metrics(
    aws: Aws, caption: ModuleType, logged: Callable[[], list[Line]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caption.time, "time", lambda: SENT_AT / 1000 + 2.5)
    aws.s3.put_object(Bucket=IMAGES, Key="good", Body=jpeg())
    aws.s3.put_object(Bucket=IMAGES, Key="bad", Body=b"not a picture")
    caption.handler(sqs_event(s3_body("good"), s3_body("bad"), s3_body("gone")), CONTEXT)
    [line] = [line for line in logged() if line["message"] == "batch"]
    check_metrics(line, {"service", "stack"})
    assert line.items() >= {"ready": [1.0], "failed": [1.0], "gone": [1.0], "error_unsupported_format": [1.0]}.items()
    assert (
        line.items() >= {"wait_seconds": [2.5] * 3, "tries": [1.0] * 3, "service": "caption", "stack": "test"}.items()
    )
    assert len(line["decode_ms"]) == 1
    assert len(line["fetch_ms"]) == 2


def test_the_gallery_is_told_what_was_done(aws: Aws, caption: ModuleType) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    caption.handler(sqs_event(s3_body("a"), s3_body("a"), s3_body("gone")), CONTEXT)
    caption.handler(sqs_event(s3_body("a")), CONTEXT)
    [*_, last] = caption.activity.read(2)["items"]
    assert (last["ready"], last["unchanged"]) == (1, 3), "an event that comes twice is told of twice"
    assert set(last["ms"]) == set(STAGES)
    assert last["wait_seconds"] > 0


def test_photos_don_t_depend_on_that(
    aws: Aws, caption: ModuleType, gallery: Gallery, logged: Callable[[], list[Line]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caption.activity, "add", raising(ConnectionError("the table is too busy")))
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    assert failures(caption.handler(sqs_event(s3_body("a")), CONTEXT)) == []
    assert record_of(gallery, "a").status == "ready"
    assert logged()[-1].items() >= {"message": "activity", "reason": "the table is too busy"}.items()


def test_an_empty_event_loads_the_network(caption: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    assert failures(caption.handler({}, CONTEXT)) == []
    assert vars(caplog.records[0])["pack"] == "fake"
