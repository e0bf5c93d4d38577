"""Teach the first four stages of a ResNet50 to see as a teacher does, on photos that need no labels.

The student's conv4 features, averaged to 7 x 7, come to equal those of a network that has seen far more
photos (Romero et al. 2015, arXiv:1412.6550). Nothing of the teacher is left in the student but what it learnt.

Axes: B pictures, S = 49 places of the feature grid, C = 1024 channels.
"""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from .captions import pixels
from .checkpoint import Checkpoint, finished_epochs
from .data import Pictures, jittered
from .encoder import Report, Reporter, copy_weights, cosine, preprocess
from .settings import DistilSettings

GRID = 7
SAMPLE = 500  # pictures of a lesson that tell how large features are
WEIGHTS, SUMMARY, CHECKPOINT = "distilled.weights.h5", "distilled.json", "distilled-checkpoint"


@dataclass(frozen=True)
class Lesson:
    """Pictures, and what the teacher sees in them."""

    pictures: Pictures
    features: NDArray[np.float16]  # (N, V, S, C), V views of each of the first N pictures


def student(image_size: int) -> keras.Model:
    """Keras' ResNet50 up to conv4, untrained, its layers named as in the whole network.

    Preprocessed pictures (B, size, size, 3) to features (B, rows, columns, C).
    """
    whole = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(image_size, image_size, 3))
    return keras.Model(whole.input, whole.get_layer("conv4_block6_out").output)


def pooled(conv4: Any) -> Any:
    """Conv4's output (B, rows, columns, C) averaged to float32 (B, 7, 7, C): 14 rows by pairs, 8 by overlapping pairs.

    Raises:
        ValueError: it is smaller than that.
    """
    stride = conv4.shape[1] // GRID
    if stride == 0:
        raise ValueError(f"conv4 gives {conv4.shape[1]} rows, less than {GRID}: use pictures of 112 pixels or more")
    window = conv4.shape[1] - (GRID - 1) * stride
    return keras.layers.AveragePooling2D(window, strides=stride, dtype="float32")(conv4)


class LessonBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Pictures and the teacher's features of them, as many of each lesson, by seed and epoch alone."""

    def __init__(self, lessons: Sequence[Lesson], settings: DistilSettings, epoch: int = 0) -> None:
        super().__init__()
        self._lessons, self._settings, self._epoch = lessons, settings, epoch

    def __len__(self) -> int:
        return max(1, self._settings.epoch_pictures // self._settings.batch_size)

    def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        settings = self._settings
        random = np.random.default_rng((settings.seed, self._epoch, number))
        count = len(self._lessons)
        shares = np.bincount((np.arange(settings.batch_size) + random.integers(count)) % count, minlength=count)
        parts = [
            self._some(lesson, int(share), random) for lesson, share in zip(self._lessons, shares, strict=True) if share
        ]
        pictures, features = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        mirrored = random.random(len(pictures)) < 0.5
        pictures[mirrored] = pictures[mirrored, :, ::-1]
        features[mirrored] = features[mirrored, :, ::-1]
        return preprocess(jittered(pictures, settings.jitter, random)), features

    def on_epoch_end(self) -> None:
        self._epoch += 1

    def _some(
        self, lesson: Lesson, count: int, random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Pictures (B, size, size, 3) and features (B, 7, 7, C), drawn by chance."""
        pictures, views = lesson.features.shape[:2]
        chosen, seen_as = random.integers(0, pictures, count), random.integers(0, views, count)
        shown = [
            pixels(lesson.pictures, [i], self._settings.image_size, view)
            for i, view in zip(chosen.tolist(), seen_as.tolist(), strict=True)
        ]
        features = lesson.features[chosen, seen_as].astype(np.float32)
        return np.concatenate(shown).astype(np.float32), features.reshape(count, GRID, GRID, -1)


class DevBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """A lesson as it is, in its order."""

    def __init__(self, lesson: Lesson, settings: DistilSettings) -> None:
        super().__init__()
        self._lesson, self._settings = lesson, settings

    def __len__(self) -> int:
        return math.ceil(len(self._lesson.features) / self._settings.batch_size)

    def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        size = self._settings.batch_size
        chosen = range(number * size, min((number + 1) * size, len(self._lesson.features)))
        pictures = pixels(self._lesson.pictures, chosen, self._settings.image_size, view=0).astype(np.float32)
        features = self._lesson.features[chosen.start : chosen.stop, 0].astype(np.float32)
        return preprocess(pictures), features.reshape(len(chosen), GRID, GRID, -1)


class StandardisedError(keras.losses.Loss):  # type: ignore[misc]
    """Mean squared error of features (B, 7, 7, C), each channel in units of its own deviation."""

    def __init__(self, deviation: NDArray[np.float32]) -> None:
        super().__init__(name="standardised_error")
        self._deviation = deviation

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square((ops.cast(y_pred, "float32") - y_true) / self._deviation), axis=-1)


def _deviation(lessons: Sequence[Lesson]) -> NDArray[np.float32]:
    """How much each channel of the teacher's features varies (C,), from a sample of each lesson."""
    samples = [lesson.features[:: max(1, len(lesson.features) // SAMPLE), 0] for lesson in lessons]
    channels = samples[0].shape[-1]
    deviation = np.concatenate([sample.reshape(-1, channels) for sample in samples]).astype(np.float32).std(axis=0)
    # A channel that hardly ever says anything shall not count more for that.
    floored: NDArray[np.float32] = np.maximum(deviation, np.median(deviation) / 10)
    return floored


def train(
    lessons: Sequence[Lesson],
    dev: Lesson,
    settings: DistilSettings,
    out: Path,
    report: Report = lambda epoch, step, scores: None,
    *,
    start: keras.Model | None = None,
) -> dict[str, float]:
    """Train a student on lessons, and measure it on another one.

    Leaves `distilled.weights.h5` and `distilled.json` (settings, scores) in `out`. Killed and started
    again with the same `out`, it goes on from the last finished epoch.

    Args:
        report: called as `report(epoch, step, scores)` after each step, counted from 0.
        start: a ResNet50, or a part of one, whose weights the student begins with.
    Returns: `cosine`, of student's and teacher's features at each place, on average, and `dev_loss`.
    """
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy(settings.dtype_policy)
    conv4 = student(settings.image_size)
    if start is not None:
        copy_weights(start, conv4)
    model = keras.Model(conv4.input, pooled(conv4.output))
    first_epoch = finished_epochs(out / CHECKPOINT)
    batches = LessonBatches(lessons, settings, first_epoch)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            cosine(
                settings.learning_rate,
                steps=settings.epochs * len(batches),
                warmup=math.ceil(settings.warmup_epochs * len(batches)),
            ),
            weight_decay=settings.weight_decay,
        ),
        loss=StandardisedError(_deviation(lessons)),
        metrics=[keras.metrics.CosineSimilarity(name="cosine")],
    )
    checkpoint = Checkpoint(out / CHECKPOINT)
    checkpoint.restore(model)
    started = time.monotonic()
    history = model.fit(
        batches,
        validation_data=DevBatches(dev, settings),
        initial_epoch=first_epoch,
        epochs=settings.epochs,
        verbose=0,
        callbacks=[checkpoint, Reporter(report, first_epoch)],
    )
    conv4.save_weights(out / WEIGHTS)
    measured = model.evaluate(DevBatches(dev, settings), verbose=0, return_dict=True)
    scores = {"cosine": round(float(measured["cosine"]), 4), "dev_loss": round(float(measured["loss"]), 4)}
    summary = {
        "settings": dataclasses.asdict(settings),
        "scores": scores,
        "pictures": [list(lesson.features.shape[:2]) for lesson in lessons],
        "seconds": round(time.monotonic() - started),
        "backend": keras.backend.backend(),
        "history": {name: [round(float(value), 4) for value in values] for name, values in history.history.items()},
    }
    (out / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n")
    return scores
