from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest
from botocore.exceptions import ClientError

from infra.errors import StartError
from infra.stacks import Stack


def missing(code: str = "404") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "Stack with id gallery does not exist"}}, "Anything")


class FakeCloudFormation:
    """One stack, which is in the next of these states each time that somebody looks."""

    def __init__(self, *statuses: str | None, parameters: dict[str, str] | None = None) -> None:
        self.statuses = list(statuses)
        self.parameters = parameters or {}
        self.calls: list[tuple[str, Any]] = []

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803 - boto3's name
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status is None:
            raise missing()
        told = [{"ParameterKey": key, "ParameterValue": value} for key, value in self.parameters.items()]
        return {"Stacks": [{"StackStatus": status, "Parameters": told}]}

    def describe_stack_events(self, **_: Any) -> Any:
        number = len(self.calls)
        event = {
            "EventId": str(number),
            "LogicalResourceId": f"Queue{number}",
            "ResourceStatus": "CREATE_FAILED",
            "ResourceStatusReason": f"reason {number}",
        }
        return {"StackEvents": [event]}

    def create_stack(self, **arguments: Any) -> None:
        self.calls.append(("create", arguments))

    def update_stack(self, **arguments: Any) -> None:
        self.calls.append(("update", arguments))

    def delete_stack(self, **arguments: Any) -> None:
        self.calls.append(("delete", arguments))


class NoBuckets:
    """S3 and DynamoDB with nothing in them, which take anything."""

    def head_bucket(self, **_: Any) -> None:
        raise missing()

    def describe_table(self, **_: Any) -> None:
        raise missing("ResourceNotFoundException")

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


TEMPLATE: Any = {
    "Parameters": {"Given": {}, "Kept": {}, "New": {}},
    "Resources": {
        "Images": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "${AWS::StackName}-images"}}}
    },
}


def stack(cloudformation: Any, said: list[str] | None = None) -> Stack:
    nothing: Any = NoBuckets()
    tell = (said if said is not None else []).append
    return Stack("gallery", "1" * 12, "eu-central-1", "zips", nothing, cloudformation, nothing, 0.0, tell=tell)


def test_a_new_stack_is_created() -> None:
    cloud = FakeCloudFormation(None, "CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    stack(cloud).put_up(TEMPLATE, {}, {"Given": "1"})
    [(verb, arguments)] = cloud.calls
    assert verb == "create"
    assert arguments["Parameters"] == [{"ParameterKey": "Given", "ParameterValue": "1"}]


def test_what_is_not_given_keeps_its_value() -> None:
    cloud = FakeCloudFormation("UPDATE_COMPLETE", parameters={"Given": "0", "Kept": "****", "Old": "1"})
    stack(cloud).put_up(TEMPLATE, {}, {"Given": "1"})
    [(verb, arguments)] = cloud.calls
    assert verb == "update"
    assert arguments["Parameters"] == [
        {"ParameterKey": "Given", "ParameterValue": "1"},
        {"ParameterKey": "Kept", "UsePreviousValue": True},
    ]


def test_what_is_under_way_is_waited_for() -> None:
    said: list[str] = []
    cloud = FakeCloudFormation("UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    stack(cloud, said).put_up(TEMPLATE, {}, {})
    assert said[0] == "The stack is being changed (UPDATE_IN_PROGRESS); waiting for that."
    assert [verb for verb, _ in cloud.calls] == ["update"]


def test_a_stack_that_was_never_whole_is_made_anew() -> None:
    cloud = FakeCloudFormation("ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS", None, "CREATE_COMPLETE")
    stack(cloud).put_up(TEMPLATE, {}, {})
    assert [verb for verb, _ in cloud.calls] == ["delete", "create"]


def test_a_stuck_stack_says_how_to_go_on() -> None:
    with pytest.raises(StartError, match="continue-update-rollback --stack-name gallery"):
        stack(FakeCloudFormation("UPDATE_ROLLBACK_FAILED")).put_up(TEMPLATE, {}, {})


def test_a_failure_says_its_own_reason_and_not_an_old_one() -> None:
    with pytest.raises(StartError, match="Queue1: reason 1"):
        stack(FakeCloudFormation(None, "ROLLBACK_COMPLETE")).put_up(TEMPLATE, {}, {})


class Shelf(NoBuckets):
    """S3 that keeps what is uploaded."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def head_object(self, Bucket: str, Key: str) -> None:  # noqa: N803 - boto3's names
        if Key not in self.kept:
            raise missing()

    def upload_fileobj(self, file: IO[bytes], bucket: str, key: str) -> None:
        self.kept[key] = file.read()


@pytest.mark.parametrize("keeps_zips", [True, False])
def test_zips_are_uploaded_once(tmp_path: Path, keeps_zips: bool) -> None:
    (tmp_path / "app.py").write_text("handler = print\n" * 100)
    template: Any = {"Resources": {"Api": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "api"}}}}
    shelf: Any = Shelf()
    said: list[str] = []
    cloud = FakeCloudFormation("UPDATE_COMPLETE")
    zips = tmp_path / "zips" if keeps_zips else None
    target = replace(stack(cloud, said), s3=shelf, zips=zips)
    for _ in range(2):
        target.put_up(template, {"Api": [("app.py", tmp_path / "app.py")]}, {})
    [(key, content)] = shelf.kept.items()
    assert len([line for line in said if "uploaded" in line]) == 1
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [entry] = archive.infolist()
        assert archive.read("app.py") == (tmp_path / "app.py").read_bytes()
    assert (entry.compress_size < entry.file_size) is keeps_zips
    assert template["Resources"]["Api"]["Properties"]["CodeUri"] == {"Bucket": "zips", "Key": key}
