"""People in a gallery, for Locust: they look around, search, open photos, put words right, and upload their own.

    scripts/test tests/integration/test_load.py                                 # fifty of them for a minute, headless
    .venv/bin/python -m locust -f tests/load/locustfile.py --host http://127.0.0.1:8080    # by hand, with Locust's page

They do what the page does for a person: the requests are the page's, thumbnails that they have seen come
from the browser's cache, and between two doings they look at the photos. Each deletes only what it uploaded
itself; the rest of that stays in the gallery.

Whatever is answered with an error is a failure, but for one thing: a photo may be gone that its owner deleted.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from locust import HttpUser, between, events, task
from locust.env import Environment

from tests.load.ledger import Ledger
from tests.load.photos import Camera

PAGE = 60  # photos that the page asks for at a time
IN_VIEW = 12  # thumbnails that come into view at a time
KEPT_IN_MIND = 200  # photos that a visitor remembers
ANSWER_SECONDS = 20.0  # as long as the page waits for an answer
PATIENCE_SECONDS = 15.0  # that a visitor watches a photo of its own until it is captioned
LOOK_SECONDS = 1.0  # between two looks at it

ledger = Ledger()
camera = Camera(seed=1)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ledger", default="", help="File to keep what the visitors did in.")


def keep_ledger(environment: Environment, **_: Any) -> None:
    path = environment.parsed_options.ledger if environment.parsed_options else ""
    if path:
        ledger.write(Path(path))


events.init_command_line_parser.add_listener(add_options)  # type: ignore[no-untyped-call]
events.quitting.add_listener(keep_ledger)  # type: ignore[no-untyped-call]


class Visitor(HttpUser):
    """One person with one browser."""

    wait_time = between(1, 5)

    def on_start(self) -> None:
        """Open the page."""
        self.chance = random.Random()
        self.cache: set[str] = set()  # addresses of pictures that the browser has
        self.photos: dict[str, dict[str, Any]] = {}  # that the visitor has seen
        self.own: list[str] = []
        self.cursor: str | None = None
        if page := self.ask("GET", "/", "the page"):
            for file in re.findall(r'"(/assets/[^"]+)"', page.text):
                self.ask("GET", file, "file of the page")
        self.ask("GET", "/api/session", "session")
        self.look_at_status()
        self.browse()

    @task(10)
    def browse(self) -> None:
        """Scroll on; from the end back to the newest."""
        after = f"&cursor={quote(self.cursor)}" if self.cursor else ""
        if page := self.ask("GET", f"/api/images?limit={PAGE}{after}", "list, further on" if after else "list"):
            self.see(page.json()["items"])
            self.cursor = page.json()["next"]

    @task(5)
    def search(self) -> None:
        """Search for a label of a photo that was seen, or for a word of its caption."""
        photo = self.remembered()
        if photo is None:
            return
        if photo["labels"] and self.chance.random() < 0.5:
            name = self.chance.choice(photo["labels"])["name"]
            self.ask("GET", f"/api/labels?q={quote(name[:3])}&limit=8", "labels while typing")
            condition, kind = f"label={quote(name)}", "search for a label"
        else:
            word = self.chance.choice((photo["caption"] or "people").split()).strip(".,")
            condition, kind = f"q={quote(word)}", "search for a word"
        if found := self.ask("GET", f"/api/images?limit={PAGE}&{condition}", kind):
            self.see(found.json()["items"])

    @task(6)
    def open_photo(self) -> None:
        """Look at a photo, at those that look like it, and now and then at the original."""
        photo = self.remembered()
        if photo is None:
            return
        image_id, path = photo["id"], f"/api/images/{photo['id']}"
        if not self.ask("GET", path, "photo", of=image_id):
            return
        self.show(photo["preview_url"], "preview", image_id)
        if similar := self.ask("GET", f"{path}/similar?limit=12", "similar", of=image_id):
            self.see([item["image"] for item in similar.json()["items"]])
        if self.chance.random() < 0.2:
            self.ask("GET", photo["original_url"], "original", of=image_id)

    @task(1)
    def judge(self) -> None:
        """Say whether a caption is right."""
        if photo := self.remembered():
            verdict = {"verdict": self.chance.choice(["right", "wrong"])}
            self.ask("POST", f"/api/images/{photo['id']}/feedback", "feedback", 201, of=photo["id"], json=verdict)

    @task(1)
    def edit(self) -> None:
        """Put a caption right, and the labels."""
        if photo := self.remembered():
            words = f"Seen by {id(self):x} at {time.time_ns():x}"
            edit = {"caption": words, "labels": [self.chance.choice(["holiday", "family", "to print"])]}
            if self.ask("PATCH", f"/api/images/{photo['id']}", "edit", of=photo["id"], json=edit):
                ledger.captions.setdefault(photo["id"], []).append(words)

    @task(2)
    def upload_by_form(self) -> None:
        """As the page does it: ask for a form, and post it straight to the bucket."""
        photo, name = camera.shoot(), self.new_name()
        wish = {"filename": name, "content_type": "image/jpeg", "size": len(photo)}
        answer = self.ask("POST", "/api/uploads", "ask for a form", 201, json=wish)
        if not answer:
            return
        form = answer.json()
        sha256 = ledger.sends(photo)
        files = {"file": (name, photo, "image/jpeg")}
        if self.ask("POST", form["url"], "post the form", 204, data=form["fields"], files=files):
            self.watch(form["id"], sha256)

    @task(2)
    def upload_by_api(self) -> None:
        """As a program does it: the file is the body."""
        photo = camera.shoot()
        sha256 = ledger.sends(photo)
        headers = {"Content-Type": "image/jpeg", "X-Filename": quote(self.new_name())}
        if answer := self.ask("POST", "/api/images", "upload", 202, data=photo, headers=headers):
            self.watch(answer.json()["id"], sha256)

    @task(2)
    def delete(self) -> None:
        """Delete one of one's own as a program does it, or two as the page does it."""
        count = self.chance.choice([1, 2])
        unwanted, self.own = self.own[:count], self.own[count:]
        if not unwanted:
            return
        ledger.deleting += unwanted
        if count == 1:
            done = self.ask("DELETE", f"/api/images/{unwanted[0]}", "delete", 204)
        else:
            done = self.ask("POST", "/api/images/delete", "delete several", json={"ids": unwanted})
        if done:
            ledger.deleted += unwanted

    @task(2)
    def look_at_status(self) -> None:
        """What the page's status bar asks for."""
        self.ask("GET", "/api/status", "status")

    def watch(self, image_id: str, sha256: str) -> None:
        """The gallery has taken a photo of this visitor's: watch it until it is captioned."""
        ledger.acknowledged[image_id] = sha256
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            answer = self.ask("GET", f"/api/images?ids={image_id}", "is it captioned?")
            items = answer.json()["items"] if answer else []
            if items and items[0]["status"] != "pending":
                self.see(items)
                break
        self.own.append(image_id)

    def see(self, photos: list[dict[str, Any]]) -> None:
        """Have some of these photos in view."""
        start = self.chance.randrange(max(1, len(photos) - IN_VIEW + 1))
        for photo in photos[start : start + IN_VIEW]:
            self.photos[photo["id"]] = photo
            self.show(photo["thumb_url"], "thumbnail", photo["id"])
        while len(self.photos) > KEPT_IN_MIND:
            del self.photos[next(iter(self.photos))]

    def show(self, address: str | None, kind: str, image_id: str) -> None:
        """Show a picture, if there is one yet, from the browser's cache or from the gallery."""
        if address and address not in self.cache:
            self.cache.add(address)
            self.ask("GET", address, kind, of=image_id)

    def remembered(self) -> dict[str, Any] | None:
        """A photo that was seen."""
        return self.chance.choice(list(self.photos.values())) if self.photos else None

    def new_name(self) -> str:
        return f"Foto {self.chance.randrange(10_000):04} für alle.jpg"

    def ask(self, method: str, address: str, kind: str, status: int = 200, *, of: str = "", **more: Any) -> Any:
        """The answer to a request; none if it failed.

        Args:
            status: that the answer is to have.
            of: id of the photo that the request is about.
        """
        with self.client.request(
            method, address, name=kind, timeout=ANSWER_SECONDS, catch_response=True, **more
        ) as answer:
            if answer.status_code == status:
                return answer
            if answer.status_code == 404 and of in ledger.deleting:
                answer.success()
            else:
                answer.failure(f"{answer.status_code} {answer.error or ''} {(answer.text or '')[:300]}")
        return None
