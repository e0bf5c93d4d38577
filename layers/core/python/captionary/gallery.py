"""What may happen to a photo, and in which order things count.

Events come at least once and in any order, workers run side by side and die in the middle. Three
rules keep one right record all the same:

1. The images bucket is the truth. A photo is there because its object is there.
2. Of two events of a key the one with the later sequencer wins; the record remembers it.
3. A write names the revision it was made from; whoever comes second looks again (see Catalog.write).
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from . import identity
from .catalog import INDEX, Catalog
from .errors import Conflict
from .events import ObjectEvent, is_newer
from .records import Record, Verdict
from .storage import Storage

SIDECAR_FORMAT = 1
PEOPLES = ("own_caption", "own_labels", "feedback", "notes", "edition")
_OF_TABLE = ("revision", "attempt", "indexed", "posted")
_OF_SIDECAR = {field.name for field in fields(Record)} - {*PEOPLES, *_OF_TABLE}
_MOST_CONFLICTS = 20  # that one write may run into; more are a sign of something else


@dataclass(frozen=True)
class Work:
    """A photo to be captioned: the record to fill in, and the one that was stored when the work began."""

    record: Record
    current: Record | None

    @property
    def is_new(self) -> bool:
        """Whether the photo is yet to get its place on the timeline."""
        return self.current is None or not self.current.is_visible

    def keeps(self, etag: str = "") -> bool:
        """Whether the photo has its caption already and was only to get another: it keeps that if it can't.

        Args:
            etag: of the content that was found, if it was looked at: whether it has a caption for that.
        """
        current = self.current
        if current is None or current.status != "ready":
            return False
        return etag == current.etag if etag else self.record.sequencer == current.sequencer


class Gallery:
    """The photos, their files and their records, kept in step."""

    def __init__(self, storage: Storage, catalog: Catalog) -> None:
        self.storage = storage
        self.catalog = catalog

    # Taking in

    def expect(self, key: str, size: int, content_type: str) -> Record:
        """Show a photo as pending whose object is about to be stored at `key` (bytes, MIME type)."""
        [place] = self.catalog.timeline.take_places(1)
        image_id = identity.image_id(key)
        record = Record(image_id, key, "pending", place.page, place.created_at, bytes=size, content_type=content_type)
        return self.catalog.write(record, None)

    def begin(self, events: Iterable[ObjectEvent]) -> dict[ObjectEvent, Work | None]:
        """What ObjectCreated events start from, looked up for all of them at once.

        None where nothing is left to do: the event was dealt with before, or is older than what was.
        """
        wanted = {event: identity.image_id(event.key) for event in events}
        stored = self.catalog.get_many(wanted.values())
        works = {event: _work(event, stored.get(image_id)) for event, image_id in wanted.items()}
        new = [(event, work) for event, work in works.items() if work and work.is_new]
        for (event, work), place in zip(new, self.catalog.timeline.take_places(len(new)), strict=True):
            record = replace(work.record, page=place.page, created_at=place.created_at)
            works[event] = replace(work, record=record)
        return works

    def attempt(self, work: Work, number: int) -> Work | None:
        """Note in the record that a photo is about to be worked on, for the `number`th time.

        Whoever finds such a note later knows that the work on this very photo was never finished. What is
        stored of a photo that is known stays as it is: its event is not dealt with yet.

        Returns: the work to go on with, or None if the photo was deleted or replaced meanwhile.
        """

        def settle(current: Record | None) -> Record | None:
            is_as_it_was = (current and current.revision) == (work.current and work.current.revision)
            if current is None or not current.is_visible:
                return replace(work.record, attempt=number) if work.is_new and is_as_it_was else None
            is_settled = current.status != "pending" and not is_newer(work.record.sequencer, current.sequencer)
            if is_newer(current.sequencer, work.record.sequencer) or (is_settled and not is_as_it_was):
                return None  # someone else dealt with it, or with a later event
            return replace(current, attempt=number)

        noted = self._settle(work.record.id, work.current, settle)
        if noted is None:
            return None
        record = replace(work.record, page=noted.page, created_at=noted.created_at, revision=noted.revision)
        return Work(record, noted)

    def finish(self, work: Work, found: Record) -> Record | None:
        """Store what was found out about a photo.

        Returns: the record as stored, or None if the photo was deleted or replaced meanwhile.
        """
        found = replace(found, attempt=0)
        replaced: Record | None = None

        def settle(current: Record | None) -> Record | None:
            nonlocal replaced
            replaced = current
            if current is None:
                return found
            if is_newer(current.sequencer, found.sequencer):
                return None
            if not current.is_visible:
                # Deleted since, with what people said of it. Unless the object is there: then it was put again.
                return found.with_words_of(current) if self.storage.head(found.key) else None
            return replace(found, page=current.page, created_at=current.created_at).with_words_of(current)

        stored = self._settle(found.id, work.current, settle)
        if stored is None:
            self._discard(found)
            return None
        if (stored.page, stored.created_at) != (found.page, found.created_at):
            self.storage.put_sidecar(stored.id, sidecar(stored))
        if replaced and replaced.media and replaced.media != stored.media:
            self.storage.delete_derived(replaced.id, replaced.media)
        return stored

    def again(self, image_id: str, enqueue: Callable[[Record], None]) -> Record | None:
        """Have a photo captioned once more. One that failed is pending meanwhile, one with a caption keeps it.

        Args:
            enqueue: queues the photo; what it raises is raised on, and all is as before.
        Returns: its record, or None if there is no such photo.
        """
        failed: Record | None = None

        def settle(current: Record | None) -> Record | None:
            nonlocal failed
            failed = current if current and current.status == "failed" else None
            return replace(failed, status="pending", error_code="", error_message="") if failed else None

        current = self.catalog.get(image_id)
        waiting = self._settle(image_id, current, settle)
        stored = waiting or self.catalog.get(image_id)
        if stored is None or not stored.is_visible:
            return None
        try:
            enqueue(stored)
        except Exception:
            if failed and waiting:
                with suppress(Conflict):
                    self.catalog.write(failed, waiting)
            raise
        return stored

    # What people say

    def edit(self, image_id: str, **words: Any) -> Record | None:
        """Put a person's words in place of the model's, or take them back.

        Args:
            words: own_caption, own_labels, as in the record; None goes back to the model's.
        Returns: the record as stored, or None if there is no such photo.
        """
        return self._said(image_id, lambda current: replace(current, **words, edition=current.edition + 1))

    def judge(self, image_id: str, verdict: Verdict, note: str) -> Record | None:
        """Note what a person thinks of a photo's caption; the record as stored, or None if there is no such photo."""
        return self._said(image_id, lambda current: current.judged(verdict, note))

    def _said(self, image_id: str, change: Callable[[Record], Record]) -> Record | None:
        current = self.catalog.get(image_id)
        stored = self._settle(
            image_id, current, lambda current: change(current) if current and current.is_visible else None
        )
        if stored:
            self._keep(stored)
        return stored

    def _keep(self, record: Record) -> None:
        """Keep what people said of a photo beside the table, in the media bucket."""
        for _ in range(_MOST_CONFLICTS):
            self.storage.put_peoples_words(record.id, peoples_words(record))
            current = self.catalog.get(record.id)
            if current is None or not current.is_visible:
                self.storage.delete_peoples_words(record.id)
                return
            if current.edition == record.edition:
                return
            record = current  # someone else was here meanwhile, and may have written before this
        raise Conflict(f"people changed {record.id} each time their words were to be kept")

    # Removing

    def delete(self, image_id: str) -> bool:
        """Delete a photo: its object, and it from the gallery. Its other files follow by the event of that.

        Returns: whether there was such a photo.
        """
        current = self.catalog.get(image_id)
        if current is None or not current.is_visible:
            return False
        self.storage.delete_original(current.key)

        def settle(current: Record | None) -> Record | None:
            return current.deleted(current.sequencer) if current and current.is_visible else None

        self._settle(image_id, current, settle)
        return True

    def removed(self, event: ObjectEvent) -> bool:
        """The object of a photo is gone: take the photo out of the gallery and remove its files.

        Returns: False if that is not so any more: the object was put again, or the event is an old one.
        """
        image_id = identity.image_id(event.key)
        replaced: Record | None = None

        def settle(current: Record | None) -> Record | None:
            nonlocal replaced
            replaced = current
            if current and event.sequencer and is_newer(current.sequencer, event.sequencer):
                return None
            if self.storage.head(event.key):
                return None
            if current is None:
                return Record(image_id, event.key, "deleted", page=0, created_at=0, sequencer=event.sequencer)
            return current.deleted(event.sequencer or current.sequencer)

        if self._settle(image_id, self.catalog.get(image_id), settle) is None:
            return False
        if replaced and replaced.media:
            self.storage.delete_derived(image_id, replaced.media)
        self.storage.delete_sidecar(image_id)
        return True

    # Restoring

    def restore(self, image_id: str, etag: str) -> Record | None:
        """Bring a record back from its sidecar, if that was made from this very content (ETag).

        It may be lost, or be without a caption: a table that went back to an earlier state has forgotten it.

        Returns: the record as stored, or None where there is no such sidecar or nothing to bring back.
        """
        kept = read_sidecar(self.storage.sidecar(image_id))
        if kept is None or kept.etag != etag or not kept.is_visible:
            return None
        words = self.storage.peoples_words(image_id)

        def settle(current: Record | None) -> Record | None:
            if current is None or not current.is_visible:
                self.catalog.timeline.take_back(kept.page)
                return with_words(kept, words)
            if current.status == "ready":
                return None
            here = replace(kept, page=current.page, created_at=current.created_at, sequencer=current.sequencer)
            return with_words(here.with_words_of(current), words)

        return self._settle(image_id, self.catalog.get(image_id), settle)

    def recall(self, key: str) -> Record | None:
        """Bring what people said of the photo at `key` in step with what the media bucket keeps: the later counts.

        A photo whose record is lost is shown as pending, so that their words are not lost with it.

        Returns: the record as stored, or None where nothing was to be changed.
        """
        image_id = identity.image_id(key)
        kept = self.storage.peoples_words(image_id)

        def settle(current: Record | None) -> Record | None:
            if current is None:
                [place] = self.catalog.timeline.take_places(1)
                current = Record(image_id, key, "pending", place.page, place.created_at)
            told = with_words(current, kept)
            return told if current.is_visible and told.edition > current.edition else None

        current = self.catalog.get(image_id)
        stored = self._settle(image_id, current, settle)
        if stored is None and current and current.is_visible and current.edition:
            self._keep(current)
        return stored

    def index(self, image_id: str) -> None:
        """Have a photo found by its words, if it is not yet."""
        current = self.catalog.get(image_id)
        self._settle(
            image_id,
            current,
            lambda current: current if current and current.is_visible and current.indexed != INDEX else None,
        )

    # Inside

    def _settle(
        self, image_id: str, current: Record | None, decide: Callable[[Record | None], Record | None]
    ) -> Record | None:
        """Write what `decide` makes of the current record, or leave it as it is if that is None.

        Decides again, on the record as it is then, where someone else was faster.

        Raises:
            Conflict: that happened again and again.
        """
        for conflicts in range(_MOST_CONFLICTS):
            wanted = decide(current)
            if wanted is None:
                return None
            try:
                return self.catalog.write(wanted, current)
            except Conflict:
                time.sleep(random.uniform(0, 0.005 * conflicts))
                current = self.catalog.get(image_id)
        raise Conflict(f"the record of {image_id} changed each time it was to be written")

    def _discard(self, found: Record) -> None:
        """Take back the files of a photo that was deleted or replaced while it was worked on."""
        current = self.catalog.get(found.id)
        if current is None or not current.is_visible:
            self.storage.delete_derived(found.id, found.media)
            self.storage.delete_sidecar(found.id)
            return
        self.storage.put_sidecar(current.id, sidecar(current))
        if current.media != found.media:
            self.storage.delete_derived(found.id, found.media)


def sidecar(record: Record) -> str:
    """A record as the media bucket keeps it, so that a lost table can be rebuilt; people's words are kept apart."""
    kept = {name: value for name, value in asdict(record).items() if name in _OF_SIDECAR}
    return json.dumps({"format": SIDECAR_FORMAT, "record": kept})


def read_sidecar(content: dict[str, Any] | None) -> Record | None:
    """The record that a sidecar keeps, or None where it can't be read."""
    if content is None or content.get("format") != SIDECAR_FORMAT:
        return None
    try:
        known = {name: value for name, value in content["record"].items() if name in _OF_SIDECAR}
        return Record(**{**known, "labels": tuple(known["labels"])})
    except (KeyError, TypeError, AttributeError):
        return None


def peoples_words(record: Record) -> str:
    """What people said of a photo, as the media bucket keeps it."""
    words = {name: getattr(record, name) for name in PEOPLES}
    return json.dumps({"format": SIDECAR_FORMAT, **words})


def with_words(record: Record, kept: dict[str, Any] | None) -> Record:
    """The record with what people said of the photo as the media bucket keeps it, if that is later."""
    if kept is None or kept.get("format") != SIDECAR_FORMAT:
        return record
    try:
        words = {name: kept[name] for name in PEOPLES}
        if words["edition"] <= record.edition:
            return record
        labels = words["own_labels"]
        lists = {"own_labels": None if labels is None else tuple(labels), "notes": tuple(words["notes"])}
        return replace(record, **words | lists)
    except (KeyError, TypeError):
        return record


def _work(event: ObjectEvent, current: Record | None) -> Work | None:
    """What is to be done about an event; a photo that is new still lacks its place on the timeline."""
    if current is None:
        record = Record(identity.image_id(event.key), event.key, "pending", 0, 0, sequencer=event.sequencer)
        return Work(record, None)
    is_settled = current.status != "pending"
    if event.sequencer and is_settled and not is_newer(event.sequencer, current.sequencer):
        return None
    if event.etag and is_settled and current.is_visible and event.etag == current.etag:
        return None
    record = current if current.is_visible else Record(current.id, current.key, "pending", 0, 0)
    return Work(replace(record, sequencer=event.sequencer or current.sequencer), current)
