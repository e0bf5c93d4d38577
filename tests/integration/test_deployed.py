"""The whole story in the local cloud, with what would go to AWS: the same command, the same zips, Lambda's Python.

The functions run from their zips and layers alone, with nothing of the project's environment on their path.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from captionary import events, identity
from captionary.catalog import Catalog
from infra import feed
from infra.clients import Clients, connect
from infra.data_folder import DataFolder
from infra.deploy import ROOT
from infra.ministack import MiniStack, free_port
from infra.sandbox import Answer, RunningGallery, eventually
from tests.lambda_python import VERSION, find_or_fetch
from tests.running import PHOTOS

pytestmark = pytest.mark.integration

NAME = "proof"
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]


@dataclass
class Cloud:
    """A local cloud with nothing in it, and `scripts/deploy`."""

    mini: MiniStack
    data: DataFolder
    said: str = ""
    token: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def clients(self) -> Clients:
        return connect(self.mini.endpoint)

    def run(self, *arguments: str, status: int = 0) -> str:
        """What `scripts/deploy` says."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": self.mini.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in (".", "layers/core/python", "scripts")),
        }
        command = [sys.executable, "-m", "deployment", "--stack", NAME, "--region", "us-east-1", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def deploy(self) -> None:
        """Deploy as one would to AWS."""
        self.said = self.run("--arch", ARCHITECTURE, "--model", "starter", "--edge", "cloudfront")
        if made_up := re.search(r"^Access token: (\S+)$", self.said, re.MULTILINE):
            self.token = made_up[1]
        [stack] = self.clients.cloudformation.describe_stacks(StackName=NAME)["Stacks"]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def request(self, method: str, path: str, body: bytes | None = None, **more: Any) -> Answer:
        """A request of the REST API, past the edge."""
        base = f"{self.mini.endpoint}/restapis/{self.outputs['ApiId']}/api/_user_request_"
        address = path if path.startswith("http") else base + path
        asking = RunningGallery(self.data.path, 0, token=self.token if address.startswith(base) else "")
        return asking.request(method, address, body, **more)

    def settled(self, image_id: str) -> dict[str, Any]:
        """A photo, once it has its caption."""

        def look() -> dict[str, Any] | None:
            answer = self.request("GET", f"/images/{image_id}")
            return answer.json if answer.status == 200 and answer.json["status"] != "pending" else None

        return eventually(look)

    def put(self, key: str, data: bytes) -> str:
        """Drop a photo into the bucket; its id."""
        self.clients.s3.put_object(Bucket=self.outputs["ImagesBucketName"], Key=key, Body=data)
        return identity.image_id(key)

    def media(self, address: str) -> bytes:
        """What the edge would get for an address beneath /media/."""
        key = address.removeprefix("/media/")
        return self.clients.s3.get_object(Bucket=self.outputs["MediaBucketName"], Key=key)["Body"].read()


@pytest.fixture(scope="module")
def cloud(page: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("deployed")
    python = find_or_fetch(folder / "python")
    if python is None:
        pytest.skip(f"there is no Python {VERSION} here, and none could be fetched")
    data = DataFolder(folder / "data")
    data.open()
    port = free_port()
    cloud = Cloud(MiniStack(data, port, f"127.0.0.1:{port}", python), data)
    cloud.mini.start()
    try:
        cloud.deploy()
        yield cloud
    finally:
        cloud.mini.kill()
        data.close()


def test_photos_come_in_by_api_and_by_bucket_and_go_again(cloud: Cloud) -> None:
    cat = (PHOTOS / "cat.jpg").read_bytes()
    uploaded = cloud.request("POST", "/images", cat, Content_Type="image/jpeg", X_Filename="cat.jpg")
    assert uploaded.status == 202, uploaded.body
    dropped = cloud.put("holidays/rocket.jpg", (PHOTOS / "rocket.jpg").read_bytes())
    posted = post_by_form(cloud, (PHOTOS / "coffee.jpg").read_bytes())
    ids = [uploaded.json["id"], dropped, posted]

    for image in [cloud.settled(image_id) for image_id in ids]:
        assert image["status"] == "ready", image
        assert image["caption"]
        assert image["model"]["name"] == "starter"
        for address in (image["thumb_url"], image["preview_url"]):
            assert cloud.media(address).startswith(b"\xff\xd8\xff")

    assert {image["id"] for image in cloud.request("GET", "/images").json["items"]} == set(ids)
    word = cloud.settled(dropped)["caption"].split()[1]
    found = cloud.request("GET", f"/images?q={word}").json["items"]
    assert dropped in {image["id"] for image in found}
    assert cloud.request("GET", f"/images/{dropped}/similar").status == 200
    original = cloud.request("GET", f"/images/{ids[0]}/original", redirect=False)
    assert cloud.request("GET", original.headers["Location"]).body == cat
    edit = json.dumps({"caption": "A cat."}).encode()
    assert (
        cloud.request("PATCH", f"/images/{ids[0]}", edit, Content_Type="application/json").json["caption"] == "A cat."
    )

    thumbnail = cloud.settled(ids[0])["thumb_url"]
    assert cloud.request("DELETE", f"/images/{ids[0]}").status == 204
    cloud.clients.s3.delete_object(Bucket=cloud.outputs["ImagesBucketName"], Key="holidays/rocket.jpg")
    eventually(lambda: [image["id"] for image in cloud.request("GET", "/images").json["items"]] == [posted])
    eventually(lambda: is_gone(cloud, thumbnail))


def post_by_form(cloud: Cloud, data: bytes) -> str:
    """Post a photo straight to the bucket, as the page does; its id."""
    wish = json.dumps({"filename": "coffee.jpg", "content_type": "image/jpeg", "size": len(data)}).encode()
    form = cloud.request("POST", "/uploads", wish, Content_Type="application/json").json
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in form["fields"].items()]
    file = '--x\r\nContent-Disposition: form-data; name="file"; filename="coffee.jpg"\r\n\r\n'
    body = "".join([*parts, file]).encode() + data + b"\r\n--x--\r\n"
    answer = cloud.request("POST", form["url"], body, Content_Type="multipart/form-data; boundary=x")
    assert answer.status == 204, answer.body
    return str(form["id"])


def is_gone(cloud: Cloud, address: str) -> bool:
    """Whether the edge would find nothing there."""
    try:
        cloud.media(address)
    except cloud.clients.s3.exceptions.NoSuchKey:
        return True
    return False


def test_a_photo_that_comes_again_is_read_in_a_process_of_its_own(cloud: Cloud) -> None:
    """Which has to find the layers, too."""
    bucket, deployed = cloud.outputs["ImagesBucketName"], cloud.outputs["CaptionFunctionName"]
    with feed.paused(cloud.clients, cloud.outputs["IngestQueueUrl"], deployed):
        image_id = cloud.put("suspect.jpg", (PHOTOS / "cat.jpg").read_bytes())
        message = {
            "messageId": "second",
            "receiptHandle": "none",
            "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "0"},
            "body": events.look_again(bucket, "suspect.jpg"),
        }
        payload = json.dumps({"Records": [message]}).encode()
        answer = cloud.clients.lambda_.invoke(FunctionName=deployed, Payload=payload)
        assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
        image = cloud.request("GET", f"/images/{image_id}").json
        assert (image["status"], image["error"]) == ("ready", None)


def test_dead_letters_are_dealt_with(cloud: Cloud) -> None:
    """As the queue would bring them, if captioning failed again and again."""
    bucket, key, deployed = cloud.outputs["ImagesBucketName"], "unlucky.jpg", cloud.outputs["CaptionFunctionName"]
    with feed.paused(cloud.clients, cloud.outputs["IngestQueueUrl"], deployed):
        image_id = cloud.put(key, (PHOTOS / "cat.jpg").read_bytes())
        assert look_at_letter(cloud, events.look_again(bucket, key)) == [], "it is queued once more"
        assert look_at_letter(cloud, events.look_again(bucket, key, last=True)) == ["letter"]
        assert cloud.request("GET", f"/images/{image_id}").json["error"]["code"] == "internal"
        cloud.clients.s3.delete_object(Bucket=bucket, Key=key)
        gone = {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": "F" * 16}}
        told = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectRemoved:Delete", "s3": gone}]}
        assert look_at_letter(cloud, json.dumps(told)) == []
        assert cloud.request("GET", f"/images/{image_id}").status == 404


def test_a_dead_letter_brings_back_a_caption_that_the_table_forgot(cloud: Cloud) -> None:
    bucket, key = cloud.outputs["ImagesBucketName"], "forgotten.jpg"
    image_id = cloud.put(key, (PHOTOS / "cat.jpg").read_bytes())
    caption = cloud.settled(image_id)["caption"]
    catalog = Catalog(cloud.clients.dynamodb, cloud.outputs["TableName"])
    record = catalog.get(image_id)
    assert record is not None
    catalog.write(replace(record, status="pending", caption="", labels=(), attempt=1), record)
    assert look_at_letter(cloud, events.look_again(bucket, key, last=True)) == []
    image = cloud.request("GET", f"/images/{image_id}").json
    assert (image["status"], image["caption"]) == ("ready", caption)


def look_at_letter(cloud: Cloud, body: str) -> list[str]:
    """Have a letter looked at; its name, if it stays."""
    event = {"Records": [{"messageId": "letter", "body": body}]}
    answer = cloud.clients.lambda_.invoke(FunctionName=f"{NAME}-dead-letters", Payload=json.dumps(event).encode())
    told = json.loads(answer["Payload"].read())
    return [each["itemIdentifier"] for each in told["batchItemFailures"]]


def test_the_functions_have_lambdas_python_and_nothing_of_the_projects_environment(cloud: Cloud) -> None:
    cloud.settled(cloud.put("one.jpg", (PHOTOS / "cat.jpg").read_bytes()))
    workers = {pid: maps for pid, maps in mapped(cloud) if "/layer_" in maps}
    assert workers
    for maps in workers.values():
        assert f"python{VERSION}" in maps
        assert f"cpython-{VERSION.replace('.', '')}-" in maps, "compiled parts are those of that Python"
        assert str(ROOT / ".venv") not in maps
        assert sys.prefix not in maps


def mapped(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """What the processes of the local cloud have in memory, by process id."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if str(cloud.data.temporary) in (process / "cmdline").read_text():
                    yield process.name, (process / "maps").read_text()
            except OSError:  # it has ended
                continue


def test_without_the_token_nobody_gets_in(cloud: Cloud) -> None:
    token, cloud.token = cloud.token, ""
    try:
        assert cloud.request("GET", "/images").status == 401
    finally:
        cloud.token = token


def test_the_page_lies_in_its_bucket(cloud: Cloud) -> None:
    s3, bucket = cloud.clients.s3, cloud.outputs["SiteBucketName"]
    index = s3.head_object(Bucket=bucket, Key="index.html")
    assert (index["ContentType"], index["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")
    assets = s3.list_objects_v2(Bucket=bucket, Prefix="assets/")["Contents"]
    script = next(asset["Key"] for asset in assets if asset["Key"].endswith(".js"))
    found = s3.head_object(Bucket=bucket, Key=script)
    assert found["ContentType"] == "text/javascript; charset=utf-8"
    assert found["CacheControl"] == "public, max-age=31536000, immutable"
    assert f"Gallery: {cloud.outputs['SiteUrl']}" in cloud.said


def test_the_artifacts_are_private_and_encrypted(cloud: Cloud) -> None:
    s3, bucket = cloud.clients.s3, f"{NAME}-artifacts-000000000000-us-east-1"
    access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(access.values())
    [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_another_deployment_changes_nothing_and_a_removal_keeps_the_photos(cloud: Cloud) -> None:
    image_id = cloud.put("kept.jpg", (PHOTOS / "astronaut.jpg").read_bytes())
    before, outputs = cloud.settled(image_id), cloud.outputs
    token = cloud.token
    cloud.deploy()
    assert cloud.outputs == outputs
    assert "uploaded" not in cloud.said
    assert "The page is up to date." in cloud.said
    assert (cloud.token, cloud.request("GET", f"/images/{image_id}").json) == (token, before)

    told = cloud.run("--remove", "--yes")
    assert f"{NAME}-images-000000000000-us-east-1: the photos" in told
    buckets = {each["Name"] for each in cloud.clients.s3.list_buckets()["Buckets"]}
    assert buckets == {f"{NAME}-{kind}-000000000000-us-east-1" for kind in ("images", "media")}

    cloud.deploy()
    assert cloud.token != token, "a new gallery has a new token"
    assert cloud.settled(image_id) == before
    assert cloud.settled(cloud.put("more.jpg", (PHOTOS / "cat.jpg").read_bytes()))["status"] == "ready"

    assert "Kept" not in cloud.run("--remove", "--with-photos", "--yes")
    assert cloud.clients.s3.list_buckets()["Buckets"] == []
    assert cloud.clients.dynamodb.list_tables()["TableNames"] == []
    assert "There is nothing" in cloud.run("--remove", "--yes")
