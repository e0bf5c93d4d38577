from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from captionary import events, identity
from captionary.activity import Activity, Batch
from captionary.gallery import Gallery
from captionary.records import Record
from tests.description import DESCRIPTION, check_answer, operations
from tests.unit.conftest import IMAGES, TOKEN, Aws
from tests.unit.log import Line, check_metrics

Call = Callable[..., Any]


@pytest.fixture
def api(function: Callable[[str], ModuleType]) -> ModuleType:
    return function("api")


@pytest.fixture
def call(api: ModuleType) -> Call:
    return caller(api)


def caller(api: ModuleType) -> Call:
    def call(
        method: str, path: str, body: Any = None, content_type: str = "application/json", **headers: str
    ) -> tuple[int, Any]:
        event = proxy_event(method, path, json.dumps(body) if body else "", content_type)
        for name, value in headers.items():
            event["headers"][name.replace("_", "-")] = value
            event["multiValueHeaders"][name.replace("_", "-")] = [value]
        answer = api.handler(event, None)
        status, text = answer["statusCode"], answer["body"]
        check_answer(method, event["resource"], status, answer["headers"], text)
        if status >= 400:
            problem = json.loads(text)
            assert answer["headers"]["Content-Type"] == "application/problem+json"
            assert problem["status"] == status
            assert problem["detail"].endswith(".")
            return status, problem
        return status, json.loads(text) if text else answer["headers"]

    return call


def proxy_event(method: str, path: str, body: str, content_type: str) -> dict[str, Any]:
    """What API Gateway hands a function for a request."""
    address = urlsplit(path)
    query = parse_qs(address.query, keep_blank_values=True)
    parts = address.path.split("/")
    resource, parameters = address.path, None
    if parts[1] == "images" and len(parts) > 2 and parts[2] not in ("delete", "known"):
        resource, parameters = "/".join([*parts[:2], "{id}", *parts[3:]]), {"id": parts[2]}
    return {
        "httpMethod": method,
        "path": address.path,
        "resource": resource,
        "pathParameters": parameters,
        "stageVariables": None,
        "headers": {"Content-Type": content_type},
        "multiValueHeaders": {"Content-Type": [content_type]},
        "multiValueQueryStringParameters": query or None,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "requestContext": {"requestId": "r1", "httpMethod": method, "resourcePath": resource, "path": address.path},
        "body": body,
        "isBase64Encoded": False,
    }


def add(gallery: Gallery, key: str, **more: Any) -> Record:
    gallery.storage.put_original(key, b"content", "image/jpeg")
    [place] = gallery.catalog.timeline.take_places(1)
    values = {"status": "ready", "etag": "e", "media": "0123abcd", **more}
    return gallery.catalog.write(
        Record(identity.image_id(key), key, page=place.page, created_at=place.created_at, **values), None
    )


def test_an_image_has_the_shape_of_the_contract(gallery: Gallery, call: Call) -> None:
    record = add(
        gallery,
        "x/a b.jpg",
        caption="A dog",
        labels=({"name": "dog", "score": 0.9, "source": "model"},),
        width=30,
        height=20,
        bytes=99,
        content_type="image/jpeg",
        taken_at="2020-01-01T00:00:00Z",
        camera="Canon EOS 5D",
        sha256="0" * 64,
        placeholder="abc",
        model_name="m",
        model_version="1",
    )
    status, image = call("GET", f"/images/{record.id}")
    assert status == 200
    created_at = image.pop("created_at")
    assert created_at.endswith("Z")
    assert image == {
        "id": record.id,
        "filename": "a b.jpg",
        "status": "ready",
        "caption": "A dog",
        "caption_source": "model",
        "labels": [{"name": "dog", "score": 0.9, "source": "model"}],
        "edited": {"caption": False, "labels": False},
        "width": 30,
        "height": 20,
        "bytes": 99,
        "content_type": "image/jpeg",
        "taken_at": "2020-01-01T00:00:00Z",
        "camera": "Canon EOS 5D",
        "sha256": "0" * 64,
        "placeholder": "abc",
        "thumb_url": f"/media/thumb/{record.id}-{record.media}.jpg",
        "preview_url": f"/media/preview/{record.id}-{record.media}.jpg",
        "original_url": f"/api/images/{record.id}/original",
        "model": {"name": "m", "version": "1"},
        "feedback": {"right": 0, "wrong": 0},
        "error": None,
    }


def test_a_failed_image_says_why(gallery: Gallery, call: Call) -> None:
    record = add(gallery, "a", status="failed", error_code="damaged", error_message="It is damaged.")
    image = call("GET", f"/images/{record.id}")[1]
    assert image["error"] == {"code": "damaged", "message": "It is damaged."}
    assert image["thumb_url"] is None


def test_listing_page_by_page(gallery: Gallery, call: Call) -> None:
    for key in "abcde":
        add(gallery, key)
    status, first = call("GET", "/images?limit=2")
    assert (status, [image["filename"] for image in first["items"]]) == (200, ["e", "d"])
    second = call("GET", f"/images?limit=2&cursor={first['next']}")[1]
    third = call("GET", f"/images?limit=2&cursor={second['next']}")[1]
    assert [image["filename"] for image in second["items"] + third["items"]] == ["c", "b", "a"]
    assert third["next"] is None


def test_images_by_their_ids(gallery: Gallery, call: Call) -> None:
    a, b = add(gallery, "a"), add(gallery, "b")
    status, answer = call("GET", f"/images?ids={b.id},{'a' * 16},{a.id}")
    assert (status, [image["id"] for image in answer["items"]]) == (200, [b.id, a.id])


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("limit=0", "bad-request"),
        ("limit=101", "bad-request"),
        ("limit=x", "bad-request"),
        ("limit=0001000000", "bad-request"),
        ("limit=00500", "bad-request"),
        ("limit=-1", "bad-request"),
        ("limit=%D9%A3", "bad-request"),
        ("cursor=nonsense", "bad-cursor"),
        ("ids=aaaaaaaaaaaaaaaa&cursor=nonsense", "bad-cursor"),
        ("ids=", "bad-request"),
        ("ids=../../x", "bad-request"),
        ("ids=" + ",".join(["a" * 16] * 101), "bad-request"),
        ("sort=size", "bad-request"),
    ],
)
def test_queries_that_make_no_sense(call: Call, query: str, slug: str) -> None:
    status, problem = call("GET", f"/images?{query}")
    assert (status, problem["type"]) == (400, f"/problems/{slug}")


@pytest.mark.parametrize("image_id", ["a" * 16, "nonsense", "A" * 16])
def test_images_that_are_not_there(call: Call, image_id: str) -> None:
    for path in (f"/images/{image_id}", f"/images/{image_id}/original"):
        status, problem = call("GET", path)
        assert (status, problem["type"]) == (404, "/problems/image-not-found")


def test_the_original_is_saved_under_its_name_and_not_shown(gallery: Gallery, call: Call) -> None:
    record = add(gallery, 'x/"evil"; ü.svg', content_type="image/jpeg")
    status, headers = call("GET", f"/images/{record.id}/original")
    assert status == 302
    query = parse_qs(urlsplit(headers["Location"]).query)
    assert query["response-content-disposition"] == [
        "attachment; filename=\"_evil_; _.svg\"; filename*=UTF-8''%22evil%22%3B%20%C3%BC.svg"
    ]
    assert query["response-content-type"] == ["image/jpeg"]
    assert query["X-Amz-Expires"] == ["300"]


def test_deleting_is_fine_twice(aws: Aws, gallery: Gallery, call: Call) -> None:
    record = add(gallery, "a")
    assert call("DELETE", f"/images/{record.id}")[0] == 204
    assert call("DELETE", f"/images/{record.id}")[0] == 204
    assert call("GET", f"/images/{record.id}")[0] == 404
    assert call("GET", "/images")[1]["items"] == []
    assert aws.s3.list_objects_v2(Bucket=IMAGES)["KeyCount"] == 0
    assert call("DELETE", "/images/nonsense")[0] == 404


def test_photos_that_look_alike(gallery: Gallery, call: Call) -> None:
    photo, scaled = add(gallery, "photo", looks="a.00ff"), add(gallery, "scaled", looks="a.00fe")
    add(gallery, "other", looks="a.ff00")
    status, answer = call("GET", f"/images/{photo.id}/similar")
    assert status == 200
    [item] = answer["items"]
    assert (item["image"]["id"], item["similarity"], item["duplicate"]) == (scaled.id, 0.875, "near")
    assert call("GET", f"/images/{photo.id}/similar?limit=51")[0] == 400
    assert call("GET", f"/images/{'a' * 16}/similar")[0] == 404


@pytest.mark.parametrize("status", ["failed", "ready", "pending"])
def test_a_photo_is_queued_once_more(aws: Aws, gallery: Gallery, call: Call, status: str) -> None:
    record = add(gallery, "a b.jpg", status=status, caption="Old.", error_code="internal", error_message="It broke.")
    answered, image = call("POST", f"/images/{record.id}/retry", content_type="application/octet-stream")
    assert (answered, image["status"]) == (202, "ready" if status == "ready" else "pending")
    assert image["error"] is None
    assert image["caption"] == "Old.", "a caption stays until there is a new one"
    [message] = aws.sqs.receive_message(QueueUrl=aws.ingest_queue_url)["Messages"]
    [event] = events.parse(message["Body"])
    assert event == events.ObjectEvent("a b.jpg", created=True)
    assert gallery.begin([event])[event] is not None
    assert gallery.catalog.counts() == {"pending": 0, "ready": 0, "failed": 0, image["status"]: 1}


def test_a_photo_that_can_not_be_queued_is_as_it_was(
    api: ModuleType, gallery: Gallery, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = add(gallery, "a.jpg", status="failed", error_code="internal", error_message="It broke.")

    def refuse(**wish: Any) -> None:
        raise ConnectionError("no queue")

    monkeypatch.setattr(api.queue, "send_message", refuse)
    assert call("POST", f"/images/{record.id}/retry")[0] == 500
    image = call("GET", f"/images/{record.id}")[1]
    assert (image["status"], image["error"]["message"]) == ("failed", "It broke.")
    assert gallery.catalog.counts() == {"pending": 0, "ready": 0, "failed": 1}


def test_what_is_not_there_is_not_queued(aws: Aws, gallery: Gallery, call: Call) -> None:
    record = add(gallery, "a.jpg")
    gallery.delete(record.id)
    for image_id in (record.id, "a" * 16, "nonsense"):
        assert call("POST", f"/images/{image_id}/retry")[0] == 404
    assert "Messages" not in aws.sqs.receive_message(QueueUrl=aws.ingest_queue_url)


def test_deleting_several(gallery: Gallery, call: Call) -> None:
    a, b = add(gallery, "a"), add(gallery, "b")
    kept = add(gallery, "kept")
    status, answer = call("POST", "/images/delete", {"ids": [a.id, "a" * 16, b.id, a.id]})
    assert (status, answer) == (200, {"deleted": [a.id, b.id], "missing": ["a" * 16]})
    assert [image["id"] for image in call("GET", "/images")[1]["items"]] == [kept.id]


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"ids": []}, {"ids": "a"}, {"ids": [5]}, {"ids": ["x"]}, {"ids": ["a" * 16], "all": True}],
    ids=str,
)
def test_deleting_nonsense(call: Call, body: Any) -> None:
    assert call("POST", "/images/delete", body)[0] == 400


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml"])
def test_bodies_that_are_no_json(call: Call, content_type: str) -> None:
    status, problem = call("POST", "/images/delete", {"ids": ["a" * 16]}, content_type)
    assert (status, problem["type"]) == (415, "/problems/unsupported-media-type")


def test_where_no_body_is_taken_its_type_does_not_matter(gallery: Gallery, call: Call) -> None:
    record = add(gallery, "a")
    assert call("GET", f"/images/{record.id}", content_type="text/plain")[0] == 200
    assert call("GET", "/status", content_type="")[0] == 200
    assert call("DELETE", f"/images/{record.id}", content_type="text/plain")[0] == 204


def test_routes_that_are_not_there(call: Call) -> None:
    for method, path in (("GET", "/nowhere"), ("PUT", "/status")):
        assert call(method, path)[1]["type"] == "/problems/not-found"


def test_status(aws: Aws, gallery: Gallery, call: Call) -> None:
    add(gallery, "a")
    add(gallery, "b", status="failed")
    aws.sqs.send_message(QueueUrl=aws.ingest_queue_url, MessageBody="x")
    gallery.catalog.put_model({"name": "starter", "version": "1", "classes": 200, "scores": {}})
    status, answer = call("GET", "/status")
    assert status == 200
    assert answer == {
        "counts": {"pending": 0, "ready": 1, "failed": 1},
        "queue": {"waiting": 1, "dead_letters": 0},
        "model": {"name": "starter", "version": "1", "classes": 200, "scores": {}},
        "upgrade": None,
        "feedback": {"right": 0, "wrong": 0},
        "version": "0.1.0",
    }


def test_status_tells_how_the_change_to_another_model_goes(gallery: Gallery, call: Call) -> None:
    gallery.catalog.put_upgrade({"model": "imagenet", "state": "failed", "reason": "the host was silent"})
    upgrade = call("GET", "/status")[1]["upgrade"]
    assert upgrade == {"model": "imagenet", "state": "failed", "reason": "the host was silent"}
    gallery.catalog.put_upgrade(None)
    assert call("GET", "/status")[1]["upgrade"] is None


def test_what_nobody_foresaw_is_answered_without_what_is_inside(
    api: ModuleType, call: Call, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(api.catalog, "figures", lambda: 1 / 0)
    status, problem = call("GET", "/status")
    assert (status, problem["type"]) == (500, "/problems/internal")
    assert "division" not in json.dumps(problem)
    assert "ZeroDivisionError" in caplog.text


def test_the_routes_are_those_of_the_template(api: ModuleType) -> None:
    from infra.deploy import read_template

    resources = read_template()["Resources"]
    declared = {
        (event["Properties"]["Method"], event["Properties"]["Path"])
        for event in resources["ApiFunction"]["Properties"]["Events"].values()
    }
    assert declared == {(method, path) for path, methods in api.app.routes.items() for method in methods}


def test_the_description(api: ModuleType, call: Call) -> None:
    assert call("GET", "/openapi.json") == (200, DESCRIPTION)
    answer = api.handler(proxy_event("GET", "/openapi.json", "", ""), None)
    assert answer["headers"]["Cache-Control"] == "private, max-age=300"


def test_the_page_that_shows_it(call: Call) -> None:
    status, headers = call("GET", "/docs")
    assert (status, headers["Location"]) == (302, "/docs.html")


def test_a_parameter_comes_once(call: Call) -> None:
    for query in ("limit=1&limit=2", "q=a&q=a"):
        status, problem = call("GET", f"/images?{query}")
        assert (status, problem["type"]) == (400, "/problems/bad-request")


def test_what_is_not_heeded_is_checked_all_the_same(gallery: Gallery, call: Call) -> None:
    record = add(gallery, "a")
    assert names(call("GET", f"/images?ids={record.id}&limit=5&status=failed")[1]) == ["a"]
    assert call("GET", f"/images?ids={record.id}&limit=x")[0] == 400


def names(answer: Any) -> list[str]:
    return [image["filename"] for image in answer["items"]]


def test_searching(gallery: Gallery, call: Call) -> None:
    labels = ({"name": "sea coast", "score": 0.9, "source": "model"},)
    add(gallery, "x/holiday.jpg", caption="A dog on the beach", labels=labels)
    add(gallery, "cat.jpg", caption="A cat on the beach", status="failed")
    assert names(call("GET", "/images?q=beach")[1]) == ["cat.jpg", "holiday.jpg"]
    assert names(call("GET", "/images?q=the%20beach%20do")[1]) == ["holiday.jpg"]
    assert names(call("GET", "/images?q=beach&status=failed")[1]) == ["cat.jpg"]
    assert names(call("GET", "/images?label=sea%20coast&q=holi")[1]) == ["holiday.jpg"]
    assert names(call("GET", "/images?status=ready")[1]) == ["holiday.jpg"]
    assert names(call("GET", "/images?q=%20")[1]) == ["cat.jpg", "holiday.jpg"]
    for nothing in ("q=%3F", "label=%0B", "label=%20&status=ready"):
        assert names(call("GET", f"/images?{nothing}")[1]) == []
    first = call("GET", "/images?q=beach&limit=1")[1]
    assert names(call("GET", f"/images?q=beach&limit=1&cursor={first['next']}")[1]) == ["holiday.jpg"]
    assert call("GET", "/images?q=beach&limit=2")[1]["next"] is None
    assert names(call("GET", f"/images?q=dog&cursor={first['next']}")[1]) == ["holiday.jpg"], "any query's will do"


@pytest.mark.parametrize(
    "query",
    ["q=x&unknown=1", "status=deleted", "status=", "q=" + "x" * 201, "label=" + "x" * 201],
)
def test_searches_that_make_no_sense(call: Call, query: str) -> None:
    status, problem = call("GET", f"/images?{query}")
    assert (status, problem["type"]) == (400, "/problems/bad-request")


def test_labels(gallery: Gallery, call: Call) -> None:
    for key, shown in (("a", ["dog", "sea coast"]), ("b", ["cat", "sea coast"]), ("c", ["dog"])):
        record = add(gallery, key)
        gallery.edit(record.id, own_labels=tuple(shown))
    assert call("GET", "/labels") == (
        200,
        {"items": [{"name": "dog", "count": 2}, {"name": "sea coast", "count": 2}, {"name": "cat", "count": 1}]},
    )
    assert call("GET", "/labels?limit=1")[1]["items"] == [{"name": "dog", "count": 2}]
    assert call("GET", "/labels?q=COA")[1]["items"] == [{"name": "sea coast", "count": 2}]
    assert call("GET", "/labels?q=sea%20co")[1]["items"] == [{"name": "sea coast", "count": 2}]
    assert call("GET", "/labels?q=oast")[1]["items"] == []
    assert call("GET", "/labels?limit=1001")[0] == 400
    assert call("GET", f"/labels?q={'x' * 201}")[0] == 400


def test_editing(gallery: Gallery, call: Call) -> None:
    labels = ({"name": "dog", "score": 0.9, "source": "model"},)
    record = add(gallery, "a", caption="A dog", labels=labels)
    status, image = call("PATCH", f"/images/{record.id}", {"caption": " My cat ", "labels": ["cat", " cat", "pet"]})
    assert status == 200
    assert (image["caption"], image["caption_source"]) == ("My cat", "person")
    assert image["labels"] == [{"name": name, "score": 1.0, "source": "person"} for name in ("cat", "pet")]
    assert image["edited"] == {"caption": True, "labels": True}
    assert names(call("GET", "/images?q=my%20cat&label=pet")[1]) == ["a"]
    assert names(call("GET", "/images?q=dog")[1]) == []
    image = call("PATCH", f"/images/{record.id}", {"labels": []})[1]
    assert (image["caption"], image["labels"], image["edited"]["labels"]) == ("My cat", [], True)
    image = call("PATCH", f"/images/{record.id}", {"caption": None, "labels": None})[1]
    assert (image["caption"], image["caption_source"], image["labels"]) == ("A dog", "model", list(labels))
    assert image["edited"] == {"caption": False, "labels": False}
    assert call("GET", f"/images/{record.id}")[1] == image


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"name": "x"},
        {"caption": "x", "status": "ready"},
        {"caption": 5},
        {"caption": " "},
        {"caption": "x" * 1001},
        {"caption": "x" + " " * 1000},
        {"caption": "line\nbreak"},
        {"caption": "\ud800"},
        {"labels": "cat"},
        {"labels": [5]},
        {"labels": [""]},
        {"labels": ["x" * 61]},
        {"labels": ["\0"]},
        {"labels": [str(i) for i in range(21)]},
        {"labels": ["cat"] * 21},
    ],
    ids=repr,
)
def test_edits_that_make_no_sense(gallery: Gallery, call: Call, body: Any) -> None:
    record = add(gallery, "a", caption="A dog")
    status, problem = call("PATCH", f"/images/{record.id}", body)
    assert (status, problem["type"]) == (400, "/problems/bad-request")
    assert call("GET", f"/images/{record.id}")[1]["caption"] == "A dog"


def test_feedback(gallery: Gallery, call: Call) -> None:
    record = add(gallery, "a", caption="A dog")
    status, image = call("POST", f"/images/{record.id}/feedback", {"verdict": "wrong", "note": "It is a cat."})
    assert (status, image["feedback"]) == (201, {"right": 0, "wrong": 1})
    assert call("POST", f"/images/{record.id}/feedback", {"verdict": "right"})[1]["feedback"] == {
        "right": 1,
        "wrong": 1,
    }
    assert call("GET", "/status")[1]["feedback"] == {"right": 1, "wrong": 1}


@pytest.mark.parametrize(
    "body",
    [{}, {"verdict": "maybe"}, {"verdict": ["right"]}, {"verdict": "right", "note": 5}, {"verdict": "right", "x": 1}],
    ids=repr,
)
def test_feedback_that_makes_no_sense(gallery: Gallery, call: Call, body: Any) -> None:
    record = add(gallery, "a")
    assert call("POST", f"/images/{record.id}/feedback", body)[0] == 400


@pytest.mark.parametrize("image_id", ["a" * 16, "nonsense"])
def test_what_is_not_there_has_no_words(call: Call, image_id: str) -> None:
    assert call("PATCH", f"/images/{image_id}", {"caption": "x"})[0] == 404
    assert call("POST", f"/images/{image_id}/feedback", {"verdict": "right"})[0] == 404


def test_files_that_are_known(gallery: Gallery, call: Call) -> None:
    here, failed = "0a" * 32, "0b" * 32
    record = add(gallery, "a", sha256=here)
    add(gallery, "b", sha256=failed, status="failed")
    wish = {"sha256": [here.upper(), failed, "0c" * 32]}
    assert call("POST", "/images/known", wish) == (200, {"known": {here.upper(): record.id}})
    gallery.delete(record.id)
    assert call("POST", "/images/known", wish)[1] == {"known": {}}
    bodies: list[dict[str, Any]] = [
        {},
        {"sha256": []},
        {"sha256": ["x"]},
        {"sha256": [here] * 101},
        {"sha256": here},
        {"sha256": [here], "x": 1},
    ]
    assert {call("POST", "/images/known", body)[0] for body in bodies} == {400}


def test_a_request_is_one_line_that_names_its_photo(
    gallery: Gallery, api: ModuleType, call: Call, logged: Callable[[], list[Line]]
) -> None:
    record = add(gallery, "a.jpg")
    call("PATCH", f"/images/{record.id}", {"caption": "Mine"})
    call("POST", f"/images/{record.id}/feedback", {"verdict": "right"})
    call("POST", f"/images/{record.id}/retry")
    call("DELETE", f"/images/{record.id}")
    lines = logged()
    assert {(line["message"], line["image_id"], line["request_id"]) for line in lines} == {("request", record.id, "r1")}
    assert [(line["route"], line["status"]) for line in lines] == [
        ("PATCH /images/{id}", 200),
        ("POST /images/{id}/feedback", 201),
        ("POST /images/{id}/retry", 202),
        ("DELETE /images/{id}", 204),
    ]
    for line in lines:
        check_metrics(line, {"stack", "service", "route"})
        assert line["status_2xx"] == [1.0]
        assert line["latency_ms"][0] > 0


def test_deleting_several_names_them_all_and_the_next_request_none(
    gallery: Gallery, api: ModuleType, call: Call, logged: Callable[[], list[Line]]
) -> None:
    ids = [add(gallery, key).id for key in ("a", "b")]
    call("POST", "/images/delete", {"ids": ids})
    call("GET", "/images")
    deleted, listed = logged()
    assert deleted["image_ids"] == ids
    assert not {"image_id", "image_ids"} & listed.keys()


def test_refusals_are_lines_too(api: ModuleType, call: Call, logged: Callable[[], list[Line]]) -> None:
    call("GET", "/images?limit=0")
    call("PATCH", f"/images/{'a' * 16}", {"caption": "x"}, "text/plain")
    call("GET", "/images/%0Aforged")
    lines = logged()
    assert [(line["route"], line["status"], line["status_4xx"]) for line in lines] == [
        ("GET /images", 400, [1.0]),
        ("PATCH /images/{id}", 415, [1.0]),
        ("GET /images/{id}", 404, [1.0]),
    ]


def test_what_was_done_lately(gallery: Gallery, call: Call) -> None:
    batch = Batch()
    batch.took(1.24, 1)
    batch.came("ready", ms={"decode": 90.5})
    batch.came("known")
    Activity(gallery.catalog.table).add(batch)
    status, told = call("GET", "/activity?minutes=5")
    assert (status, told["minutes"], len(told["items"])) == (200, 5, 5)
    busy = [step for step in told["items"] if step["ready"]]
    assert [(step["unchanged"], step["ms"], step["wait_seconds"]) for step in busy] == [(1, {"decode": 90.5}, 1.2)]
    assert len(call("GET", "/activity")[1]["items"]) == 60


@pytest.mark.parametrize("query", ["minutes=0", "minutes=1441", "minutes=x", "minutes=-1", "minutes=", "hours=1"])
def test_activity_of_no_such_time(call: Call, query: str) -> None:
    status, problem = call("GET", f"/activity?{query}")
    assert (status, problem["type"]) == (400, "/problems/bad-request")


@pytest.fixture
def guarded(secret: str, function: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The API of a gallery with an access token."""
    api = function("api")
    monkeypatch.setattr(api, "WRONG_TOKEN_SECONDS", 0)
    return api


BEARER = {"Authorization": f"Bearer {TOKEN}"}
SAMPLE_ID = "a" * 16


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in operations()])
def test_each_route_needs_the_token(guarded: ModuleType, method: str, path: str) -> None:
    if path in ("/session", "/uploads") or (method, path) == ("POST", "/images"):
        return  # the way in, and the other function's
    call = caller(guarded)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "captionary=1.0"}):
        status, problem = call(method, path.replace("{id}", SAMPLE_ID), **headers)
        assert (status, problem["type"]) == (401, "/problems/unauthorized")
    assert call(method, path.replace("{id}", SAMPLE_ID), **BEARER)[0] not in (401, 403)


def test_with_public_read_everyone_may_look(
    secret: str, function: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_READ", "true")
    call = caller(function("api"))
    for method, path, _ in operations():
        if path not in ("/session", "/uploads") and (method, path) != ("POST", "/images"):
            status = call(method, path.replace("{id}", SAMPLE_ID))[0]
            assert (status == 401) == (method != "GET"), (method, path)


def test_a_refusal_says_how_to_get_in(guarded: ModuleType) -> None:
    answer = guarded.handler(proxy_event("GET", "/images", "", "application/json"), None)
    assert (answer["statusCode"], answer["headers"]["WWW-Authenticate"]) == (401, "Bearer")
    assert "Authorization: Bearer TOKEN" in json.loads(answer["body"])["detail"]


def test_signing_in_and_out(guarded: ModuleType) -> None:
    call = caller(guarded)
    assert call("GET", "/session")[1] == {"required": True, "public_read": False, "signed_in": False}
    status, headers = call("POST", "/session", {"token": TOKEN}, X_Forwarded_Proto="https")
    assert status == 204
    cookie, *attributes = headers["Set-Cookie"].split("; ")
    assert attributes == ["Max-Age=2592000", "Path=/", "HttpOnly", "SameSite=Strict", "Secure"]
    assert call("GET", "/session", Cookie=cookie)[1]["signed_in"] is True
    assert call("GET", "/images", Cookie=cookie)[0] == 200
    status, headers = call("DELETE", "/session", Cookie=cookie)
    assert (status, headers["Clear-Site-Data"]) == (204, '"cache"')
    assert headers["Set-Cookie"].startswith("captionary=; Max-Age=0; ")


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"token": "wrong"}, 401, "unauthorized"),
        ({"token": "ü" * 1000}, 401, "unauthorized"),
        ({"token": "\ud800"}, 401, "unauthorized"),
        ({"token": ""}, 400, "bad-request"),
        ({"token": "x" * 1001}, 400, "bad-request"),
        ({"token": [TOKEN]}, 400, "bad-request"),
        ({"token": TOKEN, "more": 1}, 400, "bad-request"),
        (None, 400, "bad-request"),
        ({"token": "x" * 10_000}, 413, "too-large"),
    ],
    ids=["wrong", "other letters", "half a letter", "empty", "long", "a list", "more", "nothing", "too large"],
)
def test_signing_in_with_something_else(guarded: ModuleType, body: Any, status: int, slug: str) -> None:
    answered, problem = caller(guarded)("POST", "/session", body)
    assert (answered, problem["type"]) == (status, f"/problems/{slug}")


def test_who_guesses_waits(guarded: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(guarded, "WRONG_TOKEN_SECONDS", 0.3)
    monkeypatch.setattr(guarded.time, "sleep", waits.append)
    caller(guarded)("POST", "/session", {"token": "wrong"})
    caller(guarded)("POST", "/session", {"token": TOKEN})
    assert waits == [0.3]


def test_other_sites_sign_nobody_in_or_out(guarded: ModuleType) -> None:
    call = caller(guarded)
    for method, body in (("POST", {"token": TOKEN}), ("DELETE", None)):
        assert call(method, "/session", body, Sec_Fetch_Site="cross-site")[0] == 403
    assert call("DELETE", f"/images/{SAMPLE_ID}", Sec_Fetch_Site="same-site", **BEARER)[0] == 403


def test_a_gallery_without_a_token_lets_everyone_in(call: Call) -> None:
    assert call("GET", "/session")[1] == {"required": False, "public_read": True, "signed_in": False}
    status, headers = call("POST", "/session", {"token": "any"})
    assert status == 204
    assert "Set-Cookie" not in headers


def test_a_token_that_can_not_be_read(guarded: ModuleType, secret: str) -> None:
    boto3.client("secretsmanager").delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    call = caller(guarded)
    assert call("GET", "/images", **BEARER)[0] == 503
    assert call("GET", "/session", **BEARER)[0] == 503
    assert call("POST", "/session", {"token": TOKEN})[0] == 503
    assert call("GET", "/images")[0] == 401
