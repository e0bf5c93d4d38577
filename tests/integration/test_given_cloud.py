"""`scripts/run --cloud`: the gallery as one stack in a cloud that somebody else runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from infra.clients import Clients, connect
from infra.deploy import STACK
from infra.ministack import free_port
from infra.sandbox import RunningGallery, eventually
from tests.integration.test_pipeline import ask_for_form, assert_complete, multipart

pytestmark = pytest.mark.integration

SIZE = (451, 300)  # of the cat


@contextmanager
def plain_ministack(folder: Path) -> Iterator[str]:
    """MiniStack as its own documentation starts it, and nothing of ours about it; its address."""
    folder.mkdir()
    address = f"http://127.0.0.1:{free_port()}"
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    settings = {"GATEWAY_PORT": address.rpartition(":")[2], "BIND_HOST": "127.0.0.1", "TMPDIR": str(folder)}
    with (folder / "log").open("w") as log:
        cloud = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            cwd=folder,
            env={**inherited, **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(lambda: answers(connect(address)))
        yield address
        assert cloud.poll() is None, "nobody stopped it"
    finally:
        cloud.terminate()
        cloud.wait(60)


def answers(clients: Clients) -> bool:
    try:
        clients.s3.list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True


def things_in(clients: Clients) -> set[str]:
    """Names of what is in a cloud."""
    return {
        *(bucket["Name"] for bucket in clients.s3.list_buckets()["Buckets"]),
        *clients.dynamodb.list_tables()["TableNames"],
        *(url.rpartition("/")[2] for url in clients.sqs.list_queues().get("QueueUrls", [])),
        *(function["FunctionName"] for function in clients.lambda_.list_functions()["Functions"]),
    }


def test_a_gallery_in_a_cloud_of_somebody_else(page: None, tmp_path: Path, cat: bytes) -> None:
    with plain_ministack(tmp_path / "cloud") as address:
        clients = connect(address)
        clients.s3.create_bucket(Bucket="somebodys")
        clients.s3.put_object(Bucket="somebodys", Key="a.jpg", Body=cat)
        clients.sqs.create_queue(QueueName="somebodys-queue")
        gallery = RunningGallery(tmp_path / "data", free_port(), options=("--cloud", address))

        gallery.start()
        assert gallery.endpoints["aws_endpoint"] == address
        assert gallery.request("GET", "/").status == 200
        dropped = gallery.settled(gallery.put("cat.jpg", cat))
        assert_complete(gallery, dropped, SIZE)
        assert gallery.request("GET", dropped["original_url"]).body == cat
        form = ask_for_form(gallery, len(cat))
        body, content_type = multipart(form["fields"], cat)
        assert gallery.request("POST", form["url"], body, Content_Type=content_type).status == 204
        assert_complete(gallery, gallery.settled(form["id"]), SIZE)
        before = gallery.all_images()
        assert gallery.stop() == 0, gallery.said
        assert f"The gallery stays in the cloud at {address}." in gallery.said

        things = things_in(clients)
        assert {"somebodys", "somebodys-queue"} <= things
        ours = things - {"somebodys", "somebodys-queue"}
        assert all(name.startswith(f"{STACK}-") for name in ours), ours
        assert clients.s3.get_object(Bucket="somebodys", Key="a.jpg")["Body"].read() == cat

        gallery.start()
        assert gallery.all_images() == before, "as it was left"
        assert gallery.settled(gallery.put("later.jpg", cat))["status"] == "ready"
        assert gallery.stop() == 0, gallery.said
        assert things_in(clients) == things


def test_a_cloud_that_goes_takes_the_gallery_along(page: None, tmp_path: Path) -> None:
    with plain_ministack(tmp_path / "cloud") as address:
        gallery = RunningGallery(tmp_path / "data", free_port(), options=("--cloud", address))
        gallery.start()
    gallery.wait_for_line(f"The cloud at {address} died; starting again.")
    gallery.wait_for_line(f"Nothing answers at {address}.")
    assert gallery.process is not None
    assert gallery.process.wait(60) == 1
