"""The page: its files into their bucket, and out of the edge's memory.

Files under assets/ are named by their content, so browsers may keep them for ever; whatever names them is
asked for anew each time. Pages that are open while another version comes go on for a while: assets
that are no longer part of the page stay for some weeks.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.packages import ROOT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = ROOT / "frontend" / "dist"
ASSETS = "assets/"
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
KEPT_DAYS = 30  # that an asset stays after it was last part of the page
LEFT = "page-left.json"  # in the bucket of the zips: since which day an asset is no longer part of the page
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}


def upload(s3: S3Client, bucket: str, notes: str, page: Path = PAGE, today: date | None = None) -> list[str]:
    """Bring the bucket up to date with the built page; names of what changed, assets aside.

    Args:
        notes: the bucket that remembers since when assets are out of use.
    """
    there = _listed(s3, bucket)
    names = [path.relative_to(page).as_posix() for path in sorted(page.rglob("*")) if path.is_file()]
    # What others name comes before them, and the way in last, so that whoever comes meanwhile finds all.
    names.sort(key=lambda name: (not name.startswith(ASSETS), name == "index.html"))
    changed = []
    for name in names:
        content = (page / name).read_bytes()
        if there.get(name) != hashlib.md5(content, usedforsecurity=False).hexdigest():
            s3.put_object(Bucket=bucket, Key=name, Body=content, **_headers(name))
            changed.append(name)
    _clear_up(s3, bucket, notes, there.keys() - set(names), today or datetime.now(UTC).date())
    return [name for name in changed if not name.startswith(ASSETS)]


def _headers(name: str) -> Any:
    kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {
        "ContentType": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "CacheControl": FOREVER if name.startswith(ASSETS) else ASK_AGAIN,
    }


def _listed(s3: S3Client, bucket: str) -> dict[str, str]:
    """Names of what is in the bucket, with the MD5 of each."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {entry["Key"]: entry["ETag"].strip('"') for page in pages for entry in page.get("Contents", [])}


def _clear_up(s3: S3Client, bucket: str, notes: str, out_of_use: set[str], today: date) -> None:
    """Remember what is out of use, and delete what has been for long."""
    try:
        left = json.loads(s3.get_object(Bucket=notes, Key=LEFT)["Body"].read())
    except ClientError as exc:
        if exc.response["Error"]["Code"] not in ("NoSuchKey", "404"):
            raise
        left = {}
    left = {name: left.get(name, today.isoformat()) for name in sorted(out_of_use)}
    for name, since in list(left.items()):
        if (today - date.fromisoformat(since)).days > KEPT_DAYS:
            s3.delete_object(Bucket=bucket, Key=name)
            del left[name]
    s3.put_object(Bucket=notes, Key=LEFT, Body=json.dumps(left).encode(), ContentType="application/json")


def invalidate(cloudfront: Any, distribution: str, names: list[str]) -> None:
    """Have the edge forget these files of the page."""
    paths = [f"/{name}" for name in names]
    batch = {"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": str(time.time_ns())}
    cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
