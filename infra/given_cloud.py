"""A cloud that somebody else runs, LocalStack or what speaks like it, in place of the gallery's own.

The gallery is one stack in it, and leaves all else there alone: it starts and stops nothing, and what it
put there stays when it ends.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError
from packaging.requirements import Requirement

from .clients import ACCESS_KEY, INVOCATION_SECONDS, SECRET_KEY, session
from .deploy import ROOT, STACK
from .errors import StartError

if TYPE_CHECKING:
    from .clients import Clients

PATIENCE_SECONDS = 5  # with an answer to who one is
LOOK_SECONDS = 5.0  # between two looks at whether it is still there
REQUIREMENTS = ROOT / "layers" / "runtime" / "requirements.txt"
ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64"}  # Lambda's names for processors; else x86_64
PROBE = """
import platform
from importlib import metadata

def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""

def handler(event, context):
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {name: version(name) for name in event["names"]},
    }
"""


class GivenCloud:
    """A cloud by its address, e.g. http://localhost:4566."""

    def __init__(self, address: str) -> None:
        """Raises: StartError: it is no such address."""
        self.endpoint = _checked(address)
        self.name = f"cloud at {self.endpoint}"
        self._next_look = 0.0

    @property
    def port(self) -> int | None:
        """The port, where it is one of this machine's."""
        parts = urlsplit(self.endpoint)
        is_here = parts.hostname == "localhost" or (parts.hostname or "").startswith("127.")
        return parts.port if is_here else None

    def start(self) -> None:
        """See that it is there, and takes what is asked in the local credentials' name.

        Raises:
            StartError: it isn't, or doesn't.
        """
        config = Config(
            connect_timeout=PATIENCE_SECONDS, read_timeout=PATIENCE_SECONDS, retries={"total_max_attempts": 1}
        )
        try:
            session(self.endpoint).client("sts", config=config).get_caller_identity()["Account"]
        except (EndpointConnectionError, ConnectTimeoutError) as exc:
            raise StartError(
                f"Nothing answers at {self.endpoint}. Start that cloud first, or leave --cloud out: "
                "then the gallery starts one of its own."
            ) from exc
        except Exception as exc:  # the SDK fails in many ways on what is not AWS'
            error = exc.response["Error"] if isinstance(exc, ClientError) else {}
            if error.get("Code", "0").isdigit():  # made of the status, where there is no code
                raise StartError(
                    f"What answers at {self.endpoint} is no cloud like LocalStack: it does not know AWS' STS. "
                    "Give the address of one, or leave --cloud out."
                ) from exc
            raise StartError(
                f"The cloud at {self.endpoint} refuses the credentials {ACCESS_KEY}/{SECRET_KEY}, which "
                f"LocalStack and its like take: {error.get('Message')}"
            ) from exc

    def died(self) -> bool:
        """Whether nothing answers there any more."""
        if time.monotonic() < self._next_look:
            return False
        self._next_look = time.monotonic() + LOOK_SECONDS
        parts = urlsplit(self.endpoint)
        try:
            with socket.create_connection((parts.hostname, parts.port or 80), timeout=PATIENCE_SECONDS):
                return False
        except OSError:
            return True

    def save_all(self) -> None:
        """Nothing: what it keeps, and for how long, is its own affair."""

    def stop(self) -> bool:
        """Leave it as it is; whether that went well: always."""
        return True

    def kill(self) -> None:
        """Leave it as it is."""


def wheels(clients: Clients, folder: Path) -> tuple[Path | None, str]:
    """What the functions need of third parties, for the Python and the processor that this cloud runs them on.

    Args:
        folder: that keeps what is built, from one start to the next.
    Returns: folder of the runtime layer, or None where functions find it all in that cloud's own environment;
        and Lambda's name for the processor.
    Raises:
        StartError: it can't be found out or built.
    """
    with _probe(clients) as name:
        payload = json.dumps({"names": sorted({requirement.name for requirement in _requirements()})})
        answer = clients.lambda_.invoke(FunctionName=name, Payload=payload.encode())
        found = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise StartError(f"The cloud can't run a function: {found.get('errorMessage', 'it does not say why')}")
    architecture = ARCHITECTURES.get(found["machine"], "x86_64")
    if found["versions"] == pins(found["python"]):
        return None, architecture
    python = ".".join(found["python"].split(".")[:2])
    stamp = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    built = folder / f"{python}-{architecture}-{stamp}"
    if not built.is_dir():
        _build(built, architecture, python)
    return built, architecture


def pins(python: str) -> dict[str, str]:
    """The versions of the runtime layer's packages, by name, for a version of Python such as 3.13.1."""
    environment = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    return {
        requirement.name: str(requirement.specifier).removeprefix("==")
        for requirement in _requirements()
        if requirement.marker is None or requirement.marker.evaluate(environment)
    }


def _checked(address: str) -> str:
    parts = urlsplit(address if "://" in address else f"http://{address}")
    try:
        is_sound = parts.scheme == "http" and parts.hostname and parts.path in ("", "/") and not parts.query
        port = parts.port or 80
    except ValueError:
        is_sound = False
    if not is_sound:
        raise StartError(f"--cloud {address}: give an address like http://localhost:4566, without a path.")
    return f"http://{parts.hostname}:{port}"


def _requirements() -> list[Requirement]:
    lines = REQUIREMENTS.read_text().splitlines()
    return [Requirement(line.removesuffix("\\")) for line in lines if "==" in line]


@contextmanager
def _probe(clients: Clients) -> Iterator[str]:
    """A function that tells what it runs on, for a moment; its name."""
    name = f"{STACK}-probe"
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("probe.py", PROBE)
    machine: Any = ARCHITECTURES.get(platform.machine(), "x86_64")
    _drop(clients, name)
    clients.lambda_.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="probe.handler",
        Role=f"arn:aws:iam::000000000000:role/{name}",  # there is none: it asks for nothing
        Code={"ZipFile": code.getvalue()},
        Architectures=[machine],
        Timeout=30,
    )
    try:
        clients.lambda_.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": INVOCATION_SECONDS}
        )
        yield name
    finally:
        _drop(clients, name)


def _drop(clients: Clients, name: str) -> None:
    try:
        clients.lambda_.delete_function(FunctionName=name)
    except ClientError as exc:
        if exc.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def _build(out: Path, architecture: str, python: str) -> None:
    """Build the runtime layer."""
    click.echo(f"Fetching the functions' packages for Python {python} on {architecture} (once) ...")
    sys.stdout.flush()
    unfinished = out.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    build = [sys.executable, str(REQUIREMENTS.with_name("build.py")), str(unfinished)]
    result = subprocess.run(
        [*build, "--arch", architecture, "--python", python], capture_output=True, text=True, check=False
    )
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["pip did not say why"])[-1]
        raise StartError(
            f"The functions' packages could not be fetched for Python {python} on {architecture}, which the cloud "
            f"runs functions on: {last}. A network to PyPI is needed once."
        )
    unfinished.rename(out)
