"""`captionary train`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from resnet50 import networks
from resnet50.decoders import sight_of
from resnet50.training import decoder as decoding
from resnet50.training import distil as distilling
from resnet50.training import encoder as encoding
from resnet50.training import head as heading
from resnet50.training import pretrain, reward
from resnet50.training.captions import CaptionedImages, has_splits, open_captioned
from resnet50.training.data import DataError, LabelledImages, Pictures, open_labelled, open_pictures
from resnet50.training.distil import Lesson
from resnet50.training.encoder import Report
from resnet50.training.features import encode, look
from resnet50.training.settings import DecoderSettings, DistilSettings, EncoderSettings, HeadSettings, SettingsError

from . import tracking
from .folders import pack_folder


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
@click.option("--start", type=click.Path(exists=True, path_type=Path), help="Run whose weights to begin with.")
@click.option("--config", type=click.Path(exists=True, path_type=Path), help="Settings, in TOML.")
@click.option("--epochs", type=int, help="Passes over the data.")
@click.option("--image-size", type=int, help="Pixels, both sides.")
@click.option("--batch-size", type=int, help="Pictures a step.")
@click.option("--dev-images", type=int, help="Pictures held out to score on.")
@tracking.option
def encoder(
    data: Path,
    out: Path,
    start: Path | None,
    config: Path | None,
    mlflow: Path | None,
    **overrides: int | None,
) -> None:
    """Train Keras' ResNet50 to name what is in a picture.

    --data is a packed .npz, or a folder with a folder of pictures for each class. Killed and started
    again with the same --out, it goes on from the last finished pass.
    """
    try:
        settings = EncoderSettings.load(config, **overrides)
        images = open_labelled(data)
        begun = networks.network_of_run(start)[0] if start else None
    except (SettingsError, DataError, networks.WeightsError) as exc:
        raise click.ClickException(str(exc)) from exc
    steps = max(1, -(-(len(images.labels) - settings.dev_images) // settings.batch_size))
    with (
        tracking.tracked(mlflow, out, "encoder", settings, data=data) as tracker,
        _progress(settings.epochs * steps, steps, "top1") as report,
    ):
        try:
            scores = encoding.train(images, settings, out, tracker.by_epoch(report, steps), start=begun)
        except DataError as exc:
            raise click.ClickException(str(exc)) from exc
        tracker.finish(scores, out / encoding.SUMMARY)
    _tell_labels(scores, settings.dev_images, out, data)


def _tell_labels(scores: dict[str, float], dev_images: int, out: Path, data: Path) -> None:
    click.echo(f"On {dev_images} pictures held out: top-1 {scores['top1']:.1%}, top-5 {scores['top5']:.1%}")
    click.echo(f"Make a pack of it: scripts/captionary pack NAME --run {out} --data {data}")


@command.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True, help="Labelled pictures.")
@click.option(
    "--start",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="Run of `distil` or `encoder`, whose stages up to conv4 are taken over.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the run.")
@click.option(
    "--features", type=click.Path(path_type=Path), help="Folder for what these stages give.  [default: OUT/features]"
)
@click.option("--config", type=click.Path(exists=True, path_type=Path), help="Settings, in TOML.")
@click.option("--epochs", type=int, help="Passes over the data.")
@click.option("--batch-size", type=int, help="Pictures a step.")
@click.option("--dev-images", type=int, help="Pictures held out to score on.")
@click.option("--views", type=int, help="Of each picture: itself, its mirror image, random parts.")
@tracking.option
def head(
    data: Path,
    start: Path,
    out: Path,
    features: Path | None,
    config: Path | None,
    mlflow: Path | None,
    **overrides: int | None,
) -> None:
    """Train stage 5 and classes on top of what was distilled, which stays as it is.

    --data is a packed .npz, or a folder with a folder of pictures for each class. Killed and started
    again with the same --out, it goes on from the last finished pass.
    """
    try:
        settings = HeadSettings.load(config, **overrides)
        images = open_labelled(data)
        begun, key = networks.network_of_run(start)
    except (SettingsError, DataError, networks.WeightsError) as exc:
        raise click.ClickException(str(exc)) from exc
    network = heading.on_top_of(begun, len(images.names), settings)
    kept = features or out / "features"
    seen = _encode(heading.below(network), images, kept, f"{key} below stage 5", settings.views)
    steps = max(1, -(-(len(images.labels) - settings.dev_images) // settings.batch_size))
    with (
        tracking.tracked(mlflow, out, "head", settings, data=data, start=start) as tracker,
        _progress(settings.epochs * steps, steps, "top1") as report,
    ):
        try:
            scores = heading.train(network, seen, images, settings, out, tracker.by_epoch(report, steps))
        except DataError as exc:
            raise click.ClickException(str(exc)) from exc
        tracker.finish(scores, out / encoding.SUMMARY)
    _tell_labels(scores, settings.dev_images, out, data)


@command.command()
@click.option("--teacher", required=True, metavar="imagenet|FILE|RUN", help="The network to learn from.")
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    multiple=True,
    help="Pictures; again for more.",
)
@click.option("--dev", type=click.Path(exists=True, path_type=Path), required=True, help="Pictures to score on.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the run.")
@click.option("--start", type=click.Path(exists=True, path_type=Path), help="Run whose weights to begin with.")
@click.option(
    "--features", type=click.Path(path_type=Path), help="Folder for what the teacher saw.  [default: OUT/features]"
)
@click.option("--config", type=click.Path(exists=True, path_type=Path), help="Settings, in TOML.")
@click.option("--epochs", type=int, help="How often --epoch-pictures are shown.")
@click.option("--epoch-pictures", type=int, help="Pictures of an epoch, as many from each set.")
@click.option("--image-size", type=int, help="Pixels, both sides.")
@click.option("--batch-size", type=int, help="Pictures a step.")
@tracking.option
def distil(
    teacher: str,
    data: tuple[Path, ...],
    dev: Path,
    out: Path,
    start: Path | None,
    features: Path | None,
    config: Path | None,
    mlflow: Path | None,
    **overrides: int | None,
) -> None:
    """Teach a small-picture ResNet50 to see what another one sees, on photos that need no labels.

    --data and --dev are packed sets (.npz) or folders of pictures. The teacher is imagenet, a file of
    ResNet50's weights, or the folder of a training run. Killed and started again with the same --out, it goes on.
    """
    try:
        settings = DistilSettings.load(config, **overrides)
        begun = networks.network_of_run(start)[0] if start else None
        sets, dev_set = [open_pictures(path) for path in data], open_pictures(dev)
        network, key = networks.network_of(teacher)
    except (SettingsError, DataError, networks.WeightsError) as exc:
        raise click.ClickException(str(exc)) from exc
    kept, most = features or out / "features", settings.teacher_pictures
    lessons = [
        Lesson(one, _encode(network, one, kept, key, min(settings.views, max(1, most // len(one))), most))
        for one in sets
    ]
    dev_lesson = Lesson(dev_set, _encode(network, dev_set, kept, key, 1))
    steps = max(1, settings.epoch_pictures // settings.batch_size)
    with (
        tracking.tracked(
            mlflow, out, "distil", settings, teacher=teacher, data=[str(path) for path in data]
        ) as tracker,
        _progress(settings.epochs * steps, steps, "cosine") as report,
    ):
        scores = distilling.train(lessons, dev_lesson, settings, out, tracker.by_epoch(report, steps), start=begun)
        tracker.finish(scores, out / distilling.SUMMARY)
    click.echo(f"On {len(dev_set)} pictures held out: features like the teacher's, cosine {scores['cosine']:.3f}")
    click.echo(f"Give it labels: scripts/captionary train head --start {out} ...")


@command.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True, help="Captioned pictures.")
@click.option(
    "--dev", type=click.Path(exists=True, path_type=Path), help="To score on.  [default: the dev split of DATA]"
)
@click.option(
    "--encoder", required=True, metavar="imagenet|FILE|RUN|PACK", help="The network whose features it describes."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the run.")
@click.option(
    "--features", type=click.Path(path_type=Path), help="Folder for computed features.  [default: OUT/features]"
)
@click.option(
    "--start",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Run whose weights and words to begin with; of several, the average of their weights.",
)
@click.option(
    "--labelled",
    type=click.Path(exists=True, path_type=Path),
    help="Labelled pictures, for a new decoder to learn what there is to see before it learns words.",
)
@click.option("--config", type=click.Path(exists=True, path_type=Path), help="Settings, in TOML.")
@click.option("--epochs", type=int, help="Passes over the data.")
@click.option("--views", type=int, help="Of each picture: itself, its mirror image, random parts.")
@click.option("--least-count", type=int, help="How often a word has to occur to be learnt.")
@click.option("--seed", type=int, help="Of all that is left to chance: another one makes another run.")
@tracking.option
def decoder(
    data: Path,
    dev: Path | None,
    encoder: str,
    out: Path,
    features: Path | None,
    start: tuple[Path, ...],
    labelled: Path | None,
    config: Path | None,
    mlflow: Path | None,
    **overrides: int | None,
) -> None:
    """Train a decoder to put what a network sees into a sentence.

    --data is a captioned set: Flickr8k, Flickr30k or COCO as published, a packed .npz, or a folder of
    pictures with a captions.csv (columns file and caption). --encoder is imagenet, a file of ResNet50's
    weights, the folder of a training run, or a pack that captions in sentences. Killed and started again with the
    same --out, it goes on.
    """
    try:
        settings = DecoderSettings.load(config, **overrides)
        if dev is None and not has_splits(data):
            raise DataError(f"{data} has no split to score on; name one with --dev")
        images = open_captioned(data, "train" if dev is None else "all")
        dev_images = open_captioned(data, "dev") if dev is None else open_captioned(dev)
        if start and labelled:
            raise DataError("--labelled is for a new decoder, --start for going on with another one; name one of them")
        labelled_images = open_labelled(labelled) if labelled else None
        if labelled_images:
            pretrain.learnt_from(labelled_images, settings)  # or it would be refused after an hour of looking
        network, key = networks.network_of(encoder if encoder == networks.IMAGENET else str(pack_folder(encoder)))
    except (SettingsError, DataError, networks.WeightsError) as exc:
        raise click.ClickException(str(exc)) from exc
    kept = features or out / "features"
    seen, dev_seen = _encode(network, images, kept, key, settings.views), _encode(network, dev_images, kept, key, 1)
    if labelled_images:
        labels = out / "labels"
        _learn_labels(labelled_images, _encode(network, labelled_images, kept, key, 1), seen, images, settings, labels)
        start = (labels,)
    steps = -(-len(images) // settings.batch_size)
    sets = (seen, images.captions, dev_seen, dev_images.captions)
    about = {
        "sight": sight_of(partial(look, network)),
        "provenance": f"{len(images)} pictures of {data.name}" + (f", labels of {labelled.name}" if labelled else ""),
        "dev": (dev or data).name,
    }
    with tracking.tracked(mlflow, out, "decoder", settings, data=data, encoder=encoder) as tracker:
        with _progress(settings.epochs * steps, steps, "cider") as report:
            noted = tracker.by_epoch(report, steps)
            try:
                scores = decoding.train(*sets, settings, out, noted, start=start, about=about)
            except DataError as exc:
                raise click.ClickException(str(exc)) from exc
        if settings.reward_epochs:
            steps = reward.steps(len(images), settings)
            with _progress(settings.reward_epochs * steps, steps, "cider") as report:
                scores = reward.fine_tune(out, *sets, settings, tracker.by_epoch(report, steps, "reward_"))
        tracker.finish(scores, out / decoding.SUMMARY)
    click.echo(f"On {len(dev_images.names)} pictures held out: BLEU-4 {scores['bleu4']}, CIDEr {scores['cider']}")
    click.echo(f"Put it into a pack: scripts/captionary pack NAME --decoder {out} ...")


def _learn_labels(
    labelled: LabelledImages,
    labelled_features: NDArray[np.float16],
    features: NDArray[np.float16],
    images: CaptionedImages,
    settings: DecoderSettings,
    out: Path,
) -> None:
    steps = -(-pretrain.learnt_from(labelled, settings) // settings.label_batch_size)
    with _progress(settings.label_epochs * steps, steps, "top1") as report:
        try:
            scores = pretrain.train(features, images.captions, labelled_features, labelled, settings, out, report)
        except DataError as exc:
            raise click.ClickException(str(exc)) from exc
    click.echo(f"Labels of pictures held out, as the picture layers see them: top-1 {scores['top1']:.1%}")


def _encode(
    network: Any, images: Pictures, cache: Path, key: str, views: int, most: int | None = None
) -> NDArray[np.float16]:
    columns = (TextColumn("looking at pictures"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("", total=None)
        return encode(
            network,
            images,
            cache,
            key=key,
            views=views,
            most=most,
            report=lambda done, total: progress.update(task, completed=done, total=total),
        )
