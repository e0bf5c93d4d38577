"""A photo's way, through the real thing."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image, ImageOps

from captionary import events, identity
from infra.sandbox import RunningGallery, eventually
from tests.backends import LONGEST_PART
from tests.running import PHOTOS, SHARED_PHOTOS

pytestmark = pytest.mark.integration

needs_shared_photos = pytest.mark.skipif(
    not SHARED_PHOTOS.is_dir(), reason="the photos to try are not here (../shared/photos)"
)
LONG = "k" * (min(864, LONGEST_PART) - 4) + ".jpg"


def fresh(name: str) -> str:
    """A key that no other test uses."""
    return f"{uuid.uuid4().hex}/{name}"


def assert_complete(gallery: RunningGallery, image: dict[str, Any], size: tuple[int, int]) -> None:
    """A ready photo has all that belongs to one, and its derived files open."""
    assert image["status"] == "ready", image
    assert (image["width"], image["height"]) == size
    assert image["caption"]
    assert 1 <= len(image["labels"]) <= 5
    scores = [label["score"] for label in image["labels"]]
    assert scores == sorted(scores, reverse=True)
    assert image["placeholder"]
    for url, longest in ((image["thumb_url"], 400), (image["preview_url"], 1280)):
        answer = gallery.request("GET", url)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
        with Image.open(io.BytesIO(answer.body)) as derived:
            assert max(derived.size) == min(longest, max(size))
            assert derived.width / derived.height == pytest.approx(size[0] / size[1], rel=0.02)


@pytest.mark.parametrize("path", sorted(PHOTOS.glob("*.jpg")), ids=lambda path: path.stem)
def test_photos_dropped_into_the_bucket_are_captioned(gallery: RunningGallery, path: Path) -> None:
    image = gallery.settled(gallery.put(fresh(path.name), path.read_bytes()))
    with Image.open(path) as picture:
        assert_complete(gallery, image, picture.size)
    assert image["filename"] == path.name
    assert image["model"]["name"] == "starter"


@pytest.mark.parametrize(
    "name",
    ["a b.jpg", "a+b.jpg", "ünï 日本.jpg", "a%2Fb.jpg", "100%.jpg", "a&b=c?d#e.jpg", "'\"<x>.jpg", LONG],
    ids=["space", "plus", "unicode", "%2F", "percent", "reserved", "quotes", "long"],
)
def test_keys_of_all_kinds(gallery: RunningGallery, cat: bytes, name: str) -> None:
    key = fresh(name)
    image = gallery.settled(gallery.put(key, cat))
    assert (image["status"], image["filename"]) == ("ready", name)
    original = gallery.request("GET", image["original_url"])
    assert (original.status, original.body) == (200, cat)


@needs_shared_photos
@pytest.mark.parametrize("folder", ["imagenet", "phone", "orientation"])
def test_real_photos(gallery: RunningGallery, folder: str) -> None:
    sizes = {"IMG_5195.HEIC": (2566, 3313)}  # as a phone shows it
    paths = sorted((SHARED_PHOTOS / folder).iterdir())
    ids = [gallery.put(fresh(path.name), path.read_bytes()) for path in paths]
    for path, image_id in zip(paths, ids, strict=True):
        image = gallery.settled(image_id)
        if path.name not in sizes:
            with Image.open(path) as picture:
                sizes[path.name] = ImageOps.exif_transpose(picture).size
        assert_complete(gallery, image, sizes[path.name])


@needs_shared_photos
def test_hostile_files_fail_with_a_reason_and_disturb_no_other(gallery: RunningGallery, cat: bytes) -> None:
    expected = {
        "12bit.cropped.tif": None,
        "16_bit_binary.pgm": "unsupported_format",
        "broken_data_stream.png": "damaged",
        "corrupted_truncated.jpg": "damaged",
        "decompression_bomb.gif": "too_many_pixels",
        "empty.png": "empty",
        "hopper.webp": None,
        "not_an_image.jpg": "damaged",
        "pil_sample_cmyk.jpg": None,
        "truncated_image.png": "damaged",
    }
    paths = sorted((SHARED_PHOTOS / "hostile").iterdir())
    assert {path.name for path in paths} == expected.keys()
    ids = {}
    for path in paths:
        ids[path.name] = gallery.put(fresh(path.name), path.read_bytes())
        ids[f"good beside {path.name}"] = gallery.put(fresh("good.jpg"), cat)
    for name, image_id in ids.items():
        image = gallery.settled(image_id)
        code = expected.get(name)
        assert image["status"] == ("failed" if code else "ready"), (name, image)
        if code:
            assert image["error"]["code"] == code
            assert image["error"]["message"]
    assert gallery.request("GET", "/api/status").json["queue"]["dead_letters"] == 0


def test_the_page_uploads_through_the_api(gallery: RunningGallery, cat: bytes) -> None:
    answer = gallery.request(
        "POST", "/api/images", cat, Content_Type="image/jpeg", X_Filename=quote("Katze im Grünen.jpg")
    )
    assert (answer.status, answer.json["status"]) == (202, "pending")
    image = gallery.settled(answer.json["id"])
    assert_complete(gallery, image, (451, 300))
    assert image["filename"] == "Katze im Grünen.jpg"
    assert image["created_at"] == answer.json["created_at"], "it stays where it was shown as pending"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "image/jpeg", 400),
        (b"text", "image/jpeg", 415),
        (b"<svg/>", "image/svg+xml", 415),
        (b"x", "text/plain", 415),
    ],
)
def test_uploads_that_are_refused(gallery: RunningGallery, body: bytes, content_type: str, status: int) -> None:
    answer = gallery.request("POST", "/api/images", body, Content_Type=content_type)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["detail"]


def multipart(fields: dict[str, str], file: bytes) -> tuple[bytes, str]:
    """A form as browsers post it, the file last."""
    boundary = uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    head = "".join(parts) + f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    return head.encode() + file + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def ask_for_form(gallery: RunningGallery, size: int) -> dict[str, Any]:
    wish = {"filename": "large one.jpg", "content_type": "image/jpeg", "size": size}
    answer = gallery.request("POST", "/api/uploads", json.dumps(wish).encode(), Content_Type="application/json")
    assert answer.status == 201, answer.body
    form: dict[str, Any] = answer.json
    return form


def test_the_browser_posts_straight_to_the_bucket(gallery: RunningGallery, cat: bytes) -> None:
    form = ask_for_form(gallery, len(cat))
    assert form["url"].startswith(gallery.endpoints["site"]), "the same origin as the page"
    body, content_type = multipart(form["fields"], cat)
    assert gallery.request("POST", form["url"], body, Content_Type=content_type).status == 204
    image = gallery.settled(form["id"])
    assert_complete(gallery, image, (451, 300))
    assert image["filename"] == "large one.jpg"


@pytest.mark.parametrize(
    "change",
    [
        lambda form, cat: (form["fields"], cat + b"x"),
        lambda form, cat: ({**form["fields"], "key": "elsewhere.jpg"}, cat),
        lambda form, cat: ({**form["fields"], "Content-Type": "text/html"}, cat),
    ],
    ids=["size", "key", "type"],
)
def test_a_form_is_bound_to_what_it_was_asked_for(
    gallery: RunningGallery, cat: bytes, change: Callable[[Any, bytes], tuple[dict[str, str], bytes]]
) -> None:
    form = ask_for_form(gallery, len(cat))
    body, content_type = multipart(*change(form, cat))
    answer = gallery.request("POST", form["url"], body, Content_Type=content_type)
    assert answer.status in (400, 403), answer.body
    assert gallery.image(form["id"]) is None


def test_deleting_removes_every_trace(gallery: RunningGallery, cat: bytes) -> None:
    key = fresh("cat.jpg")
    image = gallery.settled(gallery.put(key, cat))
    assert gallery.request("DELETE", f"/api/images/{image['id']}").status == 204
    assert gallery.image(image["id"]) is None
    assert gallery.request("DELETE", f"/api/images/{image['id']}").status == 204
    assert image["id"] not in {listed["id"] for listed in gallery.all_images()}
    for url in (image["thumb_url"], image["preview_url"]):
        eventually(lambda url=url: gallery.request("GET", url).status == 404)  # type: ignore[misc]
    s3, endpoints = gallery.clients.s3, gallery.endpoints
    assert s3.list_objects_v2(Bucket=endpoints["images_bucket"], Prefix=key)["KeyCount"] == 0
    meta = s3.list_objects_v2(Bucket=endpoints["media_bucket"], Prefix=identity.sidecar_key(image["id"]))
    assert meta["KeyCount"] == 0


def test_removing_the_object_removes_the_photo(gallery: RunningGallery, cat: bytes) -> None:
    key = fresh("cat.jpg")
    image = gallery.settled(gallery.put(key, cat))
    gallery.clients.s3.delete_object(Bucket=gallery.endpoints["images_bucket"], Key=key)
    eventually(lambda: gallery.image(image["id"]) is None)
    eventually(lambda: gallery.request("GET", image["thumb_url"]).status == 404)


def test_the_same_object_twice_and_other_content_under_its_key(gallery: RunningGallery, cat: bytes) -> None:
    key = fresh("one.jpg")
    first = gallery.settled(gallery.put(key, cat))
    gallery.put(key, cat)
    eventually(gallery.is_idle)
    coffee = (PHOTOS / "coffee.jpg").read_bytes()
    gallery.put(key, coffee)
    eventually(lambda: (image := gallery.image(first["id"])) and image["width"] == 600)
    eventually(gallery.is_idle)  # the event before may come late enough to see the new content too
    second = gallery.settled(first["id"])
    assert_complete(gallery, second, (600, 400))
    assert second["created_at"] == first["created_at"]
    assert [image["id"] for image in gallery.all_images()].count(first["id"]) == 1
    assert gallery.request("GET", second["original_url"]).body == coffee


def test_events_that_come_again_and_backwards(gallery: RunningGallery, cat: bytes) -> None:
    key = fresh("often.jpg")
    before = sum(gallery.request("GET", "/api/status").json["counts"].values())
    image = gallery.settled(gallery.put(key, cat))

    def send(name: str, sequencer: str) -> None:
        target = {"key": quote(key), "sequencer": sequencer}
        record = {"eventName": name, "s3": {"bucket": {"name": "b"}, "object": target}}
        gallery.clients.sqs.send_message(
            QueueUrl=gallery.endpoints["ingest_queue"], MessageBody=json.dumps({"Records": [record]})
        )

    for _ in range(3):
        send("ObjectCreated:Put", "0")
        send("ObjectRemoved:Delete", "0")
        send("ObjectCreated:Put", "0")
    gallery.clients.sqs.send_message(
        QueueUrl=gallery.endpoints["ingest_queue"], MessageBody=events.look_again("b", key)
    )
    eventually(gallery.is_idle)
    after = gallery.settled(image["id"])
    assert {**after, "thumb_url": None, "preview_url": None} == {**image, "thumb_url": None, "preview_url": None}
    assert sum(gallery.request("GET", "/api/status").json["counts"].values()) == before + 1


def test_photos_that_look_alike(gallery: RunningGallery) -> None:
    rocket = (PHOTOS / "rocket.jpg").read_bytes()
    small = io.BytesIO()
    with Image.open(io.BytesIO(rocket)) as photo:
        photo.resize((photo.width // 2, photo.height // 2)).save(small, "JPEG")
    photos = {
        "rocket": rocket,
        "copy": rocket,
        "small": small.getvalue(),
        "coffee": (PHOTOS / "coffee.jpg").read_bytes(),
    }
    ids = {name: gallery.put(fresh(f"{name}.jpg"), data) for name, data in photos.items()}
    for image_id in ids.values():
        gallery.settled(image_id)
    items = gallery.request("GET", f"/api/images/{ids['rocket']}/similar?limit=50").json["items"]
    marks = {item["image"]["id"]: item["duplicate"] for item in items}
    assert (marks[ids["copy"]], marks[ids["small"]]) == ("exact", "near")
    assert ids["rocket"] not in marks
    assert marks.get(ids["coffee"]) is None
    gallery.request("DELETE", f"/api/images/{ids['copy']}")
    again = gallery.request("GET", f"/api/images/{ids['rocket']}/similar?limit=50").json["items"]
    assert ids["copy"] not in {item["image"]["id"] for item in again}


def test_the_original_is_saved_and_not_shown(gallery: RunningGallery, cat: bytes) -> None:
    image = gallery.settled(gallery.put(fresh("a b.html"), cat))
    answer = gallery.request("GET", image["original_url"], redirect=False)
    assert answer.status == 302
    assert answer.headers["Location"].startswith(gallery.endpoints["site"])
    file = gallery.request("GET", answer.headers["Location"])
    assert file.headers["Content-Type"] == "image/jpeg"
    disposition = EmailMessage()
    disposition["Content-Disposition"] = file.headers["Content-Disposition"]
    assert disposition.get_content_disposition() == "attachment"
    assert disposition.get_filename() == "a b.html"
    tampered = answer.headers["Location"].replace("a%20b.html", "other.html")
    assert gallery.request("GET", tampered).status == 403


def test_listing_is_newest_first_and_whole(gallery: RunningGallery, cat: bytes) -> None:
    ids = [gallery.put(fresh(f"{i}.jpg"), cat) for i in range(12)]
    for image_id in ids:
        gallery.settled(image_id)
    images = gallery.all_images()
    times = [image["created_at"] for image in images]
    assert times == sorted(times, reverse=True)
    assert len({image["id"] for image in images}) == len(images)
    assert set(ids) <= {image["id"] for image in images}
    counts = gallery.request("GET", "/api/status").json["counts"]
    assert sum(counts.values()) == len(images)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nowhere", 404),
        ("PUT", "/api/images", 404),
        ("GET", "/api/images/aaaaaaaaaaaaaaaa", 404),
        ("GET", "/api/images?limit=0", 400),
        ("GET", "/api/images?cursor=x", 400),
        ("POST", "/api/images/delete", 415),
        ("GET", "/media/meta/aaaaaaaaaaaaaaaa.json", 404),
        ("GET", "/media/thumb/none.jpg", 404),
    ],
)
def test_every_error_is_a_problem_with_a_detail(gallery: RunningGallery, method: str, path: str, status: int) -> None:
    answer = gallery.request(method, path, b"" if method in ("POST", "PUT") else None)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json
    assert problem["status"] == status
    assert problem["type"].startswith("/problems/")
    assert problem["detail"].endswith(".")


def test_the_status_names_the_model(gallery: RunningGallery, cat: bytes) -> None:
    gallery.settled(gallery.put(fresh("a.jpg"), cat))
    status = gallery.request("GET", "/api/status").json
    assert status["model"]["name"] == "starter"
    assert status["model"]["classes"] == 200
    assert 0 < status["model"]["scores"]["top1"] < 1


def test_each_function_logs_to_a_file_of_its_own(gallery: RunningGallery, cat: bytes) -> None:
    key = fresh("logged.jpg")
    gallery.settled(gallery.put(key, cat))
    logs = gallery.data / "logs"

    def look() -> dict[str, Any] | None:
        lines = (logs / "captionary-caption.log").read_text().splitlines()
        found = [json.loads(line) for line in lines if key in line and line.startswith("{")]
        return found[0] if found else None

    line = eventually(look)
    assert line["outcome"] == "ready"
    assert line["ms"]["network"] > 0
    assert '"route": "GET /images/{id}"' in (logs / "captionary-api.log").read_text()
