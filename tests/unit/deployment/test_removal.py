from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import click
import pytest
from moto import mock_aws

from deployment import __main__ as deployment
from deployment import removal
from infra.packages import read_template
from infra.stacks import Stack
from tests.unit.infra.test_stacks import FakeCloudFormation

ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A gallery's buckets and its table, and a stack that is gone as soon as it is deleted."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        s3: Any = boto3.client("s3", region_name=REGION)
        dynamodb: Any = boto3.client("dynamodb", region_name=REGION)
        cloudformation: Any = FakeCloudFormation("UPDATE_COMPLETE", None)
        artifacts = f"gallery-artifacts-{ACCOUNT}-{REGION}"
        for bucket in (*(f"gallery-{kind}-{ACCOUNT}-{REGION}" for kind in ("images", "media", "site")), artifacts):
            s3.create_bucket(Bucket=bucket)
            s3.put_object(Bucket=bucket, Key="a", Body=b"a")
        s3.create_bucket(Bucket="gallery-images-of-somebody-else")
        table = read_template()["Resources"]["Table"]["Properties"]
        keys = {name: table[name] for name in ("AttributeDefinitions", "BillingMode", "KeySchema")}
        dynamodb.create_table(TableName="gallery-photos", **keys)
        yield Stack("gallery", ACCOUNT, REGION, artifacts, s3, cloudformation, dynamodb, 0.0)


def left(stack: Stack) -> set[str]:
    """What is there, by its kind."""
    buckets = {each["Name"].split("-")[1] for each in stack.s3.list_buckets()["Buckets"]}
    return buckets | set(stack.dynamodb.list_tables()["TableNames"])


def test_photos_words_and_index_stay(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.take_down(stack, with_photos=False, yes=True)
    assert left(stack) == {"images", "media", "gallery-photos"}
    said = capsys.readouterr().out
    assert f"  the bucket gallery-site-{ACCOUNT}-{REGION}, with 1 object\n" in said
    assert f"  gallery-images-{ACCOUNT}-{REGION}: the photos\n" in said


def test_all_goes_where_that_is_asked_for(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.take_down(stack, with_photos=True, yes=True)
    assert [each["Name"] for each in stack.s3.list_buckets()["Buckets"]] == ["gallery-images-of-somebody-else"]
    assert stack.dynamodb.list_tables()["TableNames"] == []
    assert "Kept" not in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["", "y", "yes", "galery"])
def test_nothing_goes_unless_its_name_is_typed(stack: Stack, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(click, "prompt", lambda *_, **__: answer)
    with pytest.raises(click.ClickException, match=r"Nothing was deleted\."):
        deployment.take_down(stack, with_photos=True, yes=False)
    assert left(stack) == {"images", "media", "site", "artifacts", "gallery-photos"}


def test_a_removal_that_was_broken_off_goes_on(stack: Stack) -> None:
    removal.empty(stack.s3, stack.artifacts)
    stack.s3.delete_bucket(Bucket=stack.artifacts)
    stack.cloudformation.describe_stacks(StackName="gallery")  # its one life is over
    plan = removal.plan(stack, read_template(), with_photos=False)
    assert (plan.has_stack, plan.tables, len(plan.buckets)) == (False, [], 1)


def test_a_bucket_is_emptied_of_versions_and_of_uploads_that_never_ended(stack: Stack) -> None:
    bucket = stack.artifacts
    stack.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(3):
        stack.s3.put_object(Bucket=bucket, Key="b", Body=b"b")
    stack.s3.delete_object(Bucket=bucket, Key="b")
    stack.s3.create_multipart_upload(Bucket=bucket, Key="c")
    removal.empty(stack.s3, bucket)
    assert "Versions" not in stack.s3.list_object_versions(Bucket=bucket)
    assert "Uploads" not in stack.s3.list_multipart_uploads(Bucket=bucket)
