"""`scripts/bench pipeline`: from the PUT of a photo to its record."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import click
import numpy as np
from PIL import Image

from captionary import identity, images
from captionary.catalog import Catalog
from infra.deploy import ROOT
from infra.ministack import free_port
from infra.sandbox import RunningGallery, eventually

from .report import Figure, tell

PHOTOS = ROOT / "layers" / "resnet50" / "photos"
LARGE_BYTES = 2_000_000
LARGE_SIZE = (3264, 2448)  # 8 megapixels
SMALL_SIZE = (500, 375)
WARM_RUNS = 10
SMALL_COUNT = 200
UPLOADS_AT_ONCE = 4


@click.command()
@click.option(
    "--photo", type=click.Path(exists=True, path_type=Path), help="A large photo of your own to measure with."
)
@click.option("--model", default="starter", show_default=True, help="The pack that captions.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(photo: Path | None, model: str, as_json: bool) -> None:
    """Measure how long photos take from their PUT to their record."""
    large = photo.read_bytes() if photo else large_photo()
    with tempfile.TemporaryDirectory() as folder:
        gallery = RunningGallery(Path(folder) / "data", free_port(), model)
        started = time.perf_counter()
        gallery.start()
        ready = time.perf_counter() - started
        try:
            figures = measure(gallery, large)
        finally:
            gallery.stop()
    tell("From PUT to record", [Figure("start to page, empty gallery", ready, "s"), *figures], as_json)


def measure(gallery: RunningGallery, large: bytes) -> list[Figure]:
    """Cold, warm, and many at once."""
    decode = statistics.median(_seconds(lambda: images.read(large)) for _ in range(5))
    eventually(lambda: gallery.request("GET", "/api/status").json["model"] is not None)
    warm = statistics.median(_one(gallery, f"warm/{i}.jpg", large) for i in range(WARM_RUNS + 1))
    for pid in _workers(gallery):
        os.kill(pid, signal.SIGKILL)
    cold = _one(gallery, "cold.jpg", large)
    small = [_jpeg(photo) for photo in small_photos(SMALL_COUNT)]
    _many(gallery, "round 1", small[:20])
    seconds = _many(gallery, "round 2", small)
    stages = _stage_seconds(gallery)
    rate, possible = SMALL_COUNT / seconds, len(_workers(gallery)) / stages
    memory = max(_peak_memory(pid) for pid in _workers(gallery))
    label = f"{len(large) / 1e6:.1f} MB photo"
    return [
        Figure(f"{label}, decode alone", decode * 1000, "ms"),
        Figure(f"{label}, warm (median of {WARM_RUNS + 1})", warm * 1000, "ms", warm / decode, "decode alone"),
        Figure(f"{label}, cold (new worker)", cold * 1000, "ms", cold / warm, "warm"),
        Figure(
            f"{SMALL_COUNT} photos of 500x375 at once", rate, "photos/s", rate / possible, "the workers' stages alone"
        ),
        Figure("largest worker", memory / 1e6, "MB"),
    ]


def large_photo() -> bytes:
    """A photo of 8 megapixels and about 2 MB: a small one blown up, with as much grain as makes the size."""
    with Image.open(PHOTOS / "rocket.jpg") as small:
        base = np.asarray(small.convert("RGB").resize(LARGE_SIZE, Image.Resampling.BICUBIC), np.float32)
    grain = np.random.default_rng(1).normal(0, 1, (LARGE_SIZE[1], LARGE_SIZE[0], 1)).astype(np.float32)
    low, high = 0.0, 40.0
    data = b""
    for _ in range(8):
        strength = (low + high) / 2
        picture = Image.fromarray(np.clip(base + strength * grain, 0, 255).astype(np.uint8))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=85)
        data = buffer.getvalue()
        low, high = (strength, high) if len(data) < LARGE_BYTES else (low, strength)
    return data


def small_photos(count: int) -> list[Image.Image]:
    """So many different photos of 500x375."""
    photos = []
    random = np.random.default_rng(1)
    for _, path in zip(range(count), cycle(sorted(PHOTOS.glob("*.jpg"))), strict=False):
        with Image.open(path) as picture:
            side = float(random.uniform(0.6, 1.0))
            width, height = int(picture.width * side), int(picture.height * side)
            left = int(random.integers(0, picture.width - width + 1))
            top = int(random.integers(0, picture.height - height + 1))
            part = picture.convert("RGB").crop((left, top, left + width, top + height))
        photos.append(part.resize(SMALL_SIZE))
    return photos


def _jpeg(photo: Image.Image) -> bytes:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _seconds(work: object) -> float:
    started = time.perf_counter()
    assert callable(work)
    work()
    return time.perf_counter() - started


def _one(gallery: RunningGallery, key: str, data: bytes) -> float:
    """Seconds from the PUT of one photo to its record."""
    time.sleep(0.3)  # until nothing of the last one goes on
    clients, endpoints = gallery.clients, gallery.endpoints
    catalog = Catalog(clients.dynamodb, endpoints["table"])
    image_id = identity.image_id(key)
    started = time.perf_counter()
    clients.s3.put_object(Bucket=endpoints["images_bucket"], Key=key, Body=data)
    while not ((record := catalog.get(image_id)) and record.status == "ready"):
        time.sleep(0.005)
    return time.perf_counter() - started


def _many(gallery: RunningGallery, folder: str, photos: list[bytes]) -> float:
    """Seconds from the PUT of the first photo to the record of the last."""
    clients, endpoints = gallery.clients, gallery.endpoints
    catalog = Catalog(clients.dynamodb, endpoints["table"])
    keys = [f"{folder}/{i}.jpg" for i in range(len(photos))]
    started = time.perf_counter()
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as threads:
        for done in [
            threads.submit(clients.s3.put_object, Bucket=endpoints["images_bucket"], Key=key, Body=data)
            for key, data in zip(keys, photos, strict=True)
        ]:
            done.result()
    waiting = {identity.image_id(key) for key in keys}
    while waiting:
        time.sleep(0.1)
        waiting -= {record.id for record in catalog.get_many(waiting).values() if record.status == "ready"}
    return time.perf_counter() - started


def _workers(gallery: RunningGallery) -> list[int]:
    """Process ids of the caption function's workers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_text()
        except OSError:
            continue
        if str(gallery.data) in arguments and "captionary-caption" in arguments:
            found.append(int(path.parent.name))
    return found


def _peak_memory(pid: int) -> int:
    """The most memory that a process had, in bytes."""
    match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(match[1]) * 1024 if match else 0


def _stage_seconds(gallery: RunningGallery) -> float:
    """What one worker took for each photo of the second round, two being in its hands at a time."""
    lines = (gallery.data / "logs" / "captionary-caption.log").read_text().splitlines()
    spent = [
        sum(entry["ms"].values()) / 1000
        for line in lines
        if '"round 2/' in line and (entry := json.loads(line))["outcome"] == "ready"
    ]
    return float(statistics.mean(spent)) / 2
