"""Functions of the working tree, run by themselves on the files of tests/events, with a gallery behind them."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from captionary import identity
from infra.deploy import ROOT
from infra.sandbox import RunningGallery
from tests.integration.test_command_line import captionary

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is Linux's"),
]

KEY = "photos/cat.jpg"


def invoke(gallery: RunningGallery, function: str, event: str | Path) -> subprocess.CompletedProcess[str]:
    path = ROOT / "tests" / "events" / f"{event}.json" if isinstance(event, str) else event
    return captionary(gallery, "invoke", function, "--event", path)


def answer_of(result: subprocess.CompletedProcess[str]) -> Any:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def lines_of(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """What the function logged."""
    return [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]


def test_caption(gallery: RunningGallery, cat: bytes) -> None:
    image = gallery.settled(gallery.put(KEY, cat))
    result = invoke(gallery, "caption", "look-again")
    assert answer_of(result) == {"batchItemFailures": []}
    [line] = [line for line in lines_of(result) if line["message"] == "photo"]
    assert (line["key"], line["outcome"], line["ms"]["network"] > 0) == (KEY, "ready", True)
    again = gallery.image(image["id"])
    assert again is not None
    assert (again["caption"], again["model"]) == (image["caption"], image["model"]), "by the model that is deployed"


def test_events_of_s3(gallery: RunningGallery, cat: bytes) -> None:
    image_id = gallery.put(KEY, cat)
    gallery.settled(image_id)
    for event, outcome in (("s3-put", "known"), ("s3-delete", "known")):
        result = invoke(gallery, "caption", event)
        assert answer_of(result) == {"batchItemFailures": []}
        assert [line["outcome"] for line in lines_of(result) if line["message"] == "photo"] == [outcome]
    assert gallery.settled(image_id)["status"] == "ready"
    assert answer_of(invoke(gallery, "caption", "warm-up")) == {"batchItemFailures": []}


def test_upload(gallery: RunningGallery) -> None:
    answer = answer_of(invoke(gallery, "upload", "upload"))
    assert answer["statusCode"] == 202
    image = gallery.settled(json.loads(answer["body"])["id"])
    assert (image["status"], image["filename"]) == ("ready", "small cat.jpg")
    form = answer_of(invoke(gallery, "upload", "upload-form"))
    assert json.loads(form["body"])["url"].startswith(gallery.endpoints["site"])


def test_api(gallery: RunningGallery, cat: bytes) -> None:
    gallery.settled(gallery.put(KEY, cat))
    listed = answer_of(invoke(gallery, "api", "api-list"))
    assert (listed["statusCode"], listed["headers"]["Content-Type"]) == (200, "application/json")
    assert identity.image_id(KEY) in {image["id"] for image in json.loads(listed["body"])["items"]}
    image = json.loads(answer_of(invoke(gallery, "api", "api-get"))["body"])
    assert image == gallery.image(image["id"])
    assert json.loads(answer_of(invoke(gallery, "api", "api-status"))["body"])["model"]["name"] == "starter"


def test_dead_letters(gallery: RunningGallery, cat: bytes) -> None:
    gallery.settled(gallery.put(KEY, cat))
    result = invoke(gallery, "dead_letters", "dead-letter")
    assert answer_of(result) == {"batchItemFailures": []}
    assert [line["outcome"] for line in lines_of(result) if line["message"] == "letter"] == ["ready"]


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ('{"Records": [{}]}', "Error: The function caption failed: KeyError: 'attributes'; its logs say where."),
        ("{", "Error: The event is not JSON: Expecting property name"),
    ],
    ids=["a function that fails", "no JSON"],
)
def test_what_goes_wrong_is_a_sentence(gallery: RunningGallery, tmp_path: Path, event: str, sentence: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(event)
    result = invoke(gallery, "caption", path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1].startswith(sentence)


def test_the_names_for_sam_local_are_those_of_the_gallery(gallery: RunningGallery) -> None:
    """Where it is the same stack, in a cloud on LocalStack's port that containers reach."""
    given = json.loads((ROOT / "infra" / "sam-local.json").read_text())["Parameters"]
    here = gallery.endpoints["aws_endpoint"]
    expected = {
        "TABLE": "table",
        "IMAGES_BUCKET": "images_bucket",
        "MEDIA_BUCKET": "media_bucket",
        "INGEST_QUEUE_URL": "ingest_queue",
        "DEAD_LETTER_QUEUE_URL": "dead_letter_queue",
    }
    there = given["AWS_ENDPOINT_URL"]
    assert {name: given[name].replace(there, here) for name in expected} == {
        name: gallery.endpoints[endpoint] for name, endpoint in expected.items()
    }
