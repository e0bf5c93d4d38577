from __future__ import annotations

import re
from typing import Any

import pytest

from infra.backends import (
    EVENTS_TOKEN_VARIABLE,
    KEY_ID_VARIABLE,
    SECRET_KEY_VARIABLE,
    WEBHOOK,
    Backends,
    choose_backends,
    prepare,
)
from infra.clients import Clients, connect
from infra.deploy import read_template
from infra.errors import StartError
from tests.unit.conftest import Aws

KEYS = {KEY_ID_VARIABLE: "gallery", SECRET_KEY_VARIABLE: "secret-key", EVENTS_TOKEN_VARIABLE: "token-of-the-events"}
MINIO = "http://127.0.0.1:9000"
NAMES = {"ImagesBucketName": "new-images", "MediaBucketName": "images", "TableName": "new-photos"}


def test_nothing_else_than_the_local_cloud() -> None:
    assert choose_backends(None, None, None, KEYS) == Backends()
    assert Backends().environment() == Backends().settings() == {}


def test_what_the_functions_are_told() -> None:
    backends = choose_backends(MINIO + "/", None, "http://127.0.0.1:8000", KEYS)
    assert backends.environment() == {
        "AWS_ENDPOINT_URL_S3": MINIO,
        "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000",
        "S3_ACCESS_KEY_ID": "gallery",
        "S3_SECRET_ACCESS_KEY": "secret-key",
    }
    assert Backends(**backends.settings()) == backends
    assert "secret-key" not in repr(backends)
    assert "token-of-the-events" not in repr(backends)


@pytest.mark.parametrize(
    ("options", "without", "says"),
    [
        ((MINIO, None, None), KEY_ID_VARIABLE, KEY_ID_VARIABLE),
        ((MINIO, None, None), SECRET_KEY_VARIABLE, SECRET_KEY_VARIABLE),
        ((MINIO, None, None), EVENTS_TOKEN_VARIABLE, "openssl rand -hex 16"),
        ((None, WEBHOOK, None), "", "give both"),
        (("127.0.0.1:9000", None, None), "", "--s3 is the address"),
        ((None, None, "http://127.0.0.1:8000/shell"), "", "without a path"),
        ((None, None, "http://me:secret@127.0.0.1:8000"), "", "--dynamodb is the address"),
    ],
)
def test_what_can_not_be(options: tuple[Any, Any, Any], without: str, says: str) -> None:
    with pytest.raises(StartError, match=re.escape(says)):
        choose_backends(*options, {name: value for name, value in KEYS.items() if name != without})


def test_buckets_and_table_are_those_of_the_template(aws: Aws, others: Clients) -> None:
    queue = aws.sqs.get_queue_attributes(QueueUrl=aws.ingest_queue_url, AttributeNames=["QueueArn"])
    arn = queue["Attributes"]["QueueArn"]
    backends = Backends(s3="http://s3", s3_events=arn, dynamodb="http://dynamodb")
    for _ in range(2):  # and the second time nothing is left to do
        prepare(others, backends, read_template(), NAMES)
    told = aws.s3.get_bucket_notification_configuration(Bucket="new-images")["QueueConfigurations"]
    assert [(where["QueueArn"], where["Events"]) for where in told] == [
        (arn, ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])
    ]
    table = aws.dynamodb.describe_table(TableName="new-photos")["Table"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    ttl = aws.dynamodb.describe_time_to_live(TableName="new-photos")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires_at")
    aws.dynamodb.delete_table(TableName="new-photos")


def test_a_server_that_refuses_is_named(aws: Aws, others: Clients) -> None:
    with pytest.raises(StartError, match="The S3 server http://s3 can't be used: "):
        prepare(others, Backends(s3="http://s3", s3_events="arn:minio:sqs::OTHER:webhook"), read_template(), NAMES)


def test_each_client_goes_to_its_server() -> None:
    backends = Backends(
        s3=MINIO, s3_access_key_id="gallery", s3_secret_access_key="secret-key", dynamodb="http://d:8000"
    )
    clients = connect("http://127.0.0.1:4566", backends=backends)
    assert clients.s3.meta.endpoint_url == MINIO
    assert clients.dynamodb.meta.endpoint_url == "http://d:8000"
    assert clients.sqs.meta.endpoint_url == "http://127.0.0.1:4566"
    own = connect("http://127.0.0.1:4566")
    assert own.s3.meta.endpoint_url == own.dynamodb.meta.endpoint_url == "http://127.0.0.1:4566"


@pytest.fixture
def others(aws: Aws) -> Clients:
    """Clients for servers that moto plays."""
    return Clients(aws.s3, aws.sqs, aws.dynamodb, *[None] * 3)  # type: ignore[arg-type]
