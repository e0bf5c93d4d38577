"""Events that come late, twice, in any order or never: the table ends as what the bucket holds."""

from __future__ import annotations

import hashlib
import io
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from infra.sandbox import RunningGallery, eventually
from tests.backends import needs_own_s3
from tests.carrier import Carrier

pytestmark = pytest.mark.integration

PHOTOS = 200


def photo(chance: random.Random) -> bytes:
    """A small photo that no other is like."""
    buffer = io.BytesIO()
    colours = Image.frombytes("RGB", (8, 6), chance.randbytes(8 * 6 * 3))
    colours.resize((160, 120), Image.Resampling.BICUBIC).save(buffer, "JPEG")
    return buffer.getvalue()


def keys_of(gallery: RunningGallery, bucket: str) -> Iterator[str]:
    for page in gallery.clients.s3.get_paginator("list_objects_v2").paginate(Bucket=gallery.endpoints[bucket]):
        yield from (item["Key"] for item in page.get("Contents", []))


def fill_and_change(gallery: RunningGallery, chance: random.Random, photos: int) -> dict[str, bytes]:
    """Put photos, and meanwhile delete or overwrite three in ten; what is there in the end, by id."""
    kept: dict[str, bytes] = {}

    def put(number: int) -> None:
        own = random.Random(chance.random() + number)
        key = f"album {number % 7}/{number}.jpg"
        data = photo(own)
        image_id = gallery.put(key, data)
        kept[image_id] = data
        fate = own.random()
        if fate < 0.3:
            time.sleep(own.uniform(0, 1.5))
        if fate < 0.1:
            gallery.clients.s3.delete_object(Bucket=gallery.endpoints["images_bucket"], Key=key)
            del kept[image_id]
        elif fate < 0.15 and gallery.request("DELETE", f"/api/images/{image_id}").status == 204:
            if key not in set(keys_of(gallery, "images_bucket")):  # it was in the table already
                del kept[image_id]
        elif fate < 0.3:
            kept[image_id] = photo(own)
            gallery.put(key, kept[image_id])

    with ThreadPoolExecutor(max_workers=4) as threads:
        list(threads.map(put, range(photos)))
    return kept


def assert_table_is_as_bucket(gallery: RunningGallery, kept: dict[str, bytes], *, leftovers: bool = False) -> None:
    """Leftovers: derived files of photos that are gone may still be there, to be cleared up by a later start."""
    eventually(gallery.is_idle)
    images = gallery.all_images()
    assert len(images) == len({image["id"] for image in images})
    assert {image["id"]: (image["status"], image["sha256"]) for image in images} == {
        image_id: ("ready", hashlib.sha256(data).hexdigest()) for image_id, data in kept.items()
    }
    assert gallery.request("GET", "/api/status").json["counts"] == {"pending": 0, "ready": len(kept), "failed": 0}
    expected = [image[url].removeprefix("/media/") for image in images for url in ("thumb_url", "preview_url")]
    belonging = {*expected, *(f"meta/{image_id}.json" for image_id in kept)}
    there = set(keys_of(gallery, "media_bucket"))
    assert belonging <= there
    assert leftovers or there == belonging


@needs_own_s3  # the carrier's queue is one that MinIO can't tell of its events
def test_every_event_comes_three_times_and_in_any_order(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    chance = random.Random(1)
    with Carrier(own_gallery, chance, copies=3, seconds=6) as carrier:
        kept = fill_and_change(own_gallery, chance, PHOTOS)
    assert carrier.carried > PHOTOS
    assert len(kept) < PHOTOS
    assert_table_is_as_bucket(own_gallery, kept)


@needs_own_s3
def test_events_that_never_come_are_made_up_for(own_gallery: RunningGallery) -> None:
    own_gallery.start()
    chance = random.Random(2)
    with Carrier(own_gallery, chance, seconds=2, lost=0.3):
        kept = fill_and_change(own_gallery, chance, PHOTOS // 4)
    eventually(own_gallery.is_idle)
    own_gallery.stop()
    own_gallery.start()
    own_gallery.wait_for_line("Put in order after the last run")
    assert_table_is_as_bucket(own_gallery, kept, leftovers=True)
