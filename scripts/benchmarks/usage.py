"""`scripts/bench usage`: what a photo uses of AWS' services, counted at the caption function's own calls."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from captionary.timeline import PLACES_PER_PAGE
from infra.models import choose
from infra.sandbox import RunningGallery

from . import photos
from .filling import create_table
from .processes import function_paths, run_as_function
from .report import Figure, Part, tell
from .watching import running_gallery

COUNT = 256  # two pages of the timeline
LARGE_COUNT = 10
MOST_SHARED = 40  # items
NAMES = {"TABLE": "usage", "IMAGES_BUCKET": "usage-images", "MEDIA_BUCKET": "usage-media"}


@click.command()
@click.option("--count", default=COUNT, show_default=True, help="Photos to caption.")
@click.option("--model", default="starter", show_default=True, help="The pack that captions.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(count: int, model: str, as_json: bool) -> None:
    """Count requests, units and bytes that a photo uses; docs/scale.md reckons with them."""
    with running_gallery(model) as gallery:
        part = measure(gallery, model, count)
    tell(part, as_json)


def measure(gallery: RunningGallery, model: str = "starter", count: int = COUNT) -> Part:
    """What the real function uses for photos in a table of their own, in which no worker has a hand."""
    create_table(gallery.clients.dynamodb, NAMES["TABLE"])
    for bucket in (NAMES["IMAGES_BUCKET"], NAMES["MEDIA_BUCKET"]):
        gallery.clients.s3.create_bucket(Bucket=bucket)
    small = {f"album/IMG_{i:04}.jpg": photos.jpeg(photo) for i, photo in enumerate(photos.small(count))}
    used = _metered(gallery, model, small)
    photo = photos.large(photos.SIZES["8"])
    sent = _metered(gallery, model, {f"large/DSC_{i:04}.jpg": photo for i in range(LARGE_COUNT)})["sent"]
    hottest: Counter[str] = Counter()
    for partition, units in used["written"].items():
        hottest[kind_of(partition)] = max(hottest[kind_of(partition)], units)
    figures = [
        *(Figure(f"calls: {name}", number / count, "") for name, number in sorted(used["calls"].items())),
        Figure("write units", sum(used["written"].values()) / count, ""),
        Figure("read units", used["read_units"] / count, ""),
        Figure("read units of a list page of 50", used["read_units_of_page"], ""),
        *(
            Figure(f"write units of the busiest partition: {kind}", units / count, "")
            for kind, units in hottest.most_common()
        ),
        *(Figure(f"photos that write {item}", share * 100, "%") for item, share in _shared(used["transacted"], count)),
        Figure("items in the table", used["items"] / count, ""),
        Figure("bytes in the table", used["table_bytes"] / count, "B"),
        Figure("bytes of log", used["logged"] / count, "B"),
        *(Figure(f"bytes of an 8-megapixel photo: {name}", size / LARGE_COUNT, "B") for name, size in sent.items()),
    ]
    return Part("usage", "What a photo uses of AWS' services", tuple(figures))


def kind_of(partition: str) -> str:
    """What a partition holds: the first part of its name."""
    return partition.partition("#")[0]


def _shared(transacted: dict[str, int], count: int) -> list[tuple[str, float]]:
    """Items that many photos write in their transactions, and the share of the photos that do."""
    shares: dict[str, float] = {}
    for item, writes in transacted.items():
        partition, _, sort_key = item.partition(" ")
        # Under a word there is an item for each page: of the photos of that page, for they come together.
        is_word = kind_of(partition) == "word"
        name = partition if is_word else f"{partition} {sort_key}"
        shares[name] = max(
            shares.get(name, 0.0), min(1.0, writes / min(count, PLACES_PER_PAGE) if is_word else writes / count)
        )
    return sorted(shares.items(), key=lambda each: -each[1])[:MOST_SHARED]


def _metered(gallery: RunningGallery, model: str, files: dict[str, bytes]) -> dict[str, Any]:
    for key, data in files.items():
        gallery.clients.s3.put_object(Bucket=NAMES["IMAGES_BUCKET"], Key=key, Body=data)
    with TemporaryDirectory() as folder:
        paths = os.pathsep.join(function_paths(choose(model).pack, Path(folder)))
        program = str(Path(__file__).with_name("metered.py"))
        return dict(json.loads(run_as_function(gallery, [program, *files], PYTHONPATH=paths, **NAMES)))
