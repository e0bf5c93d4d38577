"""`scripts/bench captioner`: the network, the sentence and a worker's start, beside Keras' `predict`, in one run."""

from __future__ import annotations

import click

from . import runtimes, worker
from .report import Report, machine, tell
from .watching import running_gallery


@click.command()
@click.option("--model", default="starter", show_default=True, help="The pack that captions.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(model: str, as_json: bool) -> None:
    """Measure all that makes a caption: the runtimes, and a worker of the caption function."""
    parts = [runtimes.measure(model)]
    with running_gallery(model) as gallery:
        parts.append(worker.measure(gallery, model))
    if as_json:
        click.echo(Report(machine(), tuple(parts)).to_json(), nl=False)
        return
    for part in parts:
        tell(part, as_json=False)
