"""Bring the gallery's table back in step with its buckets after the local cloud was started."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from captionary import events
from captionary.catalog import Catalog
from captionary.gallery import Gallery
from captionary.reconcile import Report, reconcile
from captionary.storage import Storage

from .clients import Clients

MESSAGES_PER_CALL = 10  # SQS' limit


class RecoveryError(Exception):
    """The queue did not take all that was to be looked at again."""


def recover(
    clients: Clients, endpoints: dict[str, str], progress: Callable[[Report], None] = lambda report: None
) -> Report:
    """Restore lost records from sidecars, queue photos that have none, take out those that are gone.

    Args:
        endpoints: names of the resources, as in endpoints.json.
        progress: called after each step with the numbers so far.
    Raises:
        RecoveryError: it could not be done to the end.
    """
    storage = Storage(clients.s3, endpoints["images_bucket"], endpoints["media_bucket"])
    gallery = Gallery(storage, Catalog(clients.dynamodb, endpoints["table"]))
    return reconcile(gallery, lambda etags: look_again(clients, endpoints, etags), progress)


def look_again(clients: Clients, endpoints: dict[str, str], etags: dict[str, str]) -> None:
    """Queue objects to be captioned.

    Args:
        etags: by their keys; of content that is captioned by then, nothing is done. Without one ("") it is captioned
            anew.
    Raises:
        RecoveryError: the queue did not take them all.
    """
    objects = list(etags.items())
    for start in range(0, len(objects), MESSAGES_PER_CALL):
        entries: Any = [
            {"Id": str(i), "MessageBody": events.look_again(endpoints["images_bucket"], key, etag)}
            for i, (key, etag) in enumerate(objects[start : start + MESSAGES_PER_CALL])
        ]
        answer = clients.sqs.send_message_batch(QueueUrl=endpoints["ingest_queue"], Entries=entries)
        if answer.get("Failed"):
            raise RecoveryError(f"messages were refused: {json.dumps(answer['Failed'])}")
