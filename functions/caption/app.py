"""Captions what lands in the images bucket, and clears up after what is removed from it.

Fed by the ingest queue, up to a batch of messages at a time. A message that fails for a reason that
may pass is reported as failed and comes again, later each time; after the last try its photo is
shown as failed and the message goes to the dead-letter queue. What can't pass (not a picture, too
large, damaged) becomes a failed photo at once.

Files come from strangers, and a decoder may never come to an end with one, or end this worker. Then
the whole batch comes again, and each of its photos is read in a process of its own: it is that one
photo which fails.
"""

from __future__ import annotations

import hashlib
import os
import resource
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from captionary import clients, events, identity, images, isolated, logs, packs
from captionary.activity import Activity, Batch
from captionary.captioner import Captioner
from captionary.catalog import Catalog
from captionary.errors import GAVE_UP, FileTooLarge, PhotoError
from captionary.gallery import Gallery, Work, sidecar
from captionary.records import Record
from captionary.settings import Settings
from captionary.storage import Storage
from captionary.table import Table

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_RECEIVES = int(os.environ.get("MAX_RECEIVES", "3"))  # as the queue's redrive policy has it
FIRST_RETRY_SECONDS = int(os.environ.get("FIRST_RETRY_SECONDS", "10"))  # and six times as long before each further one
PICTURE_SECONDS = 15.0  # that decoding a picture may take before this worker ends itself; most take 0.1
SUSPECT_SECONDS = isolated.SECONDS + 3  # that a photo may take which is read in a process of its own
HANDED_BACK_SECONDS = 1  # until the messages of such a worker are seen by another
MEMORY_BYTES = 1_100_000_000  # of data that this worker may ask the system for; what it uses of that stays below 1 GB

settings = Settings.from_environment("table", "images_bucket", "media_bucket", "ingest_queue_url")
logger = logs.logger("caption")
config = clients.config().merge(
    Config(
        parameter_validation=False,  # these three take time from each photo, and what they check
        request_checksum_calculation="when_required",  # is checked by the service or by TLS too
        response_checksum_validation="when_required",
    )
)
storage = Storage(clients.s3(settings, config), settings.images_bucket, settings.media_bucket)
catalog = Catalog(boto3.client("dynamodb", config=config), settings.table)
queue = boto3.client("sqs", config=config)
gallery = Gallery(storage, catalog)
# Not patient: it only tells, and no photo shall wait for that.
hasty = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
activity = Activity(Table(boto3.client("dynamodb", config=config.merge(hasty)), settings.table))
# One photo's reading and writing goes on while another's picture is worked on.
photos = ThreadPoolExecutor(max_workers=2, thread_name_prefix="photo")
one_at_a_time = threading.Lock()
in_hand: list[Message] = []  # the batch that is worked on

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # the process is ours alone
    with suppress(ValueError, OSError):  # the system knows no such limit
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, resource.RLIM_INFINITY))


@cache
def captioner() -> Captioner:
    """The network, loaded when first needed and kept; the table learns which it is. One caller at a time."""
    import captionary_pack  # the model layer's only module: it says where the layer lies

    pack = packs.load(Path(captionary_pack.__file__).parent)
    loaded = Captioner(pack)
    catalog.put_model(pack.summary())
    return loaded


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


def caption(event: events.ObjectEvent, work: Work | None, *, is_suspect: bool = False) -> tuple[str, dict[str, Any]]:
    """Take in the object of an ObjectCreated event; the outcome in a word, and details for the log.

    Args:
        is_suspect: the work on it broke off before; its picture is read in a process of its own.
    """
    if work is None:
        return "known", {}
    stages = Stages()
    record = work.record
    try:
        original = storage.fetch(event.key, images.LARGE_BYTES // 4, images.one_large)
        if original is None:
            return "gone", {}
        stages.done("fetch")
        record = record.of_content(original.etag, len(original.data), hashlib.sha256(original.data).hexdigest())
        found = describe(record, original.data, stages, is_suspect)
    except PhotoError as exc:
        if isinstance(exc, FileTooLarge):
            record = record.of_content(exc.etag, exc.size)
        if work.keeps(record.etag):
            gallery.attempt(work, 0)
            return "kept", {"error": exc.code}
        found = fail(record, exc)
    stored = gallery.finish(work, found)
    stages.done("record")
    outcome = stored.status if stored else "superseded"
    details = {"error": found.error_code or None, "bytes": found.bytes, "ms": stages.milliseconds}
    return outcome, {**details, "model": f"{found.model_name} {found.model_version}".strip() or None}


def fail(record: Record, reason: PhotoError) -> Record:
    """The record of a photo that can't be captioned; stores its sidecar."""
    failed = record.failed(reason.code, str(reason))
    storage.put_sidecar(failed.id, sidecar(failed))
    return failed


def describe(record: Record, data: bytes, stages: Stages, is_suspect: bool) -> Record:
    """The record of a photo with all that its picture tells; stores preview, thumbnail and sidecar.

    Raises:
        PhotoError: the picture can't be read.
    """
    if is_suspect:
        photo = isolated.read(data)
    else:
        with watched(record.key):
            photo = images.read(data)
    thumbnail = images.thumbnail(photo)
    stages.done("decode")
    preview_jpeg, thumbnail_jpeg = images.preview_jpeg(photo), images.thumbnail_jpeg(thumbnail, photo)
    placeholder = images.placeholder(thumbnail)
    stages.done("encode")
    # Stored while the network computes; the sidecar follows that tells of them.
    storing = storage.begin_derived(record.id, record.media, preview=preview_jpeg, thumbnail=thumbnail_jpeg)
    with one_at_a_time:
        network = captioner()
        description = network.describe(thumbnail)
    stages.done("network")
    found = replace(
        record,
        status="ready",
        caption=description.caption,
        labels=description.labels,
        width=photo.width,
        height=photo.height,
        content_type=photo.content_type,
        taken_at=photo.taken_at,
        camera=photo.camera,
        placeholder=placeholder,
        looks=description.looks,
        model_name=network.pack.name,
        model_version=network.pack.version,
        error_code="",
        error_message="",
    )
    for stored in storing:
        stored.result()
    storage.put_sidecar(found.id, sidecar(found))
    stages.done("store")
    return found


@contextmanager
def watched(key: str) -> Iterator[None]:
    """End this worker if what is done within takes too long: a decoder that hangs can't be stopped otherwise."""
    watch = threading.Timer(PICTURE_SECONDS, hand_back, (key,))
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def hand_back(key: str) -> None:
    """Give the whole batch back to the queue and end."""
    logger.error("photo", image_id=identity.image_id(key), key=key, outcome="hangs", seconds=PICTURE_SECONDS)
    try:
        for message in in_hand:
            show_soon(message)
    finally:
        os._exit(1)


def show_soon(message: Message) -> None:
    """Let another worker have a message almost at once."""
    with suppress(Exception):  # the queue's own time limit brings it back, if later
        queue.change_message_visibility(
            QueueUrl=settings.ingest_queue_url,
            ReceiptHandle=message.receipt,
            VisibilityTimeout=HANDED_BACK_SECONDS,
        )


@dataclass(frozen=True)
class Message:
    """A message of the ingest queue, with the events it tells of."""

    id: str
    receipt: str
    tries: int
    waited: float  # seconds since it was sent
    events: list[events.ObjectEvent]

    @classmethod
    def read(cls, record: dict[str, Any]) -> Message:
        """A record of Lambda's SQS event."""
        attributes = record["attributes"]
        tries = int(attributes["ApproximateReceiveCount"])
        waited = max(0.0, time.time() - int(attributes["SentTimestamp"]) / 1000)
        try:
            told = events.parse(record["body"])
        except ValueError as exc:
            logger.warning(
                "message", message_id=record["messageId"], outcome="dropped", reason=str(exc), body=record["body"][:200]
            )
            told = []
        return cls(record["messageId"], record["receiptHandle"], tries, waited, told)


def names(message: Message, event: events.ObjectEvent) -> dict[str, Any]:
    """What an event is found by in the log."""
    image_id = identity.image_id(event.key)
    return {"image_id": image_id, "key": event.key, "message_id": message.id, "tries": message.tries}


def process(message: Message, works: dict[events.ObjectEvent, Work | None], batch: Batch) -> bool:
    """Do what a message's events ask for; whether that succeeded."""
    for event in message.events:
        try:
            if event.created:
                # Taken out, so that a second copy of the event in this batch finds nothing left to do.
                work = works.pop(event, None)
                outcome, details = (
                    caption(event, work) if message.tries == 1 else caption_carefully(message, event, work)
                )
            else:
                outcome, details = ("removed" if gallery.removed(event) else "known"), {}
        except Exception as exc:  # whatever it is, the other photos go on and this one comes again
            put_off(message, event, exc, batch)
            return False
        logger.info("photo", **names(message, event), outcome=outcome, **details)
        batch.came(outcome, details.get("error"), details.get("ms"))
    return True


def caption_carefully(message: Message, event: events.ObjectEvent, work: Work | None) -> tuple[str, dict[str, Any]]:
    """As `caption`, for a message that comes again: something broke off, perhaps this worker, perhaps by this photo.

    Its picture is read apart, so that it fails alone. What is begun is noted all the same: a photo that ends
    even this worker comes last the next time, so that it takes no neighbour along.
    """
    if work is None:
        return "known", {}
    noted = gallery.attempt(work, message.tries)
    return caption(event, noted, is_suspect=True) if noted else ("superseded", {})


def leave(message: Message) -> bool:
    """No time is left for this message, so another worker has to deal with it; whether it is dealt with: no."""
    logger.warning("message", message_id=message.id, outcome="left", tries=message.tries)
    show_soon(message)
    return False


def put_off(message: Message, event: events.ObjectEvent | None, reason: Exception, batch: Batch) -> None:
    """Something failed that may pass: let the message come again soon, or give up after its last try."""
    last = message.tries >= MAX_RECEIVES
    outcome = "gave_up" if last else "put_off"
    for each in [event] if event else message.events:
        logger.error("photo", **names(message, each), outcome=outcome, exc_info=reason)
        batch.came(outcome, "internal" if last else None)
    try:
        if event and event.created and (last or message.tries > 1):
            forgive(event, last)
        queue.change_message_visibility(
            QueueUrl=settings.ingest_queue_url,
            ReceiptHandle=message.receipt,
            # After the last try it goes to the dead letters as soon as it is seen again: now.
            VisibilityTimeout=0 if last else FIRST_RETRY_SECONDS * 6 ** (message.tries - 1),
        )
    except Exception:  # the queue's own time limit brings the message back, if later
        logger.exception("put_off", message_id=message.id)


def forgive(event: events.ObjectEvent, last: bool) -> None:
    """The work on a photo ended in an error, not in a crash: say so in its record, for good after the last try."""
    work = gallery.begin([event])[event]
    if work is None:
        return
    found = storage.head(event.key) if last else None
    if last and not work.keeps() and not work.keeps(found[0] if found else ""):
        gallery.finish(work, work.record.failed("internal", GAVE_UP))
    else:
        gallery.attempt(work, 0)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Lambda's entry. An event without records only loads the network (a warm-up).

    Returns: the partial batch response: ids of the messages that are to come again.
    """
    logger.append_keys(request_id=context.aws_request_id)
    records = event.get("Records")
    if not records:
        with one_at_a_time:
            pack = captioner().pack
        logger.info("ready", pack=pack.name, version=pack.version)
        return {"batchItemFailures": []}
    messages = [Message.read(record) for record in records]
    batch = Batch()
    for message in messages:
        batch.took(message.waited, message.tries)
    ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    done = work_on(messages, batch, ends_at)
    tell(batch)
    failed = [message for message, success in zip(messages, done, strict=True) if not success]
    return {"batchItemFailures": [{"itemIdentifier": message.id} for message in failed]}


def work_on(messages: list[Message], batch: Batch, ends_at: float) -> list[bool]:
    """Deal with a batch of messages; for each of them, whether that succeeded.

    Args:
        ends_at: the moment (of `time.monotonic`) at which Lambda ends this worker.
    """
    in_hand[:] = messages
    try:
        works = gallery.begin(event for message in messages for event in message.events if event.created)
    except Exception as exc:  # the table does not answer
        for message in messages:
            put_off(message, None, exc, batch)
        return [False] * len(messages)
    if any(message.tries > 1 for message in messages):
        done = {
            message.id: process(message, works, batch)
            if time.monotonic() + SUSPECT_SECONDS < ends_at
            else leave(message)
            for message in sorted(messages, key=lambda message: was_broken_off(message, works))
        }
        return [done[message.id] for message in messages]
    return list(photos.map(lambda message: process(message, works, batch), messages))


def was_broken_off(message: Message, works: dict[events.ObjectEvent, Work | None]) -> bool:
    """Whether the work on a photo of this message was begun anew once, and never came to an end."""
    begun = (works.get(event) for event in message.events)
    return any(work and work.current and work.current.attempt for work in begun)


def tell(batch: Batch) -> None:
    """Say what came of a batch: in the log, with its metrics, and in the gallery's activity."""
    measures = logs.Measures("caption", settings.stack)
    for outcome, count in batch.outcomes.items():
        measures.count(outcome, count)
    for code, count in batch.errors.items():
        measures.count(f"error_{code}", count)
    for stage, milliseconds in batch.milliseconds.items():
        for each in milliseconds:
            measures.milliseconds(f"{stage}_ms", each)
    for waited in batch.waits:
        measures.seconds("wait_seconds", round(waited, 3))
    for tries in batch.tries:
        measures.count("tries", tries)
    logger.info("batch", messages=len(batch.tries), **measures.fields())
    try:
        activity.add(batch)
    except Exception as exc:  # the photos are done, and stay so
        logger.warning("activity", outcome="not_told", reason=str(exc))
