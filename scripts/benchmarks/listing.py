"""`scripts/bench list`: a page of the gallery, by how many photos the gallery holds."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from itertools import islice
from pathlib import Path

import click

from captionary.catalog import Catalog, encode_cursor
from captionary.timeline import PLACES_PER_PAGE, Position
from infra.ministack import free_port
from infra.sandbox import RunningGallery

from .filling import fill
from .report import Figure, tell

SIZES = (100, 100_000)
LIMIT = 50
RUNS = 60
HIGHEST_SORT_KEY = "9" * 16 + "#" + "z" * 16  # after every entry of a page


@click.command()
@click.option("--sizes", default=",".join(map(str, SIZES)), show_default=True, help="Photos in the gallery.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(sizes: str, as_json: bool) -> None:
    """Measure a list page of 50 at different sizes of the gallery."""
    with tempfile.TemporaryDirectory() as folder:
        gallery = RunningGallery(Path(folder) / "data", free_port())
        gallery.start()
        try:
            figures = measure(gallery, sorted(int(size) for size in sizes.split(",")))
        finally:
            gallery.stop()
    tell("A list page of 50 photos, over HTTP", figures, as_json)


def measure(gallery: RunningGallery, sizes: list[int]) -> list[Figure]:
    """The newest page at each size, and at the last one a page in the middle and the first photos."""
    catalog = Catalog(gallery.clients.dynamodb, gallery.endpoints["table"])
    figures: list[Figure] = []
    first = 0.0
    held = 0
    for size in sizes:
        fill(catalog, size, held=held)
        held = size
        page = seconds_of(gallery, f"/api/images?limit={LIMIT}")
        first = first or page
        figures.append(Figure(f"newest page of {size:,}", page * 1000, "ms", page / first, f"that of {sizes[0]:,}"))
    for name, share in (("a page in the middle", 0.5), ("a page near the end", 0.99)):
        cursor = cursor_after(catalog, int(held * share))
        page = seconds_of(gallery, f"/api/images?limit={LIMIT}&cursor={cursor}")
        figures.append(Figure(f"{name} of {held:,}", page * 1000, "ms", page / first, f"the newest of {sizes[0]:,}"))
    return figures


def cursor_after(catalog: Catalog, skipped: int) -> str:
    """A cursor about that many photos down, found without walking there."""
    pages = islice(catalog.timeline.pages_before(catalog.timeline.newest_page()), skipped // PLACES_PER_PAGE, None)
    return encode_cursor(Position(next(pages), HIGHEST_SORT_KEY))


def seconds_of(gallery: RunningGallery, path: str) -> float:
    """The median time of an answer."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        answer = gallery.request("GET", path)
        times.append(time.perf_counter() - started)
        assert answer.status == 200, answer.body
        assert len(json.loads(answer.body)["items"]) == LIMIT
    return statistics.median(times[5:])
