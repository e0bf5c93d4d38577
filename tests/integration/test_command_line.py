"""`scripts/captionary`, against a gallery that runs."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from captionary import identity, packs
from infra.deploy import ROOT
from infra.models import SHIPPED
from infra.sandbox import RunningGallery, eventually
from resnet50.training.captions import open_captioned
from tests.backends import LONGEST_PART
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


def edit(gallery: RunningGallery, image_id: str, **words: str) -> None:
    body = json.dumps(words).encode()
    answer = gallery.request("PATCH", f"/api/images/{image_id}", body, Content_Type="application/json")
    assert answer.status == 200, answer.body


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
    version = packs.read_manifest(SHIPPED / "starter")["version"]
    assert f"by the starter model, version {version} (200 classes)" in text


def test_the_gallery_as_a_table(gallery: RunningGallery, tmp_path: Path) -> None:
    image_id = gallery.put("=1+1/@Käse.jpg", (PHOTOS / "coffee.jpg").read_bytes())
    image = gallery.settled(image_id)
    edit(gallery, image_id, caption="-A cup.")
    table = tmp_path / "gallery.csv"
    result = captionary(gallery, "export", "--out", table)
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert list(rows) == [image["id"] for image in gallery.all_images()]
    row = rows[image_id]
    assert (row["file"], row["key"], row["caption"]) == ("'@Käse.jpg", "'=1+1/@Käse.jpg", "'-A cup.")
    assert (row["caption_source"], row["model_caption"]) == ("person", image["caption"])
    lines = captionary(gallery, "export", "--format", "jsonl").stdout.splitlines()
    assert {json.loads(line)["id"]: json.loads(line)["caption"] for line in lines}[image_id] == "-A cup."
    assert len(lines) == len(rows)
    assert [path.name for path in tmp_path.iterdir()] == ["gallery.csv"]


def test_copies_with_words_and_a_set_to_train_on(gallery: RunningGallery, tmp_path: Path) -> None:
    key = "export/cat.jpg"
    image_id = gallery.put(key, (PHOTOS / "cat.jpg").read_bytes())
    gallery.settled(image_id)
    edit(gallery, image_id, caption="Mimi.")
    counts = gallery.request("GET", "/api/status").json["counts"]
    first = json.loads(captionary(gallery, "export", "--photos", tmp_path / "copies", "--json").stdout)
    assert (first["written"], first["current"]) == (counts["ready"], 0)
    [copy] = [path for path in (tmp_path / "copies").glob("cat*.jpg") if b"Mimi." in path.read_bytes()]
    with Image.open(copy) as ours, Image.open(PHOTOS / "cat.jpg") as original:
        assert ours.tobytes() == original.tobytes()
        description = ours.getxmp()["xmpmeta"]["RDF"]["Description"]["description"]
    assert description["Alt"]["li"]["text"] == "Mimi."
    again = captionary(gallery, "export", "--photos", tmp_path / "copies")
    assert again.stdout.startswith(f"0 copies written, {counts['ready']} were current, ")
    result = captionary(gallery, "export", "--feedback", tmp_path / "set")
    assert result.returncode == 0, result.stderr
    approved = open_captioned(tmp_path / "set")
    captions = dict(zip(approved.names, approved.captions, strict=True))
    assert captions[f"cat-{image_id}.jpg"] == ["Mimi."]
    assert result.stdout == f"{len(captions)} photos with captions that people approve of\n"
    refused = captionary(gallery, "export", "--feedback", tmp_path / "set")
    assert refused.returncode == 2
    assert "should be a new folder" in refused.stderr
    assert captionary(gallery, "export", "--photos", tmp_path / "a", "--format", "csv").returncode == 2


def test_captions_of_another_model_are_made_anew(own_gallery: RunningGallery, tmp_path: Path) -> None:
    own_gallery.start()
    ids = [own_gallery.put(f"{i}.jpg", (PHOTOS / "cat.jpg").read_bytes()) for i in range(3)]
    ids.append(own_gallery.put("junk.jpg", b"junk"))
    before = {image_id: own_gallery.settled(image_id) for image_id in ids}
    nothing = captionary(own_gallery, "reindex", "--captions", "stale")
    assert nothing.stdout.splitlines() == [
        "4 photos seen: 0 restored, 0 queued to be captioned, 0 taken out whose files are gone",
        f"0 captioned anew by the starter model, version {packs.read_manifest(SHIPPED / 'starter')['version']}",
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
        "adopted": None,
    }
    for image_id, image in before.items():
        model = {"name": "other", "version": "2"} if image["model"] else None
        assert own_gallery.image(image_id) == {**image, "model": model}


def test_the_pictures_of_another_bucket_are_taken_in(gallery: RunningGallery, cat: bytes) -> None:
    s3 = gallery.clients.s3
    s3.create_bucket(Bucket="attic")
    long_key = "k" * (min(1014, LONGEST_PART) - 4) + ".jpg"
    for key, body in {"a/cat one.jpg": cat, long_key: cat, "notes.txt": b"no picture", "empty.jpg": b""}.items():
        s3.put_object(Bucket="attic", Key=key, Body=body)
    first = captionary(gallery, "reindex", "--from-bucket", "attic", "--json")
    assert json.loads(first.stdout)["adopted"] == {"copied": 2, "known": 0, "no_picture": 2}, first.stderr
    image = gallery.settled(identity.image_id("attic/a/cat one.jpg"))
    assert (image["status"], image["filename"], image["bytes"]) == ("ready", "cat one.jpg", len(cat))
    time.sleep(1.1)  # S3 tells the time of an object by the second
    s3.put_object(Bucket="attic", Key="a/cat one.jpg", Body=(PHOTOS / "rocket.jpg").read_bytes())
    again = captionary(gallery, "reindex", "--from-bucket", "attic")
    assert again.stdout.splitlines()[-1] == (
        "1 pictures of attic taken in, 1 were here already, 2 objects left out, being no picture or too large"
    )
    eventually(lambda: (gallery.image(image["id"]) or image)["bytes"] != len(cat))
    refused = captionary(gallery, "reindex", "--from-bucket", "nowhere")
    assert (refused.returncode, "there is no bucket nowhere" in refused.stderr) == (1, True)
    own = captionary(gallery, "reindex", "--from-bucket", gallery.endpoints["images_bucket"])
    assert "is the gallery's own" in own.stderr
