"""`captionary reindex`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from captionary.reconcile import Report
from infra import recovery_log
from infra.adopt import Adopted, adopt
from infra.clients import Clients
from infra.data_folder import DataFolder
from infra.recaption import caption_anew
from infra.recover import RecoveryError, recover

from .running import Api, clients_of, data_option, endpoints_of


@click.command()
@data_option
@click.option("--captions", type=click.Choice(["keep", "stale"]), default="keep", show_default=True)
@click.option("--from-bucket", metavar="NAME", help="Take in the pictures of another bucket, as copies.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(data: Path, captions: str, from_bucket: str | None, as_json: bool) -> None:
    """Compare table and buckets, and mend the table; enter into the index of words what is not in it yet.

    With --captions stale, photos that another model captioned than the one that runs now are captioned
    anew; what people wrote stays. With --from-bucket, pictures of another bucket of the same cloud come
    into the gallery, and are captioned. Broken off and started again, it goes on with what is left.
    """
    endpoints = endpoints_of(data)
    recovery_log.keep(DataFolder(data).logs)
    clients = clients_of(data, endpoints)
    model = Api(endpoints, data).get("status")["model"]
    notes = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=notes, disable=not notes.is_terminal) as progress:
            report = _compare(clients, endpoints, progress)
            adopted = _adopt(clients, endpoints, from_bucket, progress) if from_bucket else None
            anew = 0
            if captions == "stale":
                if model is None:
                    raise click.ClickException("The captioner has not loaded its model yet; drop a photo first.")
                anew = _caption_anew(clients, endpoints, (model["name"], model["version"]), progress)
    except (RecoveryError, BotoCoreError, ClientError) as exc:
        raise click.ClickException(f"It could not be done to the end: {exc}. Start it again to go on.") from exc
    if as_json:
        told = {**asdict(report), "captioned_anew": anew, "adopted": asdict(adopted) if adopted else None}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(
        f"{report.seen} photos seen: {report.restored} restored, {report.queued} queued to be captioned, "
        f"{report.removed} taken out whose files are gone"
    )
    if report.indexed:
        click.echo(f"{report.indexed} entered into the index of words")
    if adopted:
        click.echo(
            f"{adopted.copied} pictures of {from_bucket} taken in, {adopted.known} were here already, "
            f"{adopted.no_picture} objects left out, being no picture or too large"
        )
    if captions == "stale":
        click.echo(f"{anew} captioned anew by the {model['name']} model, version {model['version']}")


def _compare(clients: Clients, endpoints: dict[str, str], progress: Progress) -> Report:
    task = progress.add_task("Comparing", total=None)
    return recover(clients, endpoints, lambda report: progress.update(task, completed=report.seen))


def _adopt(clients: Clients, endpoints: dict[str, str], bucket: str, progress: Progress) -> Adopted:
    task = progress.add_task("Taking in", total=None)
    return adopt(clients, endpoints, bucket, lambda adopted: progress.update(task, completed=adopted.seen))


def _caption_anew(clients: Clients, endpoints: dict[str, str], model: tuple[str, str], progress: Progress) -> int:
    task = progress.add_task("Captioning", total=None)
    return caption_anew(
        clients,
        endpoints,
        lambda record: (record.model_name, record.model_version) != model,
        lambda done, total: progress.update(task, completed=done, total=total),
    )
