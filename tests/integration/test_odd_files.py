"""What strangers send, through the real thing, with good photos between.

150 files of tests/odd_files.py; CAPTIONARY_ODD_FILES=1000 makes it so many.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from captionary import identity
from infra.sandbox import RunningGallery, eventually
from tests.odd_files import OddFile, odd_files
from tests.running import PHOTOS

pytestmark = pytest.mark.integration

COUNT = int(os.environ.get("CAPTIONARY_ODD_FILES", "150"))
BY_THE_API = 4_500_000  # bytes
PATIENCE_SECONDS = 300.0
SECONDS = 20.0  # that a worker may be busy with one file
MEGABYTES = 1000.0  # that a worker may have at any time


class Workers:
    """The peak of memory of each process that the local cloud started, in MB by process id."""

    def __init__(self, cloud: int) -> None:
        self._cloud = cloud
        self.peaks: dict[int, float] = {}

    def look(self) -> None:
        """Look at those that are there now."""
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text, group = status.read_text(), os.getpgid(int(status.parent.name))
            except (OSError, ValueError):
                continue  # it is gone
            pid = int(status.parent.name)
            peak = re.search(r"VmHWM:\s+(\d+) kB", text)
            if group == self._cloud and pid != self._cloud and peak:
                self.peaks[pid] = int(peak[1]) / 1000

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look again and again."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.1):
                self.look()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self.look()


def log_of_photos(gallery: RunningGallery) -> list[dict[str, Any]]:
    """What the caption function logged of photos."""
    lines = (gallery.data / "logs" / "captionary-caption.log").read_text().splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in told if line.get("message") == "photo"]


def send(gallery: RunningGallery, file: OddFile, data: bytes, by_the_api: bool) -> str | None:
    """Give a file to the gallery; the photo's id, or None where the API refused it."""
    if by_the_api:
        answer = gallery.request(
            "POST", "/api/images", data, Content_Type="image/jpeg", X_Filename=quote(file.key or file.what)
        )
        assert answer.status < 500, (file.what, answer.body)
        if answer.status != 202:
            assert answer.json["detail"].endswith("."), file.what
            return None
        return str(answer.json["id"])
    key = file.key or f"odd/{file.what}"
    gallery.clients.s3.put_object(
        Bucket=gallery.endpoints["images_bucket"], Key=key, Body=data, ContentType=file.content_type
    )
    return identity.image_id(key)


def is_done(gallery: RunningGallery) -> bool:
    """Whether nothing waits any more."""
    return gallery.is_idle() and gallery.request("GET", "/api/status").json["counts"]["pending"] == 0


def test_each_ends_with_a_true_reason_and_no_good_photo_is_harmed(gallery: RunningGallery) -> None:
    good = {path.name: path.read_bytes() for path in sorted(PHOTOS.glob("*.jpg"))}
    alone = {name: gallery.settled(gallery.put(f"alone/{name}", data))["caption"] for name, data in good.items()}
    workers = Workers(gallery.pid_of("infra.ministack"))
    sent: dict[str, OddFile] = {}
    between: dict[str, str] = {}
    refused = 0
    with workers.watched():
        for number, file in enumerate(odd_files(COUNT)):
            data = file.make()
            image_id = send(gallery, file, data, by_the_api=number % 7 == 0 and len(data) < BY_THE_API)
            if image_id:
                sent[image_id] = file
            else:
                refused += 1
            if number % 4 == 0:
                name = list(good)[number % len(good)]
                between[gallery.put(f"between/{number} {name}", good[name])] = name
        eventually(lambda: is_done(gallery), PATIENCE_SECONDS + COUNT)
        images = {image_id: gallery.image(image_id) for image_id in (*sent, *between)}
    wrong = []
    for image_id, file in sent.items():
        image = images[image_id]
        outcome = image and (image["error"]["code"] if image["status"] == "failed" else image["status"])
        if outcome not in file.outcomes or (image and image["error"] and not image["error"]["message"].endswith(".")):
            wrong.append((file.what, outcome, image and image["error"]))
    assert not wrong
    told = {image_id: image and image["caption"] for image_id, image in images.items() if image_id in between}
    assert told == {image_id: alone[name] for image_id, name in between.items()}
    assert gallery.request("GET", "/api/status").json["queue"]["dead_letters"] == 0

    log = log_of_photos(gallery)
    seconds = {line["key"]: sum(line.get("ms", {}).values()) / 1000 for line in log}
    slowest = max(seconds, key=lambda key: seconds[key])
    codes = Counter(image["error"]["code"] if image and image["error"] else "ready" for image in images.values())
    print(  # noqa: T201 - for who asks for it: pytest -rP
        f"{len(sent)} odd files and {len(between)} good ones, {refused} refused by the API; {dict(codes)}; "
        f"slowest {seconds[slowest]:.1f} s ({slowest!r}); largest worker {max(workers.peaks.values()):.0f} MB, "
        f"{len(workers.peaks)} processes"
    )
    assert seconds[slowest] < SECONDS
    assert max(workers.peaks.values()) < MEGABYTES
    assert not [line["key"] for line in log if line["outcome"] in ("hangs", "gave_up", "put_off")]


@pytest.mark.parametrize(
    ("key", "data", "filename"),
    [
        ("evil.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "evil.svg"),
        ("evil.html", b"<!doctype html><script>alert(1)</script>", "evil.html"),
        ("a\r\nSet-Cookie: a=b.html", b"<script>alert(1)</script>", "aSet-Cookie: a=b.html"),
        ('"; filename=x.exe; "\u202egpj.exe', b"MZ", '"; filename=x.exe; "gpj.exe'),
        ("folder/日本語 é.html", b"<b>", "日本語 é.html"),
    ],
)
def test_what_could_run_in_a_browser_is_saved_instead(
    gallery: RunningGallery, key: str, data: bytes, filename: str
) -> None:
    gallery.clients.s3.put_object(
        Bucket=gallery.endpoints["images_bucket"], Key=key, Body=data, ContentType="text/html; charset=utf-8"
    )
    image = gallery.settled(identity.image_id(key))
    assert image["error"]["code"] == "unsupported_format"
    address = gallery.request("GET", image["original_url"], redirect=False).headers["Location"]
    file = gallery.request("GET", address)
    assert (file.status, file.body) == (200, data)
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Set-Cookie" not in file.headers
    disposition = re.fullmatch(r"(\w+); (filename=.*); filename\*=UTF-8''(.*)", file.headers["Content-Disposition"])
    assert disposition is not None
    kind, plain, told = disposition.groups()
    assert kind == "attachment"
    assert re.fullmatch(r'filename="[ !#-\[\]-~]*"', plain)
    assert unquote(told) == filename


@pytest.mark.parametrize(
    "change",
    [
        ("response-content-type=application%2Foctet-stream", "response-content-type=text%2Fhtml"),
        ("response-content-disposition=attachment", "response-content-disposition=inline"),
        ("evil2.html", "evil.html"),
        ("X-Amz-Expires=300", "X-Amz-Expires=300000"),
    ],
)
def test_a_signed_address_can_not_be_made_into_another(gallery: RunningGallery, change: tuple[str, str]) -> None:
    for key in ("evil.html", "evil2.html"):
        gallery.clients.s3.put_object(Bucket=gallery.endpoints["images_bucket"], Key=key, Body=b"<script>")
    image = gallery.settled(identity.image_id("evil2.html"))
    address = gallery.request("GET", image["original_url"], redirect=False).headers["Location"]
    assert change[0] in address
    assert gallery.request("GET", address.replace(*change)).status == 403
