"""Galleries of different sizes side by side, to be asked the same by turns.

So whatever else the machine does tells in all of them alike.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import click

from captionary.catalog import Catalog
from captionary.records import to_json
from captionary.search import Query
from infra.clients import connect
from infra.ministack import free_port
from infra.sandbox import RunningGallery

from .filling import Words, create_table, fill
from .report import Figure
from .watching import catalog_of

SIZES = (1_000, 100_000)
LIMIT = 50
RUNS = 60
WARM_UP = 5  # runs that are not counted

Ask = Callable[[dict[str, str]], tuple[float, int]]  # parameters of `GET /images`: seconds, and photos found


@dataclass(frozen=True)
class FilledGallery:
    """A gallery with many photos, of which there are records alone."""

    size: int
    catalog: Catalog
    ask: Ask
    similar: Callable[[str], tuple[float, int]] | None = None  # the same of photos that look like the one of an id


sizes_option = click.option(
    "--sizes", default=",".join(map(str, SIZES)), show_default=True, help="Photos in each gallery."
)
dynamodb_option = click.option(
    "--dynamodb",
    metavar="URL",
    help="A DynamoDB, such as DynamoDB Local, to fill tables in and to read by the API's own code; it takes a million"
    " photos. The tables (bench-SIZE) stay, and the next run uses them. Without it the local cloud does, and is asked"
    " over HTTP.",
)


def parse_sizes(text: str) -> list[int]:
    """The sizes that an option names, in order."""
    return sorted(int(size) for size in text.split(","))


@contextmanager
def filled_galleries(
    sizes: list[int], words: Callable[[int], Callable[[int], Words]], dynamodb: str | None = None
) -> Iterator[list[FilledGallery]]:
    """Galleries of these sizes.

    Args:
        words: for each size, what the photo of a number is found by.
        dynamodb: address of a DynamoDB, if not the local cloud of each gallery is to keep it.
    """
    with contextlib.ExitStack() as stack:
        galleries = [_on_dynamodb(size, dynamodb) if dynamodb else stack.enter_context(_local(size)) for size in sizes]
        for gallery in galleries:
            if not _is_full(gallery.catalog, gallery.size):
                fill(gallery.catalog, gallery.size, words(gallery.size))
        yield galleries


@contextmanager
def _local(size: int) -> Iterator[FilledGallery]:
    with TemporaryDirectory() as folder:
        gallery = RunningGallery(Path(folder) / "data", free_port())
        gallery.start()

        def get(path: str) -> tuple[float, int]:
            started = time.perf_counter()
            answer = gallery.request("GET", path)
            seconds = time.perf_counter() - started
            assert answer.status == 200, answer.body
            return seconds, len(json.loads(answer.body)["items"])

        try:
            yield FilledGallery(
                size,
                catalog_of(gallery),
                lambda query: get(f"/api/images?{urlencode(query)}"),
                lambda image_id: get(f"/api/images/{image_id}/similar"),
            )
        finally:
            gallery.kill_all()  # what it holds is thrown away, so it need not be saved


def _on_dynamodb(size: int, address: str) -> FilledGallery:
    client = connect(address).dynamodb
    table = f"bench-{size}"
    catalog = Catalog(client, table)

    def ask(query: dict[str, str]) -> tuple[float, int]:
        wanted = {name: value for name, value in query.items() if name in ("q", "label", "status")}
        limit, cursor = int(query["limit"]), query.get("cursor")
        started = time.perf_counter()
        search = Query.of(wanted.get("q", ""), wanted.get("label", ""), wanted.get("status", ""))
        listing = catalog.find(search, limit, cursor) if wanted else catalog.newest(limit, cursor)
        json.dumps([to_json(record) for record in listing.records])
        return time.perf_counter() - started, len(listing.records)

    try:
        create_table(client, table)
    except client.exceptions.ResourceInUseException:  # an earlier run made it
        if not _is_full(catalog, size):  # and filling it was broken off
            client.delete_table(TableName=table)
            client.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
            create_table(client, table)
    return FilledGallery(size, catalog, ask)


def _is_full(catalog: Catalog, size: int) -> bool:
    return catalog.counts()["ready"] >= size  # counted at last, when all are in


def by_turns(
    galleries: list[FilledGallery], name: str, look: Callable[[FilledGallery], tuple[float, int]], **more: Any
) -> list[Figure]:
    """What a look takes in each gallery, and as a ratio to the smallest one.

    Args:
        more: of the largest gallery's figure.
    """
    times: dict[int, list[float]] = {gallery.size: [] for gallery in galleries}
    found: dict[int, int] = {}
    for _ in range(RUNS):
        for gallery in galleries:
            seconds, found[gallery.size] = look(gallery)
            times[gallery.size].append(seconds)
    typical = {size: typical_of(some) for size, some in times.items()}
    least, most = min(typical), max(typical)
    return [
        Figure(
            f"{name}: {found[size]} of {size:,}",
            seconds * 1e3,
            "ms",
            seconds / typical[least],
            f"that of {least:,}",
            **(more if size == most else {}),
        )
        for size, seconds in typical.items()
    ]


def typical_of(times: list[float]) -> float:
    """What it takes when nothing else is in the way: a tenth of the runs were faster, those to warm up aside."""
    return statistics.quantiles(times[WARM_UP:], n=10)[0]
