"""The two buckets: originals in one, what was made of them in the other."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from . import identity
from .errors import FileTooLarge
from .formats import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

_FOREVER = "public, max-age=31536000, immutable"  # content decides the key, so it never changes
_GONE = ("NoSuchKey", "404", "NotFound")


@dataclass(frozen=True)
class Original:
    """A photo as it was put into the images bucket."""

    data: bytes
    etag: str


@dataclass(frozen=True)
class Listed:
    """An object that a listing of a bucket names. Time in microseconds since 1970."""

    key: str
    etag: str
    size: int
    modified_at: int


class Storage:
    """Reads and writes both buckets."""

    def __init__(self, client: S3Client, images_bucket: str, media_bucket: str) -> None:
        self._s3 = client
        self._images = images_bucket
        self._media = media_bucket
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="storage")

    def fetch(
        self, key: str, large: int = MAX_BYTES, alone: AbstractContextManager[object] | None = None
    ) -> Original | None:
        """The original at `key`, or None where there is none any more.

        Args:
            large: bytes from which on a file is read within `alone`: while it is read it takes twice its size.
        Raises:
            FileTooLarge: it has more bytes than are read; none of them was.
        """
        try:
            answer = self._s3.get_object(Bucket=self._images, Key=key)
        except ClientError as exc:
            if exc.response["Error"]["Code"] in _GONE:
                return None
            raise
        body = answer["Body"]
        size, etag = answer["ContentLength"], answer["ETag"].strip('"')
        if size > MAX_BYTES:
            body.close()
            raise FileTooLarge(size, MAX_BYTES, etag)
        with alone if alone and size > large else nullcontext():
            return Original(body.read(), etag)

    def head(self, key: str) -> tuple[str, int] | None:
        """ETag and size in bytes of the original at `key`, or None where there is none any more."""
        answer = self._head(self._images, key)
        return (answer["ETag"].strip('"'), answer["ContentLength"]) if answer else None

    def put_original(self, key: str, data: bytes, content_type: str) -> str:
        """Store an uploaded photo; its ETag."""
        answer = self._s3.put_object(Bucket=self._images, Key=key, Body=data, ContentType=content_type)
        return answer["ETag"].strip('"')

    def delete_original(self, key: str) -> None:
        """Remove an original; no error where there is none."""
        self._s3.delete_object(Bucket=self._images, Key=key)

    def begin_derived(self, image_id: str, version: str, *, preview: bytes, thumbnail: bytes) -> list[Future[None]]:
        """Begin to store a photo's preview and thumbnail (JPEG); they are stored when all these have a result."""
        files = {identity.preview_key(image_id, version): preview, identity.thumbnail_key(image_id, version): thumbnail}
        return [self._threads.submit(self._put_jpeg, key, data) for key, data in files.items()]

    def put_sidecar(self, image_id: str, sidecar: str) -> None:
        """Store a photo's sidecar: the table can be rebuilt from these."""
        self._s3.put_object(
            Bucket=self._media,
            Key=identity.sidecar_key(image_id),
            Body=sidecar.encode(),
            ContentType="application/json",
        )

    def sidecar(self, image_id: str) -> dict[str, Any] | None:
        """A photo's sidecar, or None where there is none that can be read."""
        return self._json(identity.sidecar_key(image_id))

    def put_peoples_words(self, image_id: str, words: str) -> None:
        """Store what people said of a photo (JSON)."""
        self._s3.put_object(
            Bucket=self._media,
            Key=identity.people_key(image_id),
            Body=words.encode(),
            ContentType="application/json",
        )

    def peoples_words(self, image_id: str) -> dict[str, Any] | None:
        """What people said of a photo, or None where nothing is kept that can be read."""
        return self._json(identity.people_key(image_id))

    def has_derived(self, image_id: str, version: str) -> bool:
        """Whether both preview and thumbnail of this version of a photo are there."""
        keys = (identity.preview_key(image_id, version), identity.thumbnail_key(image_id, version))
        return all(self._head(self._media, key) for key in keys)

    def delete_derived(self, image_id: str, version: str) -> None:
        """Remove a version of a photo's preview and thumbnail; no error where there is none."""
        self.delete_media([identity.preview_key(image_id, version), identity.thumbnail_key(image_id, version)])

    def delete_media(self, keys: list[str]) -> None:
        """Remove up to 1,000 objects of the media bucket; no error where there are none."""
        self._s3.delete_objects(
            Bucket=self._media,
            Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
        )

    def delete_sidecar(self, image_id: str) -> None:
        """Remove a photo's sidecar, and what people said of it; no error where there is none."""
        self.delete_media([identity.sidecar_key(image_id), identity.people_key(image_id)])

    def delete_peoples_words(self, image_id: str) -> None:
        """Remove what people said of a photo; no error where there is nothing."""
        self.delete_media([identity.people_key(image_id)])

    def originals(self) -> Iterator[Listed]:
        """Every object of the images bucket, in the order of keys."""
        return self._list(self._images)

    def derived(self) -> Iterator[Listed]:
        """Every object of the media bucket, in the order of keys."""
        return self._list(self._media)

    def _list(self, bucket: str) -> Iterator[Listed]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for entry in page.get("Contents", []):
                yield Listed(
                    entry["Key"],
                    entry["ETag"].strip('"'),
                    entry["Size"],
                    round(entry["LastModified"].timestamp() * 1_000_000),
                )

    def _head(self, bucket: str, key: str) -> HeadObjectOutputTypeDef | None:
        try:
            return self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as exc:
            if exc.response["Error"]["Code"] in _GONE:
                return None
            raise

    def _json(self, key: str) -> dict[str, Any] | None:
        try:
            answer = self._s3.get_object(Bucket=self._media, Key=key)
        except ClientError as exc:
            if exc.response["Error"]["Code"] in _GONE:
                return None
            raise
        try:
            content = json.loads(answer["Body"].read())
        except ValueError:
            return None
        return content if isinstance(content, dict) else None

    def _put_jpeg(self, key: str, data: bytes) -> None:
        self._s3.put_object(Bucket=self._media, Key=key, Body=data, ContentType="image/jpeg", CacheControl=_FOREVER)


def attachment(filename: str) -> str:
    """A Content-Disposition that saves a download under `filename` (RFC 6266, RFC 8187)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
