"""`captionary retry`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from captionary.catalog import Catalog

from .names import on_terminal
from .running import Api, clients_of, data_option, endpoints_of


@click.command()
@data_option
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every_failed", is_flag=True, help="All photos that failed; so it is without ids.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(data: Path, ids: tuple[str, ...], every_failed: bool, as_json: bool) -> None:
    """Have photos captioned once more: those with these ids, whether they failed or not, or all that failed."""
    if ids and every_failed:
        raise click.UsageError("Either name photos by their ids, or all that failed by --all.")
    endpoints = endpoints_of(data)
    api = Api(endpoints, data)
    if not ids:
        catalog = Catalog(clients_of(data, endpoints).dynamodb, endpoints["table"])
        ids = tuple(record.id for record in catalog.everything() if record.status == "failed")
    images = [api.post(f"images/{image_id}/retry") for image_id in ids]
    if as_json:
        click.echo(json.dumps(images, indent=2))
        return
    for image in images:
        click.echo(f"{on_terminal(image['filename'])}  queued")
    if not images:
        click.echo("No photo failed.")
