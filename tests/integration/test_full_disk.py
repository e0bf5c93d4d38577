"""A disk that fills while the gallery runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.ministack import free_port
from infra.sandbox import RunningGallery, eventually
from tests.integration.test_pipeline import multipart
from tests.mounts import mounted

pytestmark = pytest.mark.integration

BALLAST_LEAVES = 60_000_000  # bytes: less than the gallery keeps back, so photos are refused


def ask_for_form(gallery: RunningGallery, size: int) -> dict[str, Any]:
    wish = {"filename": "a.jpg", "content_type": "image/jpeg", "size": size}
    answer = gallery.request("POST", "/api/uploads", json.dumps(wish).encode(), Content_Type="application/json")
    assert answer.status == 201
    form: dict[str, Any] = answer.json
    return form


def test_photos_are_refused_while_it_is_full_and_taken_when_there_is_room_again(
    page: None, tmp_path: Path, cat: bytes
) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "-o", "size=700m"):
        gallery = RunningGallery(disk / "data", free_port())
        gallery.start()
        try:
            early = gallery.settled(gallery.put("early.jpg", cat))
            form = ask_for_form(gallery, len(cat))
            ballast = disk / "ballast"
            fill(ballast)

            with pytest.raises(ClientError, match="The disk of the gallery is full") as refusal:
                gallery.put("late.jpg", cat)
            assert refusal.value.response["ResponseMetadata"]["RetryAttempts"] == 0
            answer = gallery.request("POST", "/api/images", cat, Content_Type="image/jpeg")
            assert (answer.status, answer.json["type"]) == (507, "/problems/storage-full")
            body, content_type = multipart(form["fields"], cat)
            assert gallery.request("POST", form["url"], body, Content_Type=content_type).status == 507
            assert [image["id"] for image in gallery.all_images()] == [early["id"]], "nothing that was refused is shown"
            edit = json.dumps({"caption": "My cat."}).encode()
            path = f"/api/images/{early['id']}"
            assert gallery.request("PATCH", path, edit, Content_Type="application/json").status == 200

            ballast.unlink()
            late = gallery.settled(gallery.put("late.jpg", cat))
            assert (late["status"], late["caption"]) == ("ready", early["caption"])
            eventually(gallery.is_idle)
            gallery.kill_all()
            gallery.start()
            images = {image["id"]: image for image in gallery.all_images()}
            assert images.pop(early["id"])["caption"] == "My cat."
            assert images.pop(late["id"])["caption"] == late["caption"]
            # A snapshot that was taken while the API refused a photo knows it still; a later start clears it up.
            assert {image["status"] for image in images.values()} <= {"pending"}
            assert gallery.request("GET", early["original_url"]).body == cat
            assert gallery.stop() == 0
        finally:
            if gallery.process is not None and gallery.process.poll() is None:
                gallery.kill_all()


def fill(ballast: Path) -> None:
    """Take what room there is but for a little."""
    with ballast.open("wb") as file:
        while (free := shutil.disk_usage(ballast.parent).free) > BALLAST_LEAVES:
            file.write(bytes(min(10_000_000, free - BALLAST_LEAVES + 4096)))
            file.flush()
