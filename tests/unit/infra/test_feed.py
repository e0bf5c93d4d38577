from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from infra import feed


class FakeCloud:
    """A function with one event source, and a queue that drains."""

    def __init__(self, under_way: list[int]) -> None:
        self.state = "Enabled"
        self._under_way: Iterator[int] = iter(under_way)
        self.left = -1  # messages under way, as last asked

    def list_event_source_mappings(self, **_: Any) -> dict[str, Any]:
        return {"EventSourceMappings": [{"UUID": "u", "State": self.state}]}

    def update_event_source_mapping(self, *, UUID: str, Enabled: bool) -> None:  # noqa: N803 - boto3's names
        assert UUID == "u"
        self.state = "Enabled" if Enabled else "Disabled"

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        self.left = next(self._under_way)
        return {"Attributes": {"ApproximateNumberOfMessagesNotVisible": str(self.left)}}

    @property
    def clients(self) -> Any:
        return SimpleNamespace(lambda_=self, sqs=self)


def test_it_waits_until_nothing_is_under_way() -> None:
    cloud = FakeCloud([2, 1, 0])
    with feed.paused(cloud.clients, "queue", "function"):
        assert (cloud.state, cloud.left) == ("Disabled", 0)
    assert cloud.state == "Enabled"


def test_it_goes_on_after_an_error() -> None:
    cloud = FakeCloud([0])
    with pytest.raises(KeyError), feed.paused(cloud.clients, "queue", "function"):
        raise KeyError
    assert cloud.state == "Enabled"


def test_it_does_not_wait_for_ever_for_what_waits_to_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "DRAIN_SECONDS", 0.5)
    cloud = FakeCloud([1] * 1000)
    with feed.paused(cloud.clients, "queue", "function"):
        assert cloud.state == "Disabled"


def test_what_was_left_paused_is_resumed() -> None:
    cloud = FakeCloud([])
    cloud.state = "Disabled"
    feed.resume(cloud.clients, "function")
    assert cloud.state == "Enabled"
