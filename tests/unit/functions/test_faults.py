"""Services that refuse now and then, a clock that jumps: each photo ends as captioned, and none twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from moto.core.botocore_stubber import BotocoreStubber

from captionary.gallery import Gallery
from tests.unit.conftest import IMAGES, Aws
from tests.unit.functions.messages import CONTEXT, failures, jpeg, s3_body, sqs_event
from tests.unit.functions.test_caption import FakeCaptioner

PHOTOS = 30
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
THROTTLED = b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slower"}'
REFUSALS = {"s3": (503, SLOW_DOWN), "dynamodb": (400, THROTTLED)}


class _Body:
    """What a refusal says, as an HTTP answer's raw body."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **more: Any) -> Iterator[bytes]:
        yield self._content

    def read(self, *args: Any, **more: Any) -> bytes:
        content, self._content = self._content, b""
        return content


@dataclass
class Weather:
    """How often services refuse a request, or do what it asks for and then give no answer; shares, by service."""

    chance: random.Random
    refusing: dict[str, float]
    losing: dict[str, float]
    refused: int = 0

    def strike(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From now on."""
        call = BotocoreStubber.__call__

        def answer(stubber: BotocoreStubber, event_name: str, request: Any, **more: Any) -> AWSResponse | None:
            service = event_name.split(".")[1]
            if self.chance.random() < self.refusing.get(service, 0.0):
                return self._refusal(service, request)
            answered = call(stubber, event_name, request, **more)
            if self.chance.random() < self.losing.get(service, 0.0):
                return self._refusal(service, request)
            return answered

        monkeypatch.setattr(BotocoreStubber, "__call__", answer)

    def _refusal(self, service: str, request: Any) -> AWSResponse:
        self.refused += 1
        status, content = REFUSALS[service]
        headers: Any = HeadersDict({"content-type": "text/plain"})
        return AWSResponse(request.url, status, headers, _Body(content))


@dataclass
class Queue:
    """Delivers messages as the ingest queue does: again when they fail, up to three times, then to the dead letters."""

    bodies: list[str]
    dead: list[str] = field(default_factory=list)

    def deliver(self, handler: Callable[..., Any], chance: random.Random) -> None:
        waiting = [(body, 1) for body in self.bodies]
        while waiting:
            tries = chance.choice(waiting)[1]
            batch = [message for message in waiting if message[1] == tries][:10]
            failed = failures(handler(sqs_event(*(body for body, _ in batch), tries=tries), CONTEXT))
            waiting = [message for message in waiting if message not in batch]
            for i, (body, _) in enumerate(batch):
                if f"m{i}" in failed and tries == 3:
                    self.dead.append(body)
                elif f"m{i}" in failed:
                    waiting.append((body, tries + 1))


@pytest.fixture
def caption(function: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = function("caption")
    fake = FakeCaptioner()
    monkeypatch.setattr(module, "captioner", lambda: fake)
    monkeypatch.setattr(module.queue, "change_message_visibility", lambda **wish: None)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)  # between boto's own tries
    return module


def put_photos(aws: Aws) -> Queue:
    keys = [f"album/{i}.jpg" for i in range(PHOTOS)]
    for i, key in enumerate(keys):
        aws.s3.put_object(Bucket=IMAGES, Key=key, Body=jpeg("red" if i % 2 else "blue", (60, 40)))
    return Queue([s3_body(key) for key in keys])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("refusing", "losing"),
    [
        ({"dynamodb": 0.4}, {}),
        ({"s3": 0.4}, {}),
        ({"s3": 0.3, "dynamodb": 0.3}, {}),
        ({}, {"s3": 0.2, "dynamodb": 0.2}),
    ],
    ids=["a table that throttles", "buckets that are slow", "both", "answers that are lost"],
)
def test_services_that_fail_now_and_then(
    aws: Aws,
    caption: ModuleType,
    gallery: Gallery,
    function: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    refusing: dict[str, float],
    losing: dict[str, float],
    seed: int,
) -> None:
    dead_letters = function("dead_letters")
    queue, weather = put_photos(aws), Weather(random.Random(seed), refusing, losing)
    with monkeypatch.context() as struck:
        weather.strike(struck)
        queue.deliver(caption.handler, random.Random(seed))
        letters = list(queue.dead)
        for _ in range(20):  # they are looked at again and again
            letters = [letter for letter in letters if failures(dead_letters.handler(sqs_event(letter), CONTEXT))]
    assert weather.refused > PHOTOS
    records = list(gallery.catalog.everything())
    assert {record.key for record in records} == {f"album/{i}.jpg" for i in range(PHOTOS)}
    assert len(records) == PHOTOS
    failed = [record for record in records if record.status != "ready"]
    assert {record.error_code for record in failed} <= {"internal"}
    assert len(failed) <= len(queue.dead)
    assert gallery.catalog.counts() == {"pending": 0, "ready": PHOTOS - len(failed), "failed": len(failed)}


def test_a_clock_that_jumps(aws: Aws, caption: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour back, a day ahead, and right again: photos keep the order in which they came, each its own place."""
    queue, true_time = put_photos(aws), time.time_ns
    hours = iter([0, -1, 24, 0, -1000, 0])
    for start in range(0, PHOTOS, 5):
        offset = next(hours) * 3_600_000_000_000
        with monkeypatch.context() as jumped:
            jumped.setattr(time, "time_ns", lambda offset=offset: true_time() + offset)
            Queue(queue.bodies[start : start + 5]).deliver(caption.handler, random.Random(start))
    records = list(gallery.catalog.everything())
    assert len(records) == PHOTOS
    assert {record.status for record in records} == {"ready"}
    groups = [int(record.key.split("/")[1].split(".")[0]) // 5 for record in records]
    assert groups == sorted(groups, reverse=True)
    assert len({record.created_at for record in records}) == PHOTOS
    found = [record.key for record in gallery.catalog.newest(PHOTOS).records]
    assert found == [record.key for record in records]
