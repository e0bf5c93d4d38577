"""`captionary train`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from resnet50 import networks
from resnet50.training import decoder as decoding
from resnet50.training import encoder as encoding
from resnet50.training.captions import CaptionedImages, has_splits, open_captioned
from resnet50.training.data import DataError, open_labelled
from resnet50.training.encoder import Report
from resnet50.training.features import encode
from resnet50.training.reward import fine_tune
from resnet50.training.settings import DecoderSettings, EncoderSettings, SettingsError


@contextmanager
def _progress(total: int, steps: int, score: str) -> Iterator[Report]:
    """A bar for a training run of `total` steps, `steps` an epoch, that shows loss and one score."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("", total=total)
        last = {score: 0.0}

        def report(epoch: int, step: int, scores: dict[str, float]) -> None:
            last.update({name: value for name, value in scores.items() if name == score})
            text = f"epoch {epoch + 1}  loss {scores.get('loss', 0):.3f}  {score} {last[score]:.3f}"
            progress.update(task, completed=epoch * steps + step + 1, description=text)

        yield report


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
    with _progress(settings.epochs * steps, steps, "top1") as report:
        try:
            scores = encoding.train(images, settings, out, report)
        except DataError as exc:
            raise click.ClickException(str(exc)) from exc
    click.echo(f"On {settings.dev_images} pictures held out: top-1 {scores['top1']:.1%}, top-5 {scores['top5']:.1%}")
    click.echo(f"Make a pack of it: scripts/captionary pack NAME --run {out} --data {data}")


@command.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True, help="Captioned pictures.")
@click.option(
    "--dev", type=click.Path(exists=True, path_type=Path), help="To score on.  [default: the dev split of DATA]"
)
@click.option("--encoder", required=True, metavar="imagenet|FILE|RUN", help="The network whose features it describes.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the run.")
@click.option(
    "--features", type=click.Path(path_type=Path), help="Folder for computed features.  [default: OUT/features]"
)
@click.option("--config", type=click.Path(exists=True, path_type=Path), help="Settings, in TOML.")
@click.option("--epochs", type=int, help="Passes over the data.")
@click.option("--views", type=int, help="Of each picture: itself, its mirror image, random parts.")
@click.option("--least-count", type=int, help="How often a word has to occur to be learnt.")
def decoder(
    data: Path,
    dev: Path | None,
    encoder: str,
    out: Path,
    features: Path | None,
    config: Path | None,
    **overrides: int | None,
) -> None:
    """Train a decoder to put what a network sees into a sentence.

    --data is a captioned set: Flickr8k, Flickr30k or COCO as published, a packed .npz, or a folder of
    pictures with a captions.csv (columns file and caption). --encoder is imagenet, a file of ResNet50's
    weights, or the folder of a training run. Killed and started again with the same --out, it goes on.
    """
    try:
        settings = DecoderSettings.load(config, **overrides)
        if dev is None and not has_splits(data):
            raise DataError(f"{data} has no split to score on; name one with --dev")
        images = open_captioned(data, "train" if dev is None else "all")
        dev_images = open_captioned(data, "dev") if dev is None else open_captioned(dev)
        network, key = networks.network_of(encoder)
    except (SettingsError, DataError, networks.WeightsError) as exc:
        raise click.ClickException(str(exc)) from exc
    kept = features or out / "features"
    seen, dev_seen = _encode(network, images, kept, key, settings.views), _encode(network, dev_images, kept, key, 1)
    steps = -(-len(images.names) // settings.batch_size)
    with _progress(settings.epochs * steps, steps, "cider") as report:
        scores = decoding.train(seen, images.captions, dev_seen, dev_images.captions, settings, out, report)
    if settings.reward_epochs:
        with _progress(settings.reward_epochs * steps, steps, "cider") as report:
            scores = fine_tune(out, seen, images.captions, dev_seen, dev_images.captions, settings, report)
    click.echo(f"On {len(dev_images.names)} pictures held out: BLEU-4 {scores['bleu4']}, CIDEr {scores['cider']}")
    click.echo(f"Put it into a pack: scripts/captionary pack NAME --decoder {out} ...")


def _encode(network: Any, images: CaptionedImages, cache: Path, key: str, views: int) -> Any:
    columns = (TextColumn("looking at pictures"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("", total=len(images.names))
        return encode(
            network, images, cache, key=key, views=views, report=lambda done, _: progress.update(task, completed=done)
        )
