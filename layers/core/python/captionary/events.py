"""S3's messages about the images bucket, as the ingest queue carries them.

Source: Amazon S3 User Guide, "Event message structure": keys are URL-encoded with `+` for a space;
two sequencers of one key are compared as hexadecimal strings, the shorter one padded with zeros on
the right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, unquote_plus

_LOOK_AGAIN, _LAST_LOOK = "LookAgain", "LastLook"  # kinds of ObjectCreated that are ours, not S3's


@dataclass(frozen=True)
class ObjectEvent:
    """Something happened to an object of the images bucket.

    `sequencer` is empty for a message of our own, which asks to look at the object again: at any rate, or only
    where this content (`etag`) is not dealt with yet. `last`: whose message is not sent once more when nobody
    comes to an end with it.
    """

    key: str
    created: bool  # False: removed
    sequencer: str = ""
    etag: str = ""
    last: bool = False


def parse(body: str) -> list[ObjectEvent]:
    """The events of one queue message; none for the test event that S3 sends once.

    Raises:
        ValueError: the message is not one of S3's.
    """
    message = json.loads(body)
    try:
        if message.get("Event") == "s3:TestEvent":
            return []
        return [event for record in message["Records"] if (event := _event(record)) is not None]
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"the message is not an S3 event: {exc!r}") from exc


def _event(record: dict[str, Any]) -> ObjectEvent | None:
    family, _, kind = record["eventName"].removeprefix("s3:").partition(":")  # MinIO says s3:, as it is asked for
    if family not in ("ObjectCreated", "ObjectRemoved"):
        return None
    target = record["s3"]["object"]
    sequencer = target.get("sequencer", "")
    return ObjectEvent(
        key=unquote_plus(target["key"]),
        created=family == "ObjectCreated",
        sequencer=sequencer,
        etag="" if sequencer else target.get("eTag", ""),
        last=kind == _LAST_LOOK,
    )


def look_again(bucket: str, key: str, etag: str = "", *, last: bool = False) -> str:
    """A message, in S3's own form, that asks to take in the object at `key`.

    Args:
        etag: of the content that was seen there: nothing is done where that is dealt with by then.
        last: it is the second message in a row for this photo.
    """
    target = {"key": quote_plus(key, safe="/")} | ({"eTag": etag} if etag else {})
    record = {
        "eventSource": "captionary",
        "eventName": f"ObjectCreated:{_LAST_LOOK if last else _LOOK_AGAIN}",
        "s3": {"bucket": {"name": bucket}, "object": target},
    }
    return json.dumps({"Records": [record]})


def is_newer(sequencer: str, than: str) -> bool:
    """Whether one sequencer of a key comes after another."""
    length = max(len(sequencer), len(than))
    return sequencer.upper().ljust(length, "0") > than.upper().ljust(length, "0")
