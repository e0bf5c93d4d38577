"""Search, people's words and feedback, through the real thing."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import Any
from urllib.parse import urlencode

import pytest

from captionary import events
from infra.sandbox import RunningGallery, eventually
from tests.backends import needs_own_table
from tests.running import PHOTOS

pytestmark = pytest.mark.integration


def found(gallery: RunningGallery, **query: str) -> list[str]:
    """Ids of what a search finds, on its first page."""
    answer = gallery.request("GET", f"/api/images?{urlencode(query)}")
    assert answer.status == 200, answer.body
    return [image["id"] for image in answer.json["items"]]


def send(gallery: RunningGallery, method: str, path: str, body: dict[str, Any]) -> Any:
    answer = gallery.request(method, f"/api{path}", json.dumps(body).encode(), Content_Type="application/json")
    assert answer.status in (200, 201), answer.body
    return answer.json


def test_a_photo_is_found_by_what_it_says_and_by_nothing_else(gallery: RunningGallery, cat: bytes) -> None:
    image_id = gallery.put("shelf/Pluto 0815.jpg", cat)
    image = gallery.settled(image_id)
    label = image["labels"][0]["name"]
    for query in ({"label": label}, {"q": label}, {"q": "plut"}, {"q": "PLUTO 08"}, {"label": label, "q": "pluto"}):
        assert found(gallery, **query) == [image_id], query
    assert found(gallery, q="pluto", status="failed") == []
    counts = {item["name"]: item["count"] for item in gallery.request("GET", "/api/labels").json["items"]}
    assert counts[label] == 1

    image = send(gallery, "PATCH", f"/images/{image_id}", {"caption": "Ein Kätzchen", "labels": ["tabby kitten"]})
    assert (image["caption"], image["caption_source"]) == ("Ein Kätzchen", "person")
    assert found(gallery, q="katzchen") == found(gallery, label="tabby kitten") == found(gallery, q="kit") == [image_id]
    assert found(gallery, label=label) == []
    names = [item["name"] for item in gallery.request("GET", "/api/labels").json["items"]]
    assert names == ["tabby kitten"]

    image = send(gallery, "PATCH", f"/images/{image_id}", {"labels": None})
    assert (image["labels"][0]["name"], image["edited"]) == (label, {"caption": True, "labels": False})
    assert found(gallery, label=label) == [image_id]

    assert gallery.request("DELETE", f"/api/images/{image_id}").status == 204
    for query in ({"label": label}, {"q": "katzchen"}, {"q": "pluto"}):
        assert found(gallery, **query) == [], query
    assert gallery.request("GET", "/api/labels").json["items"] == []


def test_a_file_that_can_not_be_captioned_is_found_by_its_name(gallery: RunningGallery) -> None:
    image_id = gallery.put("Broken Vase.jpg", b"junk")
    gallery.settled(image_id)
    assert found(gallery, q="vase") == [image_id]
    assert image_id in found(gallery, status="failed")
    send(gallery, "PATCH", f"/images/{image_id}", {"labels": ["scan"]})
    assert found(gallery, label="scan", status="failed") == [image_id]


def test_known_files(gallery: RunningGallery, cat: bytes) -> None:
    photo = cat + b"\0"  # a file of its own
    digest = hashlib.sha256(photo).hexdigest()
    assert send(gallery, "POST", "/images/known", {"sha256": [digest]}) == {"known": {}}
    image = gallery.settled(gallery.put("known.jpg", photo))
    assert image["sha256"] == digest
    assert send(gallery, "POST", "/images/known", {"sha256": [digest, "0" * 64]}) == {"known": {digest: image["id"]}}


def test_a_person_s_words_survive_the_model_and_a_lost_table(own_gallery: RunningGallery, cat: bytes) -> None:
    own_gallery.start()
    image_id = own_gallery.put("a.jpg", cat)
    label = own_gallery.settled(image_id)["labels"][0]["name"]
    send(own_gallery, "PATCH", f"/images/{image_id}", {"caption": "Chelsea the cat"})
    before = send(own_gallery, "POST", f"/images/{image_id}/feedback", {"verdict": "wrong", "note": "no name"})
    assert before["feedback"] == {"right": 0, "wrong": 1}

    def is_captioned_again() -> bool:
        return bool(own_gallery.request("GET", "/api/status").json["queue"]["waiting"] == 0)

    endpoints = own_gallery.endpoints
    own_gallery.clients.sqs.send_message(
        QueueUrl=endpoints["ingest_queue"], MessageBody=events.look_again(endpoints["images_bucket"], "a.jpg")
    )
    eventually(is_captioned_again)
    assert own_gallery.image(image_id) == before

    own_gallery.kill_all()
    shutil.rmtree(own_gallery.data / "cloud" / "state")
    own_gallery.start()
    assert own_gallery.settled(image_id) == before
    assert found(own_gallery, q="chelsea") == found(own_gallery, label=label) == [image_id]
    assert own_gallery.request("GET", "/api/status").json["feedback"] == {"right": 0, "wrong": 1}


@needs_own_table
def test_an_edit_survives_a_table_that_is_rolled_back(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    image_id = own_gallery.put("a.jpg", (PHOTOS / "rocket.jpg").read_bytes())
    own_gallery.settled(image_id)
    state = own_gallery.data / "cloud" / "state" / "dynamodb.json"
    eventually(lambda: state.is_file() and image_id in state.read_text())
    own_gallery.stop()
    saved = state.read_bytes()
    own_gallery.start()
    send(own_gallery, "PATCH", f"/images/{image_id}", {"caption": "Lift-off at last"})
    own_gallery.kill_all()
    state.write_bytes(saved)
    own_gallery.start()
    eventually(lambda: found(own_gallery, q="lift-off") == [image_id])
    image = own_gallery.image(image_id)
    assert image is not None
    assert image["caption"] == "Lift-off at last"
