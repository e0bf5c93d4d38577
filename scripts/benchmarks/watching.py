"""What a running gallery does with photos, seen from outside."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from captionary import identity
from captionary.catalog import Catalog
from infra.ministack import free_port
from infra.sandbox import RunningGallery, eventually

UPLOADS_AT_ONCE = 4


@contextmanager
def running_gallery(model: str = "starter") -> Iterator[RunningGallery]:
    """A gallery of its own, empty, whose first worker has its network loaded."""
    with TemporaryDirectory() as folder:
        gallery = RunningGallery(Path(folder) / "data", free_port(), model)
        gallery.start()
        try:
            eventually(lambda: gallery.request("GET", "/api/status").json["model"] is not None)
            yield gallery
        finally:
            gallery.stop()


def catalog_of(gallery: RunningGallery) -> Catalog:
    """Its table."""
    return Catalog(gallery.clients.dynamodb, gallery.endpoints["table"])


def caption_one(gallery: RunningGallery, key: str, data: bytes) -> float:
    """Seconds from the PUT of one photo to its record."""
    time.sleep(0.3)  # until nothing of the last one goes on
    clients, catalog = gallery.clients, catalog_of(gallery)
    image_id = identity.image_id(key)
    started = time.perf_counter()
    clients.s3.put_object(Bucket=gallery.endpoints["images_bucket"], Key=key, Body=data)
    while not ((record := catalog.get(image_id)) and record.status == "ready"):
        time.sleep(0.005)
    return time.perf_counter() - started


def caption_many(gallery: RunningGallery, folder: str, photos: list[bytes]) -> float:
    """Seconds from the PUT of the first photo to the record of the last."""
    clients, catalog = gallery.clients, catalog_of(gallery)
    keys = [f"{folder}/{i}.jpg" for i in range(len(photos))]
    started = time.perf_counter()
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as threads:
        for done in [
            threads.submit(clients.s3.put_object, Bucket=gallery.endpoints["images_bucket"], Key=key, Body=data)
            for key, data in zip(keys, photos, strict=True)
        ]:
            done.result()
    waiting = {identity.image_id(key) for key in keys}
    while waiting:
        time.sleep(0.1)
        waiting -= {record.id for record in catalog.get_many(waiting).values() if record.status == "ready"}
    return time.perf_counter() - started


def stages_of(gallery: RunningGallery, folder: str) -> list[dict[str, float]]:
    """Milliseconds by stage of each photo of a folder, from the caption function's own log."""
    lines = (gallery.data / "logs" / "captionary-caption.log").read_text().splitlines()
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines if f'"{folder}/' in line]
    return [entry["ms"] for entry in entries if entry.get("outcome") == "ready"]


def workers(gallery: RunningGallery) -> list[int]:
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


def peak_memory(pid: int) -> int:
    """The most memory that a process had, in bytes."""
    match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(match[1]) * 1024 if match else 0
