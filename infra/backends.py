"""Other servers for the photos and the table than the local cloud: MinIO for S3, DynamoDB Local for DynamoDB.

All else stays with the local cloud: functions, queues, the API. What is given here is told to the functions by the
variables that the AWS SDK reads, so that neither they nor template.yaml know of it; S3 alone has keys of its own,
for such a server knows nothing of the functions' roles. Their buckets and table are made as template.yaml has them.

The S3 server tells of what happens in the bucket by a webhook, the front door's `POST /events/s3`: docs/backends.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from .errors import StartError

if TYPE_CHECKING:
    from .clients import Clients

WEBHOOK = "arn:minio:sqs::CAPTIONARY:webhook"  # MinIO's name for what MINIO_NOTIFY_WEBHOOK_..._CAPTIONARY set up
KEY_ID_VARIABLE = "CAPTIONARY_S3_ACCESS_KEY_ID"
SECRET_KEY_VARIABLE = "CAPTIONARY_S3_SECRET_ACCESS_KEY"
EVENTS_TOKEN_VARIABLE = "CAPTIONARY_S3_EVENTS_TOKEN"
EVENTS_TOKEN_CHARACTERS = 16  # at least: it lets in whoever would have the gallery look at photos
_ADDRESS = re.compile(r"https?://[^/?#@\s]+/?")


@dataclass(frozen=True)
class Backends:
    """Which servers take the place of the local cloud's own; none, where nothing is given."""

    s3: str = ""  # address, without a path
    s3_access_key_id: str = ""
    s3_secret_access_key: str = field(default="", repr=False)
    s3_events: str = WEBHOOK  # where that server sends its events, by the name that it has for it
    s3_events_token: str = field(default="", repr=False)  # that it shows with them
    dynamodb: str = ""  # address, without a path

    def environment(self) -> dict[str, str]:
        """Variables for the functions."""
        variables = {"AWS_ENDPOINT_URL_DYNAMODB": self.dynamodb}
        if self.s3:
            variables |= {
                "AWS_ENDPOINT_URL_S3": self.s3,
                "S3_ACCESS_KEY_ID": self.s3_access_key_id,
                "S3_SECRET_ACCESS_KEY": self.s3_secret_access_key,
            }
        return {name: value for name, value in variables.items() if value}

    def settings(self) -> dict[str, str]:
        """All of it, secrets too; nothing, where it is nothing."""
        return asdict(self) if self.s3 or self.dynamodb else {}


def choose_backends(
    s3: str | None, s3_events: str | None, dynamodb: str | None, environment: Mapping[str, str]
) -> Backends:
    """What the options ask for, with what they leave to the environment.

    Raises:
        StartError: it can't be.
    """
    keys = [environment.get(name, "") for name in (KEY_ID_VARIABLE, SECRET_KEY_VARIABLE, EVENTS_TOKEN_VARIABLE)]
    if s3_events and not s3:
        raise StartError("--s3-events is about the server that --s3 names; give both, or neither.")
    if s3:
        if not (keys[0] and keys[1]):
            raise StartError(f"--s3 {s3} needs the server's keys in {KEY_ID_VARIABLE} and {SECRET_KEY_VARIABLE}.")
        if len(keys[2]) < EVENTS_TOKEN_CHARACTERS:
            raise StartError(
                f"--s3 {s3} needs a secret of {EVENTS_TOKEN_CHARACTERS} characters or more in {EVENTS_TOKEN_VARIABLE}, "
                "by which the server shows that its events are its own. A good one is made by: openssl rand -hex 16"
            )
    return Backends(
        s3=_address("--s3", s3),
        s3_access_key_id=keys[0] if s3 else "",
        s3_secret_access_key=keys[1] if s3 else "",
        s3_events=s3_events or WEBHOOK,
        s3_events_token=keys[2] if s3 else "",
        dynamodb=_address("--dynamodb", dynamodb),
    )


def prepare(clients: Clients, backends: Backends, template: dict[str, Any], names: Mapping[str, str]) -> None:
    """Make the buckets and the table where they are missing, and have the server tell what happens to photos.

    Args:
        names: of the buckets and the table, by the names of the stack's outputs.
    Raises:
        StartError: a server does not answer, or refuses.
    """
    resources = {name: resource.get("Properties", {}) for name, resource in template["Resources"].items()}
    if backends.s3:
        try:
            for output in ("ImagesBucketName", "MediaBucketName"):
                _ensure_bucket(clients, names[output])
            _tell_events(clients, backends, names["ImagesBucketName"], resources["ImagesBucket"])
        except (BotoCoreError, ClientError) as exc:
            raise StartError(f"The S3 server {backends.s3} can't be used: {exc}") from exc
    if backends.dynamodb:
        try:
            _ensure_table(clients, names["TableName"], resources["Table"])
        except (BotoCoreError, ClientError) as exc:
            raise StartError(f"The DynamoDB server {backends.dynamodb} can't be used: {exc}") from exc


def _ensure_bucket(clients: Clients, bucket: str) -> None:
    try:
        clients.s3.head_bucket(Bucket=bucket)
    except ClientError as exc:
        if exc.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
        clients.s3.create_bucket(Bucket=bucket)


def _tell_events(clients: Clients, backends: Backends, bucket: str, properties: dict[str, Any]) -> None:
    wanted = properties["NotificationConfiguration"]["QueueConfigurations"]
    events: Any = [{"QueueArn": backends.s3_events, "Events": [configuration["Event"] for configuration in wanted]}]
    clients.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": events}
    )


def _ensure_table(clients: Clients, table: str, properties: dict[str, Any]) -> None:
    dynamodb = clients.dynamodb
    try:
        dynamodb.describe_table(TableName=table)
    except dynamodb.exceptions.ResourceNotFoundException:
        described: Any = {name: properties[name] for name in ("BillingMode", "AttributeDefinitions", "KeySchema")}
        dynamodb.create_table(TableName=table, **described)
        dynamodb.get_waiter("table_exists").wait(TableName=table)
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=properties["TimeToLiveSpecification"])


def _address(option: str, given: str | None) -> str:
    if given is None:
        return ""
    if not _ADDRESS.fullmatch(given):
        raise StartError(
            f"{option} is the address of a server, such as http://127.0.0.1:9000 without a path; received {given!r}."
        )
    return given.rstrip("/")
