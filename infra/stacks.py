"""A stack of template.yaml, by CloudFormation and nothing else: in the local cloud, and on AWS.

Does what `sam package` and `sam deploy` do: stores the zips in a bucket of their own under the hash of
their content, and creates or updates the stack. Broken off and started again, it goes on.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .errors import StartError
from .packages import SOURCES, Files, fingerprint, write_zip

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
# What can only be deleted: the stack was never whole.
USELESS = (
    *("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"),
    *("DELETE_FAILED", "IMPORT_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_FAILED"),
)
STUCK = ("UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED")
IMPORTABLE = {"AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::Table": "TableName"}
TEMPLATE_CHARACTERS = 51_200  # that CloudFormation takes in a request


@dataclass(frozen=True)
class Stack:
    """Where template.yaml goes, and by which clients."""

    name: str
    account: str
    region: str
    artifacts: str  # the bucket of the zips
    s3: S3Client
    cloudformation: CloudFormationClient
    dynamodb: DynamoDBClient
    pause: float  # seconds between two looks at what CloudFormation does
    zips: Path | None = None  # folder that keeps compressed zips for the next time; without one they are not compressed
    tell: Callable[[str], None] = lambda line: None  # takes a line for each thing that CloudFormation has done

    def put_up(self, template: dict[str, Any], files: dict[str, Files], parameters: dict[str, str]) -> dict[str, str]:
        """Bring the stack up to date; its outputs by name.

        Args:
            files: what the functions and layers of the template hold.
            parameters: of the template; those not given keep the values that the stack has.
        Raises:
            StartError: CloudFormation refused.
        """
        self._ensure_artifacts()
        for name, content in files.items():
            resource = template["Resources"][name]
            resource["Properties"][SOURCES[resource["Type"]]] = self._upload(name, content)
            resource.pop("Metadata", None)
        self._create_or_update(template, parameters)
        return self.outputs()

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name."""
        stack = self._describe() or {}
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def parameters(self) -> dict[str, str]:
        """The values that the stack's parameters have; those not to be shown are stars."""
        stack = self._describe() or {}
        return {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}

    def status(self) -> str | None:
        """What CloudFormation says of the stack; None where there is none."""
        stack = self._describe()
        return stack["StackStatus"] if stack else None

    def delete(self) -> None:
        """Delete the stack, with all that the template does not retain.

        Raises:
            StartError: it could not be.
        """
        known = self._event_ids()
        self.cloudformation.delete_stack(StackName=self.name)
        if (status := self._settled(known)) is not None:
            raise StartError(f"The stack {self.name} could not be deleted ({status}): {self._reason(known)}")

    def physical(self, resource: dict[str, Any], key: str) -> str:
        """A name that the template gives by a pattern of stack, account and region."""
        name: str = resource["Properties"][key]["Fn::Sub"]
        for pattern, value in (("StackName", self.name), ("AccountId", self.account), ("Region", self.region)):
            name = name.replace(f"${{AWS::{pattern}}}", value)
        return name

    def retained(self, template: dict[str, Any]) -> dict[str, str]:
        """Buckets and tables that are there already, by their names in the template: they outlive their stack."""
        names = {
            name: (resource["Type"], self.physical(resource, IMPORTABLE[resource["Type"]]))
            for name, resource in template["Resources"].items()
            if resource["Type"] in IMPORTABLE
        }
        return {name: physical for name, (kind, physical) in names.items() if self._exists(kind, physical)}

    def has_artifacts(self) -> bool:
        """Whether the bucket of the zips is there."""
        return self._exists("AWS::S3::Bucket", self.artifacts)

    def _create_or_update(self, template: dict[str, Any], parameters: dict[str, str]) -> None:
        status = self._usable_status()
        if status is None and self._import(template):
            status = "IMPORT_COMPLETE"
        kept = self.parameters().keys() & template.get("Parameters", {}).keys() - parameters.keys() if status else ()
        given: Any = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        given += [{"ParameterKey": key, "UsePreviousValue": True} for key in kept]
        wanted: Any = {
            "StackName": self.name,
            "TemplateBody": json.dumps(template, separators=(",", ":")),
            "Parameters": given,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        }
        known = self._event_ids()
        try:
            if status is None:
                self.cloudformation.create_stack(**wanted)
            else:
                self.cloudformation.update_stack(**wanted)
        except ClientError as exc:
            if "No updates are to be performed" in str(exc):
                return
            raise
        if self._settled(known) not in DONE:
            raise StartError(f"CloudFormation could not deploy template.yaml: {self._reason(known)}")

    def _usable_status(self) -> str | None:
        """The stack's status once nothing is under way any more, and what was never whole is cleared away."""
        status = self.status()
        if status and status.endswith("_IN_PROGRESS") and status not in USELESS:
            self.tell(f"The stack is being changed ({status}); waiting for that.")
            status = self._settled(self._event_ids())
        if status in STUCK:
            raise StartError(
                f"The stack {self.name} is stuck ({status}): an update failed, and so did going back. End that first, "
                f"then start again: aws cloudformation continue-update-rollback --stack-name {self.name}"
            )
        if status in USELESS:
            self.tell(f"The stack of an earlier try was never whole ({status}); it is deleted first.")
            self.delete()
            return None
        return status

    def _import(self, template: dict[str, Any]) -> bool:
        """Make a stack of the template's buckets and tables that exist already; whether there were any.

        CloudFormation creates none that exist. They outlive their stack, since the template retains
        them, and buckets outlive the local cloud's death: it keeps objects on disk, and all else in memory.
        """
        found = self.retained(template)
        if not found:
            return False
        self.tell(f"Taken over from an earlier stack: {', '.join(found.values())}")
        resources: Any = {}
        imports: Any = []
        for name, physical in found.items():
            resource = template["Resources"][name]
            key = IMPORTABLE[resource["Type"]]
            plain = {
                property_: value
                for property_, value in resource["Properties"].items()
                if property_ in ("AttributeDefinitions", "BillingMode", "KeySchema")
            }
            properties = {**plain, key: physical}
            resources[name] = {"Type": resource["Type"], "DeletionPolicy": "Retain", "Properties": properties}
            imports.append(
                {
                    "ResourceType": resource["Type"],
                    "LogicalResourceId": name,
                    "ResourceIdentifier": {key: physical},
                }
            )
        change: Any = {"StackName": self.name, "ChangeSetName": "import-what-is-there"}
        self.cloudformation.create_change_set(
            **change,
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps({"Resources": resources}),
            ResourcesToImport=imports,
        )
        waiting: Any = {"Delay": self.pause, "MaxAttempts": 300}
        self.cloudformation.get_waiter("change_set_create_complete").wait(**change, WaiterConfig=waiting)
        known = self._event_ids()
        self.cloudformation.execute_change_set(**change)
        if self._settled(known) not in DONE:
            raise StartError(f"CloudFormation could not take over what is there: {self._reason(known)}")
        return True

    def _exists(self, kind: str, name: str) -> bool:
        try:
            if kind == "AWS::S3::Bucket":
                self.s3.head_bucket(Bucket=name)
            else:
                self.dynamodb.describe_table(TableName=name)
        except ClientError as exc:
            if exc.response["Error"]["Code"] in ("404", "NoSuchBucket", "ResourceNotFoundException"):
                return False
            raise
        return True

    def _describe(self) -> Any:
        try:
            stack = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as exc:
            if "does not exist" in str(exc):
                return None
            raise
        return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack

    def _settled(self, known: set[str]) -> str | None:
        """The stack's status once what is under way has ended; tells what happens meanwhile.

        Args:
            known: ids of the events before.
        """
        told = set(known)
        while True:
            status = self.status()
            for event in reversed(self._events() if status else []):
                if event["EventId"] not in told:
                    told.add(event["EventId"])
                    self._tell(event)
            if status is None or not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(self.pause)

    def _tell(self, event: Any) -> None:
        status = event.get("ResourceStatus", "")
        if not status.endswith("_IN_PROGRESS"):
            self.tell(f"  {event['LogicalResourceId']}: {status.lower().replace('_', ' ')}")

    def _events(self) -> list[Any]:
        """The stack's latest events, the last first."""
        return list(self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"])

    def _event_ids(self) -> set[str]:
        try:
            return {event["EventId"] for event in self._events()}
        except ClientError:  # there is no stack yet
            return set()

    def _reason(self, known: set[str]) -> str:
        """What CloudFormation says went wrong first."""
        try:
            events = self._events()
        except ClientError:
            events = []
        failures = [
            event
            for event in events
            if event["EventId"] not in known and event.get("ResourceStatus", "").endswith("FAILED")
        ]
        if not failures:
            return "no reason given"
        first = failures[-1]
        return f"{first.get('LogicalResourceId')}: {first.get('ResourceStatusReason', 'no reason given')}"

    def _upload(self, name: str, files: Files) -> dict[str, str]:
        """Store a zip of these files, if it isn't there; where it is."""
        key = f"{fingerprint(files)}.zip"
        try:
            self.s3.head_object(Bucket=self.artifacts, Key=key)
        except ClientError as exc:
            if exc.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise
            with self._zip(files, key) as file:
                self.tell(f"  {name}: {os.fstat(file.fileno()).st_size / 1e6:.1f} MB uploaded")
                self.s3.upload_fileobj(file, self.artifacts, key)
        return {"Bucket": self.artifacts, "Key": key}

    def _zip(self, files: Files, key: str) -> IO[bytes]:
        """A zip of these files, open for reading."""
        if self.zips is None:
            file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asks for it closes it
            write_zip(files, file)
            file.seek(0)
            return file
        path = self.zips / key
        if not path.is_file():
            self.zips.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(f".{os.getpid()}")
            with unfinished.open("wb") as out:
                write_zip(files, out, zipfile.ZIP_DEFLATED)
            unfinished.rename(path)
        return path.open("rb")

    def _ensure_artifacts(self) -> None:
        """Have a private, encrypted bucket for the zips."""
        if self.has_artifacts():
            return
        elsewhere: Any = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        # us-east-1 is the one region that must not be named.
        self.s3.create_bucket(Bucket=self.artifacts, **({} if self.region == "us-east-1" else elsewhere))
        everything = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        private: Any = dict.fromkeys(everything, True)
        self.s3.put_public_access_block(Bucket=self.artifacts, PublicAccessBlockConfiguration=private)
        rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        self.s3.put_bucket_encryption(Bucket=self.artifacts, ServerSideEncryptionConfiguration={"Rules": [rule]})
