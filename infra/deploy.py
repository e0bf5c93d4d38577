"""Deploy template.yaml into the local cloud, by CloudFormation and nothing else.

Does what `sam package` and `sam deploy` do: zips the code and layers, stores them in a bucket of
their own under the hash of their content, and creates or updates the stack.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError
from samtranslator.yaml_helper import yaml_parse

from .errors import StartError

if TYPE_CHECKING:
    from .clients import Clients

ROOT = Path(__file__).parent.parent
STACK = "captionary"
ARTIFACTS = f"{STACK}-artifacts"
PACK_MODULE = "captionary_pack"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same zip
_WAITING: Any = {"Delay": 0.2, "MaxAttempts": 600}  # seconds, and how often

Files = list[tuple[str, Path]]


def deploy(clients: Clients, pack: Path, parameters: dict[str, str], wheels: Path | None = None) -> dict[str, str]:
    """Bring the stack up to date with the working tree; its outputs by name.

    Args:
        pack: folder of the model pack that becomes the model layer.
        parameters: of the template.
        wheels: folder of the runtime layer, as layers/runtime/build.py makes it. Without one, the functions
            run in an environment that holds the wheels, and the layer is no more than the list of them.
    Raises:
        StartError: CloudFormation refused.
    """
    template = read_template()
    _ensure_bucket(clients, ARTIFACTS)
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = _upload(clients, _folder(ROOT / properties["CodeUri"]))
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = _upload(clients, _layer(name, ROOT / properties["ContentUri"], pack, wheels))
        resource.pop("Metadata", None)
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    try:
        _create_or_update(clients, template, given)
    except WaiterError as exc:
        raise StartError(f"The local cloud could not deploy template.yaml: {_reason(clients)}") from exc
    stack = clients.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def read_template() -> dict[str, Any]:
    """template.yaml, with CloudFormation's short forms (`!Ref`) spelt out."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return template


def _create_or_update(clients: Clients, template: dict[str, Any], parameters: Any) -> None:
    """Create the stack or update it; buckets that outlived an earlier stack are taken into it as they are."""
    cloudformation = clients.cloudformation
    status = _status(clients)
    if status in ("ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_FAILED"):
        cloudformation.delete_stack(StackName=STACK)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig=_WAITING)
        status = None
    if status is None and _import_buckets(clients, template):
        status = "IMPORT_COMPLETE"
    stack: Any = {
        "StackName": STACK,
        "TemplateBody": json.dumps(template),
        "Parameters": parameters,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    if status is None:
        cloudformation.create_stack(**stack)
        cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig=_WAITING)
        return
    try:
        cloudformation.update_stack(**stack)
    except ClientError as exc:
        if "No updates are to be performed" in str(exc):
            return
        raise
    cloudformation.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig=_WAITING)


def _import_buckets(clients: Clients, template: dict[str, Any]) -> bool:
    """Make a stack of the template's buckets that exist already; whether there were any.

    CloudFormation creates no bucket that exists. Buckets outlive their stack where the template
    retains them, and the local cloud's death: it keeps objects on disk, and all else in memory.
    """
    buckets = {
        name: resource["Properties"]["BucketName"]["Fn::Sub"].replace("${AWS::StackName}", STACK)
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::S3::Bucket"
    }
    existing = {bucket["Name"] for bucket in clients.s3.list_buckets()["Buckets"]}
    found = {}
    for name, pattern in buckets.items():
        start = pattern.partition("${")[0]
        if matches := [bucket for bucket in existing if bucket.startswith(start)]:
            found[name] = matches[0]
    if not found:
        return False
    resources: Any = {
        name: {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": bucket}}
        for name, bucket in found.items()
    }
    imports: Any = [
        {
            "ResourceType": "AWS::S3::Bucket",
            "LogicalResourceId": name,
            "ResourceIdentifier": {"BucketName": bucket},
        }
        for name, bucket in found.items()
    ]
    change: Any = {"StackName": STACK, "ChangeSetName": "import-buckets"}
    clients.cloudformation.create_change_set(
        **change,
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps({"Resources": resources}),
        ResourcesToImport=imports,
    )
    clients.cloudformation.get_waiter("change_set_create_complete").wait(**change, WaiterConfig=_WAITING)
    clients.cloudformation.execute_change_set(**change)
    clients.cloudformation.get_waiter("stack_import_complete").wait(StackName=STACK, WaiterConfig=_WAITING)
    return True


def _status(clients: Clients) -> str | None:
    try:
        stack = clients.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError as exc:
        if "does not exist" in str(exc):
            return None
        raise
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack["StackStatus"]


def _reason(clients: Clients) -> str:
    """What CloudFormation says went wrong first."""
    events = clients.cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    failures = [event for event in events if event.get("ResourceStatus", "").endswith("FAILED")]
    if not failures:
        return "it took too long"
    first = failures[-1]
    return f"{first.get('LogicalResourceId')}: {first.get('ResourceStatusReason', 'no reason given')}"


def _folder(folder: Path, prefix: str = "") -> Files:
    """The files of a folder with their names in the zip, in a fixed order."""
    return [
        (prefix + path.relative_to(folder).as_posix(), path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]


def _layer(name: str, source: Path, pack: Path, wheels: Path | None = None) -> Files:
    """What goes into a layer. The model layer holds the chosen pack."""
    if name == "RuntimeLayer":
        return _folder(wheels) if wheels else [("requirements.txt", source / "requirements.txt")]
    if name == "ResNet50Layer":
        return [*_folder(source / "layer"), *_folder(pack, f"python/{PACK_MODULE}/")]
    return _folder(source)


def _zip(files: Iterable[tuple[str, Path]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), path.read_bytes())
    return buffer.getvalue()


def _upload(clients: Clients, files: Files) -> dict[str, str]:
    content = _zip(files)
    key = f"{hashlib.sha256(content).hexdigest()}.zip"
    try:
        clients.s3.head_object(Bucket=ARTIFACTS, Key=key)
    except ClientError:
        clients.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=content)
    return {"Bucket": ARTIFACTS, "Key": key}


def _ensure_bucket(clients: Clients, bucket: str) -> None:
    try:
        clients.s3.head_bucket(Bucket=bucket)
    except ClientError:
        clients.s3.create_bucket(Bucket=bucket)
