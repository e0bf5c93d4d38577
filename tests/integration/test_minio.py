"""What is MinIO's own: its events come by a webhook, and are kept while nobody takes them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from infra.sandbox import RunningGallery, eventually
from tests.backends import NAMED
from tests.integration.test_events import assert_table_is_as_bucket, fill_and_change, photo

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif("minio" not in NAMED, reason="scripts/test --backends runs it on MinIO"),
]


def has_told_all(folder: Path) -> bool:
    """Whether MinIO keeps no event any more."""
    return not any((folder / "minio" / "events").rglob("*.event"))


def test_photos_that_come_and_go(own_gallery: RunningGallery, tmp_path: Path) -> None:
    own_gallery.start()
    kept = fill_and_change(own_gallery, random.Random(3), 60)
    eventually(lambda: has_told_all(tmp_path))
    assert_table_is_as_bucket(own_gallery, kept)


def test_events_wait_while_the_gallery_is_away(own_gallery: RunningGallery, tmp_path: Path) -> None:
    own_gallery.start()
    chance = random.Random(4)
    old, new = photo(chance), photo(chance)
    overwritten, removed = own_gallery.put("overwritten.jpg", old), own_gallery.put("removed.jpg", old)
    for image_id in (overwritten, removed):
        own_gallery.settled(image_id)
    eventually(lambda: has_told_all(tmp_path))

    own_gallery.stop()
    own_gallery.put("overwritten.jpg", new)
    added = own_gallery.put("a b/added+.jpg", old)
    own_gallery.clients.s3.delete_object(Bucket=own_gallery.endpoints["images_bucket"], Key="removed.jpg")
    assert not has_told_all(tmp_path)

    own_gallery.start()
    eventually(lambda: has_told_all(tmp_path))
    assert_table_is_as_bucket(own_gallery, {overwritten: new, added: old})
