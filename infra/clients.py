"""Clients for the local cloud, by LocalStack's conventions: any LocalStack-compatible endpoint will do."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from localstack_client.session import Session

from .backends import Backends

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

REGION = "us-east-1"
ACCESS_KEY = SECRET_KEY = "test"
NO_OTHERS = Backends()
INVOCATION_SECONDS = 180  # that a function's answer is waited for: longer than any may take, and a network's loading


@dataclass(frozen=True)
class Clients:
    """One client for each service that is worked with."""

    s3: S3Client
    sqs: SQSClient
    dynamodb: DynamoDBClient
    lambda_: LambdaClient
    cloudformation: CloudFormationClient
    secretsmanager: Any


def connect(endpoint: str, *, connections: int = 16, backends: Backends = NO_OTHERS) -> Clients:
    """Clients for the local cloud at `endpoint`, e.g. http://127.0.0.1:4566.

    Args:
        backends: servers that take the place of its S3 and its DynamoDB.
    """
    local = session(endpoint)
    config = Config(
        max_pool_connections=connections,
        retries={"mode": "standard", "max_attempts": 5},
        s3={"addressing_style": "path"},
    )

    def client(service: str, **more: Any) -> Any:
        return local.client(service, config=config.merge(Config(**more)))

    def other(service: Any, address: str, key_id: str, secret_key: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=address,
            region_name=REGION,
            config=config,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret_key,
        )

    s3, dynamodb = backends.s3, backends.dynamodb
    return Clients(
        other("s3", s3, backends.s3_access_key_id, backends.s3_secret_access_key) if s3 else client("s3"),
        client("sqs"),
        other("dynamodb", dynamodb, ACCESS_KEY, SECRET_KEY) if dynamodb else client("dynamodb"),
        client("lambda", read_timeout=INVOCATION_SECONDS),
        client("cloudformation"),
        client("secretsmanager"),
    )


def session(endpoint: str) -> Session:
    """LocalStack's own, for the local cloud at `endpoint`."""
    ignore_personal_settings()
    return Session(
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name=REGION,
        localstack_host=urlsplit(endpoint).netloc,
    )


def ignore_personal_settings() -> None:
    """Keep this process, and what it starts, away from the person's own AWS account, profiles and proxies."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = _reached_without_proxy()


def _reached_without_proxy() -> str:
    """The person's own list of hosts, for what is started here may fetch from a mirror, and this machine."""
    given = f"{os.environ.get('NO_PROXY', '')},{os.environ.get('no_proxy', '')}".replace(" ", "").split(",")
    hosts = dict.fromkeys([*filter(None, given), "127.0.0.1", "localhost"])
    return "*" if "*" in hosts else ",".join(hosts)  # a star is understood only where it stands alone
