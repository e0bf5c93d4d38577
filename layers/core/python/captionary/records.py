"""A photo's record, as the table keeps it and as the API shows it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypedDict

from . import identity

Status = Literal["pending", "ready", "failed", "deleted"]
Verdict = Literal["right", "wrong"]
VISIBLE: tuple[Status, ...] = ("pending", "ready", "failed")
VERDICTS: tuple[Verdict, ...] = ("right", "wrong")
NOTES_KEPT = 20


class LabelJson(TypedDict):
    """A label as the API shows it: score from 0 to 1, source "model" or "person"."""

    name: str
    score: float
    source: str


class Note(TypedDict):
    """What a person said of a caption: verdict "right" or "wrong", time in RFC 3339, in UTC."""

    at: str
    verdict: str
    caption: str
    note: str


@dataclass(frozen=True)
class Record:
    """All that is known of a photo. Times in microseconds since 1970, sizes in pixels and bytes.

    What the model says and what people say are kept apart: the model is asked again now and then, and
    people may take their words back.
    """

    id: str
    key: str
    status: Status
    page: int  # of the timeline, where it stands
    created_at: int  # when the gallery took it in; unique, and grows from photo to photo
    revision: int = 0  # counts the writes; guards against lost updates
    sequencer: str = ""  # of the newest event that was applied
    etag: str = ""  # of the content that the rest was made from
    media: str = ""  # names the version of preview and thumbnail; "" where there are none
    attempt: int = 0  # how often work was begun on it and broken off, as far as that was noted
    caption: str = ""  # the model's
    labels: tuple[LabelJson, ...] = ()  # the model's
    width: int = 0
    height: int = 0
    bytes: int = 0
    content_type: str = ""
    taken_at: str = ""
    camera: str = ""
    sha256: str = ""  # of the content, 64 hexadecimal digits
    placeholder: str = ""
    looks: str = ""  # the encoder, a dot and the bits of lookalikes.py in hexadecimal; "" where the model has none
    model_name: str = ""
    model_version: str = ""
    error_code: str = ""
    error_message: str = ""
    own_caption: str | None = None  # a person's, shown in place of the model's
    own_labels: tuple[str, ...] | None = None  # likewise
    feedback: dict[str, int] = field(default_factory=lambda: {"right": 0, "wrong": 0})
    notes: tuple[Note, ...] = ()  # the last judgements, the latest last
    edition: int = 0  # counts what people did: edits and judgements
    # Kept by the catalog alone: whether the photo is in the index of words, and under which.
    indexed: str = field(default="", compare=False)
    posted: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_visible(self) -> bool:
        """Whether the photo is in the gallery, rather than a mark that it was deleted."""
        return self.status in VISIBLE

    @property
    def shown_caption(self) -> str:
        """A person's caption, or else the model's."""
        return self.caption if self.own_caption is None else self.own_caption

    @property
    def shown_labels(self) -> tuple[LabelJson, ...]:
        """A person's labels, or else the model's."""
        if self.own_labels is None:
            return self.labels
        return tuple(LabelJson(name=name, score=1.0, source="person") for name in self.own_labels)

    def of_content(self, etag: str, size: int, sha256: str = "") -> Record:
        """The record of a photo whose object has this content (ETag, size in bytes), nothing else known yet.

        People's words stay: they are of the photo, and what is thrown away here nobody can bring back.
        """
        version = hashlib.sha256(f"{etag} {self.sequencer}".encode()).hexdigest()[:8]
        return replace(self, etag=etag, bytes=size, sha256=sha256, media=version)

    def with_words_of(self, other: Record) -> Record:
        """The record with what people said of the photo as `other` has it."""
        return replace(
            self,
            own_caption=other.own_caption,
            own_labels=other.own_labels,
            feedback=other.feedback,
            notes=other.notes,
            edition=other.edition,
        )

    def judged(self, verdict: Verdict, note: str) -> Record:
        """The record after a person judged the caption."""
        said = Note(at=_now(), verdict=verdict, caption=self.shown_caption, note=note)
        return replace(
            self,
            feedback={**self.feedback, verdict: self.feedback[verdict] + 1},
            notes=(*self.notes, said)[-NOTES_KEPT:],
            edition=self.edition + 1,
        )

    def deleted(self, sequencer: str) -> Record:
        """The mark that stays behind for a while, so that late events can't bring the photo back."""
        return Record(
            id=self.id,
            key=self.key,
            status="deleted",
            page=self.page,
            created_at=self.created_at,
            revision=self.revision,
            sequencer=sequencer,
            etag=self.etag,
            media=self.media,
        )

    def failed(self, code: str, message: str) -> Record:
        """The record of a photo that can't be captioned, with the reason."""
        return replace(
            self,
            status="failed",
            error_code=code,
            error_message=message,
            caption="",
            labels=(),
            media="",
            placeholder="",
            looks="",
            width=0,
            height=0,
        )


def to_json(record: Record) -> dict[str, Any]:
    """The record as the API shows it; URLs are relative to the gallery's origin."""
    ready = record.status == "ready"
    return {
        "id": record.id,
        "filename": identity.filename_of(record.key),
        "status": record.status,
        "caption": record.shown_caption or None,
        "caption_source": "model" if record.own_caption is None else "person",
        "labels": list(record.shown_labels),
        "edited": {"caption": record.own_caption is not None, "labels": record.own_labels is not None},
        "width": record.width or None,
        "height": record.height or None,
        "bytes": record.bytes,
        "content_type": record.content_type or None,
        "created_at": timestamp(record.created_at),
        "taken_at": record.taken_at or None,
        "camera": record.camera or None,
        "sha256": record.sha256 or None,
        "placeholder": record.placeholder or None,
        "thumb_url": f"/media/{identity.thumbnail_key(record.id, record.media)}" if ready else None,
        "preview_url": f"/media/{identity.preview_key(record.id, record.media)}" if ready else None,
        "original_url": f"/api/images/{record.id}/original",
        "model": {"name": record.model_name, "version": record.model_version} if record.model_name else None,
        "feedback": dict(record.feedback),
        "error": {"code": record.error_code, "message": record.error_message} if record.status == "failed" else None,
    }


def timestamp(microseconds: int) -> str:
    """Microseconds since 1970 as RFC 3339 in UTC."""
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{microseconds % 1_000_000:06d}Z"


def _now() -> str:
    return timestamp(time.time_ns() // 1000)
