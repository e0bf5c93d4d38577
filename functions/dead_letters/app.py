"""Sees to it that a photo whose message became a dead letter is shown as failed, and not as pending for good.

The caption function says so itself where it can. It can't where the table did not answer until the last try,
where it could not even be started, or where its workers died: batches come and go whole, and a photo may have
been unlucky in its company each time. So one on which nobody is known to have begun is queued once more first.
One that was captioned, but by a record that the table has lost since, gets that record back.

A letter stays in the queue while its photo is failed, for people to find; it is looked at again now and then,
and goes when its photo was captioned after all, or deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from captionary import clients, events, identity, logs
from captionary.catalog import Catalog
from captionary.errors import GAVE_UP
from captionary.gallery import Gallery
from captionary.settings import Settings
from captionary.storage import Storage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment("table", "images_bucket", "media_bucket", "ingest_queue_url")
logger = logs.logger("dead_letters")
catalog = Catalog(boto3.client("dynamodb", config=clients.config()), settings.table)
gallery = Gallery(
    Storage(clients.s3(settings, clients.config()), settings.images_bucket, settings.media_bucket), catalog
)
queue = boto3.client("sqs", config=clients.config())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Lambda's entry.

    Returns: the partial batch response: ids of the letters that stay in the queue.
    """
    staying = [record["messageId"] for record in event["Records"] if not may_go(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in staying]}


def may_go(letter: dict[str, Any]) -> bool:
    """Whether nobody needs a letter any more; marks its photos as failed where they are still to be captioned."""
    try:
        told = events.parse(letter["body"])
    except ValueError:
        logger.warning("letter", outcome="dropped", message_id=letter["messageId"], body=letter["body"][:200])
        return True
    found = {}
    for event in told:
        names = {"image_id": identity.image_id(event.key), "key": event.key, "message_id": letter["messageId"]}
        try:
            found[event] = settle(event)
        except Exception:  # what kept the caption function from its work may not be over
            logger.exception("letter", **names, outcome="put_off")
            return False
        logger.info("letter", **names, outcome=found[event])
    return "failed" not in found.values()


def settle(event: events.ObjectEvent) -> str:
    """Do for an event what can be done without the network; what its photo is then, or that it was `queued`."""
    if not event.created:
        gallery.removed(event)
        return "removed"
    image_id = identity.image_id(event.key)
    work = gallery.begin([event])[event]
    found = gallery.storage.head(event.key) if work and not work.keeps() else None
    if work and found and not work.keeps(found[0]) and not gallery.restore(image_id, found[0]):
        if not event.last and not (work.current and work.current.attempt):
            again = events.look_again(settings.images_bucket, event.key, found[0], last=True)
            queue.send_message(QueueUrl=settings.ingest_queue_url, MessageBody=again)
            return "queued"
        gallery.finish(work, work.record.failed("internal", GAVE_UP))
    record = catalog.get(image_id)
    return record.status if record else "gone"
