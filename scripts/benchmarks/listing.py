"""`scripts/bench list`: a page of the gallery, by how many photos the gallery holds."""

from __future__ import annotations

from functools import partial
from itertools import chain, islice

import click

from captionary.catalog import Catalog, encode_cursor
from captionary.timeline import PLACES_PER_PAGE, Position

from .galleries import (
    LIMIT,
    FilledGallery,
    by_turns,
    dynamodb_option,
    filled_galleries,
    parse_sizes,
    sizes_option,
)
from .report import Figure, Part, tell
from .search import words_of

HIGHEST_SORT_KEY = "9" * 16 + "#" + "z" * 16  # after every entry of a page
PLACES = {"the newest page": 0.0, "a page in the middle": 0.5, "a page near the end": 0.9}


@click.command()
@sizes_option
@dynamodb_option
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(sizes: str, dynamodb: str | None, as_json: bool) -> None:
    """Measure a list page of 50 at different sizes of the gallery."""
    with filled_galleries(parse_sizes(sizes), words_of, dynamodb) as galleries:
        part = measure(galleries)
    tell(part, as_json)


def measure(galleries: list[FilledGallery]) -> Part:
    """The newest page, one in the middle and one near the end, in each gallery."""
    figures: list[Figure] = []
    for name, share in PLACES.items():
        figures += by_turns(galleries, name, partial(_ask, share), in_readme=True)
    return Part("list", f"A page of {LIMIT} photos of the gallery", tuple(figures))


def _ask(share: float, gallery: FilledGallery) -> tuple[float, int]:
    """For the page after so large a share of the gallery."""
    cursor = {"cursor": _cursor_after(gallery.catalog, int(gallery.size * share))} if share else {}
    return gallery.ask({"limit": str(LIMIT)} | cursor)


def _cursor_after(catalog: Catalog, skipped: int) -> str:
    """A cursor about that many photos down, found without walking there."""
    newest = catalog.timeline.newest_page()
    pages = chain([newest], catalog.timeline.pages_before(newest))
    return encode_cursor(Position(next(islice(pages, skipped // PLACES_PER_PAGE, None)), HIGHEST_SORT_KEY))
