"""`scripts/bench search`: searches of galleries of different sizes, and what the index costs a write."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from functools import partial
from itertools import accumulate, product
from typing import TYPE_CHECKING
from unittest import mock

import click

from captionary import catalog as catalog_module
from captionary import identity
from captionary.catalog import Catalog
from captionary.records import LabelJson, Record

from .filling import Words, create_table
from .galleries import (
    FilledGallery,
    by_turns,
    dynamodb_option,
    filled_galleries,
    parse_sizes,
    sizes_option,
    typical_of,
)
from .report import Figure, Part, tell

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HITS = 50  # of what is rare, in a gallery of any size, and a page of what is not
WRITES = 300
SYLLABLES = ("ba", "co", "du", "fe", "gi", "ha", "jo", "ku", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wa")
VOCABULARY = ["".join(syllables) for syllables in product(SYLLABLES, repeat=3)][::2]
WEIGHTS = list(accumulate(1 / (rank + 3) for rank in range(len(VOCABULARY))))  # as words of a language come
LABELS = VOCABULARY[::12]
SEARCHES: dict[str, dict[str, str]] = {
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


IN_README = ("a rare word", "a common and a rare word", "the beginning of a common word")


@click.command()
@sizes_option
@dynamodb_option
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(sizes: str, dynamodb: str | None, as_json: bool) -> None:
    """Measure searches that find as much in galleries of different sizes, and what the index costs a write.

    Filling a gallery with 100,000 photos takes some minutes, and about 3 GB of memory; a million on DynamoDB
    Local about an hour.
    """
    with filled_galleries(parse_sizes(sizes), words_of, dynamodb) as galleries:
        part = measure(galleries)
    tell(part, as_json)


def measure(galleries: list[FilledGallery]) -> Part:
    """Each search in each gallery, photos that look alike, and what the index costs a write."""
    figures = [*searches(galleries), *likenesses(galleries), *writes(galleries[-1].catalog.table.client)]
    return Part("search", f"A page of up to {HITS} photos that a search finds", tuple(figures))


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
        return Words(f"IMG_{number % 10_000:04}.jpg", " ".join(caption), tuple(labels))  # as cameras number them

    return words


def searches(galleries: list[FilledGallery]) -> list[Figure]:
    """Each search in each gallery."""
    return [
        figure
        for name, query in SEARCHES.items()
        for figure in by_turns(galleries, name, partial(_ask, query), in_readme=name in IN_README)
    ]


def _ask(query: dict[str, str], gallery: FilledGallery) -> tuple[float, int]:
    return gallery.ask({"limit": str(HITS)} | query)


def likenesses(galleries: list[FilledGallery]) -> list[Figure]:
    """Photos that look like one that every gallery has; asked first, when looks are yet to be read, and later."""
    askable = [gallery for gallery in galleries if gallery.similar]
    if not askable:
        return []
    image_id = identity.image_id("0.jpg")

    def look(gallery: FilledGallery) -> tuple[float, int]:
        assert gallery.similar
        return gallery.similar(image_id)

    first = [
        Figure(f"photos that look alike, asked first: of {gallery.size:,}", look(gallery)[0] * 1e3, "ms")
        for gallery in askable
    ]
    return [*first, *by_turns(askable, "photos that look alike", look)]


def writes(client: DynamoDBClient) -> list[Figure]:
    """What writing a record takes, by turns without index and with it, in a table of its own; its words are known."""
    catalog = Catalog(client, f"bench-writes-{uuid.uuid4().hex[:8]}")
    create_table(client, catalog.table.name)
    without, with_index = [], []
    for i in range(WRITES):
        with_index.append(_seconds_of_write(catalog, f"with/{i}/img_1.jpg", i))
        with (
            mock.patch.object(catalog_module, "words_of", return_value=()),
            mock.patch.object(catalog.labels, "changes", return_value=[]),
        ):
            without.append(_seconds_of_write(catalog, f"without/{i}/img_1.jpg", i))
    client.delete_table(TableName=catalog.table.name)
    plain, indexed = typical_of(without), typical_of(with_index)
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
