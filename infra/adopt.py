"""Take the photos of another bucket into the gallery, as copies that the cloud makes itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from botocore.exceptions import ClientError

from captionary import identity
from captionary.formats import MAX_BYTES, looks_like_picture

from .clients import Clients
from .recover import RecoveryError

CHUNK = 100  # objects that are looked at between two reports
HEAD = "bytes=0-31"  # of a file, by which a picture is known
SIDE_BY_SIDE = 8
MAX_KEY_BYTES = 1024  # S3's limit

Outcome = Literal["copied", "known", "no_picture"]


@dataclass
class Adopted:
    """What was done, in numbers of objects.

    Known are those that an earlier call had copied, unchanged since; no picture are also those of more bytes than
    are read.
    """

    copied: int = 0
    known: int = 0
    no_picture: int = 0

    @property
    def seen(self) -> int:
        """How many objects were looked at."""
        return self.copied + self.known + self.no_picture


def adopt(
    clients: Clients,
    endpoints: dict[str, str],
    bucket: str,
    progress: Callable[[Adopted], None] = lambda adopted: None,
) -> Adopted:
    """Copy a bucket's pictures into the images bucket, where they are captioned as any that come in.

    They come to lie at `<bucket>/<key>`, or at a shorter key where that is too long. The other bucket is only read.
    Broken off and called again, it goes on with what is left.

    Args:
        endpoints: names of the resources, as in endpoints.json.
        progress: called after each step with the numbers so far.
    Raises:
        RecoveryError: there is no such bucket, or it is the gallery's own.
    """
    own = endpoints["images_bucket"]
    if bucket in (own, endpoints["media_bucket"]):
        raise RecoveryError(f"{bucket} is the gallery's own")
    try:
        clients.s3.head_bucket(Bucket=bucket)
    except ClientError as exc:
        raise RecoveryError(f"there is no bucket {bucket}, or it can't be read") from exc
    here = {key: modified_at for key, _, modified_at in _listed(clients, own, f"{bucket}/")}

    def take(listed: tuple[str, int, datetime]) -> Outcome:
        key, size, modified_at = listed
        target = _target(bucket, key)
        if target in here and here[target] >= modified_at:
            return "known"
        if not 0 < size <= MAX_BYTES or not _is_picture(clients, bucket, key):
            return "no_picture"
        clients.s3.copy_object(Bucket=own, Key=target, CopySource={"Bucket": bucket, "Key": key})
        return "copied"

    adopted = Adopted()
    objects = _listed(clients, bucket)
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as threads:
        while chunk := list(islice(objects, CHUNK)):
            for outcome in threads.map(take, chunk):
                setattr(adopted, outcome, getattr(adopted, outcome) + 1)
            progress(adopted)
    return adopted


def _target(bucket: str, key: str) -> str:
    target = f"{bucket}/{key}"
    if len(target.encode()) <= MAX_KEY_BYTES:
        return target
    return f"{bucket}/{identity.image_id(key)}/{identity.clean_filename(key)}"


def _listed(clients: Clients, bucket: str, prefix: str = "") -> Iterator[tuple[str, int, datetime]]:
    """Key, size in bytes and time of each object."""
    for page in clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from ((entry["Key"], entry["Size"], entry["LastModified"]) for entry in page.get("Contents", []))


def _is_picture(clients: Clients, bucket: str, key: str) -> bool:
    answer: Any = clients.s3.get_object(Bucket=bucket, Key=key, Range=HEAD)
    return looks_like_picture(answer["Body"].read())
