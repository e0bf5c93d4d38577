"""Captions what lands in the images bucket, and clears up after what is removed from it.

Fed by the ingest queue, up to a batch of messages at a time. A message that fails for a reason that
may pass is reported as failed and comes again, later each time; after the last try its photo is
shown as failed and the message goes to the dead-letter queue. What can't pass (not a picture, too
large, damaged) becomes a failed photo at once.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from captionary import events, images, packs
from captionary.captioner import Captioner
from captionary.catalog import Catalog
from captionary.errors import PhotoError
from captionary.gallery import Gallery, Work, sidecar
from captionary.records import Record
from captionary.settings import Settings
from captionary.storage import Storage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_RECEIVES = int(os.environ.get("MAX_RECEIVES", "3"))  # as the queue's redrive policy has it
FIRST_RETRY_SECONDS = 5  # and four times as long before each further one

settings = Settings.from_environment("table", "images_bucket", "media_bucket", "ingest_queue_url")
logger = Logger(service="caption")
config = Config(
    max_pool_connections=8,
    retries={"mode": "standard", "max_attempts": 4},
    parameter_validation=False,  # these three take time from each photo, and what they check
    request_checksum_calculation="when_required",  # is checked by the service or by TLS too
    response_checksum_validation="when_required",
)
storage = Storage(boto3.client("s3", config=config), settings.images_bucket, settings.media_bucket)
catalog = Catalog(boto3.client("dynamodb", config=config), settings.table)
queue = boto3.client("sqs", config=config)
gallery = Gallery(storage, catalog)
# One photo's reading and writing goes on while another's picture is worked on.
photos = ThreadPoolExecutor(max_workers=2, thread_name_prefix="photo")
one_at_a_time = threading.Lock()


@cache
def captioner() -> Captioner:
    """The network, loaded when first needed and kept; the table learns which it is. One caller at a time."""
    import captionary_pack  # the model layer's only module: it says where the layer lies

    pack = packs.load(Path(captionary_pack.__file__).parent)
    catalog.put_model(pack.summary())
    return Captioner(pack)


class Stages:
    """Milliseconds that the stages of a photo's way took, for the log."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def done(self, stage: str) -> None:
        """The stage that began with the last call has ended."""
        now = time.perf_counter()
        self.milliseconds[stage] = round((now - self._since) * 1000, 1)
        self._since = now


def caption(event: events.ObjectEvent, work: Work | None) -> tuple[str, dict[str, Any]]:
    """Take in the object of an ObjectCreated event; the outcome in a word, and details for the log."""
    if work is None:
        return "known", {}
    stages = Stages()
    record = work.record
    try:
        original = storage.fetch(event.key)
        if original is None:
            return "gone", {}
        stages.done("fetch")
        record = replace(record, etag=original.etag, bytes=len(original.data))
        found = describe(record, original.data, stages)
    except PhotoError as exc:
        found = record.failed(exc.code, str(exc))
        storage.put_sidecar(found.id, sidecar(found))
    stored = gallery.finish(work, found)
    stages.done("record")
    outcome = stored.status if stored else "superseded"
    return outcome, {"error": found.error_code or None, "bytes": found.bytes, "ms": stages.milliseconds}


def describe(record: Record, data: bytes, stages: Stages) -> Record:
    """The record of a photo with all that its picture tells; stores preview, thumbnail and sidecar.

    Raises:
        PhotoError: the picture can't be read.
    """
    photo = images.read(data)
    thumbnail = images.thumbnail(photo)
    stages.done("decode")
    with one_at_a_time:
        network = captioner()
        description = network.describe(thumbnail)
    stages.done("network")
    preview_jpeg, thumbnail_jpeg = images.preview_jpeg(photo), images.thumbnail_jpeg(thumbnail, photo)
    found = replace(
        record,
        status="ready",
        caption=description.caption,
        caption_source="model",
        labels=description.labels,
        width=photo.width,
        height=photo.height,
        content_type=photo.content_type,
        taken_at=photo.taken_at,
        placeholder=images.placeholder(thumbnail),
        model_name=network.pack.name,
        model_version=network.pack.version,
        error_code="",
        error_message="",
    )
    stages.done("encode")
    storage.put_derived(
        found.id,
        found.media_version,
        preview=preview_jpeg,
        thumbnail=thumbnail_jpeg,
        sidecar=sidecar(found),
    )
    stages.done("store")
    return found


@dataclass(frozen=True)
class Message:
    """A message of the ingest queue, with the events it tells of."""

    id: str
    receipt: str
    tries: int
    events: list[events.ObjectEvent]

    @classmethod
    def read(cls, record: dict[str, Any]) -> Message:
        """A record of Lambda's SQS event."""
        try:
            told = events.parse(record["body"])
        except ValueError as exc:
            logger.warning("message", outcome="dropped", reason=str(exc), body=record["body"][:200])
            told = []
        tries = int(record["attributes"]["ApproximateReceiveCount"])
        return cls(record["messageId"], record["receiptHandle"], tries, told)


def process(message: Message, works: dict[events.ObjectEvent, Work | None]) -> bool:
    """Do what a message's events ask for; whether that succeeded."""
    for event in message.events:
        try:
            if event.created:
                # Taken out, so that a second copy of the event in this batch finds nothing left to do.
                outcome, details = caption(event, works.pop(event, None))
            else:
                outcome, details = ("removed" if gallery.removed(event) else "known"), {}
        except Exception as exc:  # whatever it is, the other photos go on and this one comes again
            put_off(message, event, exc)
            return False
        logger.info("photo", key=event.key, outcome=outcome, **details)
    return True


def put_off(message: Message, event: events.ObjectEvent, reason: Exception) -> None:
    """Something failed that may pass: let the message come again soon, or give up after its last try."""
    last = message.tries >= MAX_RECEIVES
    outcome = "gave_up" if last else "put_off"
    logger.error("photo", key=event.key, outcome=outcome, tries=message.tries, exc_info=reason)
    queue.change_message_visibility(
        QueueUrl=settings.ingest_queue_url,
        ReceiptHandle=message.receipt,
        # After the last try it goes to the dead letters as soon as it is seen again: now.
        VisibilityTimeout=0 if last else FIRST_RETRY_SECONDS * 4 ** (message.tries - 1),
    )
    if last and event.created and (work := gallery.begin([event])[event]) is not None:
        sentence = f"The photo could not be captioned: {type(reason).__name__}."
        gallery.finish(work, work.record.failed("internal", sentence))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Lambda's entry. An event without records only loads the network (a warm-up).

    Returns: the partial batch response: ids of the messages that are to come again.
    """
    records = event.get("Records")
    if not records:
        with one_at_a_time:
            pack = captioner().pack
        logger.info("ready", pack=pack.name, version=pack.version)
        return {"batchItemFailures": []}
    batch = [Message.read(record) for record in records]
    works = gallery.begin(event for message in batch for event in message.events if event.created)
    succeeded = photos.map(lambda message: process(message, works), batch)
    failed = [message for message, success in zip(batch, succeeded, strict=True) if not success]
    return {"batchItemFailures": [{"itemIdentifier": message.id} for message in failed]}
