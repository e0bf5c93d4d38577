"""A photo's record, as the table keeps it and as the API shows it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypedDict

from . import identity

Status = Literal["pending", "ready", "failed", "deleted"]
VISIBLE: tuple[Status, ...] = ("pending", "ready", "failed")


class LabelJson(TypedDict):
    """A label as the API shows it: score from 0 to 1, source "model" or "person"."""

    name: str
    score: float
    source: str


@dataclass(frozen=True)
class Record:
    """All that is known of a photo. Times in microseconds since 1970, sizes in pixels and bytes."""

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
    caption: str = ""
    caption_source: str = "model"
    labels: tuple[LabelJson, ...] = ()
    width: int = 0
    height: int = 0
    bytes: int = 0
    content_type: str = ""
    taken_at: str = ""
    placeholder: str = ""
    model_name: str = ""
    model_version: str = ""
    error_code: str = ""
    error_message: str = ""
    feedback: dict[str, int] = field(default_factory=lambda: {"right": 0, "wrong": 0})

    @property
    def is_visible(self) -> bool:
        """Whether the photo is in the gallery, rather than a mark that it was deleted."""
        return self.status in VISIBLE

    def of_content(self, etag: str, size: int) -> Record:
        """The record of a photo whose object has this content (ETag, size in bytes), nothing else known yet."""
        version = hashlib.sha256(f"{etag} {self.sequencer}".encode()).hexdigest()[:8]
        return replace(self, etag=etag, bytes=size, media=version)

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
        "caption": record.caption or None,
        "caption_source": record.caption_source,
        "labels": list(record.labels),
        "width": record.width or None,
        "height": record.height or None,
        "bytes": record.bytes,
        "content_type": record.content_type or None,
        "created_at": timestamp(record.created_at),
        "taken_at": record.taken_at or None,
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
