"""Taking a gallery down: what would go, what stays, and doing it.

The photos, what was made of them, what people wrote about them and the table stay unless told otherwise. The next
deployment by the same name takes them in again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from botocore.exceptions import ClientError

from infra.stacks import Stack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WORK = {
    "ImagesBucket": "the photos",
    "MediaBucket": "thumbnails, previews, captions and people's words",
    "Table": "the index",
}
PAGE = "SiteBucket"
AT_ONCE = 1000  # objects in one request: S3's limit


@dataclass(frozen=True)
class Plan:
    """What a removal would do."""

    stack: Stack
    has_stack: bool
    buckets: list[str]  # to be emptied and deleted
    tables: list[str]
    kept: dict[str, str]  # names, with what they hold

    def lines(self) -> list[str]:
        """The plan, for a person."""
        deleted = [f"the stack {self.stack.name}: functions, API, queues, logs, alarms"] if self.has_stack else []
        deleted += [f"the bucket {name}, with {_counted(self.stack.s3, name)}" for name in self.buckets]
        deleted += [f"the table {name}" for name in self.tables]
        kept = [f"{name}: {what}" for name, what in self.kept.items()]
        return [
            *(("Deleted would be:", *(f"  {line}" for line in deleted)) if deleted else ()),
            *(("Kept would be:", *(f"  {line}" for line in kept)) if kept else ()),
        ]

    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.has_stack or self.buckets or self.tables)


def plan(stack: Stack, template: dict[str, Any], *, with_photos: bool) -> Plan:
    """What a removal would do now."""
    there = stack.retained(template)
    gone = [PAGE, *(WORK if with_photos else ())]
    buckets = [there[name] for name in gone if name in there and template["Resources"][name]["Type"].endswith("Bucket")]
    if stack.has_artifacts():
        buckets.append(stack.artifacts)
    tables = [there[name] for name in gone if name in there and template["Resources"][name]["Type"].endswith("Table")]
    kept = {} if with_photos else {there[name]: what for name, what in WORK.items() if name in there}
    return Plan(stack, stack.status() is not None, buckets, tables, kept)


def carry_out(plan: Plan) -> None:
    """Do it. Broken off and started again, it goes on.

    Raises:
        StartError: CloudFormation refused.
    """
    if plan.has_stack:
        plan.stack.delete()
    for bucket in plan.buckets:
        empty(plan.stack.s3, bucket)
        plan.stack.s3.delete_bucket(Bucket=bucket)
        click.echo(f"  {bucket}: deleted")
    for table in plan.tables:
        plan.stack.dynamodb.delete_table(TableName=table)
        click.echo(f"  {table}: deleted")


def empty(s3: S3Client, bucket: str) -> None:
    """Delete every object of a bucket, with all versions, and uploads that never ended."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects: Any = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        for start in range(0, len(objects), AT_ONCE):
            batch: Any = {"Objects": objects[start : start + AT_ONCE], "Quiet": True}
            s3.delete_objects(Bucket=bucket, Delete=batch)
    for uploads in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in uploads.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def _counted(s3: S3Client, bucket: str) -> str:
    """How many objects a bucket holds, roughly where there are many."""
    try:
        page = s3.list_objects_v2(Bucket=bucket)
    except ClientError:
        return "all that is in it"
    count = page["KeyCount"]
    return f"more than {count} objects" if page["IsTruncated"] else f"{count} object{'' if count == 1 else 's'}"
