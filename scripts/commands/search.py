"""`captionary search`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from .names import on_terminal
from .running import Api, data_option, endpoints_of


@click.command()
@click.argument("words", nargs=-1)
@data_option
@click.option("--label", default="", help="Photos with this label alone, by its exact name.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="Photos to print at most.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of photos, as the API shows them.")
def command(words: tuple[str, ...], data: Path, label: str, limit: int, as_json: bool) -> None:
    """Find photos by words of their captions, labels and file names, the newest first.

    All of WORDS have to be there, the last one at least as a beginning.
    """
    if not words and not label:
        raise click.UsageError("Say what to search for: words, or --label NAME.")
    wish = {name: value for name, value in (("q", " ".join(words)), ("label", label)) if value}
    found = list(islice(_find(Api(endpoints_of(data), data), wish), limit))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for image in found:
        labels = ", ".join(label["name"] for label in image["labels"])
        click.echo(on_terminal(f"{image['id']}  {image['filename']}  {image['caption'] or ''}  ({labels})"))
    if not found:
        click.echo("Nothing was found.")


def _find(api: Api, wish: dict[str, str]) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        answer = api.get("images", **wish, **cursor)
        yield from answer["items"]
        if answer["next"] is None:
            return
        cursor = {"cursor": answer["next"]}
