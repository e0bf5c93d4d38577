"""What is relied on in the local cloud, and how its traps are kept shut: an upgrade shows here what changed."""

from __future__ import annotations

import base64
import json
import socket
import urllib.error
import urllib.request
from importlib.metadata import version
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from captionary import events
from infra.deploy import STACK
from infra.sandbox import RunningGallery, eventually
from tests.running import PHOTOS

pytestmark = pytest.mark.integration


def test_the_version_whose_traps_are_known() -> None:
    assert version("ministack") == "1.5.33"


def test_it_listens_on_loopback_only(gallery: RunningGallery) -> None:
    ports = {gallery.port, int(gallery.endpoints["aws_endpoint"].rpartition(":")[2])}
    own = socket.gethostbyname(socket.gethostname())
    for port in ports:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        if not own.startswith("127."):
            with pytest.raises(OSError, match=r".+"):
                socket.create_connection((own, port), timeout=2)


@pytest.mark.parametrize("path", ["images_bucket", "media_bucket"])
def test_anonymous_calls_are_refused(gallery: RunningGallery, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{gallery.endpoints['aws_endpoint']}/{gallery.endpoints[path]}", timeout=5)
    with refusal.value:
        assert refusal.value.code == 403


def test_other_credentials_are_refused(gallery: RunningGallery) -> None:
    stranger = boto3.client(
        "s3",
        endpoint_url=gallery.endpoints["aws_endpoint"],
        region_name="us-east-1",
        aws_access_key_id="AKIASTRANGER0000000A",
        aws_secret_access_key="guess",
    )
    with pytest.raises(ClientError, match=r"InvalidAccessKeyId|Forbidden|403"):
        stranger.list_objects_v2(Bucket=gallery.endpoints["images_bucket"])


def test_functions_have_the_rights_of_their_roles_and_no_more(gallery: RunningGallery) -> None:
    """The whole pipeline runs under these roles, so what it needs is there; here is what it must not be able to do."""
    clients = gallery.clients
    roles = {
        name: clients.lambda_.get_function_configuration(FunctionName=f"{STACK}-{name}")["Role"]
        for name in ("api", "caption", "upload")
    }
    assert len(set(roles.values())) == 3
    event = {
        "httpMethod": "POST",
        "resource": "/images",
        "headers": {"content-type": "image/jpeg"},
        "body": base64.b64encode(b"\xff\xd8\xff").decode(),
        "isBase64Encoded": True,
    }
    iam = boto3.client(
        "iam",
        endpoint_url=gallery.endpoints["aws_endpoint"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    role = roles["upload"].rpartition("/")[2]
    policy = iam.list_role_policies(RoleName=role)["PolicyNames"]
    for name in policy:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    answer = clients.lambda_.invoke(FunctionName=f"{STACK}-upload", Payload=json.dumps(event).encode())
    assert json.loads(answer["Payload"].read())["statusCode"] == 500, "without its policy it can do nothing"


def test_workers_are_few(gallery: RunningGallery) -> None:
    """Two that the event source may have at work, and one that the warm-up may have started beside them."""
    cat = (PHOTOS / "cat.jpg").read_bytes()
    for image_id in [gallery.put(f"many/{i}.jpg", cat) for i in range(40)]:
        gallery.settled(image_id)
    temporary = gallery.data / "cloud" / "tmp"
    assert len([path for path in temporary.iterdir() if "captionary-caption" in path.name]) <= 3


def test_a_photo_is_captioned_soon_though_many_wait_for_nothing(gallery: RunningGallery) -> None:
    """The batching window is ignored: a single message does not wait for others."""
    clients = gallery.clients
    [mapping] = clients.lambda_.list_event_source_mappings(FunctionName=f"{STACK}-caption")["EventSourceMappings"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert gallery.settled(gallery.put("alone.jpg", (PHOTOS / "cat.jpg").read_bytes()))["status"] == "ready"


def test_what_fails_three_times_goes_to_the_dead_letters_and_shows_as_failed(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    clients, endpoints = own_gallery.clients, own_gallery.endpoints
    own_gallery.settled(own_gallery.put("before.jpg", (PHOTOS / "cat.jpg").read_bytes()))

    def configure(**change: Any) -> None:
        variables = {**configuration["Environment"]["Variables"], **change}
        clients.lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    name = f"{STACK}-caption"
    configuration: Any = clients.lambda_.get_function_configuration(FunctionName=name)
    configure(MEDIA_BUCKET="no-such-bucket", FIRST_RETRY_SECONDS="1")
    image_id = own_gallery.put("unlucky.jpg", (PHOTOS / "cat.jpg").read_bytes())
    image = own_gallery.settled(image_id, seconds=90)
    assert (image["status"], image["error"]["code"]) == ("failed", "internal")

    def dead_letters() -> int:
        return int(own_gallery.request("GET", "/api/status").json["queue"]["dead_letters"])

    eventually(lambda: dead_letters() == 1)
    configure()
    clients.sqs.send_message(
        QueueUrl=endpoints["ingest_queue"],
        MessageBody=events.look_again(endpoints["images_bucket"], "unlucky.jpg"),
    )
    eventually(lambda: (image := own_gallery.image(image_id)) and image["status"] == "ready")
