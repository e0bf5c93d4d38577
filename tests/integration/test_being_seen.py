"""What the gallery tells of itself: its activity, and the way of each photo in its logs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections import Counter
from typing import Any

import boto3
import pytest

from captionary.activity import STAGES
from infra.deploy import ROOT, STACK, deploy
from infra.models import SHIPPED
from infra.sandbox import RunningGallery, eventually
from tests.unit.log import check_metrics

pytestmark = pytest.mark.integration

Line = dict[str, Any]


def lines_of(gallery: RunningGallery, image_id: str) -> list[Line]:
    """What `grep ID logs/*.log` finds, in the order of time."""
    found = subprocess.run(
        ["grep", "-h", image_id, *sorted((gallery.data / "logs").glob("*.log"))],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    return sorted(map(json.loads, found), key=lambda line: str(line["timestamp"]))


def way_of(gallery: RunningGallery, image_id: str) -> list[str]:
    """The events of a photo's way, in a word or two each."""
    return [
        f"{line['service']}: {line['outcome'] if line['message'] == 'photo' else line['route']}"
        for line in lines_of(gallery, image_id)
        if line.get("route") != "GET /images/{id}"  # asked by the test itself
    ]


def activity(gallery: RunningGallery, minutes: int = 10) -> Counter[str]:
    """Sums over the last minutes."""
    told = gallery.request("GET", f"/api/activity?minutes={minutes}").json
    sums: Counter[str] = Counter()
    for step in told["items"]:
        sums.update({name: value for name, value in step.items() if isinstance(value, int)})
    return sums


def send(gallery: RunningGallery, method: str, path: str, body: Any = None) -> None:
    content = json.dumps(body).encode() if body is not None else b""
    answer = gallery.request(method, path, content, Content_Type="application/json")
    assert answer.status < 300, answer.body


def test_the_way_of_a_photo_is_found_by_its_id(gallery: RunningGallery, cat: bytes) -> None:
    answer = gallery.request("POST", "/api/images", cat, Content_Type="image/jpeg", X_Filename="a%0A%E2%80%A8b.jpg")
    image_id = answer.json["id"]
    gallery.settled(image_id)
    send(gallery, "PATCH", f"/api/images/{image_id}", {"caption": "Mimi"})
    send(gallery, "POST", f"/api/images/{image_id}/feedback", {"verdict": "right"})
    send(gallery, "POST", f"/api/images/{image_id}/retry")
    eventually(lambda: way_of(gallery, image_id).count("caption: ready") == 2)
    send(gallery, "POST", "/api/images/delete", {"ids": [image_id]})
    eventually(lambda: "caption: removed" in way_of(gallery, image_id))
    assert way_of(gallery, image_id) == [
        "upload: POST /images",
        "caption: ready",
        "api: PATCH /images/{id}",
        "api: POST /images/{id}/feedback",
        "api: POST /images/{id}/retry",
        "caption: ready",
        "api: POST /images/delete",
        "caption: removed",
    ]
    lines = lines_of(gallery, image_id)
    assert all(line["request_id"] for line in lines)
    [upload, photo] = lines[0], next(line for line in lines if line.get("outcome") == "ready")
    assert upload["key"] == photo["key"]
    assert photo["model"].startswith("starter ")
    assert list(photo["ms"]) == list(STAGES)
    assert photo["message_id"]
    check_metrics(upload, {"stack", "service", "route"})


def test_each_invocation_of_the_caption_function_tells_its_metrics(gallery: RunningGallery, cat: bytes) -> None:
    image_id = gallery.put(f"{uuid.uuid4()}.jpg", cat)
    gallery.settled(image_id)

    def batch() -> Line | None:
        requests = {line["request_id"] for line in lines_of(gallery, image_id)}
        text = (gallery.data / "logs" / f"{STACK}-caption.log").read_text()
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return next((line for line in lines if line["message"] == "batch" and line["request_id"] in requests), None)

    line = eventually(batch)
    check_metrics(line, {"stack", "service"})
    assert (line["stack"], line["service"]) == (STACK, "caption")
    assert line["ready"] == [1.0]
    assert 0 <= line["wait_seconds"][0] < 30
    assert line["tries"] == [1.0]


def test_activity_tells_of_what_was_done_also_of_what_was_done_twice(gallery: RunningGallery, cat: bytes) -> None:
    before = activity(gallery)
    keys = [f"{uuid.uuid4()}.jpg" for _ in range(6)]
    ids = [gallery.put(key, cat) for key in keys] + [gallery.put(f"{uuid.uuid4()}.jpg", b"junk")]
    for image_id in ids:
        gallery.settled(image_id)
    queue = gallery.endpoints["ingest_queue"]
    event = {"eventName": "ObjectCreated:Put", "s3": {"object": {"key": keys[0], "sequencer": "00"}}}
    for _ in range(3):
        gallery.clients.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"Records": [event]}))
    gallery.clients.s3.delete_object(Bucket=gallery.endpoints["images_bucket"], Key=keys[1])

    def done() -> Counter[str] | None:
        now = activity(gallery)
        now.subtract(before)
        return now if now["removed"] and now["unchanged"] >= 3 else None

    now = eventually(done)
    assert (now["ready"], now["failed"], now["unchanged"], now["removed"]) == (6, 1, 3, 1)
    told = gallery.request("GET", "/api/activity").json
    assert told["per_minute"] > 0
    [*_, last] = [step for step in told["items"] if step["ready"]]
    assert set(last["ms"]) == set(STAGES)
    assert last["wait_seconds"] is not None
    assert activity(gallery, 1440)["ready"] >= 6


def test_activity_survives_a_restart_and_its_items_go_by_themselves(own_gallery: RunningGallery, cat: bytes) -> None:
    own_gallery.start()
    own_gallery.settled(own_gallery.put("a.jpg", cat))
    eventually(lambda: activity(own_gallery)["ready"] == 1)
    assert own_gallery.stop() == 0
    own_gallery.start()
    assert activity(own_gallery)["ready"] == 1
    items = own_gallery.clients.dynamodb.scan(
        TableName=own_gallery.endpoints["table"],
        FilterExpression="begins_with(pk, :a)",
        ExpressionAttributeValues={":a": {"S": "activity#"}},
    )["Items"]
    left = {int(item["expires_at"]["N"]) - time.time() for item in items}
    assert all(0 < seconds <= 2 * 24 * 3600 for seconds in left)


def test_what_recovery_does_is_told_too(own_gallery: RunningGallery, cat: bytes) -> None:
    own_gallery.start()
    image_id = own_gallery.put("lost and found.jpg", cat)
    before = own_gallery.settled(image_id)
    key = {"pk": {"S": f"image#{image_id}"}, "sk": {"S": "record"}}
    own_gallery.clients.dynamodb.delete_item(TableName=own_gallery.endpoints["table"], Key=key)
    assert own_gallery.stop() == 0
    own_gallery.start()
    assert eventually(lambda: own_gallery.image(image_id)) == before
    assert way_of(own_gallery, image_id) == ["caption: ready", "recovery: restored"]


def client(gallery: RunningGallery, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=gallery.endpoints["aws_endpoint"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def test_alarms_are_told_by_mail_where_there_is_an_address(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    cloudwatch, sns = client(own_gallery, "cloudwatch"), client(own_gallery, "sns")
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    assert {(alarm["Namespace"], alarm["MetricName"]) for alarm in alarms} == {
        ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("AWS/Lambda", "Errors"),
        ("AWS/ApiGateway", "5XXError"),
    }
    assert all(alarm["Dimensions"][0]["Value"].startswith(STACK) for alarm in alarms)
    assert all(not alarm["AlarmActions"] for alarm in alarms)
    assert sns.list_topics()["Topics"] == []

    site = own_gallery.endpoints["site"].rstrip("/")
    deploy(own_gallery.clients, SHIPPED / "starter", {"PublicS3Endpoint": site, "AlarmEmail": "you@example.org"})
    [topic] = sns.list_topics()["Topics"]
    [subscription] = sns.list_subscriptions()["Subscriptions"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "you@example.org")
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    assert len(alarms) == 4
    assert all(alarm["AlarmActions"] == alarm["OKActions"] == [topic["TopicArn"]] for alarm in alarms)


def test_watching(gallery: RunningGallery, cat: bytes) -> None:
    """Ctrl-C ends it as one expects."""
    gallery.settled(gallery.put(f"{uuid.uuid4()}.jpg", cat))
    process = subprocess.Popen(
        [sys.executable, "-m", "commands", "status", "--watch", "--json", "--data", str(gallery.data)],
        env={"PYTHONPATH": ":".join(map(str, (ROOT, ROOT / "layers/core/python", ROOT / "scripts"))), "PATH": "/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    seen = [json.loads(process.stdout.readline()) for _ in range(2)]
    process.send_signal(2)
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, "")
    assert all(look["status"]["counts"]["ready"] >= 1 for look in seen)
    assert len(seen[0]["activity"]["items"]) == 30
