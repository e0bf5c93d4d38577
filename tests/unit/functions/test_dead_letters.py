from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from captionary import events, identity
from captionary.gallery import Gallery, sidecar
from tests.unit.conftest import IMAGES, Aws
from tests.unit.functions.messages import CONTEXT, failures, jpeg, record_of, s3_body, sqs_event


@pytest.fixture
def dead_letters(function: Callable[[str], ModuleType]) -> ModuleType:
    return function("dead_letters")


def last_letter(key: str) -> dict[str, Any]:
    """The letter of a photo that was queued once more already."""
    return sqs_event(events.look_again(IMAGES, key, last=True))


def queued(aws: Aws) -> list[str]:
    """What is in the ingest queue; it is empty then."""
    found = []
    while messages := aws.sqs.receive_message(QueueUrl=aws.ingest_queue_url).get("Messages"):
        for message in messages:
            found.append(message["Body"])
            aws.sqs.delete_message(QueueUrl=aws.ingest_queue_url, ReceiptHandle=message["ReceiptHandle"])
    return found


@pytest.mark.parametrize("is_expected", [True, False])
def test_a_photo_that_was_never_begun_is_queued_once_more(
    aws: Aws, dead_letters: ModuleType, gallery: Gallery, is_expected: bool
) -> None:
    if is_expected:
        gallery.expect("a", 10, "image/jpeg")
    etag = aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())["ETag"].strip('"')
    assert failures(dead_letters.handler(sqs_event(s3_body("a")), CONTEXT)) == []
    [message] = queued(aws)
    assert events.parse(message) == [events.ObjectEvent("a", created=True, etag=etag, last=True)]
    assert gallery.catalog.counts()["failed"] == 0
    assert failures(dead_letters.handler(sqs_event(message), CONTEXT)) == ["m0"]
    assert queued(aws) == []
    assert (record_of(gallery, "a").status, record_of(gallery, "a").error_code) == ("failed", "internal")


def test_a_photo_with_which_a_worker_died_is_shown_as_failed_and_its_letter_stays(
    aws: Aws, dead_letters: ModuleType, gallery: Gallery
) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    letter = sqs_event(s3_body("a"))
    [work] = gallery.begin(events.parse(letter["Records"][0]["body"])).values()
    assert work
    assert gallery.attempt(work, 2)
    for _ in range(2):
        assert failures(dead_letters.handler(letter, CONTEXT)) == ["m0"]
        assert (record_of(gallery, "a").status, record_of(gallery, "a").error_code) == ("failed", "internal")
    assert gallery.catalog.counts() == {"pending": 0, "ready": 0, "failed": 1}
    assert queued(aws) == []


def test_a_photo_whose_caption_the_table_forgot_gets_it_back(
    aws: Aws, dead_letters: ModuleType, gallery: Gallery
) -> None:
    expected = gallery.expect("a", 10, "image/jpeg")
    etag = aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())["ETag"].strip('"')
    letter = sqs_event(s3_body("a"))
    [work] = gallery.begin(events.parse(letter["Records"][0]["body"])).values()
    assert work
    assert gallery.attempt(work, 2)
    captioned = replace(work.record, status="ready", caption="A dog", etag=etag)
    gallery.storage.put_sidecar(captioned.id, sidecar(captioned))
    forgetful = record_of(gallery, "a")
    edited = gallery.edit(captioned.id, own_caption="My dog")
    gallery.catalog.write(forgetful, edited)
    assert failures(dead_letters.handler(letter, CONTEXT)) == []
    record = record_of(gallery, "a")
    assert (record.status, record.caption, record.own_caption) == ("ready", "A dog", "My dog")
    assert record.created_at == expected.created_at
    assert gallery.catalog.counts() == {"pending": 0, "ready": 1, "failed": 0}


def test_a_pending_upload_fails_where_it_stands(aws: Aws, dead_letters: ModuleType, gallery: Gallery) -> None:
    expected = gallery.expect("a", 10, "image/jpeg")
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    assert failures(dead_letters.handler(last_letter("a"), CONTEXT)) == ["m0"]
    record = record_of(gallery, "a")
    assert (record.status, record.created_at) == ("failed", expected.created_at)


def test_a_letter_goes_when_its_photo_was_captioned_after_all(
    aws: Aws, dead_letters: ModuleType, gallery: Gallery
) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())
    letter = last_letter("a")
    assert failures(dead_letters.handler(letter, CONTEXT)) == ["m0"]
    assert gallery.again(identity.image_id("a"), lambda record: None)
    [work] = gallery.begin(events.parse(events.look_again(IMAGES, "a"))).values()
    assert work
    assert gallery.finish(work, replace(work.record, status="ready", caption="A dog"))
    assert failures(dead_letters.handler(letter, CONTEXT)) == []
    assert record_of(gallery, "a").caption == "A dog"


def test_a_photo_that_our_own_message_brought_in_is_not_failed_by_a_letter_of_s3_s(
    aws: Aws, dead_letters: ModuleType, gallery: Gallery
) -> None:
    etag = aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())["ETag"].strip('"')
    [work] = gallery.begin(events.parse(events.look_again(IMAGES, "a", etag))).values()
    assert work
    assert gallery.finish(work, replace(work.record, status="ready", caption="A dog", etag=etag))
    letter = sqs_event(s3_body("a"))
    [late] = gallery.begin(events.parse(letter["Records"][0]["body"])).values()
    assert late
    assert gallery.attempt(late, 3)
    assert failures(dead_letters.handler(letter, CONTEXT)) == []
    assert (record_of(gallery, "a").status, record_of(gallery, "a").caption) == ("ready", "A dog")


def test_a_letter_goes_when_its_photo_is_gone(aws: Aws, dead_letters: ModuleType, gallery: Gallery) -> None:
    letter = sqs_event(s3_body("a"), s3_body("b", name="ObjectRemoved:Delete"))
    assert failures(dead_letters.handler(letter, CONTEXT)) == []
    assert gallery.catalog.counts() == {"pending": 0, "ready": 0, "failed": 0}


def test_what_is_no_letter_of_ours_is_let_go(dead_letters: ModuleType) -> None:
    assert failures(dead_letters.handler(sqs_event("junk", '{"Records": 3}'), CONTEXT)) == []


def test_a_letter_stays_while_the_table_does_not_answer(
    aws: Aws, dead_letters: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="a", Body=jpeg())

    def fail(*args: object) -> None:
        raise ConnectionError("no table")

    with monkeypatch.context() as patched:
        patched.setattr(dead_letters.gallery, "begin", fail)
        assert failures(dead_letters.handler(last_letter("a"), CONTEXT)) == ["m0"]
    assert failures(dead_letters.handler(last_letter("a"), CONTEXT)) == ["m0"]
    assert record_of(gallery, "a").status == "failed"
