"""A gallery of any size behind a page's requests, for what takes more photos than one can wait for to be captioned."""

from __future__ import annotations

import io
import json
import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image, ImageDraw
from playwright.sync_api import Page, Route

SHAPES = ((4000, 3000), (3000, 4000), (4032, 2268), (6000, 1500), (1170, 2532), (3000, 3000), (1600, 1067))
CAPTIONS = (
    "Espresso",
    "a brown and white dog is jumping over a hurdle",
    "two people are sitting on a bench under a large tree in the park",
    "a man in a blue shirt is climbing a rock",
    "a group of children in bright coats runs along the edge of a lake while behind them two dogs play in "
    "the shallow water and an old man with a red umbrella watches from the pier",
)
LABELS = ("golden retriever", "seashore", "espresso", "tabby cat", "lakeside", "park bench", "umbrella")
THUMBNAIL_PIXELS = 400


class ManyPhotos:
    """Photos that exist only in a page's requests."""

    def __init__(self, count: int, newest: datetime | None = None) -> None:
        rng = random.Random(4)
        time = newest or datetime.now(UTC)
        self.images: list[dict[str, Any]] = []
        self.pictures = {shape: [_picture(shape, seed) for seed in range(6)] for shape in SHAPES}
        for number in range(count):
            time -= timedelta(seconds=rng.expovariate(1 / 700))
            self.images.append(self._image(number, time, rng))

    def serve(self, page: Page) -> None:
        """Answer the page's requests."""
        page.route("**/api/**", self._api)
        page.route("**/media/**", self._media)

    def _image(self, number: int, time: datetime, rng: random.Random) -> dict[str, Any]:
        width, height = SHAPES[0] if rng.random() < 0.5 else rng.choice(SHAPES)
        image_id = f"{rng.getrandbits(64):016x}"
        names = rng.sample(LABELS, 3)
        scores = sorted((rng.random() for _ in names), reverse=True)
        return {
            "id": image_id,
            "filename": f"IMG_{number:05}.jpg",
            "status": "ready",
            "caption": CAPTIONS[number % len(CAPTIONS)],
            "caption_source": "model",
            "labels": [
                {"name": name, "score": score, "source": "model"} for name, score in zip(names, scores, strict=True)
            ],
            "edited": {"caption": False, "labels": False},
            "width": width,
            "height": height,
            "bytes": 2_400_000,
            "content_type": "image/jpeg",
            "sha256": None,
            "created_at": f"{time:%Y-%m-%dT%H:%M:%S.%fZ}",
            "taken_at": "2025-06-01T12:00:00Z",
            "camera": "Canon EOS 5D",
            "placeholder": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
            "thumb_url": f"/media/thumb/{image_id}.jpg",
            "preview_url": f"/media/preview/{image_id}.jpg",
            "original_url": f"/api/images/{image_id}/original",
            "model": {"name": "imagenet", "version": "1"},
            "feedback": {"right": 0, "wrong": 0},
            "error": None,
        }

    def _api(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        path = url.path.removeprefix("/api")
        if path == "/session":
            answer: Any = {"required": False, "public_read": True, "signed_in": False}
        elif path == "/status":
            answer = self._status()
        elif path == "/labels":
            answer = {"items": [{"name": name, "count": 10} for name in LABELS if query.get("q", "") in name]}
        elif path == "/images/delete":
            answer = {"deleted": json.loads(route.request.post_data or "{}")["ids"], "missing": []}
        elif path == "/images" and "ids" in query:
            answer = {"items": [image for image in self.images if image["id"] in query["ids"].split(",")], "next": None}
        elif path == "/images":
            start, limit = int(query.get("cursor", 0)), int(query.get("limit", 50))
            end = start + limit
            found = self.images[start:end]
            answer = {"items": found, "next": str(end) if end < len(self.images) else None}
        elif path.endswith("/similar"):
            duplicates = ("exact", "near", None, None, None, None)
            answer = {
                "items": [
                    {"image": image, "similarity": 0.9, "duplicate": duplicate}
                    for image, duplicate in zip(self.images[:6], duplicates, strict=False)
                ]
            }
        else:
            answer = next(image for image in self.images if image["id"] == path.rpartition("/")[2])
        route.fulfill(json=answer)

    def _status(self) -> dict[str, Any]:
        counts = {"pending": 0, "ready": 0, "failed": 0}
        for image in self.images:
            counts[image["status"]] += 1
        return {
            "counts": counts,
            "queue": {"waiting": 0, "dead_letters": 0},
            "feedback": {"right": 0, "wrong": 0},
            "model": {"name": "imagenet", "version": "1"},
            "upgrade": None,
            "version": "0.1.0",
        }

    def _media(self, route: Route) -> None:
        image_id = route.request.url.rpartition("/")[2].removesuffix(".jpg")
        image = next(image for image in self.images if image["id"] == image_id)
        pictures = self.pictures[image["width"], image["height"]]
        body = pictures[int(image_id, 16) % len(pictures)]
        route.fulfill(body=body, content_type="image/jpeg", headers={"Cache-Control": "max-age=3600"})


def _picture(shape: tuple[int, int], seed: int) -> bytes:
    """Hills under a sky, as JPEG."""
    scale = THUMBNAIL_PIXELS / max(shape)
    width, height = round(shape[0] * scale), round(shape[1] * scale)
    rng = random.Random(seed)
    hue = rng.randrange(360)
    picture = Image.new("RGB", (width, height), f"hsl({hue}, 45%, 78%)")
    draw = ImageDraw.Draw(picture)
    radius = height / 9
    x, y = rng.uniform(0.2, 0.8) * width, rng.uniform(0.15, 0.4) * height
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=f"hsl({hue}, 80%, 92%)")
    for layer in range(4):
        phase, wave = rng.uniform(0, 6), rng.uniform(0.6, 1.6)
        ridge = [
            (x, height * (0.45 + layer * 0.14 + 0.08 * math.sin(phase + wave * 6 * x / width))) for x in range(width)
        ]
        colour = f"hsl({(hue + 150 + 18 * layer) % 360}, {30 + 6 * layer}%, {62 - 12 * layer}%)"
        draw.polygon([(0, height), *ridge, (width, height)], fill=colour)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
