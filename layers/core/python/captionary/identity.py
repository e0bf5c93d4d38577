"""Names: of photos, of their files in the buckets, of uploads.

A photo *is* its key in the images bucket, so its id follows from the key alone: the same object is
the same photo however often, and in whatever order, its events arrive.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from datetime import UTC, datetime

from ulid import ULID

_ID = re.compile(r"[a-z2-7]{16}")
_FILENAME_BYTES = 200


def image_id(key: str) -> str:
    """The id of the photo at `key`: 16 characters of a to z and 2 to 7, 80 bits of its SHA-256."""
    digest = hashlib.sha256(key.encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def is_image_id(text: str) -> bool:
    """Whether `text` has the form of an id."""
    return _ID.fullmatch(text) is not None


def filename_of(key: str) -> str:
    """The name that a person would call the photo at `key`: the part after the last slash."""
    return key.rstrip("/").rpartition("/")[2] or key


def clean_filename(name: str) -> str:
    """A name from outside as one harmless path segment of up to 200 bytes, its ending kept."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    # S3 takes ${filename} in the key of a form for a variable.
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C").replace("$", "_").strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        stem, dot, ending = name, "", ""
    room = _FILENAME_BYTES - len((dot + ending).encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return (stem + dot + ending) or "photo"


def upload_key(filename: str, now: datetime | None = None) -> str:
    """A fresh key for an upload: `uploads/<yyyy>/<mm>/<dd>/<ulid>/<filename>`."""
    now = now or datetime.now(UTC)
    return f"uploads/{now:%Y/%m/%d}/{ULID.from_datetime(now)}/{clean_filename(filename)}"


def thumbnail_key(image_id: str, version: str) -> str:
    """Where a photo's thumbnail lies in the media bucket; other content, other version (Record.media)."""
    return f"thumb/{image_id}-{version}.jpg"


def preview_key(image_id: str, version: str) -> str:
    """Where a photo's preview lies in the media bucket."""
    return f"preview/{image_id}-{version}.jpg"


def sidecar_key(image_id: str) -> str:
    """Where the photo's sidecar lies in the media bucket."""
    return f"meta/{image_id}.json"


def people_key(image_id: str) -> str:
    """Where in the media bucket lies what people said of the photo."""
    return f"people/{image_id}.json"
