"""`captionary invoke`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO

import click
from botocore.exceptions import BotoCoreError, ClientError

from infra.clients import connect
from infra.data_folder import DataFolder
from infra.invoke import InvocationError, invoke

from .running import data_option, endpoints_of

FUNCTIONS = ("api", "caption", "dead_letters", "upload")


@click.command()
@click.argument("function", type=click.Choice(FUNCTIONS))
@click.option("--event", type=click.File("rb"), required=True, help="File with the event in JSON; - for the input.")
@data_option
def command(function: str, event: IO[bytes], data: Path) -> None:
    """Run a function of the working tree on an event, as Lambda does, against the gallery that runs.

    Prints the function's answer; its logs go to the error output. tests/events holds events to begin with.
    """
    endpoint = endpoints_of(data)["aws_endpoint"]
    try:
        backends = DataFolder(data).backends()
        answer = invoke(connect(endpoint), endpoint, function, event.read(), sys.stderr.buffer, backends)
    except InvocationError as exc:
        raise click.ClickException(str(exc)) from exc
    except (BotoCoreError, ClientError) as exc:
        raise click.ClickException(f"The local cloud does not tell how it runs the function: {exc}") from exc
    click.echo(json.dumps(json.loads(answer), indent=2, ensure_ascii=False))
