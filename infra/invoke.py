"""Run a function by itself on an event, as Lambda would, with the running local cloud behind it.

Its code and our library are those of the working tree, so that a change shows at once. Its environment, its
limits and its model are what the local cloud made of template.yaml. Its rights are those of the local
credentials, as with `sam local invoke` they are those of whoever calls it, and not of its role.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .backends import Backends
from .clients import ACCESS_KEY, NO_OTHERS, REGION, SECRET_KEY
from .deploy import ROOT, STACK, read_template
from .runtime_api import Invocation, Outcome, RuntimeApi

if TYPE_CHECKING:
    from .clients import Clients

PAUSE_SECONDS = 0.01  # between two looks at whether the function is done
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


class InvocationError(Exception):
    """The function could not be run, or failed; the message says why."""


def invoke(
    clients: Clients, endpoint: str, name: str, event: bytes, logs: IO[bytes], backends: Backends = NO_OTHERS
) -> bytes:
    """Run a function.

    Args:
        endpoint: of the local cloud.
        name: the function's folder, e.g. "caption".
        event: what it is run on, JSON.
        logs: a file that it writes its logs to.
        backends: servers that hold the gallery's photos and table in place of the local cloud.
    Returns: its answer, JSON.
    Raises:
        InvocationError: it could not be run, or failed.
    """
    if importlib.util.find_spec("awslambdaric") is None:
        raise InvocationError(
            "Lambda's runtime interface client (awslambdaric) is not here: it is made for Linux alone. "
            "Where Docker is, sam local invoke does the same; see docs/local.md."
        )
    try:
        json.loads(event)
    except ValueError as exc:
        raise InvocationError(f"The event is not JSON: {exc}.") from exc
    configuration, code = configuration_of(clients, name), ROOT / "functions" / name
    seconds = configuration["Timeout"]
    invocation = Invocation(event, configuration["FunctionArn"], seconds)
    with tempfile.TemporaryDirectory() as folder, RuntimeApi(invocation) as api:
        unpack_model(clients, Path(folder))
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", configuration["Handler"]],
            cwd=code,
            env=environment(configuration, code, endpoint, api.address, Path(folder), backends),
            stdin=subprocess.DEVNULL,
            stdout=logs,
            stderr=logs,
        )
        try:
            outcome = _wait(process, api, seconds)
        finally:
            process.kill()
            process.wait()
    if outcome.error:
        raise InvocationError(_told(name, outcome.error))
    return outcome.answer


def configuration_of(clients: Clients, name: str) -> dict[str, Any]:
    """How the local cloud runs a function, by its folder's name.

    Raises:
        InvocationError: there is no such function.
    """
    for logical_id, resource in read_template()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function" and resource["Properties"]["CodeUri"] == f"functions/{name}":
            found = clients.cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
            function = found["StackResourceDetail"]["PhysicalResourceId"]
            return dict(clients.lambda_.get_function_configuration(FunctionName=function))
    raise InvocationError(f"template.yaml has no function in functions/{name}.")


def environment(
    configuration: dict[str, Any],
    code: Path,
    endpoint: str,
    runtime_api: str,
    model: Path,
    backends: Backends = NO_OTHERS,
) -> dict[str, str]:
    """What a function finds in its environment.

    Args:
        code: the function's folder.
        model: folder that the model layer is unpacked in.
    Source: AWS Lambda Developer Guide, "Defined runtime environment variables".
    """
    name = configuration["FunctionName"]
    return {
        **{variable: os.environ[variable] for variable in INHERITED if variable in os.environ},
        **configuration["Environment"]["Variables"],
        **backends.environment(),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "layers/core/python"), str(model / "python")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "invoke",
        "LAMBDA_TASK_ROOT": str(code),
        "_HANDLER": configuration["Handler"],
        "TZ": ":UTC",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def unpack_model(clients: Clients, folder: Path) -> None:
    """Put the model layer that is deployed where a function's path may find it."""
    body: Any = clients.cloudformation.get_template(StackName=STACK, TemplateStage="Original")["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    where = template["Resources"]["ResNet50Layer"]["Properties"]["ContentUri"]
    layer = clients.s3.get_object(Bucket=where["Bucket"], Key=where["Key"])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(layer)) as archive:
        archive.extractall(folder)


def _wait(process: subprocess.Popen[bytes], api: RuntimeApi, seconds: float) -> Outcome:
    """What the function makes of its event, once it is done with it."""
    deadline = time.monotonic() + seconds
    while True:
        has_ended = process.poll() is not None
        if api.outcome:
            return api.outcome
        if has_ended:
            raise InvocationError(f"The function ended (status {process.returncode}) without an answer; see its logs.")
        if time.monotonic() > deadline:
            raise InvocationError(f"The function took longer than the {seconds} seconds that template.yaml gives it.")
        time.sleep(PAUSE_SECONDS)


def _told(name: str, error: dict[str, Any]) -> str:
    """An error of a function, as a sentence."""
    reason = str(error.get("errorMessage") or "no reason given").rstrip(".")
    return f"The function {name} failed: {error.get('errorType', 'Error')}: {reason}; its logs say where."
