from __future__ import annotations

import json
from urllib.parse import quote_plus

import pytest

from captionary import events
from captionary.events import ObjectEvent


def s3_event(key: str, name: str = "ObjectCreated:Put", sequencer: str = "0A") -> dict[str, object]:
    encoded = quote_plus(key, safe="/")
    return {"eventName": name, "s3": {"bucket": {"name": "b"}, "object": {"key": encoded, "sequencer": sequencer}}}


@pytest.mark.parametrize("key", ["plain.jpg", "with space.jpg", "a+b.jpg", "日本/写真.jpg", "a%2Fb.jpg", "x" * 900])
def test_keys_come_back_as_they_were_put(key: str) -> None:
    assert events.parse(json.dumps({"Records": [s3_event(key)]})) == [ObjectEvent(key, created=True, sequencer="0A")]


def test_every_record_of_a_message_counts() -> None:
    body = json.dumps(
        {"Records": [s3_event("a"), s3_event("b", "ObjectRemoved:Delete"), s3_event("c", "ObjectTagging:Put")]}
    )
    assert [(event.key, event.created) for event in events.parse(body)] == [("a", True), ("b", False)]


def test_the_test_event_is_ignored() -> None:
    assert events.parse(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"})) == []


def test_minio_says_s3_first() -> None:
    record = {"eventName": "s3:ObjectRemoved:Delete", "s3": {"object": {"key": "a+b%2Fc.jpg", "sequencer": "18A1"}}}
    body = json.dumps({"EventName": "s3:ObjectRemoved:Delete", "Key": "images/a b/c.jpg", "Records": [record]})
    assert events.parse(body) == [ObjectEvent("a b/c.jpg", created=False, sequencer="18A1")]


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "5", "{}", '{"Records": [{}]}', '{"Records": [{"eventName": "ObjectCreated:Put"}]}']
)
def test_other_messages_are_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        events.parse(body)


@pytest.mark.parametrize("key", ["a b+c.jpg", "ü/%2F.jpg"])
def test_look_again_reads_like_an_event_of_s3_without_a_sequencer(key: str) -> None:
    assert events.parse(events.look_again("b", key)) == [ObjectEvent(key, created=True, sequencer="")]
    assert events.parse(events.look_again("b", key, "e")) == [ObjectEvent(key, created=True, etag="e")]


@pytest.mark.parametrize(
    ("sequencer", "than", "newer"),
    [
        ("0B", "0A", True),
        ("0A", "0A", False),
        ("0A", "0B", False),
        ("0a1", "0A", True),  # the shorter one is padded on the right
        ("0A", "0A00", False),
        ("0A", "", True),
        ("", "0A", False),
    ],
)
def test_sequencers_compare_as_s3_says(sequencer: str, than: str, newer: bool) -> None:
    assert events.is_newer(sequencer, than) is newer
