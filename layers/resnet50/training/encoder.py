"""Train Keras' ResNet50 as a classifier, on any Keras backend."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from captionary.preprocess import CHANNEL_MEANS_BGR

from .checkpoint import Checkpoint, finished_epochs
from .data import Batches, DataError, LabelledImages
from .settings import EncoderSettings, HeadSettings

SETTINGS, SUMMARY, WEIGHTS = "settings.json", "training.json", "encoder.weights.h5"
MAY_CHANGE = {"epochs", "dtype_policy"}  # when a run goes on

Report = Callable[[int, int, dict[str, float]], None]


def preprocess(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pictures (B, H, W, 3) in red, green, blue, 0 to 255, as Keras' ResNet50 wants them."""
    return pictures[..., ::-1] - np.asarray(CHANNEL_MEANS_BGR, np.float32)


class TrainingBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Feeds `Batches` to Keras, preprocessed, with another order in each epoch."""

    def __init__(self, batches: Batches, epoch: int = 0) -> None:
        super().__init__()
        self._batches = batches
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        pictures, labels = self._batches.batch(self._epoch, number)
        return preprocess(pictures), labels

    def on_epoch_end(self) -> None:
        self._epoch += 1


@keras.saving.register_keras_serializable("captionary")
class SmoothedCrossentropy(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy of integer labels and logits (B, classes), a share of the target spread evenly."""

    def __init__(self, smoothing: float, name: str = "smoothed_crossentropy", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.smoothing = smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        log_probabilities = keras.ops.log_softmax(keras.ops.cast(y_pred, "float32"))
        classes = log_probabilities.shape[-1]
        target = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32"), classes)
        target = target * (1 - self.smoothing) + self.smoothing / classes
        return -keras.ops.sum(target * log_probabilities, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "smoothing": self.smoothing}


def classifier(classes: int, image_size: int, *, activation: str | None) -> keras.Model:
    """Keras' ResNet50, untrained: preprocessed pictures (B, size, size, 3) to float32 (B, classes)."""
    network = keras.applications.ResNet50(
        weights=None,
        classes=classes,
        input_shape=(image_size, image_size, 3),
        classifier_activation=None,
    )
    # Whatever the network computes in, losses and scores want float32.
    scores = keras.layers.Activation(activation or "linear", dtype="float32", name="scores")(network.output)
    return keras.Model(network.input, scores)


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Give the layers of one network the weights of those of another that have the same name, as far as they fit."""
    known = {layer.name: layer.get_weights() for layer in source.layers}
    for layer in target.layers:
        weights = known.get(layer.name, [])
        if [values.shape for values in weights] == [variable.shape for variable in layer.weights]:
            layer.set_weights(weights)


def train(
    images: LabelledImages,
    settings: EncoderSettings,
    out: Path,
    report: Report = lambda epoch, step, scores: None,
    *,
    start: keras.Model | None = None,
) -> dict[str, float]:
    """Train on all of `images` but the last `dev_images`, which the scores are measured on.

    Leaves `encoder.weights.h5` and `training.json` (settings, scores, class names) in `out`. Killed
    and started again with the same `out`, it goes on from the last finished epoch.

    Args:
        report: called as `report(epoch, step, scores)` after each step, counted from 0.
        start: a ResNet50, or a part of one, whose weights this one begins with.
    Returns: scores of the finished model on the held-out pictures: `top1`, `top5` (0 to 1), `dev_loss`.
    Raises:
        DataError: there are too few pictures to hold out that many, or `out` holds a run with other settings.
    """
    if settings.dev_images >= len(images.labels):
        raise DataError(
            f"There are {len(images.labels)} pictures, and {settings.dev_images} of them are to be held out; "
            "set dev_images lower."
        )
    out.mkdir(parents=True, exist_ok=True)
    if (begun := out / SETTINGS).is_file():
        check_unchanged(out, dataclasses.asdict(settings), json.loads(begun.read_text()), MAY_CHANGE)
    begun.write_text(json.dumps(dataclasses.asdict(settings), indent=2) + "\n")
    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy(settings.dtype_policy)
    batches, dev = _split(images, settings)
    model = classifier(len(images.names), settings.image_size, activation=None)
    if start is not None:
        copy_weights(start, model)
    model.compile(
        optimizer=descent(settings, len(batches)),
        loss=SmoothedCrossentropy(settings.label_smoothing),
        metrics=[
            keras.metrics.SparseCategoricalAccuracy(name="top1"),
            keras.metrics.SparseTopKCategoricalAccuracy(k=5, name="top5"),
        ],
    )
    checkpoint = Checkpoint(out / "checkpoint")
    checkpoint.restore(model)
    first_epoch = finished_epochs(out / "checkpoint")
    started = time.monotonic()
    history = model.fit(
        TrainingBatches(batches, first_epoch),
        validation_data=TrainingBatches(dev),
        initial_epoch=first_epoch,
        epochs=settings.epochs,
        verbose=0,
        callbacks=[checkpoint, Reporter(report, first_epoch)],
    )
    return finished(
        model,
        model.evaluate(TrainingBatches(dev), verbose=0, return_dict=True),
        out,
        settings=dataclasses.asdict(settings),
        training_images=len(images.labels) - settings.dev_images,
        seconds=round(time.monotonic() - started),
        names=images.names,
        wnids=images.wnids,
        history=history,
    )


def finished(
    network: keras.Model, measured: dict[str, float], out: Path, *, history: keras.callbacks.History, **about: Any
) -> dict[str, float]:
    """Leave a classifier's weights and `training.json` in a run's folder.

    Args:
        measured: `loss`, `top1` and `top5` on the held-out pictures.
        history: of its training, epoch by epoch.
        about: what else `training.json` tells.
    Returns: its scores: `top1`, `top5` (0 to 1), `dev_loss`.
    """
    network.save_weights(out / WEIGHTS)
    scores = {
        "top1": round(float(measured["top1"]), 4),
        "top5": round(float(measured["top5"]), 4),
        "dev_loss": round(float(measured["loss"]), 4),
    }
    summary = {
        "scores": scores,
        "backend": keras.backend.backend(),
        **about,
        "history": {name: [round(float(value), 4) for value in values] for name, values in history.history.items()},
    }
    (out / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n")
    return scores


def check_unchanged(run: Path, given: dict[str, Any], known: dict[str, Any], but_for: Collection[str]) -> None:
    """Refuse to go on with a run that was begun with other settings, but for those.

    Raises:
        DataError: one of them is another.
    """
    changed = sorted(name for name in given.keys() - but_for if name in known and given[name] != known[name])
    if changed:
        raise DataError(
            f"The run in {run} has another {changed[0]}: {known[changed[0]]}, not {given[changed[0]]}. "
            "Go on with its own settings, or choose another folder."
        )


def _split(images: LabelledImages, settings: EncoderSettings) -> tuple[Batches, Batches]:
    border = len(images.labels) - settings.dev_images
    batches = Batches(
        images,
        np.arange(border),
        size=settings.image_size,
        batch_size=settings.batch_size,
        shift=settings.shift,
        jitter=settings.jitter,
        shuffle=True,
        seed=settings.seed,
    )
    dev = Batches(
        images,
        np.arange(border, len(images.labels)),
        size=settings.image_size,
        batch_size=settings.batch_size,
    )
    return batches, dev


def cosine(rate: float, *, steps: int, warmup: int, last: float = 0.0) -> Any:
    """A learning rate that climbs to `rate` over the first steps, and falls along a cosine to that share of it."""
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, steps - warmup),
        alpha=last,
        warmup_target=rate,
        warmup_steps=warmup,
    )


def descent(settings: EncoderSettings | HeadSettings, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """Stochastic gradient descent by Nesterov momentum, its rate on a cosine over all epochs."""
    schedule = cosine(
        settings.learning_rate,
        steps=settings.epochs * steps_per_epoch,
        warmup=math.ceil(settings.warmup_epochs * steps_per_epoch),
    )
    return keras.optimizers.SGD(schedule, momentum=settings.momentum, nesterov=True, weight_decay=settings.weight_decay)


class Reporter(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells after each step, and after each epoch with the scores of the development set.

    Raises:
        DataError: the loss is no number any more.
    """

    def __init__(self, report: Report, first_epoch: int) -> None:
        super().__init__()
        self._report = report
        self._epoch = first_epoch

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if not math.isfinite(loss := float((logs or {}).get("loss", 0.0))):
            raise DataError(
                f"In epoch {self._epoch + 1} the loss became {loss}: the training went astray. Begin again in another "
                "folder, with a lower learning_rate."
            )
        self._report(self._epoch, batch, dict(logs or {}))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._report(epoch, self.params["steps"] - 1, dict(logs or {}))
