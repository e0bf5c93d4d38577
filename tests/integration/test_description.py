"""The API, asked for what its description allows and for much that it doesn't: never a failure of its own."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from captionary import problems
from infra.deploy import ROOT, read_template
from infra.sandbox import RunningGallery
from tests.description import DESCRIPTION, complaints, operations
from tests.running import PHOTOS

pytestmark = pytest.mark.integration

EXAMPLES = int(os.environ.get("CAPTIONARY_EXAMPLES", "12"))  # of requests for each route; 500 take some twenty minutes
SECONDS_FOR_EXAMPLE = 30


def undeclared() -> list[str]:
    """Operations that are described before they are there."""
    resources = read_template()["Resources"].values()
    functions = [each for each in resources if each["Type"] == "AWS::Serverless::Function"]
    events = [event["Properties"] for each in functions for event in each["Properties"]["Events"].values()]
    declared = {(event.get("Method"), event.get("Path")) for event in events}
    return [described["operationId"] for method, path, described in operations() if (method, path) not in declared]


def test_the_description_is_served(gallery: RunningGallery) -> None:
    answer = gallery.request("GET", "/api/openapi.json")
    assert (answer.status, answer.json) == (200, DESCRIPTION)


JPEG = b"\xff\xd8\xff\xe0"
PICTURE: dict[str, str | bytes] = {"Content-Type": "image/jpeg"}
JSON: dict[str, str | bytes] = {"Content-Type": "application/json"}
WISH = b'{"filename": "a.jpg", "content_type": "image/jpeg", "size": 1}'
ODD: dict[str, tuple[str, str, bytes | None, dict[str, str | bytes], int]] = {
    "a huge number": ("GET", "/images?limit=99999999999999999999999999", None, {}, 400),
    "digits of another script": ("GET", "/images?limit=%D9%A3", None, {}, 400),
    "a parameter twice": ("GET", "/images?limit=1&limit=2", None, {}, 400),
    "a parameter twice, encoded": ("GET", "/images?limit=1&%6cimit=2", None, {}, 400),
    "a parameter without a name": ("GET", "/images?=1", None, {}, 400),
    "a parameter without a value": ("GET", "/images?limit", None, {}, 400),
    "a null character": ("GET", "/images?q=%00&label=%00", None, {}, 200),
    "bytes that are no text": ("GET", "/images?q=%ff%fe&label=%ed%a0%80", None, {}, 200),
    "a search of signs": ("GET", "/images?q=%F0%9F%98%80+%22%27%28%29%5C%3B--", None, {}, 200),
    "many ids": ("GET", "/images?ids=" + ",".join(["a" * 16] * 200), None, {}, 400),
    "ids of commas": ("GET", "/images?ids=,,,", None, {}, 400),
    "a cursor of nothing": ("GET", "/images?cursor=", None, {}, 400),
    "a cursor of bytes": ("GET", "/images?cursor=%ff", None, {}, 400),
    "an id with a null character": ("GET", "/images/%00", None, {}, 404),
    "an id with a slash": ("GET", "/images/..%2F..%2Fstatus", None, {}, 404),
    "an id of another alphabet": ("GET", "/images/%E2%93%90" + "a" * 15, None, {}, 404),
    "an id with a line's end": ("GET", "/images/" + "a" * 16 + "%0A", None, {}, 404),
    "another method": ("PROPFIND", "/images", None, {}, 404),
    "a method that shows its request": ("TRACE", "/status", None, {}, 404),
    "an accepted type that there is none of": ("GET", "/status", None, {"Accept": "image/png"}, 200),
    "an accepted type that is none": ("GET", "/status", None, {"Accept": "///"}, 200),
    "a wish that ends early": ("POST", "/uploads", b"{", JSON, 400),
    "a wish of nothing": ("POST", "/uploads", b"", JSON, 400),
    "a wish that is null": ("POST", "/uploads", b"null", JSON, 400),
    "a wish that is a word": ("POST", "/images/delete", b'"ids"', JSON, 400),
    "a wish of bytes": ("POST", "/images/known", b"\xff\xfe\x00", JSON, 400),
    "a wish in UTF-16": ("POST", "/uploads", WISH.decode().encode("utf-16"), JSON, 400),
    "a wish nested deeply": ("POST", "/images/delete", b"[" * 200_000, JSON, 400),
    "a size beyond all": ("POST", "/uploads", WISH.replace(b": 1", b": 1e999"), JSON, 400),
    "a size of digits": ("POST", "/uploads", WISH.replace(b": 1", b": " + b"9" * 10_000), JSON, 400),
    "a size that is no number": ("POST", "/uploads", WISH.replace(b": 1", b": NaN"), JSON, 400),
    "half a character": ("POST", "/uploads", WISH.replace(b"a.jpg", b"\\ud800"), JSON, 201),
    "a wish in a picture's type": ("POST", "/uploads", WISH, {"Content-Type": "image/jpeg"}, 415),
    "a wish without a type": ("POST", "/images/delete", b'{"ids": []}', {}, 400),
    "a type of nothing": ("POST", "/images/delete", b'{"ids": []}', {"Content-Type": ""}, 415),
    "a type that is none": ("POST", "/images/delete", b'{"ids": []}', {"Content-Type": ";;,/"}, 415),
    "a packed body": ("POST", "/uploads", gzip.compress(WISH), {**JSON, "Content-Encoding": "gzip"}, 415),
    "a body packed in no way": ("POST", "/uploads", WISH, {**JSON, "Content-Encoding": "gzip"}, 415),
    "a name of bytes": ("POST", "/images", JPEG, {**PICTURE, "X-Filename": b"\xff\xc3\xa4.jpg"}, 202),
    "a name in odd percents": ("POST", "/images", JPEG, {**PICTURE, "X-Filename": "%zz%00%ff%ed%a0%80%2e%2e%2f"}, 202),
    "a long name": ("POST", "/images", JPEG, {**PICTURE, "X-Filename": "%F0%9F%98%80" * 500}, 202),
}


@pytest.mark.parametrize(("method", "path", "body", "headers", "status"), ODD.values(), ids=ODD)
def test_odd_requests(
    gallery: RunningGallery, method: str, path: str, body: bytes | None, headers: dict[str, str | bytes], status: int
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gallery.port, timeout=30)
    connection.request(method, f"/api{path}", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    assert answer.status == status, content
    if status >= 400:
        assert answer.headers["Content-Type"] == problems.CONTENT_TYPE
        problem = json.loads(content)
        assert complaints({"$ref": "#/components/schemas/Problem"}, problem) == []
        assert problem["status"] == status


def test_whatever_is_asked_the_answer_is_one_that_is_described(gallery: RunningGallery) -> None:
    ids = [gallery.put(f"{uuid.uuid4()}/cat.jpg", (PHOTOS / "cat.jpg").read_bytes()) for _ in range(3)]
    for image_id in ids:
        gallery.settled(image_id)
    left_out = [argument for each in undeclared() for argument in ("--exclude-operation-id", each)]
    result = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "--config-file", ROOT / "tests" / "schemathesis.toml"),
            *("run", ROOT / "functions" / "api" / "openapi.json", "--url", gallery.endpoints["api"], "--no-color"),
            *("--max-examples", str(EXAMPLES), *left_out),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "CAPTIONARY_IDS": ",".join(ids),
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "layers/core/python"))),
        },
        capture_output=True,
        text=True,
        timeout=EXAMPLES * SECONDS_FOR_EXAMPLE,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert gallery.request("GET", "/api/status").status == 200
