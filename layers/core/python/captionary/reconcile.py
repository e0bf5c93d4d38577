"""Bring table and buckets back in step: after a crash, for a restored table, for a bucket that is adopted.

The images bucket is the truth. Each of its objects gets its record back from the sidecar that the
caption function left, or, where there is none for this content, is queued to be captioned; records
whose object is gone are taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from . import identity
from .events import ObjectEvent
from .gallery import Gallery
from .records import Record
from .storage import Listed

CHUNK = 100  # records read at once
SPARE_PAGES = 4  # of the timeline, left free for photos whose records are yet to be restored


@dataclass
class Report:
    """What was done, in numbers of photos."""

    seen: int = 0
    restored: int = 0
    queued: int = 0
    removed: int = 0


def reconcile(
    gallery: Gallery,
    enqueue: Callable[[list[str]], None],
    progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Compare buckets and table and mend the table. Safe to break off, to repeat, and beside running functions.

    Args:
        enqueue: queues the objects at these keys (up to 100) to be looked at again.
        progress: called after each step with the numbers so far.
    """
    reconciler = _Reconciler(gallery, enqueue)
    for chunk in _chunks(gallery.storage.originals()):
        reconciler.look_at(chunk)
        progress(reconciler.report)
    for record in reconciler.records_too_many():
        gallery.removed(ObjectEvent(record.key, created=False))
        reconciler.report.removed += 1
        progress(reconciler.report)
    return reconciler.report


class _Reconciler:
    def __init__(self, gallery: Gallery, enqueue: Callable[[list[str]], None]) -> None:
        self.report = Report()
        self._gallery = gallery
        self._enqueue = enqueue
        self._here: set[str] = set()
        self._recorded = 0  # how many objects have a record
        self._last_page = gallery.catalog.last_page()

    def look_at(self, originals: list[Listed]) -> None:
        """See to it that these objects have their records, now or once they are captioned."""
        by_id = {identity.image_id(original.key): original for original in originals}
        records = self._gallery.catalog.get_many(by_id)
        to_queue = [
            original.key
            for image_id, original in by_id.items()
            if not self._is_in_order(image_id, original, records.get(image_id))
        ]
        if to_queue:
            self._enqueue(to_queue)
        self._here.update(by_id)
        self.report.queued += len(to_queue)
        self.report.seen += len(originals)

    def records_too_many(self) -> Iterator[Record]:
        """Records whose object is gone."""
        if sum(self._gallery.catalog.counts().values()) == self._recorded:
            return  # each record has its object
        for record in self._gallery.catalog.everything():
            if record.id not in self._here and self._gallery.storage.head(record.key) is None:
                yield record

    def _is_in_order(self, image_id: str, original: Listed, record: Record | None) -> bool:
        if record and record.is_visible:
            self._recorded += 1
            return record.status != "pending" and record.etag == original.etag
        restored = self._gallery.restore(image_id, original.etag)
        if restored is None:
            return False
        self._recorded += 1
        self.report.restored += 1
        if restored.page > self._last_page:
            # New photos shall stand after those that are being restored.
            self._last_page = self._gallery.catalog.begin_page(restored.page + SPARE_PAGES)
        return True


def _chunks(items: Iterable[Listed]) -> Iterator[list[Listed]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
