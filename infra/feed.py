"""What feeds the caption function: the event source that hands it the messages of the ingest queue."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .clients import Clients

DRAIN_SECONDS = 60.0  # the caption function's time limit: longer it can't be at work
PAUSE_SECONDS = 0.2


@contextmanager
def paused(clients: Clients, queue_url: str, function: str) -> Iterator[None]:
    """Hold photos back in the queue, and go on when none is being worked on.

    For changes to the function: they end the local cloud's workers at once, and photos that were in the
    middle of their work would come again only after the queue's visibility timeout of six minutes.
    """
    _switch(clients, function, on=False)
    try:
        _drain(clients, queue_url)
        yield
    finally:
        resume(clients, function)


def resume(clients: Clients, function: str) -> None:
    """Hand the function its messages again, if something held them back."""
    _switch(clients, function, on=True)


def _switch(clients: Clients, function: str, *, on: bool) -> None:
    for mapping in clients.lambda_.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]:
        if (mapping["State"] == "Enabled") != on:
            clients.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)


def _drain(clients: Clients, queue_url: str) -> None:
    """Wait until no message is under way, or can only be one that waits to be tried again."""
    names: Any = ["ApproximateNumberOfMessagesNotVisible"]
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)  # before the first look too: a batch may just have been taken
        attributes = clients.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
        if attributes[names[0]] == "0":
            return
