"""`captionary export`."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from captionary import identity
from captionary.catalog import Catalog
from captionary.records import Record
from captionary.storage import Storage
from infra.clients import Clients

from .copies import write_copies
from .rows import WRITERS, row_of
from .running import Api, clients_of, data_option, endpoints_of
from .training_set import write_training_set

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@data_option
@click.option("--format", "form", type=click.Choice(list(WRITERS)), help="Of the table.  [default: csv]")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File for the table.  [default: stdout]")
@click.option("--feedback", type=_FOLDER, metavar="FOLDER", help="Write what people approve of, to train on.")
@click.option("--photos", type=_FOLDER, metavar="FOLDER", help="Write copies of the photos with their words in them.")
@click.option("--json", "as_json", is_flag=True, help="With a folder: print for machines.")
def command(
    data: Path, form: str | None, out: Path | None, feedback: Path | None, photos: Path | None, as_json: bool
) -> None:
    """Export the gallery: a table with a row for each photo, newest first, or a folder.

    The table has what the model said and what people said, side by side. As csv it is for spreadsheets: texts
    that those would take for formulas begin with an apostrophe. As jsonl it is exact.

    --feedback takes a new folder and makes a set for `captionary train decoder --data FOLDER` of the photos whose
    captions people wrote, or judged right more often than wrong.

    --photos copies the original files with captions and labels in them (XMP, and IPTC in JPEG), or in .xmp files
    beside those of other formats than JPEG, PNG and WebP. What a file says itself stays; only a caption that a
    person wrote in the gallery takes the place of its description. Into the same folder again, it goes on with
    what is new or was changed.
    """
    if (feedback and photos) or ((feedback or photos) and (form or out)):
        raise click.UsageError("Choose one of these: a table (--format, --out), --feedback, --photos.")
    if feedback and feedback.exists() and any(feedback.iterdir()):
        raise click.UsageError(f"{feedback} should be a new folder, or an empty one.")
    endpoints = endpoints_of(data)
    total = sum(Api(endpoints, data).get("status")["counts"].values())
    clients = clients_of(data, endpoints)
    every_photo = Catalog(clients.dynamodb, endpoints["table"]).everything()
    is_shown = not (photos or feedback or out) and sys.stdout.isatty()  # and a bar would run through it
    try:
        with _counted(every_photo, total, is_silent=is_shown) as records:
            if photos:
                storage = Storage(clients.s3, endpoints["images_bucket"], endpoints["media_bucket"])
                report = asdict(write_copies(records, storage.fetch, photos))
                sentence = "{written} copies written, {current} were current, {left_out} photos left out"
            elif feedback:
                preview = _previews(clients, endpoints["media_bucket"])
                report = {"written": write_training_set(records, preview, feedback)}
                sentence = "{written} photos with captions that people approve of"
            else:
                _write_table(records, form or "csv", out)
                return
    except BrokenPipeError:
        raise  # whoever reads the table has read enough
    except (BotoCoreError, ClientError, OSError, sqlite3.Error) as exc:
        raise click.ClickException(f"It could not be done to the end: {exc}.") from exc
    click.echo(json.dumps(report, indent=2) if as_json else sentence.format(**report))


@contextmanager
def _counted(records: Iterable[Record], total: int, is_silent: bool) -> Iterator[Iterator[Record]]:
    """The records, with a bar on a terminal's stderr that counts those that were taken."""
    notes = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, disable=is_silent or not notes.is_terminal) as progress:
        yield iter(progress.track(records, total=total, description="Exporting"))


def _write_table(records: Iterable[Record], form: str, out: Path | None) -> None:
    """Write the table; a file is there only once it is complete."""
    rows = map(row_of, records)
    if out is None:
        stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
        try:
            WRITERS[form](rows, stdout)
        finally:
            stdout.detach()
        return
    is_ordinary = out.is_file() or not out.exists()
    path = out.with_name(f".{out.name}.part") if is_ordinary else out
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            WRITERS[form](rows, file)
        if is_ordinary:
            path.replace(out)
    finally:
        if is_ordinary:
            path.unlink(missing_ok=True)


def _previews(clients: Clients, bucket: str) -> Callable[[Record], bytes | None]:
    """Fetches previews; None for a photo whose preview is gone."""

    def fetch(record: Record) -> bytes | None:
        try:
            answer = clients.s3.get_object(Bucket=bucket, Key=identity.preview_key(record.id, record.media))
        except clients.s3.exceptions.NoSuchKey:
            return None
        data: bytes = answer["Body"].read()
        return data

    return fetch
