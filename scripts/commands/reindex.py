"""`captionary reindex`."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from captionary.catalog import Catalog
from captionary.reconcile import Report
from captionary.records import Record
from infra.clients import Clients, connect
from infra.recover import RecoveryError, look_again, recover

from .running import Api, data_option, endpoints_of

CHUNK = 100  # photos that are asked for, and waited for, at once
PATIENCE_SECONDS = 600.0  # that nothing may change: longer than what a crashed worker held is held back
PAUSE_SECONDS = 0.2


@click.command()
@data_option
@click.option("--captions", type=click.Choice(["keep", "stale"]), default="keep", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(data: Path, captions: str, as_json: bool) -> None:
    """Compare table and buckets, and mend the table.

    With --captions stale, photos that another model captioned than the one that runs now are captioned
    anew; what people wrote stays. Broken off and started again, it goes on with what is left.
    """
    endpoints = endpoints_of(data)
    api, clients = Api(endpoints), connect(endpoints["aws_endpoint"])
    model = api.get("status")["model"]
    notes = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=notes, disable=not notes.is_terminal) as progress:
            report = _compare(clients, endpoints, progress)
            anew = 0
            if captions == "stale":
                if model is None:
                    raise click.ClickException("The captioner has not loaded its model yet; drop a photo first.")
                anew = _caption_anew(api, clients, endpoints, (model["name"], model["version"]), progress)
    except (RecoveryError, BotoCoreError, ClientError) as exc:
        raise click.ClickException(f"It could not be done to the end: {exc}. Start it again to go on.") from exc
    if as_json:
        click.echo(json.dumps({**asdict(report), "captioned_anew": anew}, indent=2))
        return
    click.echo(
        f"{report.seen} photos seen: {report.restored} restored, {report.queued} queued to be captioned, "
        f"{report.removed} taken out whose files are gone"
    )
    if captions == "stale":
        click.echo(f"{anew} captioned anew by the {model['name']} model, version {model['version']}")


def _compare(clients: Clients, endpoints: dict[str, str], progress: Progress) -> Report:
    task = progress.add_task("Comparing", total=None)
    return recover(clients, endpoints, lambda report: progress.update(task, completed=report.seen))


def _caption_anew(
    api: Api, clients: Clients, endpoints: dict[str, str], model: tuple[str, str], progress: Progress
) -> int:
    """Caption anew what is stale, a hundred at a time, so that new photos need not wait long; how many there were."""
    stale = [
        record
        for record in Catalog(clients.dynamodb, endpoints["table"]).everything()
        if record.status == "ready" and (record.model_name, record.model_version) != model
    ]
    task = progress.add_task("Captioning", total=len(stale))
    for start in range(0, len(stale), CHUNK):
        chunk = stale[start : start + CHUNK]
        look_again(clients, endpoints, [record.key for record in chunk])
        _wait_for(api, chunk, model)
        progress.advance(task, len(chunk))
    return len(stale)


def _wait_for(api: Api, records: list[Record], model: tuple[str, str]) -> None:
    """Return when these photos have their captions by this model, or are gone.

    Raises:
        ClickException: nothing happens any more.
    """
    waiting = {record.id for record in records}
    last_news = time.monotonic()
    while waiting:
        images = {image["id"]: image for image in api.get("images", ids=",".join(sorted(waiting)))["items"]}
        still = {
            image_id
            for image_id, image in images.items()
            if image["status"] != "failed" and (image["model"] or {}) != {"name": model[0], "version": model[1]}
        }
        if len(still) < len(waiting):
            waiting, last_news = still, time.monotonic()
        elif time.monotonic() - last_news > PATIENCE_SECONDS:
            raise click.ClickException(f"{len(waiting)} photos still wait for their captions; start it again to go on.")
        else:
            time.sleep(PAUSE_SECONDS)
