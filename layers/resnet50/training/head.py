"""Give a network that sees, up to conv4, words for it: stage 5 of ResNet50, and classes on top.

The stages below stay as they are, so what they give is computed once for each picture and kept. Of that,
stage 5 looks at every second place in both directions alone: its first convolutions have a stride of 2.

Axes: B pictures, V views of each (itself, its mirror image, random parts), R rows and columns, C = 1024 channels.
"""

from __future__ import annotations

import dataclasses
import json
import math
import time
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from .checkpoint import Checkpoint, finished_epochs
from .data import DataError, LabelledImages
from .encoder import (
    MAY_CHANGE,
    SETTINGS,
    Report,
    Reporter,
    check_unchanged,
    classifier,
    copy_weights,
    descent,
    finished,
)
from .settings import HeadSettings

CONV4 = "conv4_block6_out"


def below(network: keras.Model) -> keras.Model:
    """What stage 5 is given by a ResNet50: pictures (B, size, size, 3) to (B, R, R, C), every second place of conv4."""
    return keras.Model(network.input, network.get_layer(CONV4).output[:, ::2, ::2])


def above(network: keras.Model) -> keras.Model:
    """Stage 5 of a ResNet50 and its classes, on what `below` gives; its layers are those of the network itself."""
    conv4 = network.get_layer(CONV4).output
    rows, columns, channels = conv4.shape[1:]
    given = keras.Input((math.ceil(rows / 2), math.ceil(columns / 2), channels))
    spread = keras.layers.UpSampling2D(2)(given)[:, :rows, :columns]
    return keras.Model(given, keras.Model(conv4, network.output)(spread))


class HeadBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """What was computed below (N, V, R * R, C) and one-hot labels, in an order and views by seed and epoch alone."""

    def __init__(
        self,
        features: NDArray[np.float16],
        labels: NDArray[np.int64],
        classes: int,
        settings: HeadSettings,
        *,
        epoch: int | None,
    ) -> None:
        """Args: epoch: to begin with; None: the first view of each picture, in order, for scores."""
        super().__init__()
        self._features, self._labels, self._classes = features, labels, classes
        self._settings, self._epoch = settings, epoch

    def __len__(self) -> int:
        return math.ceil(len(self._labels) / self._settings.batch_size)

    def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        order = np.arange(len(self._labels))
        if self._epoch is not None:
            order = np.random.default_rng((self._settings.seed, self._epoch)).permutation(order)
        chosen = order[number * self._settings.batch_size : (number + 1) * self._settings.batch_size]
        targets = np.eye(self._classes, dtype=np.float32)[self._labels[chosen]]
        if self._epoch is None:
            return self._seen(chosen, np.zeros(len(chosen), np.int64)), targets
        random = np.random.default_rng((self._settings.seed, self._epoch, number))
        seen = self._seen(chosen, random.integers(0, self._features.shape[1], len(chosen)))
        if not self._settings.mixup:
            return seen, targets
        share = np.float32(random.beta(self._settings.mixup, self._settings.mixup))
        other = random.permutation(len(chosen))
        return share * seen + (1 - share) * seen[other], share * targets + (1 - share) * targets[other]

    def on_epoch_end(self) -> None:
        if self._epoch is not None:
            self._epoch += 1

    def _seen(self, chosen: NDArray[np.int64], views: NDArray[np.int64]) -> NDArray[np.float32]:
        seen = self._features[chosen, views].astype(np.float32)  # (B, R * R, C)
        rows = math.isqrt(seen.shape[1])
        return seen.reshape(len(seen), rows, rows, -1)


def compile_sorter(model: keras.Model, optimizer: keras.optimizers.Optimizer, label_smoothing: float) -> None:
    """Prepare what gives scores of classes (B, classes) for `HeadBatches`, measured by `loss`, `top1` and `top5`."""
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing),
        metrics=[
            keras.metrics.CategoricalAccuracy(name="top1"),
            keras.metrics.TopKCategoricalAccuracy(k=5, name="top5"),
        ],
    )


def on_top_of(start: keras.Model, classes: int, settings: HeadSettings) -> keras.Model:
    """An untrained classifier with the stages up to conv4 of `start`, a ResNet50 or its part up to there."""
    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy(settings.dtype_policy)
    network = classifier(classes, int(start.input_shape[1]), activation=None)
    copy_weights(start, network)
    return network


def train(
    network: keras.Model,
    features: NDArray[np.float16],
    images: LabelledImages,
    settings: HeadSettings,
    out: Path,
    report: Report = lambda epoch, step, scores: None,
) -> dict[str, float]:
    """Train stage 5 and the classes on all of `images` but the last `dev_images`, which the scores are measured on.

    Leaves what a run of `encoder.train` leaves, so that it is used as one. Killed and started again
    with the same `out`, it goes on from the last finished epoch.

    Args:
        network: as `on_top_of` gives it.
        features: (N, V, R * R, C), what `below(network)` gives for `images`.
        report: called as `report(epoch, step, scores)` after each step, counted from 0.
    Returns: scores of the finished model on the held-out pictures: `top1`, `top5` (0 to 1), `dev_loss`.
    Raises:
        DataError: there are too few pictures to hold out that many, or `out` holds a run with other settings.
    """
    border = len(images.labels) - settings.dev_images
    if border <= 0:
        raise DataError(
            f"There are {len(images.labels)} pictures, and {settings.dev_images} of them are to be held out; "
            "set dev_images lower."
        )
    about = {**dataclasses.asdict(settings), "image_size": int(network.input_shape[1])}
    classes = len(images.names)
    out.mkdir(parents=True, exist_ok=True)
    if (begun := out / SETTINGS).is_file():
        check_unchanged(out, about, json.loads(begun.read_text()), MAY_CHANGE)
    begun.write_text(json.dumps(about, indent=2) + "\n")
    first_epoch = finished_epochs(out / "checkpoint")
    batches = HeadBatches(features[:border], images.labels[:border], classes, settings, epoch=first_epoch)
    dev = HeadBatches(features[border:], images.labels[border:], classes, settings, epoch=None)
    model = above(network)
    compile_sorter(model, descent(settings, len(batches)), settings.label_smoothing)
    checkpoint = Checkpoint(out / "checkpoint")
    checkpoint.restore(model)
    started = time.monotonic()
    history = model.fit(
        batches,
        validation_data=dev,
        initial_epoch=first_epoch,
        epochs=settings.epochs,
        verbose=0,
        callbacks=[checkpoint, Reporter(report, first_epoch)],
    )
    return finished(
        network,
        model.evaluate(dev, verbose=0, return_dict=True),
        out,
        origin="conv1 to conv4 distilled, the rest trained",
        settings=about,
        training_images=border,
        seconds=round(time.monotonic() - started),
        names=images.names,
        wnids=images.wnids,
        history=history,
    )
