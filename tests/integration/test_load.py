"""Fifty people in the gallery for a minute: no request fails, and no photo is lost."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.deploy import ROOT
from infra.sandbox import RunningGallery, eventually
from tests.load.ledger import Ledger
from tests.load.photos import Camera

pytestmark = pytest.mark.integration

SECONDS = int(os.environ.get("CAPTIONARY_LOAD_SECONDS", "60"))
USERS = 50
USERS_PER_SECOND = 5
LAST_TASK_SECONDS = 40  # that a visitor may still need when time is over; longer than it waits for anything
PHOTOS_BEFORE = 150  # several pages
DOINGS = {  # that a minute is to have in it
    *("list", "list, further on", "search for a label", "search for a word", "photo", "similar", "original"),
    *("thumbnail", "preview", "edit", "feedback", "ask for a form", "post the form", "upload", "is it captioned?"),
    "status",
}


def fill(gallery: RunningGallery) -> dict[str, str]:
    """Photos that are there before anyone comes; their files' SHA-256, by id."""
    ledger, camera = Ledger(), Camera(seed=0)
    photos = [camera.shoot() for _ in range(PHOTOS_BEFORE)]
    ids = {gallery.put(f"before/{number}.jpg", photo): ledger.sends(photo) for number, photo in enumerate(photos)}
    eventually(gallery.is_idle)
    return ids


def visit(gallery: RunningGallery, folder: Path, page: Path) -> list[dict[str, str]]:
    """Let visitors in; Locust's statistics by kind of request.

    Args:
        folder: for what Locust writes.
        page: Locust's page of results.
    """
    run = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "--locustfile", "tests/load/locustfile.py", "--headless"),
            *("--host", gallery.endpoints["site"].rstrip("/"), "--users", str(USERS)),
            *("--spawn-rate", str(USERS_PER_SECOND), "--run-time", str(SECONDS)),
            *("--stop-timeout", str(LAST_TASK_SECONDS), "--only-summary", "--exit-code-on-error", "0"),
            *("--csv", str(folder / "visit"), "--html", str(page), "--ledger", str(folder / "ledger.json")),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert rows(folder / "visit_exceptions.csv") == [], run.stdout
    assert rows(folder / "visit_failures.csv") == [], run.stdout
    return rows(folder / "visit_stats.csv")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_visitors_meet_no_error_and_lose_no_photo(own_gallery: RunningGallery, tmp_path: Path) -> None:
    own_gallery.start()
    there_before = fill(own_gallery)
    output = ROOT / "test-output"
    output.mkdir(exist_ok=True)

    counts = {row["Name"]: int(row["Request Count"]) for row in visit(own_gallery, tmp_path, output / "load.html")}
    ledger = Ledger.read(tmp_path / "ledger.json")

    assert {doing for doing in DOINGS if not counts.get(doing)} == set(), "they did all that people do"
    assert ledger.deleted, "and deleted something"
    eventually(own_gallery.is_idle)
    images = {image["id"]: image for image in own_gallery.all_images()}
    wanted = there_before | ledger.acknowledged
    kept = {image_id: sha256 for image_id, sha256 in wanted.items() if image_id not in ledger.deleting}
    assert {image_id for image_id in kept if image_id not in images} == set(), "none lost"
    assert {image["id"]: image["error"] for image in images.values() if image["status"] != "ready"} == {}
    assert {image_id: images[image_id]["sha256"] for image_id in kept} == kept
    assert images.keys() & set(ledger.deleted) == set(), "what was deleted is gone"
    files = [image["sha256"] for image in images.values()]
    assert len(files) == len(set(files)), "none twice"
    assert set(files) <= {*there_before.values(), *ledger.sent}
    wrong = {
        image_id: images[image_id]["caption"]
        for image_id, captions in ledger.captions.items()
        if image_id in images and images[image_id]["caption"] not in captions
    }
    assert wrong == {}, "people's words are kept"
