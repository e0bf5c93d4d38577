"""AWS as moto plays it: quick, in this process, and nothing of a person's own account in reach.

`scripts/test --backends` has the table in Amazon's DynamoDB Local instead.
"""

from __future__ import annotations

import copy
import functools
import importlib.util
import io
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.loaders import JSONFileLoader
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb import models as dynamodb_models
from moto.dynamodb.models.table import Table

from captionary.catalog import Catalog
from captionary.gallery import Gallery, sidecar
from captionary.records import Record
from captionary.storage import Storage
from infra.servers import dynamodb_local
from tests import backends
from tests.unit.log import Line, read_lines

ROOT = Path(__file__).parents[2]
IMAGES, MEDIA, TABLE = "images", "media", "photos"


@dataclass
class Aws:
    """The resources of template.yaml, as far as the functions use them."""

    s3: Any
    dynamodb: Any
    sqs: Any
    ingest_queue_url: str
    dead_letter_queue_url: str


real_table: dict[str, str] = {}  # where DynamoDB Local is, as whoever is to reach it learns of any other endpoint


@pytest.fixture(scope="session", autouse=True)
def start_real_table() -> Iterator[None]:
    """DynamoDB Local, if it is asked for."""
    if "dynamodb-local" not in backends.NAMED:
        yield
        return
    with dynamodb_local() as address:
        real_table["AWS_ENDPOINT_URL_DYNAMODB"] = address
        yield


@pytest.fixture(scope="session", autouse=True)
def read_models_once() -> Iterator[None]:
    """Moto begins each test with a new session, which would read AWS' descriptions of its services anew: long ones."""
    reader = JSONFileLoader()
    read = functools.cache(reader.load_file)
    with patch.object(JSONFileLoader, "load_file", lambda self, path: read(path)):
        yield


@contextmanager
def played_aws() -> Iterator[Aws]:
    """AWS with the buckets, the table and the queues."""
    real = ["dynamodb"] if real_table else []
    with patch.dict(os.environ, real_table), mock_aws(config={"core": {"passthrough": {"services": real}}}):
        s3, dynamodb, sqs = boto3.client("s3"), boto3.client("dynamodb"), boto3.client("sqs")
        s3.create_bucket(Bucket=IMAGES)
        s3.create_bucket(Bucket=MEDIA)
        dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        queues = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("ingest", "dead-letters")]
        try:
            yield Aws(s3, dynamodb, sqs, *queues)
        finally:
            dynamodb.delete_table(TableName=TABLE)


@pytest.fixture
def quicker_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto's table is not made for several threads, and copies itself for each action of a transaction; once does."""
    lock, call = threading.RLock(), BotocoreStubber.__call__
    copies: dict[int, Table] = {}

    def call_alone(*args: Any, **kwargs: Any) -> Any:
        with lock:
            copies.clear()
            return call(*args, **kwargs)

    def deepcopy(thing: Any) -> Any:
        if not isinstance(thing, Table):
            return copy.deepcopy(thing)
        return copies.get(id(thing)) or copies.setdefault(id(thing), copy.deepcopy(thing))

    monkeypatch.setattr(BotocoreStubber, "__call__", call_alone)
    monkeypatch.setattr(dynamodb_models, "copy", SimpleNamespace(copy=copy.copy, deepcopy=deepcopy))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, quicker_moto: None) -> Iterator[Aws]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with played_aws() as aws:
        yield aws


@pytest.fixture
def catalog(aws: Aws) -> Catalog:
    return Catalog(aws.dynamodb, TABLE)


@pytest.fixture
def storage(aws: Aws) -> Storage:
    return Storage(aws.s3, IMAGES, MEDIA)


@pytest.fixture
def gallery(storage: Storage, catalog: Catalog) -> Gallery:
    return Gallery(storage, catalog)


def put_derived(storage: Storage, found: Record) -> None:
    """Store what the caption function makes of a photo."""
    for storing in storage.begin_derived(found.id, found.media, preview=b"p", thumbnail=b"t"):
        storing.result()
    storage.put_sidecar(found.id, sidecar(found))


TOKEN = "the-token-of-a-gallery"


@pytest.fixture
def secret(function: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> str:
    """Gives functions that are loaded from here on an access token; the secret that holds it."""
    arn: str = boto3.client("secretsmanager").create_secret(Name="token", SecretString=TOKEN)["ARN"]
    monkeypatch.setenv("ACCESS_TOKEN_SECRET", arn)
    monkeypatch.setenv("PUBLIC_READ", "false")
    return arn


@pytest.fixture
def function(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Loads a function's module afresh, as Lambda does in a new worker."""
    environment = {
        "TABLE": TABLE,
        "IMAGES_BUCKET": IMAGES,
        "MEDIA_BUCKET": MEDIA,
        "INGEST_QUEUE_URL": aws.ingest_queue_url,
        "DEAD_LETTER_QUEUE_URL": aws.dead_letter_queue_url,
        "PUBLIC_S3_ENDPOINT": "",
        "STACK": "test",
        "AWS_REGION": "us-east-1",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def load(name: str) -> ModuleType:
        path = ROOT / "functions" / name / "app.py"
        spec = importlib.util.spec_from_file_location(f"function_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def logged() -> Iterator[Callable[[], list[Line]]]:
    """The lines that functions logged since it was asked for last. To be asked for after the function."""
    text = io.StringIO()
    added = []
    for service in ("api", "caption", "upload"):
        for own in logging.getLogger(service).handlers[:1]:
            handler = logging.StreamHandler(text)
            handler.setFormatter(own.formatter)
            logging.getLogger(service).addHandler(handler)
            added.append((service, handler))

    def read() -> list[Line]:
        lines = read_lines(text.getvalue())
        text.seek(0)
        text.truncate()
        return lines

    yield read
    for service, handler in added:
        logging.getLogger(service).removeHandler(handler)
