"""The files of tests/events, which people run functions on: each is what its function gets on AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from captionary import events, identity
from captionary.catalog import Catalog
from infra.deploy import ROOT, read_template
from tests.running import PHOTOS
from tests.unit.conftest import IMAGES, Aws
from tests.unit.functions.messages import CONTEXT

EVENTS = ROOT / "tests" / "events"
KEY = "photos/cat.jpg"
OF_FUNCTION = {
    "api": {"api-get", "api-list", "api-search", "api-status"},
    "caption": {"look-again", "s3-delete", "s3-put", "warm-up"},
    "dead_letters": {"dead-letter"},
    "upload": {"upload", "upload-form"},
}


def read(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


@pytest.fixture
def cat(aws: Aws) -> bytes:
    """The photo that the events are about, in its place."""
    data = (PHOTOS / "cat.jpg").read_bytes()
    aws.s3.put_object(Bucket=IMAGES, Key=KEY, Body=data)
    return data


def test_each_event_is_somebodys() -> None:
    assert {path.stem for path in EVENTS.glob("*.json")} == set().union(*OF_FUNCTION.values())
    assert OF_FUNCTION.keys() == {path.parent.name for path in ROOT.glob("functions/*/app.py")}


@pytest.mark.parametrize(
    ("name", "status"), [(name, 404 if name == "api-get" else 200) for name in sorted(OF_FUNCTION["api"])]
)
def test_the_api_answers(function: Callable[[str], ModuleType], name: str, status: int) -> None:
    answer = function("api").handler(read(name), CONTEXT)
    assert answer["statusCode"] == status, answer


@pytest.mark.parametrize(("name", "status"), [("upload", 202), ("upload-form", 201)])
def test_uploads_are_taken(function: Callable[[str], ModuleType], name: str, status: int) -> None:
    answer = function("upload").handler(read(name), CONTEXT)
    assert answer["statusCode"] == status, answer


@pytest.mark.parametrize("name", sorted(OF_FUNCTION["api"] | OF_FUNCTION["upload"]))
def test_requests_are_of_routes_that_there_are(name: str) -> None:
    event, folder = read(name), "upload" if name in OF_FUNCTION["upload"] else "api"
    routes = {
        (source["Properties"]["Method"], source["Properties"]["Path"])
        for resource in read_template()["Resources"].values()
        if resource["Properties"].get("CodeUri") == f"functions/{folder}"
        for source in resource["Properties"]["Events"].values()
    }
    assert (event["httpMethod"], event["resource"]) in routes
    assert event["requestContext"]["resourcePath"] == event["resource"]
    assert event["resource"].format(**event["pathParameters"] or {}) == event["path"]


def test_the_photo_that_is_asked_for_is_the_one_that_was_put() -> None:
    assert read("api-get")["pathParameters"]["id"] == identity.image_id(KEY)


@pytest.mark.parametrize(
    ("name", "created", "is_ours"),
    [("s3-put", True, False), ("s3-delete", False, False), ("look-again", True, True)],
)
def test_messages_are_understood(
    function: Callable[[str], ModuleType], name: str, created: bool, is_ours: bool
) -> None:
    [record] = read(name)["Records"]
    message = function("caption").Message.read(record)
    [event] = message.events
    assert (event.key, event.created, event.sequencer == "") == (KEY, created, is_ours)
    assert (message.tries, message.waited) == (1, 0), "the gallery's figures don't suffer from it"


def test_the_put_is_that_of_the_photo(cat: bytes, aws: Aws) -> None:
    target = json.loads(read("s3-put")["Records"][0]["body"])["Records"][0]["s3"]["object"]
    stored = aws.s3.head_object(Bucket=IMAGES, Key=KEY)
    assert (target["size"], f'"{target["eTag"]}"') == (len(cat), stored["ETag"])


def test_a_dead_letter_is_queued_once_more(function: Callable[[str], ModuleType], cat: bytes, aws: Aws) -> None:
    assert function("dead_letters").handler(read("dead-letter"), CONTEXT) == {"batchItemFailures": []}
    [message] = aws.sqs.receive_message(QueueUrl=aws.ingest_queue_url)["Messages"]
    assert [event.key for event in events.parse(message["Body"])] == [KEY]


def test_a_delete_takes_the_photo_out(function: Callable[[str], ModuleType], catalog: Catalog) -> None:
    assert function("caption").handler(read("s3-delete"), CONTEXT) == {"batchItemFailures": []}
    record = catalog.get(identity.image_id(KEY))
    assert record is None or not record.is_visible


def test_sam_local_gets_every_name_that_a_function_reads() -> None:
    """What sam local sets has to be in the template, and what it can't work out has to be in the file."""
    given = json.loads((ROOT / "infra" / "sam-local.json").read_text())["Parameters"]
    template = read_template()
    declared = dict(template["Globals"]["Function"]["Environment"]["Variables"])
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            declared |= resource["Properties"].get("Environment", {}).get("Variables", {})
    made_out_of_others = {name for name, value in declared.items() if not isinstance(value, str)} - {"PUBLIC_READ"}
    assert made_out_of_others <= given.keys() <= declared.keys()


@pytest.mark.parametrize("kind", ["AWS::Serverless::Function", "AWS::Serverless::LayerVersion"])
def test_what_sam_is_to_build_is_there(kind: str) -> None:
    uris = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
    folders: dict[str, Path] = {
        name: ROOT / resource["Properties"][uris[kind]]
        for name, resource in read_template()["Resources"].items()
        if resource["Type"] == kind
    }
    assert folders
    for name, folder in folders.items():
        has_makefile = read_template()["Resources"][name].get("Metadata", {}).get("BuildMethod") == "makefile"
        if kind.endswith("Function"):
            assert (folder / "app.py").is_file()
        elif has_makefile:
            assert f"build-{name}:" in (folder / "Makefile").read_text()
        else:
            assert (folder / "python").is_dir()
