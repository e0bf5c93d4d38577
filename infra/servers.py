"""Other servers that a gallery can stand on, started for tests and benchmarks: MinIO, DynamoDB Local, nginx.

`scripts/backends` installs the first two, once; nginx is the system's. All listen on 127.0.0.1 alone.
"""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import string
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .backends import Backends
from .deploy import ROOT
from .errors import StartError
from .ministack import free_port

INSTALLED = Path(os.environ.get("CAPTIONARY_BACKENDS") or "~/.cache/captionary/backends").expanduser()  # likewise there
START_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Site:
    """Where nginx answers."""

    address: str  # with TLS
    plain: str  # without: it only redirects
    certificate: Path


@contextmanager
def dynamodb_local(folder: Path | None = None) -> Iterator[str]:
    """Amazon's DynamoDB Local; its address.

    Args:
        folder: that it keeps its tables in; in memory, if there is none.
    Raises:
        StartError: it is not installed, or did not start.
    """
    jars = INSTALLED / "dynamodb-local"
    if not jars.is_dir():
        raise StartError("DynamoDB Local is not installed; scripts/backends does it.")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    where = ["-inMemory"] if folder is None else ["-dbPath", str(folder)]
    command = [
        *("java", f"-Djava.library.path={jars}", "-cp", f"{jars}/*", str(ROOT / "infra/dynamodb_local/Loopback.java")),
        *("-disableTelemetry", "-sharedDb", "-port", str(port), *where),
    ]
    with _running(command, address, environment={}):
        yield address


@contextmanager
def minio(folder: Path, events_to: str) -> Iterator[Backends]:
    """MinIO, and how a gallery is to use it.

    Args:
        folder: for all that it keeps.
        events_to: the gallery's address for them.
    Raises:
        StartError: it is not installed, or did not start.
    """
    program = INSTALLED / "minio"
    if not program.is_file():
        raise StartError("MinIO is not installed; scripts/backends does it.")
    address = f"http://127.0.0.1:{free_port()}"
    backends = Backends(
        s3=address,
        s3_access_key_id="gallery",
        s3_secret_access_key=secrets.token_hex(16),
        s3_events_token=secrets.token_hex(16),
    )
    environment = {
        "MINIO_ROOT_USER": backends.s3_access_key_id,
        "MINIO_ROOT_PASSWORD": backends.s3_secret_access_key,
        "MINIO_NOTIFY_WEBHOOK_ENABLE_CAPTIONARY": "on",
        "MINIO_NOTIFY_WEBHOOK_ENDPOINT_CAPTIONARY": events_to,
        "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_CAPTIONARY": backends.s3_events_token,
        "MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_CAPTIONARY": str(folder / "events"),
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
    }
    command = [str(program), "server", "--quiet", "--address", address.removeprefix("http://"), str(folder / "data")]
    with _running(command, f"{address}/minio/health/ready", environment):
        yield backends


@contextmanager
def nginx(folder: Path, gallery_port: int) -> Iterator[Site]:
    """A server with TLS in front of a gallery on that port, by infra/nginx/captionary.conf.template.

    Args:
        folder: for all that it keeps.
    Raises:
        StartError: it is not installed, or did not start.
    """
    program = find_nginx()
    if not program:
        raise StartError("nginx is not installed; on Debian, apt-get install nginx-light does it.")
    plain, tls = free_port(), free_port()
    certificate, key = _certificate(folder)
    site = Site(f"https://localhost:{tls}", f"http://localhost:{plain}", certificate)
    template = string.Template((ROOT / "infra/nginx/captionary.conf.template").read_text())
    server = template.safe_substitute(
        SITE=site.address,
        NAME="localhost",
        HTTP=f"127.0.0.1:{plain}",
        HTTPS=f"127.0.0.1:{tls}",
        GALLERY=f"127.0.0.1:{gallery_port}",
        CERTIFICATE=certificate,
        CERTIFICATE_KEY=key,
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{server}\n}}\n"
    )
    command = [program, "-e", "stderr", "-p", str(folder), "-c", str(configuration)]
    with _running(command, site.plain, environment={}):
        yield site


def find_nginx() -> str | None:
    """Where nginx is, if it is; people's paths often lack its folder."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that it signs itself, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-out", str(certificate), "-keyout", str(key)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


@contextmanager
def _running(command: list[str], address: str, environment: dict[str, str]) -> Iterator[None]:
    """A program, from when this address answers."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not _answers(address):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise StartError(f"{command[0]} did not start: {log.read().decode(errors='replace')[-2000:]}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(address: str) -> bool:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=2)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status != http.client.SERVICE_UNAVAILABLE
    except OSError:
        return False
    finally:
        connection.close()
