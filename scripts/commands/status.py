"""`captionary status`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from .running import Api, data_option, endpoints_of
from .watch import watch


@click.command()
@data_option
@click.option("--watch", "goes_on", is_flag=True, help="Go on telling, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines; with --watch a line each time.")
def command(data: Path, goes_on: bool, as_json: bool) -> None:
    """Tell how many photos there are, what waits, and what runs."""
    endpoints = endpoints_of(data)
    if goes_on:
        watch(data, as_json, lambda status: lines(endpoints["site"], status))
        return
    status = Api(endpoints, data).get("status")
    click.echo(json.dumps(status, indent=2) if as_json else "\n".join(lines(endpoints["site"], status)))


def lines(site: str, status: dict[str, Any]) -> list[str]:
    """The state of a gallery for people."""
    counts, queue, feedback = status["counts"], status["queue"], status["feedback"]
    told = [
        f"Gallery   {site}  (version {status['version']})",
        f"Photos    {counts['ready']} ready, {counts['pending']} pending, {counts['failed']} failed",
        f"Queue     {queue['waiting']} waiting, {queue['dead_letters']} dead letters",
        f"Captions  {_describe(status['model'])}",
        f"Feedback  {feedback['right']} right, {feedback['wrong']} wrong",
    ]
    if upgrade := status["upgrade"]:
        told.append(f"Upgrade   {_progress(**upgrade)}")
    return told


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
