"""`captionary status`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .running import Api, data_option, endpoints_of


@click.command()
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(data: Path, as_json: bool) -> None:
    """Tell how many photos there are, what waits, and what runs."""
    endpoints = endpoints_of(data)
    status = Api(endpoints, data).get("status")
    if as_json:
        click.echo(json.dumps(status, indent=2))
        return
    counts, queue, model = status["counts"], status["queue"], status["model"]
    click.echo(f"Gallery   {endpoints['site']}  (version {status['version']})")
    click.echo(f"Photos    {counts['ready']} ready, {counts['pending']} pending, {counts['failed']} failed")
    click.echo(f"Queue     {queue['waiting']} waiting, {queue['dead_letters']} dead letters")
    click.echo(f"Captions  {_describe(model)}")
    click.echo(f"Feedback  {status['feedback']['right']} right, {status['feedback']['wrong']} wrong")
    if upgrade := status["upgrade"]:
        click.echo(f"Upgrade   {_progress(**upgrade)}")


def _describe(model: dict[str, object] | None) -> str:
    if model is None:
        return "by a model that is not loaded yet"
    return f"by the {model['name']} model, version {model['version']} ({model['classes']} classes)"


def _progress(model: str, state: str, reason: str | None) -> str:
    return {
        "preparing": f"the {model} model is being prepared",
        "captioning": f"the {model} model has taken over and makes the starter's captions anew",
        "done": f"the {model} model has taken over",
        "failed": f"the {model} model can't take over: {reason}",
    }[state]
