from __future__ import annotations

import base64
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from captionary import identity
from captionary.gallery import Gallery
from tests.description import check_answer
from tests.unit.conftest import IMAGES, TOKEN, Aws
from tests.unit.log import Line, check_metrics

JPEG = b"\xff\xd8\xff\xe0 and so on"


@pytest.fixture
def upload(function: Callable[[str], ModuleType]) -> ModuleType:
    return function("upload")


def call(module: ModuleType, resource: str, body: bytes | str, **headers: str) -> tuple[int, dict[str, Any]]:
    binary = isinstance(body, bytes)
    event = {
        "httpMethod": "POST",
        "resource": resource,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": binary,
        "requestContext": {"requestId": "r1"},
    }
    answer = module.handler(event, None)
    assert answer["headers"]["Cache-Control"] == "no-store"
    check_answer("POST", resource, answer["statusCode"], answer["headers"], answer["body"])
    content = json.loads(answer["body"])
    if answer["statusCode"] >= 400:
        assert answer["headers"]["Content-Type"] == "application/problem+json"
        assert content["status"] == answer["statusCode"]
        assert content["type"].startswith("/problems/")
        assert content["detail"].endswith(".")
    return answer["statusCode"], content


def test_the_bytes_of_a_photo(aws: Aws, upload: ModuleType, gallery: Gallery) -> None:
    status, image = call(upload, "/images", JPEG, Content_Type="image/jpeg", X_Filename="caf%C3%A9%20%2F..%2Fa.jpg")
    assert status == 202
    assert (image["filename"], image["status"], image["bytes"]) == ("a.jpg", "pending", len(JPEG))
    record = gallery.catalog.get(image["id"])
    assert record is not None
    assert record.key.startswith("uploads/20")
    stored = aws.s3.get_object(Bucket=IMAGES, Key=record.key)
    assert (stored["Body"].read(), stored["ContentType"]) == (JPEG, "image/jpeg")


def test_a_photo_without_a_name(upload: ModuleType) -> None:
    assert call(upload, "/images", JPEG, Content_Type="image/jpeg")[1]["filename"] == "photo"


def test_the_same_photo_twice_is_two_photos(upload: ModuleType) -> None:
    ids = {call(upload, "/images", JPEG, Content_Type="image/jpeg", X_Filename="a.jpg")[1]["id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("body", "content_type", "status", "slug"),
    [
        (b"", "image/jpeg", 400, "bad-request"),
        (b"%PDF-1.7", "image/jpeg", 415, "unsupported-media-type"),
        (JPEG, "text/html", 415, "unsupported-media-type"),
        (JPEG, "image/svg+xml", 415, "unsupported-media-type"),
        (JPEG, "", 415, "unsupported-media-type"),
        (JPEG + b"x" * 4_500_000, "image/jpeg", 413, "too-large"),
    ],
    ids=["empty", "pdf", "html", "svg", "no type", "too large"],
)
def test_bodies_that_are_refused(
    upload: ModuleType, gallery: Gallery, body: bytes, content_type: str, status: int, slug: str
) -> None:
    answered, problem = call(upload, "/images", body, Content_Type=content_type)
    assert (answered, problem["type"]) == (status, f"/problems/{slug}")
    assert list(gallery.storage.originals()) == []
    assert gallery.catalog.newest(1).records == []


def test_a_body_that_is_no_base64(upload: ModuleType) -> None:
    event = {
        "httpMethod": "POST",
        "resource": "/images",
        "headers": {"content-type": "image/jpeg"},
        "body": "***",
        "isBase64Encoded": True,
    }
    assert upload.handler(event, None)["statusCode"] == 400


def test_when_the_bucket_fails_nothing_is_shown(
    upload: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise ConnectionError("no bucket")

    monkeypatch.setattr(upload.storage, "put_original", fail)
    status, problem = call(upload, "/images", JPEG, Content_Type="image/jpeg")
    assert (status, problem["type"]) == (500, "/problems/internal")
    assert "no bucket" not in problem["detail"], "what is inside stays inside"
    assert gallery.catalog.newest(1).records == []


def test_when_the_disk_is_full_it_says_so(
    upload: ModuleType, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise ClientError({"Error": {"Code": "InsufficientStorage", "Message": "full"}}, "PutObject")

    monkeypatch.setattr(upload.storage, "put_original", fail)
    status, problem = call(upload, "/images", JPEG, Content_Type="image/jpeg")
    assert (status, problem["type"]) == (507, "/problems/storage-full")
    assert gallery.catalog.newest(1).records == []


def test_a_form_takes_one_key_and_not_all_that_begin_so(upload: ModuleType) -> None:
    wish = {"filename": "${filename}", "content_type": "image/jpeg", "size": 5}
    fields = call(upload, "/uploads", json.dumps(wish))[1]["fields"]
    assert "$" not in fields["key"]
    conditions = json.loads(base64.b64decode(fields["policy"]))["conditions"]
    assert not [condition for condition in conditions if isinstance(condition, list) and condition[0] == "starts-with"]
    assert {"key": fields["key"]} in conditions
    assert {"bucket": IMAGES} in conditions


def test_a_form_for_a_direct_upload(upload: ModuleType) -> None:
    wish = {"filename": "big photo.jpg", "content_type": "image/jpeg", "size": 20_000_000}
    status, form = call(upload, "/uploads", json.dumps(wish))
    assert status == 201
    fields = form["fields"]
    assert form["id"] == identity.image_id(fields["key"])
    assert fields["key"].endswith("/big photo.jpg")
    assert fields["Content-Type"] == "image/jpeg"
    policy = json.loads(base64.b64decode(fields["policy"]))
    assert ["content-length-range", 20_000_000, 20_000_000] in policy["conditions"]
    assert {"Content-Type": "image/jpeg"} in policy["conditions"]
    assert {"key": fields["key"]} in policy["conditions"]
    assert policy["expiration"][:16] == form["expires_at"][:16]


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ("", 400),
        ("[]", 400),
        ("nonsense", 400),
        ({}, 400),
        ({"filename": "", "content_type": "image/jpeg", "size": 1}, 400),
        ({"filename": "a" * 1001, "content_type": "image/jpeg", "size": 1}, 400),
        ({"filename": "a", "content_type": "image/jpeg", "size": 1, "key": "b"}, 400),
        ("[" * 100_000, 400),
        ({"filename": "a", "content_type": 5, "size": 1}, 400),
        ({"filename": "a", "content_type": "image/jpeg", "size": 0}, 400),
        ({"filename": "a", "content_type": "image/jpeg", "size": "1"}, 400),
        ({"filename": "a", "content_type": "image/jpeg", "size": True}, 400),
        ({"filename": "a", "content_type": "image/jpeg", "size": 1.5}, 400),
        ({"filename": "a", "content_type": "image/jpeg", "size": float("inf")}, 400),
        ({"filename": "a", "content_type": "image/jpeg", "size": 50_000_001}, 413),
        ({"filename": "a", "content_type": "image/svg+xml", "size": 1}, 415),
    ],
    ids=str,
)
def test_forms_that_are_refused(upload: ModuleType, wish: Any, status: int) -> None:
    assert call(upload, "/uploads", wish if isinstance(wish, str) else json.dumps(wish))[0] == status


def test_a_size_with_a_point(upload: ModuleType) -> None:
    status, form = call(upload, "/uploads", '{"filename": "a.jpg", "content_type": "image/jpeg", "size": 5.0}')
    assert status == 201
    assert ["content-length-range", 5, 5] in json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]


def test_a_wish_that_is_no_json(upload: ModuleType) -> None:
    wish = json.dumps({"filename": "a.jpg", "content_type": "image/jpeg", "size": 1})
    assert call(upload, "/uploads", wish, Content_Type="application/JSON; charset=utf-8")[0] == 201
    status, problem = call(upload, "/uploads", wish, Content_Type="text/plain")
    assert (status, problem["type"]) == (415, "/problems/unsupported-media-type")


def test_other_routes(upload: ModuleType) -> None:
    assert call(upload, "/nowhere", "")[0] == 404


def test_a_request_is_one_line_that_names_its_photo(upload: ModuleType, logged: Callable[[], list[Line]]) -> None:
    _, image = call(upload, "/images", JPEG, Content_Type="image/jpeg", X_Filename="a.jpg")
    wish = json.dumps({"filename": "b.jpg", "content_type": "image/jpeg", "size": 9})
    _, form = call(upload, "/uploads", wish, Content_Type="application/json")
    call(upload, "/images", b"", Content_Type="image/jpeg")
    lines = logged()
    assert [(line["route"], line["status"], line.get("image_id")) for line in lines] == [
        ("POST /images", 202, image["id"]),
        ("POST /uploads", 201, form["id"]),
        ("POST /images", 400, None),
    ]
    assert [line.get("key", "").rpartition("/")[2] for line in lines] == ["a.jpg", "b.jpg", ""]
    for line in lines:
        assert (line["message"], line["request_id"]) == ("request", "r1")
        check_metrics(line, {"stack", "service", "route"})


def test_a_token_is_needed(secret: str, function: Callable[[str], ModuleType], gallery: Gallery) -> None:
    upload = function("upload")
    wish = json.dumps({"filename": "a.jpg", "content_type": "image/jpeg", "size": 5})
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "captionary=1.0"}):
        assert call(upload, "/uploads", wish, **headers)[0] == 401
        assert call(upload, "/images", JPEG, Content_Type="image/jpeg", **headers)[0] == 401
    assert list(gallery.storage.originals()) == []
    assert call(upload, "/uploads", wish, Authorization=f"Bearer {TOKEN}")[0] == 201
    session = upload.gate.sign_in(TOKEN)
    assert call(upload, "/images", JPEG, Content_Type="image/jpeg", Cookie=f"captionary={session}")[0] == 202


def test_uploads_from_other_sites(upload: ModuleType) -> None:
    status, problem = call(upload, "/images", JPEG, Content_Type="image/jpeg", Sec_Fetch_Site="cross-site")
    assert (status, problem["type"]) == (403, "/problems/cross-site")


def test_a_token_that_can_not_be_read(
    secret: str, function: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESS_TOKEN_SECRET", secret.replace("token", "gone"))
    wish = json.dumps({"filename": "a.jpg", "content_type": "image/jpeg", "size": 5})
    status, problem = call(function("upload"), "/uploads", wish, Authorization=f"Bearer {TOKEN}")
    assert (status, problem["type"]) == (503, "/problems/unavailable")
