"""`scripts/bench search`: searches of galleries of different sizes, and what the index costs a write."""

from __future__ import annotations

import contextlib
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate, product
from pathlib import Path
from unittest import mock
from urllib.parse import urlencode

import click

from captionary import catalog as catalog_module
from captionary import identity
from captionary.catalog import Catalog
from captionary.records import LabelJson, Record
from infra.ministack import free_port
from infra.sandbox import RunningGallery

from .filling import Words, fill
from .report import Figure, tell

SIZES = (1_000, 100_000)
HITS = 50  # of what is rare, in a gallery of any size, and a page of what is not
RUNS = 60
WRITES = 300
SYLLABLES = ("ba", "co", "du", "fe", "gi", "ha", "jo", "ku", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wa")
VOCABULARY = ["".join(syllables) for syllables in product(SYLLABLES, repeat=3)][::2]
WEIGHTS = list(accumulate(1 / (rank + 3) for rank in range(len(VOCABULARY))))  # as words of a language come
LABELS = VOCABULARY[::12]
SEARCHES: dict[str, dict[str, str]] = {
    "all photos": {},
    "a rare word": {"q": "kestrel"},
    "a common word": {"q": "everyday"},
    "a common and a rare word": {"q": "everyday kestrel"},
    "two common words": {"q": "everyday north"},
    "two common words that never meet": {"q": "south north"},
    "the beginning of a rare word": {"q": "kes"},
    "the beginning of a common word": {"q": "every"},
    "the first letter of a word": {"q": "k"},
    "a rare label": {"label": "rare bird"},
    "a common label": {"label": "frequent bird"},
    "a rare label and a word": {"label": "rare bird", "q": "img"},
}


@click.command()
@click.option("--sizes", default=",".join(map(str, SIZES)), show_default=True, help="Photos in each gallery.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(sizes: str, as_json: bool) -> None:
    """Measure searches that find as much in galleries of different sizes, and what the index costs a write.

    The galleries run side by side and are asked in turns, so that what else the machine does tells in all
    of them alike. Filling one with 100,000 photos takes some minutes, and about 3 GB of memory.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        galleries = {}
        for size in sorted(int(size) for size in sizes.split(",")):
            gallery = RunningGallery(Path(folder) / str(size), free_port())
            gallery.start()
            stack.callback(gallery.kill_all)  # what it holds is thrown away, so it need not be saved
            fill(_catalog(gallery), size, words_of(size))
            galleries[size] = gallery
        figures = [*searches(galleries), *likenesses(galleries), *writes(_catalog(gallery))]
        tell(f"A page of up to {HITS} photos that a search finds, over HTTP", figures, as_json)


def words_of(size: int) -> Callable[[int], Words]:
    """What the photo of each number is found by: what is rare is so at every size, all over the gallery."""

    def words(number: int) -> Words:
        chance = random.Random(number)
        caption = chance.choices(VOCABULARY, cum_weights=WEIGHTS, k=6)
        caption.append("north" if number % 2 else "south")
        labels = chance.sample(LABELS, 4)
        if number % 3:
            caption.append("everyday")
            labels.append("frequent bird")
        if number % (size // HITS) == 0:
            caption.append("kestrel")
            labels.append("rare bird")
        return Words(f"IMG_{number:06d}.jpg", " ".join(caption), tuple(labels))

    return words


def searches(galleries: dict[int, RunningGallery]) -> list[Figure]:
    """Each search in each gallery."""
    return [
        figure
        for name, query in SEARCHES.items()
        for figure in _asked(galleries, name, f"/api/images?{urlencode({'limit': str(HITS), **query})}")
    ]


def likenesses(galleries: dict[int, RunningGallery]) -> list[Figure]:
    """Photos that look like one that every gallery has; asked first, when looks are yet to be read, and later."""
    path = f"/api/images/{identity.image_id('0.jpg')}/similar"
    first = [
        Figure(f"photos that look alike, asked first: of {size:,}", _seconds_of(gallery, path)[0] * 1e3, "ms")
        for size, gallery in galleries.items()
    ]
    return [*first, *_asked(galleries, "photos that look alike", path)]


def _asked(galleries: dict[int, RunningGallery], name: str, path: str) -> list[Figure]:
    """What an answer takes in each gallery, asked by turns."""
    times: dict[int, list[float]] = {size: [] for size in galleries}
    found: dict[int, int] = {}
    for _ in range(RUNS):
        for size, gallery in galleries.items():
            seconds, items = _seconds_of(gallery, path)
            times[size].append(seconds)
            found[size] = len(items)
    typical = {size: _typical(some) for size, some in times.items()}
    least = min(galleries)
    return [
        Figure(
            f"{name}: {found[size]} of {size:,}", seconds * 1e3, "ms", seconds / typical[least], f"that of {least:,}"
        )
        for size, seconds in typical.items()
    ]


def _seconds_of(gallery: RunningGallery, path: str) -> tuple[float, list[object]]:
    """How long an answer takes, and the items in it."""
    started = time.perf_counter()
    answer = gallery.request("GET", path)
    seconds = time.perf_counter() - started
    assert answer.status == 200, answer.body
    return seconds, json.loads(answer.body)["items"]


def writes(catalog: Catalog) -> list[Figure]:
    """What writing a record takes, by turns without index and with it; its words are known."""
    without, with_index = [], []
    for i in range(WRITES):
        with_index.append(_seconds_of_write(catalog, f"with/{i}/img_1.jpg", i))
        with (
            mock.patch.object(catalog_module, "words_of", return_value=()),
            mock.patch.object(catalog.labels, "changes", return_value=[]),
        ):
            without.append(_seconds_of_write(catalog, f"without/{i}/img_1.jpg", i))
    plain, indexed = _typical(without), _typical(with_index)
    return [
        Figure("a record written, not indexed", plain * 1e3, "ms"),
        Figure("a record written, 14 words and 5 labels", indexed * 1e3, "ms", indexed / plain, "not indexed"),
    ]


def _seconds_of_write(catalog: Catalog, key: str, number: int) -> float:
    chance = random.Random(number)
    [place] = catalog.timeline.take_places(1)
    labels = tuple(LabelJson(name=name, score=0.5, source="model") for name in chance.sample(LABELS[:50], 5))
    record = Record(
        identity.image_id(key),
        key,
        "ready",
        place.page,
        place.created_at,
        caption=" ".join(chance.sample(VOCABULARY[:100], 6)),
        labels=labels,
    )
    started = time.perf_counter()
    catalog.write(record, None)
    return time.perf_counter() - started


def _typical(times: list[float]) -> float:
    """What it takes when nothing else is in the way: a tenth of the runs were faster, those to warm up aside."""
    return statistics.quantiles(times[5:], n=10)[0]


def _catalog(gallery: RunningGallery) -> Catalog:
    return Catalog(gallery.clients.dynamodb, gallery.endpoints["table"])
