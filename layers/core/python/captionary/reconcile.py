"""Bring table and buckets back in step: after a crash, for a restored table, for a bucket that is adopted.

The images bucket is the truth. Each of its objects gets its record back from the sidecar that the
caption function left, or, where there is none for this content, is queued to be captioned; so is one
whose thumbnail or preview is missing. Records whose object is gone are taken out, and derived files
that belong to no record are removed. What people said of photos is taken from the media bucket where the
table lost it, and photos of a table that an older version made are entered into the index of words.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from . import identity
from .catalog import INDEX
from .events import ObjectEvent
from .gallery import Gallery, peoples_words
from .records import Record
from .storage import Listed

logger = logging.getLogger(__name__)

CHUNK = 100  # records read at once
# What is younger than this may be in the middle of being made: an upload under way, thumbnails whose record follows.
UNDER_WAY_SECONDS = 600


@dataclass
class Report:
    """What was done, in numbers of photos, and how many each model has captioned.

    Indexed are those that an older version had not entered into the index of words.
    """

    seen: int = 0
    restored: int = 0
    queued: int = 0
    removed: int = 0
    indexed: int = 0
    models: dict[str, int] = field(default_factory=dict)


def reconcile(
    gallery: Gallery,
    enqueue: Callable[[dict[str, str]], None],
    progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Compare buckets and table and mend the table. Safe to break off, to repeat, and beside running functions.

    Args:
        enqueue: queues the objects at these keys (up to 100) to be looked at again: where their content is not
            dealt with by then (given is its ETag), or at any rate (given is "").
        progress: called after each step with the numbers so far.
    """
    reconciler = _Reconciler(gallery, enqueue)
    for chunk in _chunks(gallery.storage.originals()):
        reconciler.look_at(chunk)
        progress(reconciler.report)
    for record in reconciler.records_too_many():
        if gallery.removed(ObjectEvent(record.key, created=False)):
            log_photo(record.key, "taken_out")
            reconciler.report.removed += 1
            progress(reconciler.report)
    reconciler.remove_orphans()
    return reconciler.report


class _Reconciler:
    def __init__(self, gallery: Gallery, enqueue: Callable[[dict[str, str]], None]) -> None:
        self.report = Report()
        self._gallery = gallery
        self._enqueue = enqueue
        self._under_way = round((time.time() - UNDER_WAY_SECONDS) * 1_000_000)
        # Previews and thumbnails that no record has claimed yet, with the time they were made.
        self._derived: dict[str, int] = {}
        self._peoples_words: dict[str, str] = {}  # their ETags by their keys
        for listed in gallery.storage.derived():
            if listed.key.startswith(("preview/", "thumb/")):
                self._derived[listed.key] = listed.modified_at
            elif listed.key.startswith("people/"):
                self._peoples_words[listed.key] = listed.etag
        self._here: set[str] = set()
        self._without_files: set[str] = set()
        self._recorded = 0  # how many objects have a record

    def look_at(self, originals: list[Listed]) -> None:
        """See to it that these objects have their records, now or once they are captioned."""
        by_id = {identity.image_id(original.key): original for original in originals}
        records = self._gallery.catalog.get_many(by_id)
        to_queue = {
            original.key: "" if image_id in self._without_files else original.etag
            for image_id, original in by_id.items()
            if not self._is_in_order(image_id, original, records.get(image_id))
        }
        if to_queue:
            self._enqueue(to_queue)
            for key in to_queue:
                log_photo(key, "queued")
        self._here.update(by_id)
        self.report.queued += len(to_queue)
        self.report.seen += len(originals)

    def records_too_many(self) -> Iterator[Record]:
        """Records whose object seems to be gone."""
        if sum(self._gallery.catalog.counts().values()) == self._recorded:
            return  # each record has its object
        for record in self._gallery.catalog.everything():
            is_under_way = record.status == "pending" and record.created_at > self._under_way
            if record.id not in self._here and not is_under_way:
                yield record

    def remove_orphans(self) -> None:
        """Remove previews and thumbnails that belong to no record."""
        orphans = [key for key, modified_at in self._derived.items() if modified_at < self._under_way]
        for start in range(0, len(orphans), CHUNK):
            logger.info("orphans", extra={"keys": orphans[start : start + CHUNK], "outcome": "removed"})
            self._gallery.storage.delete_media(orphans[start : start + CHUNK])

    def _is_in_order(self, image_id: str, original: Listed, record: Record | None) -> bool:
        if record and record.is_visible:
            self._count(record)
            if self._knows_other_words(record):
                self._gallery.recall(original.key)
            if record.indexed != INDEX:
                self._gallery.index(record.id)
                log_photo(original.key, "indexed")
                self.report.indexed += 1
            return record.status != "pending" and record.etag == original.etag and self._has_files(record)
        restored = self._gallery.restore(image_id, original.etag)
        if restored is None:
            if record is None and identity.people_key(image_id) in self._peoples_words:
                self._gallery.recall(original.key)
                self._recorded += 1
            return False
        self._count(restored)
        self.report.restored += 1
        log_photo(original.key, "restored")
        return self._has_files(restored)

    def _knows_other_words(self, record: Record) -> bool:
        """Whether the media bucket keeps something else of what people said than the record does."""
        kept = self._peoples_words.get(identity.people_key(record.id))
        if record.edition == 0:
            return kept is not None
        return kept != hashlib.md5(peoples_words(record).encode(), usedforsecurity=False).hexdigest()

    def _count(self, record: Record) -> None:
        self._recorded += 1
        if record.status == "ready":
            models = self.report.models
            models[record.model_name] = models.get(record.model_name, 0) + 1

    def _has_files(self, record: Record) -> bool:
        """Whether a record's preview and thumbnail are there; claims them for it."""
        if record.status != "ready":
            return True
        keys = (identity.preview_key(record.id, record.media), identity.thumbnail_key(record.id, record.media))
        claimed = [self._derived.pop(key, None) for key in keys]
        # What was captioned since the listing is not in it.
        if None not in claimed or self._gallery.storage.has_derived(record.id, record.media):
            return True
        self._without_files.add(record.id)
        return False


def log_photo(key: str, outcome: str) -> None:
    """A line for what was done about the photo at `key`."""
    logger.info("photo", extra={"image_id": identity.image_id(key), "key": key, "outcome": outcome})


def _chunks(items: Iterable[Listed]) -> Iterator[list[Listed]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
