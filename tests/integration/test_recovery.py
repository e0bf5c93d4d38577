"""Stopped, killed, damaged: what was put in is there after the next start."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from infra.models import SHIPPED
from infra.sandbox import RunningGallery, eventually
from tests.running import PHOTOS, is_running, worker_pids

pytestmark = pytest.mark.integration

COUNT = 12


def fill(gallery: RunningGallery) -> list[str]:
    """Put some photos in, one after the other; their ids, oldest first."""
    photos = [path.read_bytes() for path in sorted(PHOTOS.glob("*.jpg"))]
    files = {f"album {i}/photo.jpg": photos[i % len(photos)] for i in range(COUNT)}
    return [gallery.settled(gallery.put(key, data))["id"] for key, data in {**files, "junk.jpg": b"junk"}.items()]


def assert_everything_is_there(gallery: RunningGallery, before: list[dict[str, object]]) -> None:
    eventually(lambda: [image["id"] for image in gallery.all_images()] == [image["id"] for image in before])
    assert gallery.all_images() == before
    for image in before:
        if image["status"] == "ready":
            assert gallery.request("GET", str(image["thumb_url"])).status == 200
    counts = gallery.request("GET", "/api/status").json["counts"]
    assert counts == {"pending": 0, "ready": COUNT, "failed": 1}


def test_ctrl_c_and_a_new_start(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    fill(own_gallery)
    before, endpoints = own_gallery.all_images(), own_gallery.endpoints
    assert own_gallery.stop() == 0
    own_gallery.start()
    assert own_gallery.endpoints == endpoints, "everything is where it was"
    assert_everything_is_there(own_gallery, before)


def test_photos_that_were_not_done_when_it_was_stopped(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    ids = [own_gallery.put(f"{i}.jpg", (PHOTOS / "rocket.jpg").read_bytes()) for i in range(30)]
    assert own_gallery.stop() == 0
    own_gallery.start()
    for image_id in ids:
        assert own_gallery.settled(image_id)["status"] == "ready"


def test_the_local_cloud_is_killed_while_the_gallery_is_open(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    fill(own_gallery)
    before = own_gallery.all_images()
    os.kill(own_gallery.pid_of("infra.ministack"), signal.SIGKILL)
    own_gallery.wait_for_line("The local cloud died; starting again.")
    own_gallery.wait_for_line("Running again.")
    assert_everything_is_there(own_gallery, before)


def test_no_worker_outlives_its_local_cloud(own_gallery: RunningGallery) -> None:
    """It would write what it finds into the next one, and for that matter into another gallery's."""
    own_gallery.start()
    own_gallery.settled(own_gallery.put("a.jpg", (PHOTOS / "cat.jpg").read_bytes()))
    workers = worker_pids(own_gallery)
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)  # busy, for all that anyone can tell
    own_gallery.kill_all()
    eventually(lambda: not worker_pids(own_gallery))


def test_only_the_supervisor_is_killed_and_started_again_at_once(own_gallery: RunningGallery) -> None:
    """Its local cloud is still saving then."""
    own_gallery.start()
    fill(own_gallery)
    before = own_gallery.all_images()
    assert own_gallery.process is not None
    own_gallery.process.kill()
    own_gallery.process.wait()
    own_gallery.start()
    assert_everything_is_there(own_gallery, before)


@pytest.mark.parametrize("seconds", [0.2, 0.6, 1.0, 1.4])
def test_ctrl_c_while_it_starts(own_gallery: RunningGallery, seconds: float) -> None:
    own_gallery.launch()
    time.sleep(seconds)
    own_gallery.stop()
    assert not [line for line in own_gallery.said if "Traceback" in line]
    own_gallery.start()
    assert own_gallery.settled(own_gallery.put("a.jpg", (PHOTOS / "cat.jpg").read_bytes()))["status"] == "ready"


@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.3])
def test_killed_while_it_starts(own_gallery: RunningGallery, seconds: float) -> None:
    own_gallery.start()
    fill(own_gallery)
    before = own_gallery.all_images()
    own_gallery.kill_all()
    own_gallery.launch()
    time.sleep(seconds)
    assert own_gallery.process is not None
    own_gallery.process.kill()
    own_gallery.process.wait()
    own_gallery.start()
    assert_everything_is_there(own_gallery, before)


@pytest.mark.parametrize("seconds", [0.05, 0.5])
def test_killed_while_it_stops(own_gallery: RunningGallery, seconds: float) -> None:
    own_gallery.start()
    fill(own_gallery)
    before, pid = own_gallery.all_images(), own_gallery.pid_of("infra.ministack")
    assert own_gallery.process is not None
    own_gallery.process.send_signal(signal.SIGINT)
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    own_gallery.process.kill()
    own_gallery.process.wait()
    own_gallery.start()
    assert_everything_is_there(own_gallery, before)


def test_the_front_door_is_killed(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    os.kill(own_gallery.pid_of("infra.front_door"), signal.SIGKILL)
    own_gallery.wait_for_line("The front door died; starting again.")
    own_gallery.wait_for_line("Running again.")
    assert own_gallery.request("GET", "/api/status").status == 200


def test_everything_is_killed_while_photos_come_in(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    photo = (PHOTOS / "rocket.jpg").read_bytes()
    ids = [own_gallery.put(f"{i}.jpg", photo) for i in range(40)]
    own_gallery.kill_all()
    own_gallery.start()
    for image_id in ids:
        assert own_gallery.settled(image_id)["status"] == "ready"
    assert len(own_gallery.all_images()) == 40


@pytest.mark.parametrize("loss", ["state gone", "table damaged", "state empty"])
def test_all_but_the_objects_is_lost(own_gallery: RunningGallery, loss: str) -> None:
    own_gallery.start()
    fill(own_gallery)
    before = own_gallery.all_images()
    own_gallery.kill_all()
    state = own_gallery.data / "cloud" / "state"
    if loss == "table damaged":
        table = state / "dynamodb.json"
        table.write_text(table.read_text()[:-20])
    else:
        shutil.rmtree(state)
    if loss == "state empty":
        state.mkdir()
    own_gallery.start()
    assert_everything_is_there(own_gallery, before)


def test_killed_before_the_first_snapshot(own_gallery: RunningGallery) -> None:
    """The earliest moment at which there is something: buckets are on disk, and nothing else is."""
    own_gallery.start()
    cat = (PHOTOS / "cat.jpg").read_bytes()
    image_id = own_gallery.put("early.jpg", cat)
    own_gallery.kill_all()
    for path in (own_gallery.data / "cloud" / "state").glob("*.json"):
        path.unlink()
    own_gallery.start()
    assert own_gallery.settled(image_id)["status"] == "ready"


def test_new_photos_come_first_after_a_crash(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    ids = fill(own_gallery)
    own_gallery.kill_all()
    shutil.rmtree(own_gallery.data / "cloud" / "state")
    own_gallery.start()
    own_gallery.wait_for_line("Put in order after the last run: 13 photos restored, 0 queued")
    newest = own_gallery.put("newest.jpg", (PHOTOS / "cat.jpg").read_bytes())
    own_gallery.settled(newest)
    assert [image["id"] for image in own_gallery.all_images()] == [newest, *ids[::-1]]


def test_snapshots_are_taken_while_it_runs(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    [image_id] = [own_gallery.put("a.jpg", (PHOTOS / "cat.jpg").read_bytes())]
    own_gallery.settled(image_id)
    table = own_gallery.data / "cloud" / "state" / "dynamodb.json"
    eventually(lambda: table.is_file() and image_id in table.read_text())


def test_another_model_with_the_next_start(own_gallery: RunningGallery, tmp_path: Path) -> None:
    own_gallery.start()
    cat = (PHOTOS / "cat.jpg").read_bytes()
    assert own_gallery.settled(own_gallery.put("a.jpg", cat))["model"]["name"] == "starter"
    before, bucket = own_gallery.all_images(), own_gallery.endpoints["images_bucket"]
    own_gallery.stop()
    pack = Path(shutil.copytree(SHIPPED / "starter", tmp_path / "pack"))
    manifest = json.loads((pack / "manifest.json").read_text())
    (pack / "manifest.json").write_text(json.dumps({**manifest, "name": "other", "version": "2"}))
    own_gallery.model = str(pack)
    own_gallery.start()
    assert own_gallery.endpoints["images_bucket"] == bucket
    assert own_gallery.settled(own_gallery.put("b.jpg", cat))["model"] == {"name": "other", "version": "2"}
    eventually(lambda: own_gallery.request("GET", "/api/status").json["model"]["name"] == "other")
    assert own_gallery.all_images()[1:] == before, "the old captions stay until they are asked to be made anew"


def test_nothing_is_left_in_the_temporary_folder(own_gallery: RunningGallery) -> None:
    """Layers are unpacked for every worker and never removed: each start begins with an empty folder."""
    own_gallery.start()
    own_gallery.settled(own_gallery.put("a.jpg", (PHOTOS / "cat.jpg").read_bytes()))
    temporary = own_gallery.data / "cloud" / "tmp"
    first = {path.name for path in temporary.iterdir() if path.is_dir()}
    assert any("captionary-caption" in name for name in first)
    own_gallery.stop()
    own_gallery.start()
    assert first.isdisjoint(path.name for path in temporary.iterdir())


def test_no_process_outlives_the_one_that_started_it(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    own_gallery.settled(own_gallery.put("a.jpg", (PHOTOS / "cat.jpg").read_bytes()))
    assert own_gallery.process is not None
    children = [own_gallery.pid_of("infra.ministack"), own_gallery.pid_of("infra.front_door")]
    os.kill(own_gallery.process.pid, signal.SIGKILL)
    own_gallery.process.wait()
    eventually(lambda: not any(is_running(pid) for pid in children))
    time.sleep(0.2)
    assert own_gallery.process.stdout is not None
    own_gallery.process.stdout.close()
