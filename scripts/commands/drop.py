"""`captionary drop`."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from captionary import identity
from captionary.formats import looks_like_picture
from infra.clients import Clients

from .names import on_terminal
from .running import Api, clients_of, data_option, endpoints_of

UPLOADS_AT_ONCE = 4
IDS_PER_QUESTION = 100  # the API's limit
PATIENCE_SECONDS = 180.0  # that nothing may change while captions are waited for
PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Dropped:
    """A file and the photo that it became."""

    path: Path
    id: str


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print a list of photos, as the API shows them.")
@click.option("--wait/--no-wait", default=True, help="Wait for the captions.")
def command(paths: tuple[Path, ...], data: Path, as_json: bool, wait: bool) -> None:
    """Put photos into the gallery's bucket and wait for their captions.

    PATHS are photos, or folders of photos. A photo that is in the gallery already, of the same name
    and content, is not put there twice.
    """
    endpoints = endpoints_of(data)
    api, clients = Api(endpoints, data), clients_of(data, endpoints)
    api.get("status")  # says what is to be done if the gallery does not answer
    files, skipped = find_photos(paths)
    notes = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, disable=not notes.is_terminal) as progress:
        dropped, refused = upload(clients, endpoints["images_bucket"], files, progress)
        images = wait_for(api, dropped, progress) if wait else {}
    if as_json:
        click.echo(json.dumps([images.get(photo.id, {"id": photo.id}) for photo in dropped], indent=2))
    else:
        report(dropped, images)
    if skipped:
        more = f" and {len(skipped) - 1} more" if len(skipped) > 1 else ""
        notes.print(f"Left out, being no photo: {skipped[0]}{more}", highlight=False, markup=False, soft_wrap=True)
    for path, reason in refused:
        notes.print(f"{path}: {reason}", highlight=False, markup=False, soft_wrap=True)
    unfinished = sum(image["status"] == "pending" for image in images.values())
    if unfinished:
        notes.print(f"{unfinished} photos still wait for their captions; see: scripts/captionary status")
    if refused or unfinished:
        raise SystemExit(1)


def find_photos(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The files to drop, and those in folders that neither are nor call themselves pictures.

    A file that is named itself is always dropped: whoever names it means it.
    """
    files: list[Path] = []
    skipped: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        for file in _files_below(path):
            (files if _may_be_photo(file) else skipped).append(file)
    return files, skipped


def upload(
    clients: Clients, bucket: str, files: list[Path], progress: Progress
) -> tuple[list[Dropped], list[tuple[Path, str]]]:
    """Put files into the bucket; the photos they became, and those that could not be put there, and why."""
    task = progress.add_task("Dropping", total=len(files))
    photos: dict[Path, Dropped] = {}
    refused: list[tuple[Path, str]] = []
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as threads:
        waiting = {threads.submit(_put, clients, bucket, path): path for path in files}
        for done in as_completed(waiting):
            path = waiting[done]
            try:
                photos[path] = Dropped(path, done.result())
            except (OSError, BotoCoreError, ClientError) as exc:
                refused.append((path, str(exc)))
            progress.advance(task)
    return [photos[path] for path in files if path in photos], refused


def wait_for(api: Api, dropped: list[Dropped], progress: Progress) -> dict[str, dict[str, Any]]:
    """The photos by id, once they are captioned, or as far as they are when nothing happens any more."""
    task = progress.add_task("Captioning", total=len(dropped))
    images: dict[str, dict[str, Any]] = {}
    open_ids = list(dict.fromkeys(photo.id for photo in dropped))
    last_news = time.monotonic()
    while open_ids and time.monotonic() - last_news < PATIENCE_SECONDS:
        before = len(open_ids)
        asked, later = open_ids[:IDS_PER_QUESTION], open_ids[IDS_PER_QUESTION:]
        for image in api.get("images", ids=",".join(asked))["items"]:
            images[image["id"]] = image
        still_open = [i for i in asked if images.get(i, {}).get("status", "pending") == "pending"]
        open_ids = later + still_open
        if len(open_ids) < before:
            last_news = time.monotonic()
        progress.update(task, completed=len(dropped) - len(open_ids))
        if still_open:
            time.sleep(PAUSE_SECONDS)
    for image_id in open_ids:
        images.setdefault(image_id, {"id": image_id, "status": "pending"})
    return images


def report(dropped: list[Dropped], images: dict[str, dict[str, Any]]) -> None:
    """Print a line for each photo."""
    width = min(40, max((len(photo.path.name) for photo in dropped), default=0))
    for photo in dropped:
        image = images.get(photo.id)
        name = photo.path.name if len(photo.path.name) <= width else photo.path.name[: width - 1] + "…"
        click.echo(on_terminal(f"{name:{width}}  {_outcome(image)}"))


def _outcome(image: dict[str, Any] | None) -> str:
    if image is None:
        return "dropped"
    if image["status"] == "failed":
        return f"failed: {image['error']['message']}"
    if image["status"] == "pending":
        return "still waiting"
    labels = ", ".join(f"{label['name']} {label['score']:.0%}" for label in image["labels"])
    return f"{image['caption']}  ({labels})"


def _files_below(folder: Path) -> Iterator[Path]:
    """Files of a folder and the folders in it, in order; hidden ones are left alone."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files_below(path)
        elif path.is_file():
            yield path


def _may_be_photo(path: Path) -> bool:
    kind, _ = mimetypes.guess_type(path.name)
    if kind is not None and kind.startswith("image/"):
        return True
    try:
        with path.open("rb") as file:
            return looks_like_picture(file.read(32))
    except OSError:
        return True  # so that the upload says what is wrong with it


def _put(clients: Clients, bucket: str, path: Path) -> str:
    """Put a file under a key made of its content and name, unless it is there; the photo's id.

    So the same file dropped twice is one photo, and files of the same name don't overwrite each other.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    key = f"drop/{digest}/{identity.clean_filename(path.name)}"
    try:
        clients.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as exc:
        if exc.response["Error"]["Code"] not in ("404", "NotFound"):
            raise
        kind, _ = mimetypes.guess_type(path.name)
        clients.s3.upload_file(
            str(path),
            bucket,
            key,
            ExtraArgs={"ContentType": kind or "application/octet-stream"},
            Config=TransferConfig(use_threads=False),
        )
    return identity.image_id(key)
