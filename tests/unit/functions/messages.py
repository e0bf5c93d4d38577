"""Messages of the queues as functions get them, and what tests ask about what became of them."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

from PIL import Image

from captionary import identity
from captionary.gallery import Gallery
from captionary.records import Record
from tests.unit.conftest import IMAGES

SENT_AT = 1_790_000_000_000  # milliseconds since 1970
CONTEXT = SimpleNamespace(
    function_name="caption",
    memory_limit_in_mb=1,
    invoked_function_arn="",
    aws_request_id="r",
    get_remaining_time_in_millis=lambda: 60_000,
)


def jpeg(colour: str = "red", size: tuple[int, int] = (600, 400)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def s3_body(key: str, sequencer: str = "0A", name: str = "ObjectCreated:Put") -> str:
    target = {"key": quote_plus(key, safe="/"), "sequencer": sequencer}
    return json.dumps({"Records": [{"eventName": name, "s3": {"bucket": {"name": IMAGES}, "object": target}}]})


def sqs_event(*bodies: str, tries: int = 1) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m{i}",
                "receiptHandle": f"r{i}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(tries), "SentTimestamp": str(SENT_AT)},
            }
            for i, body in enumerate(bodies)
        ]
    }


def failures(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def record_of(gallery: Gallery, key: str) -> Record:
    record = gallery.catalog.get(identity.image_id(key))
    assert record is not None
    return record
