"""`--model auto`: the starter captions until the imagenet model is built, which then takes over."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.models import SHIPPED
from infra.sandbox import RunningGallery, eventually
from tests.packs import make_pack
from tests.running import PHOTOS
from tests.weights_host import WeightsHost, giving, gone, silent, trickling, weights_host, write_weights

pytestmark = pytest.mark.integration

BUILD_SECONDS = 1800.0  # a minute on a machine with nothing else to do; a build gives way to all else
FAILURE = "The imagenet model can't take over: Keras could not download the weights of ResNet50, because "


@pytest.fixture
def host() -> Iterator[WeightsHost]:
    with weights_host() as host:
        yield host


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """Where the test's gallery builds packs."""
    return tmp_path / "packs"


@pytest.fixture
def auto_gallery(own_gallery: RunningGallery, host: WeightsHost, packs: Path, tmp_path: Path) -> RunningGallery:
    """A gallery that would rather caption with the imagenet model."""
    own_gallery.model = "auto"
    (tmp_path / "keras").mkdir()
    own_gallery.environment = {
        "CAPTIONARY_PACKS": str(packs),
        "CAPTIONARY_WEIGHTS_URL": host.address,
        "KERAS_HOME": str(tmp_path / "keras"),
    }
    return own_gallery


def put(gallery: RunningGallery, key: str) -> str:
    return gallery.put(key, (PHOTOS / "cat.jpg").read_bytes())


def status(gallery: RunningGallery) -> dict[str, Any]:
    answer: dict[str, Any] = gallery.request("GET", "/api/status").json
    return answer


def models(gallery: RunningGallery) -> dict[str, str]:
    """The models of the photos that have a caption, by file name."""
    return {image["filename"]: image["model"]["name"] for image in gallery.all_images() if image["status"] == "ready"}


def test_the_imagenet_model_takes_over_without_a_restart(
    auto_gallery: RunningGallery, host: WeightsHost, packs: Path, tmp_path: Path
) -> None:
    auto_gallery.environment["CAPTIONARY_WEIGHTS_HASH"] = write_weights(tmp_path / "weights.h5")
    host.answer = giving(tmp_path / "weights.h5")
    auto_gallery.start()
    first, junk = put(auto_gallery, "first.jpg"), auto_gallery.put("junk.jpg", b"junk")
    assert auto_gallery.settled(first)["model"]["name"] == "starter"
    failed = auto_gallery.settled(junk)
    auto_gallery.wait_for_line("The starter model captions for now; the imagenet model is built beside it")
    assert status(auto_gallery)["upgrade"] == {"model": "imagenet", "state": "preparing", "reason": None}
    ids: list[str] = []
    deadline = time.monotonic() + BUILD_SECONDS
    while not any(line.endswith("made anew by the imagenet model.") for line in auto_gallery.said):
        assert time.monotonic() < deadline, auto_gallery.said
        assert not [line for line in auto_gallery.said if "can't take over" in line]
        ids.append(put(auto_gallery, f"{len(ids)}.jpg"))
        time.sleep(0.3)
    auto_gallery.wait_for_line("Switched to the imagenet model; what the starter captioned is captioned anew.")
    for image_id in ids:
        auto_gallery.settled(image_id)
    assert models(auto_gallery) == dict.fromkeys(["first.jpg", *(f"{i}.jpg" for i in range(len(ids)))], "imagenet")
    assert auto_gallery.image(junk) == failed, "it is not looked at again"
    eventually(lambda: status(auto_gallery)["queue"] == {"waiting": 0, "dead_letters": 0})
    now = status(auto_gallery)
    assert (now["model"]["name"], now["model"]["classes"]) == ("imagenet", 1000)
    assert now["upgrade"] == {"model": "imagenet", "state": "done", "reason": None}
    assert now["counts"] == {"pending": 0, "ready": len(ids) + 1, "failed": 1}
    assert auto_gallery.stop() == 0
    auto_gallery.start()
    assert auto_gallery.settled(put(auto_gallery, "later.jpg"))["model"]["name"] == "imagenet"
    assert status(auto_gallery)["upgrade"] is None
    # The look for lost photos may have met the one that was just put.
    said = [line for line in auto_gallery.said if not line.startswith("Put in order")]
    assert (said, host.requests) == ([], 1), "nothing is built or made anew any more"
    assert not (packs / ".imagenet.building").exists()


def test_a_build_that_fails_changes_nothing_and_is_tried_again(
    auto_gallery: RunningGallery, host: WeightsHost, packs: Path
) -> None:
    host.answer = gone
    auto_gallery.start()
    reason = "the host has no such file or does not give it (status 404)"
    line = auto_gallery.wait_for_line(FAILURE, seconds=BUILD_SECONDS)
    assert line.startswith(f"{FAILURE}{reason}. The starter goes on captioning; the next start tries again")
    upgrade = status(auto_gallery)["upgrade"]
    assert (upgrade["state"], upgrade["reason"]) == ("failed", f"{FAILURE.partition(': ')[2]}{reason}")
    assert auto_gallery.settled(put(auto_gallery, "a.jpg"))["model"]["name"] == "starter"
    assert auto_gallery.stop() == 0

    broken = Path(shutil.copytree(SHIPPED / "starter", packs / "imagenet"))
    (broken / "labels.json").write_text("[]")
    host.answer = silent
    auto_gallery.start()
    auto_gallery.wait_for_line("The imagenet pack can't be used: ")
    line = auto_gallery.wait_for_line(FAILURE, seconds=BUILD_SECONDS)
    assert line.startswith(f"{FAILURE}the host was silent for 5 seconds. The starter goes on")
    assert auto_gallery.settled(put(auto_gallery, "b.jpg"))["model"]["name"] == "starter"


def test_a_gallery_that_ends_takes_its_build_along(
    auto_gallery: RunningGallery, host: WeightsHost, packs: Path
) -> None:
    host.answer = trickling
    auto_gallery.start()
    eventually(lambda: host.requests == 1, BUILD_SECONDS)
    os.kill(auto_gallery.pid_of("infra.ministack"), signal.SIGKILL)
    auto_gallery.wait_for_line("Running again.")
    assert status(auto_gallery)["upgrade"]["state"] == "preparing", "the build goes on meanwhile"
    assert len(builders(packs)) >= 2
    assert auto_gallery.stop() == 0
    assert builders(packs) == []

    auto_gallery.start()
    eventually(lambda: host.requests == 2, BUILD_SECONDS)
    assert auto_gallery.process is not None
    auto_gallery.process.kill()
    auto_gallery.process.wait()
    eventually(lambda: builders(packs) == [])
    assert not (packs / "imagenet").exists()


def builders(packs: Path) -> list[str]:
    """The processes that build a pack there."""
    processes = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True)
    return [line for line in processes.stdout.splitlines() if str(packs / "imagenet") in line]


def test_what_the_starter_captioned_is_made_anew_though_it_was_broken_off(
    auto_gallery: RunningGallery, packs: Path
) -> None:
    auto_gallery.model = "starter"
    auto_gallery.start()
    names = [f"{i}.jpg" for i in range(30)]
    for image_id in [put(auto_gallery, name) for name in names]:
        auto_gallery.settled(image_id)
    junk = auto_gallery.put("junk.jpg", b"junk")
    failed = auto_gallery.settled(junk)
    assert (models(auto_gallery), status(auto_gallery)["upgrade"]) == (dict.fromkeys(names, "starter"), None)
    assert auto_gallery.stop() == 0

    pack = Path(shutil.copytree(SHIPPED / "starter", packs / "imagenet"))
    manifest = json.loads((pack / "manifest.json").read_text())
    (pack / "manifest.json").write_text(json.dumps({**manifest, "name": "imagenet"}))
    auto_gallery.model = "auto"
    auto_gallery.start()
    eventually(lambda: (status(auto_gallery)["upgrade"] or {}).get("state") in ("captioning", "done"))
    assert auto_gallery.stop() == 0
    auto_gallery.start()
    eventually(lambda: models(auto_gallery) == dict.fromkeys(names, "imagenet"))
    assert auto_gallery.image(junk) == failed


def test_a_pack_that_can_not_be_loaded_leaves_the_starter_to_caption(auto_gallery: RunningGallery, packs: Path) -> None:
    make_pack(packs / "imagenet")  # whole, but its network is none
    auto_gallery.start()
    photo = put(auto_gallery, "a.jpg")
    auto_gallery.wait_for_line("The imagenet model can't take over: it can't be loaded (")
    assert auto_gallery.settled(photo, seconds=180)["model"]["name"] == "starter"
    now = status(auto_gallery)
    assert (now["model"]["name"], now["upgrade"]["state"]) == ("starter", "failed")
