"""`scripts/captionary`, against a gallery that runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.deploy import ROOT
from infra.models import SHIPPED
from infra.sandbox import RunningGallery, eventually
from tests.running import PHOTOS

pytestmark = pytest.mark.integration


def captionary(gallery: RunningGallery, command: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    paths = (ROOT, ROOT / "layers/core/python", ROOT / "layers", ROOT / "scripts")
    return subprocess.run(
        [sys.executable, "-m", "commands", command, "--data", str(gallery.data), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_dropping_a_folder_prints_captions(gallery: RunningGallery, tmp_path: Path) -> None:
    folder = tmp_path / "my photos"
    folder.mkdir()
    (folder / "Käse & Brot.jpg").write_bytes((PHOTOS / "coffee.jpg").read_bytes())
    (folder / "broken.jpg").write_bytes((PHOTOS / "coffee.jpg").read_bytes()[:9000])
    (folder / "notes.txt").write_text("not a photo")
    result = captionary(gallery, "drop", folder)
    assert result.returncode == 0, result.stderr
    good, broken = result.stdout.splitlines()
    images = {image["filename"]: image for image in gallery.all_images()}
    assert broken.startswith("broken.jpg")
    assert images["broken.jpg"]["error"]["message"] in broken
    assert good.startswith("Käse & Brot.jpg")
    assert images["Käse & Brot.jpg"]["caption"] in good
    assert f"Left out, being no photo: {folder / 'notes.txt'}" in result.stderr


def test_dropping_the_same_again_changes_nothing(gallery: RunningGallery) -> None:
    first = captionary(gallery, "drop", "--json", PHOTOS / "cat.jpg", PHOTOS / "rocket.jpg")
    before = gallery.all_images()
    second = captionary(gallery, "drop", "--json", PHOTOS / "cat.jpg", PHOTOS / "rocket.jpg")
    assert json.loads(first.stdout) == json.loads(second.stdout)
    assert gallery.all_images() == before
    assert [image["filename"] for image in json.loads(first.stdout)] == ["cat.jpg", "rocket.jpg"]
    assert {image["status"] for image in json.loads(first.stdout)} == {"ready"}


def test_photos_are_captioned_once_more(gallery: RunningGallery) -> None:
    good, junk = gallery.put("again.jpg", (PHOTOS / "cat.jpg").read_bytes()), gallery.put("junk.jpg", b"junk")
    before = {image_id: gallery.settled(image_id) for image_id in (good, junk)}
    result = captionary(gallery, "retry", good, "--json")
    assert result.returncode == 0, result.stderr
    queued = json.loads(result.stdout)
    assert [(image["id"], image["status"]) for image in queued] == [(good, "ready")]
    every_failed = json.loads(captionary(gallery, "retry", "--all", "--json").stdout)
    assert junk in [image["id"] for image in every_failed]
    assert {image["status"] for image in every_failed} == {"pending"}
    eventually(lambda: gallery.request("GET", "/api/status").json["queue"]["waiting"] == 0)
    assert {image_id: gallery.settled(image_id) for image_id in (good, junk)} == before
    missing = captionary(gallery, "retry", "a" * 16)
    assert missing.returncode == 1
    assert "There is no photo" in missing.stderr
    assert captionary(gallery, "retry", good, "--all").returncode == 2


def test_not_waiting(gallery: RunningGallery) -> None:
    result = captionary(gallery, "drop", "--no-wait", PHOTOS / "galaxies.jpg")
    assert (result.returncode, result.stdout) == (0, "galaxies.jpg  dropped\n")


def test_status(gallery: RunningGallery) -> None:
    captionary(gallery, "drop", PHOTOS / "cat.jpg")
    text = captionary(gallery, "status").stdout
    counts = json.loads(captionary(gallery, "status", "--json").stdout)["counts"]
    assert gallery.endpoints["site"] in text
    assert f"{counts['ready']} ready, {counts['pending']} pending, {counts['failed']} failed" in text
    assert "by the starter model, version 1 (200 classes)" in text


def test_captions_of_another_model_are_made_anew(own_gallery: RunningGallery, tmp_path: Path) -> None:
    own_gallery.start()
    ids = [own_gallery.put(f"{i}.jpg", (PHOTOS / "cat.jpg").read_bytes()) for i in range(3)]
    ids.append(own_gallery.put("junk.jpg", b"junk"))
    before = {image_id: own_gallery.settled(image_id) for image_id in ids}
    nothing = captionary(own_gallery, "reindex", "--captions", "stale")
    assert nothing.stdout.splitlines() == [
        "4 photos seen: 0 restored, 0 queued to be captioned, 0 taken out whose files are gone",
        "0 captioned anew by the starter model, version 1",
    ], nothing.stderr
    own_gallery.stop()
    pack = Path(shutil.copytree(SHIPPED / "starter", tmp_path / "pack"))
    manifest = json.loads((pack / "manifest.json").read_text())
    (pack / "manifest.json").write_text(json.dumps({**manifest, "name": "other", "version": "2"}))
    own_gallery.model = str(pack)
    own_gallery.start()
    eventually(lambda: own_gallery.request("GET", "/api/status").json["model"]["name"] == "other")
    assert json.loads(captionary(own_gallery, "reindex", "--json").stdout)["captioned_anew"] == 0
    assert {image["model"]["name"] for image in own_gallery.all_images() if image["model"]} == {"starter"}
    result = captionary(own_gallery, "reindex", "--captions", "stale", "--json")
    assert json.loads(result.stdout) == {
        "seen": 4,
        "restored": 0,
        "queued": 0,
        "removed": 0,
        "indexed": 0,
        "models": {"starter": 3},
        "captioned_anew": 3,
    }
    for image_id, image in before.items():
        model = {"name": "other", "version": "2"} if image["model"] else None
        assert own_gallery.image(image_id) == {**image, "model": model}
