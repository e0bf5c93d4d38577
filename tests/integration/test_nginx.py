"""A gallery behind nginx, with TLS: Debian's own, by the configuration that people are to use."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra import servers
from infra.ministack import free_port
from infra.sandbox import Answer, RunningGallery
from tests.running import TOKEN

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        servers.find_nginx() is None, reason="nginx is not installed here (apt-get install nginx-light)"
    ),
]


@pytest.fixture(scope="module")
def proxied(page: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGallery]:
    """A gallery behind nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    gallery = RunningGallery(folder / "data", free_port(), token=TOKEN)
    with servers.nginx(folder, gallery.port) as gallery.site:
        gallery.options = ("--site", gallery.site.address)
        gallery.start()
        yield gallery
        assert gallery.stop() == 0, gallery.said


def ask(gallery: RunningGallery, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    """A request as a browser sends it, which has no token to show in a header."""
    assert gallery.site is not None
    trusted = ssl.create_default_context(cafile=gallery.site.certificate)
    connection = http.client.HTTPSConnection(urlsplit(gallery.site.address).netloc, context=trusted, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.headers), answer.read())
    finally:
        connection.close()


def test_plain_http_leads_to_tls(proxied: RunningGallery) -> None:
    assert proxied.site is not None
    connection = http.client.HTTPConnection(urlsplit(proxied.site.plain).netloc)
    connection.request("GET", "/photo/a?q=b%20c")
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.headers["Location"]) == (308, f"{proxied.site.address}/photo/a?q=b%20c")


def test_the_page_and_its_headers(proxied: RunningGallery) -> None:
    answer = ask(proxied, "GET", "/")
    assert answer.status == 200
    assert b"<title>Captionary" in answer.body
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_signing_in_and_looking_at_a_photo(proxied: RunningGallery, cat: bytes) -> None:
    assert proxied.site is not None
    site = proxied.site.address
    image = proxied.settled(proxied.put("a b/ünï+%.jpg", cat))
    assert ask(proxied, "GET", "/api/images").status == 401

    token = json.dumps({"token": TOKEN}).encode()
    answer = ask(proxied, "POST", "/api/session", token, Content_Type="application/json", Origin=site)
    assert (answer.status, answer.headers["Set-Cookie"].endswith("; Secure")) == (204, True)
    cookie = answer.headers["Set-Cookie"].partition(";")[0]

    listed = ask(proxied, "GET", "/api/images", Cookie=cookie).json["items"]
    assert [item["id"] for item in listed] == [image["id"]]
    assert ask(proxied, "GET", image["thumb_url"], Cookie=cookie).headers["Content-Type"] == "image/jpeg"
    assert ask(proxied, "GET", image["thumb_url"]).status == 401
    to_original = ask(proxied, "GET", image["original_url"], Cookie=cookie)
    address = to_original.headers["Location"]
    assert (to_original.status, address.startswith(site + "/")) == (302, True)
    assert ask(proxied, "GET", address.removeprefix(site)).body == cat
    part = ask(proxied, "GET", address.removeprefix(site), Range="bytes=0-9")
    assert (part.status, part.body) == (206, cat[:10])
    assert (
        ask(proxied, "DELETE", f"/api/images/{image['id']}", Cookie=cookie, Origin="https://evil.example").status == 403
    )


def test_a_large_photo_by_a_form(proxied: RunningGallery, cat: bytes) -> None:
    photo = cat + bytes(45_000_000)  # what follows the picture is no part of it
    form = sign(proxied, len(photo))
    answer = post_form(proxied, form, photo)
    assert answer.status == 204, answer
    image = proxied.settled(form["id"])
    assert (image["status"], image["bytes"]) == ("ready", len(photo))


@pytest.mark.parametrize(
    ("path", "size"),
    [("/api/images", 11_000_000), ("form", 61_000_000)],
    ids=["by the API", "by a form"],
)
def test_what_is_too_large_is_told_so(proxied: RunningGallery, path: str, size: int) -> None:
    form = sign(proxied, 1000) if path == "form" else None
    if form:
        answer = post_form(proxied, form, bytes(size))
    else:
        answer = proxied.request("POST", path, bytes(size), Content_Type="image/jpeg")
    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json"), answer
    assert answer.json["type"] == "/problems/too-large"


def test_events_are_not_taken_from_outside(proxied: RunningGallery) -> None:
    assert ask(proxied, "POST", "/events/s3", b"{}").status == 404


def test_a_gallery_that_is_away_is_told_as_a_problem(page: None, tmp_path: Path) -> None:
    gallery = RunningGallery(tmp_path / "data", free_port())
    with servers.nginx(tmp_path, gallery.port) as gallery.site:
        answer = ask(gallery, "GET", "/api/images")
    assert (answer.status, answer.json["status"], answer.json["type"]) == (503, 503, "/problems/unavailable")
    assert answer.headers["Content-Type"] == "application/problem+json"


def sign(gallery: RunningGallery, size: int) -> dict[str, Any]:
    """Where and how to post a photo."""
    wish = json.dumps({"filename": "large.jpg", "content_type": "image/jpeg", "size": size}).encode()
    answer = gallery.request("POST", "/api/uploads", wish, Content_Type="application/json")
    assert answer.status == 201, answer
    form: dict[str, Any] = answer.json
    return form


def post_form(gallery: RunningGallery, form: dict[str, Any], photo: bytes) -> Answer:
    """As the page does it."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}' for name, text in form["fields"].items()]
    parts.append(
        'Content-Disposition: form-data; name="file"; filename="large.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    body = b"--here\r\n" + "\r\n--here\r\n".join(parts).encode() + photo + b"\r\n--here--\r\n"
    return gallery.request("POST", form["url"], body, Content_Type="multipart/form-data; boundary=here")
