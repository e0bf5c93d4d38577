"""`captionary train`."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from resnet50.training.data import DataError, open_labelled
from resnet50.training.encoder import train
from resnet50.training.settings import EncoderSettings, SettingsError


@click.group()
def command() -> None:
    """Train a network."""


@command.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True, help="Labelled pictures.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the run.")
@click.option("--config", type=click.Path(exists=True, path_type=Path), help="Settings, in TOML.")
@click.option("--epochs", type=int, help="Passes over the data.")
@click.option("--image-size", type=int, help="Pixels, both sides.")
@click.option("--batch-size", type=int, help="Pictures a step.")
@click.option("--dev-images", type=int, help="Pictures held out to score on.")
def encoder(data: Path, out: Path, config: Path | None, **overrides: int | None) -> None:
    """Train Keras' ResNet50 to name what is in a picture.

    --data is a packed .npz, or a folder with a folder of pictures for each class. Killed and started
    again with the same --out, it goes on from the last finished pass.
    """
    try:
        settings = EncoderSettings.load(config, **overrides)
        images = open_labelled(data)
    except (SettingsError, DataError) as exc:
        raise click.ClickException(str(exc)) from exc
    steps = max(1, -(-(len(images.labels) - settings.dev_images) // settings.batch_size))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("", total=settings.epochs * steps)

        def report(epoch: int, step: int, scores: dict[str, float]) -> None:
            text = f"epoch {epoch + 1}  loss {scores.get('loss', 0):.3f}  top-1 {scores.get('top1', 0):.3f}"
            progress.update(task, completed=epoch * steps + step + 1, description=text)

        try:
            scores = train(images, settings, out, report)
        except DataError as exc:
            raise click.ClickException(str(exc)) from exc
    click.echo(f"On {settings.dev_images} pictures held out: top-1 {scores['top1']:.1%}, top-5 {scores['top5']:.1%}")
    click.echo(f"Make a pack of it: scripts/captionary pack NAME --run {out} --data {data}")
