"""Processes die at any moment while photos come in and people edit: nothing that was acknowledged is lost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from captionary import identity
from infra.sandbox import Answer, RunningGallery, eventually
from tests.integration.test_events import photo
from tests.running import worker_pids

pytestmark = pytest.mark.integration

SEEDS = int(os.environ.get("CAPTIONARY_FAULT_SEEDS", "20"))
PHOTOS_EACH = 25
# The local cloud dies more often than its starts are told apart from a cloud that can't run at all, so by turns.
VICTIMS = ("supervisor", "local cloud", "worker", "front door", "everything")
HIDDEN_SECONDS = "15"  # that a message is hidden whose worker died; in earnest six minutes

Try = Callable[[], object]


@dataclass
class Ledger:
    """What was acknowledged."""

    ids: set[str] = field(default_factory=set)
    words: dict[str, set[str | None]] = field(default_factory=dict)  # captions that a photo may have, by its id

    def edited(self, image_id: str, words: str, answer: Answer | None) -> None:
        """Note an edit; where no answer came, it may have been made or not."""
        if answer and answer.status == 200:
            self.words[image_id] = {words}
        elif answer is None or answer.status >= 500:
            self.words.setdefault(image_id, {None}).add(words)


def until_acknowledged(work: Try) -> None:
    """As a client does it: again, until it succeeds."""

    def succeeds() -> bool:
        try:
            work()
        except (OSError, BotoCoreError, ClientError):
            return False
        return True

    eventually(succeeds, 180)  # what died again and again is started again later each time


def bring_up(gallery: RunningGallery) -> None:
    """Start it if it is not running, as a person would, and don't wait so long for what died with a worker."""
    if gallery.process is None or gallery.process.poll() is not None:
        gallery.start()

    def hide_for_less() -> None:
        queue = gallery.endpoints["ingest_queue"]
        gallery.clients.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": HIDDEN_SECONDS})

    until_acknowledged(hide_for_less)


def kill_one(gallery: RunningGallery, victim: str, chance: random.Random) -> None:
    """End a process without warning; none if it is not there just now."""
    assert gallery.process is not None
    with contextlib.suppress(ProcessLookupError, ValueError):
        if victim == "everything":
            gallery.kill_all()
        elif victim == "supervisor":
            gallery.process.kill()
            gallery.process.wait()  # so that whoever asks whether it runs is told that it doesn't
        elif victim == "worker":
            if workers := worker_pids(gallery):
                os.kill(chance.choice(workers), signal.SIGKILL)
        else:
            module = {"local cloud": "infra.ministack", "front door": "infra.front_door"}[victim]
            os.kill(gallery.pid_of(module), signal.SIGKILL)


def ingest(gallery: RunningGallery, chance: random.Random, seed: int, ledger: Ledger) -> None:
    """Put photos, by S3 and by the API, and edit some; whatever fails is tried again, but for edits."""
    for number in range(PHOTOS_EACH):
        data, key = photo(chance), f"{seed}/{number}.jpg"
        until_acknowledged(lambda key=key, data=data: gallery.put(key, data))  # type: ignore[misc]
        ledger.ids.add(identity.image_id(key))
        if chance.random() < 0.3:
            image_id, words = chance.choice(sorted(ledger.ids)), f"Edit {seed}-{number}"
            body = json.dumps({"caption": words}).encode()
            answer = None
            with contextlib.suppress(OSError):
                answer = gallery.request("PATCH", f"/api/images/{image_id}", body, Content_Type="application/json")
            ledger.edited(image_id, words, answer)


def told_of(gallery: RunningGallery, image_id: str) -> str:
    """What the logs say of a photo."""
    lines = [line for log in sorted((gallery.data / "logs").glob("*.log*")) for line in log.read_text().splitlines()]
    return "\n".join(line for line in lines if image_id in line)


def is_waiting(gallery: RunningGallery, ledger: Ledger) -> bool:
    """Whether a photo is still to be captioned."""
    counts = gallery.request("GET", "/api/status").json["counts"]
    return bool(counts["pending"] or counts["ready"] + counts["failed"] < len(ledger.ids))


def wrong_words(gallery: RunningGallery, ledger: Ledger) -> dict[str, tuple[str | None, set[str | None]]]:
    """Captions that are not what people said last, by the photo's id, with those that it may have."""
    return {
        image["id"]: (image["caption"], allowed)
        for image in gallery.all_images()
        if (image["caption"] if image["edited"]["caption"] else None)
        not in (allowed := ledger.words.get(image["id"], {None}))
    }


def test_nothing_is_lost_whatever_dies(own_gallery: RunningGallery) -> None:
    ledger = Ledger()
    for seed in range(SEEDS):
        chance = random.Random(seed)
        bring_up(own_gallery)
        thread = threading.Thread(target=ingest, args=(own_gallery, chance, seed, ledger))
        thread.start()
        time.sleep(random.Random(-seed).uniform(0, 1.5))
        kill_one(own_gallery, VICTIMS[seed % len(VICTIMS)], random.Random(seed))
        while thread.is_alive():
            thread.join(0.5)
            if own_gallery.process is None or own_gallery.process.poll() is not None:
                own_gallery.start()
    own_gallery.kill_all()
    own_gallery.start()
    # Messages that a dead worker held may still be hidden, but no photo waits for one: it was queued anew.
    with contextlib.suppress(AssertionError):  # and what is waiting then is told of below
        eventually(lambda: not is_waiting(own_gallery, ledger), 400)
    images = own_gallery.all_images()
    assert {image["id"] for image in images} == ledger.ids, "none lost"
    assert len(images) == SEEDS * PHOTOS_EACH == len(ledger.ids), "none twice"
    not_ready = [image["id"] for image in images if image["status"] != "ready"]
    assert {image_id: told_of(own_gallery, image_id) for image_id in not_ready} == {}
    # What people said comes back while all is put in order, which may still go on when no photo waits any more.
    with contextlib.suppress(AssertionError):
        eventually(lambda: not wrong_words(own_gallery, ledger))
    assert wrong_words(own_gallery, ledger) == {}
    assert own_gallery.request("GET", "/api/status").json["counts"] == {"pending": 0, "ready": len(images), "failed": 0}
