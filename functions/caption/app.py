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
from aws_lambda_powertools import Logger
from botocore.config import Config

from captionary import clients, events, images, isolated, packs
from captionary.captioner import Captioner
from captionary.catalog import Catalog
from captionary.errors import Crashed, FileTooLarge, PhotoError
from captionary.gallery import Gallery, Work, sidecar
from captionary.records import Record
from captionary.settings import Settings
from captionary.storage import Storage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_RECEIVES = int(os.environ.get("MAX_RECEIVES", "3"))  # as the queue's redrive policy has it
FIRST_RETRY_SECONDS = int(os.environ.get("FIRST_RETRY_SECONDS", "10"))  # and six times as long before each further one
PICTURE_SECONDS = 15.0  # that decoding a picture may take before this worker ends itself; most take 0.1
SUSPECT_SECONDS = isolated.SECONDS + 3  # that a photo may take which is read in a process of its own
HANDED_BACK_SECONDS = 1  # until the messages of such a worker are seen by another
MEMORY_BYTES = 1_100_000_000  # of data that this worker may ask the system for; what it uses of that stays below 1 GB
GAVE_UP = "Something failed here while this photo was captioned, each time. The caption function's log says what."

settings = Settings.from_environment("table", "images_bucket", "media_bucket", "ingest_queue_url")
logger = Logger(service="caption")
config = clients.config().merge(
    Config(
        parameter_validation=False,  # these three take time from each photo, and what they check
        request_checksum_calculation="when_required",  # is checked by the service or by TLS too
        response_checksum_validation="when_required",
    )
)
storage = Storage(boto3.client("s3", config=config), settings.images_bucket, settings.media_bucket)
catalog = Catalog(boto3.client("dynamodb", config=config), settings.table)
queue = boto3.client("sqs", config=config)
gallery = Gallery(storage, catalog)
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
    return outcome, {"error": found.error_code or None, "bytes": found.bytes, "ms": stages.milliseconds}


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
    with one_at_a_time:
        network = captioner()
        description = network.describe(thumbnail)
    stages.done("network")
    preview_jpeg, thumbnail_jpeg = images.preview_jpeg(photo), images.thumbnail_jpeg(thumbnail, photo)
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
        placeholder=images.placeholder(thumbnail),
        looks=description.looks,
        model_name=network.pack.name,
        model_version=network.pack.version,
        error_code="",
        error_message="",
    )
    stages.done("encode")
    storage.put_derived(
        found.id,
        found.media,
        preview=preview_jpeg,
        thumbnail=thumbnail_jpeg,
        sidecar=sidecar(found),
    )
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
    logger.error("photo", key=key, outcome="hangs", seconds=PICTURE_SECONDS)
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
                work = works.pop(event, None)
                outcome, details = (
                    caption(event, work) if message.tries == 1 else caption_carefully(message, event, work)
                )
            else:
                outcome, details = ("removed" if gallery.removed(event) else "known"), {}
        except Exception as exc:  # whatever it is, the other photos go on and this one comes again
            put_off(message, event, exc)
            return False
        logger.info("photo", key=event.key, outcome=outcome, **details)
    return True


def caption_carefully(message: Message, event: events.ObjectEvent, work: Work | None) -> tuple[str, dict[str, Any]]:
    """As `caption`, for a message that comes again: something broke off, perhaps this worker, perhaps by this photo.

    Its picture is read apart, so that it fails alone. What is begun is noted all the same, so that a photo that
    ends even this worker is found out, and given up before its last try takes its neighbours along.
    """
    if work is None:
        return "known", {}
    if message.tries >= MAX_RECEIVES and work.current and work.current.attempt == message.tries - 1:
        if work.keeps():
            gallery.attempt(work, 0)
            return "kept", {"error": Crashed.code}
        gallery.finish(work, work.record.failed(Crashed.code, str(Crashed())))
        return "gave_up", {"error": Crashed.code}
    noted = gallery.attempt(work, message.tries)
    return caption(event, noted, is_suspect=True) if noted else ("superseded", {})


def leave(message: Message) -> bool:
    """No time is left for this message, so another worker has to deal with it; whether it is dealt with: no."""
    logger.warning("message", outcome="left", tries=message.tries)
    show_soon(message)
    return False


def put_off(message: Message, event: events.ObjectEvent | None, reason: Exception) -> None:
    """Something failed that may pass: let the message come again soon, or give up after its last try."""
    last = message.tries >= MAX_RECEIVES
    key, outcome = event.key if event else None, "gave_up" if last else "put_off"
    logger.error("photo", key=key, outcome=outcome, tries=message.tries, exc_info=reason)
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
        logger.exception("put_off", key=key)


def forgive(event: events.ObjectEvent, last: bool) -> None:
    """The work on a photo ended in an error, not in a crash: say so in its record, for good after the last try."""
    work = gallery.begin([event])[event]
    if work is None:
        return
    if last and not work.keeps():
        gallery.finish(work, work.record.failed("internal", GAVE_UP))
    else:
        gallery.attempt(work, 0)


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
    ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    failed = [message for message, success in zip(batch, work_on(batch, ends_at), strict=True) if not success]
    return {"batchItemFailures": [{"itemIdentifier": message.id} for message in failed]}


def work_on(batch: list[Message], ends_at: float) -> list[bool]:
    """Deal with a batch of messages; for each of them, whether that succeeded.

    Args:
        ends_at: the moment (of `time.monotonic`) at which Lambda ends this worker.
    """
    in_hand[:] = batch
    try:
        works = gallery.begin(event for message in batch for event in message.events if event.created)
    except Exception as exc:  # the table does not answer
        for message in batch:
            put_off(message, None, exc)
        return [False] * len(batch)
    if any(message.tries > 1 for message in batch):
        return [
            process(message, works) if time.monotonic() + SUSPECT_SECONDS < ends_at else leave(message)
            for message in batch
        ]
    return list(photos.map(lambda message: process(message, works), batch))
