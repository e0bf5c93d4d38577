"""Galleries of tests on other servers, where CAPTIONARY_TEST_ON names some: minio, dynamodb-local, nginx.

`scripts/test --backends` runs integration tests so. Each gallery has servers of its own, which outlive its restarts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from infra import servers
from infra.backends import EVENTS_TOKEN_VARIABLE, KEY_ID_VARIABLE, SECRET_KEY_VARIABLE
from infra.sandbox import RunningGallery
from tests.running import TOKEN

NAMED = os.environ.get("CAPTIONARY_TEST_ON", "").split()
assert set(NAMED) <= {"minio", "dynamodb-local", "nginx"}, NAMED

LONGEST_PART = 255 if "minio" in NAMED else 1024  # bytes of a key between two slashes
needs_own_s3 = pytest.mark.skipif("minio" in NAMED, reason="about the local cloud's own S3")
needs_own_table = pytest.mark.skipif("dynamodb-local" in NAMED, reason="about the local cloud's own table")


@contextmanager
def on_other_servers(gallery: RunningGallery, folder: Path) -> Iterator[None]:
    """Have a gallery that is not started yet stand on the servers that are named."""
    with ExitStack() as running:
        if "minio" in NAMED:
            door = f"http://127.0.0.1:{gallery.port}"
            backends = running.enter_context(servers.minio(folder / "minio", f"{door}/events/s3"))
            gallery.options += ("--s3", backends.s3)
            gallery.environment |= {
                KEY_ID_VARIABLE: backends.s3_access_key_id,
                SECRET_KEY_VARIABLE: backends.s3_secret_access_key,
                EVENTS_TOKEN_VARIABLE: backends.s3_events_token,
            }
        if "dynamodb-local" in NAMED:
            gallery.options += ("--dynamodb", running.enter_context(servers.dynamodb_local()))
        if "nginx" in NAMED:
            gallery.site = running.enter_context(servers.nginx(folder, gallery.port))
            gallery.options += ("--site", gallery.site.address)
            gallery.token = gallery.token or TOKEN
        yield
