"""Teach a decoder's picture layers what there is to see, by labels, before it learns words for it.

Pictures with a label are many, those with captions few: layers that sort the first relate the places of the second
better. What tells the classes on top of them is thrown away.

Axes: N pictures, S = 49 places, C = 1024 channels, D the decoder's width.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from captionary.words import Vocabulary

from . import decoder as decoding
from .checkpoint import Checkpoint, finished_epochs, replace_text, replace_weights
from .data import DataError, LabelledImages
from .encoder import Report, Reporter, check_unchanged, cosine
from .head import HeadBatches, compile_sorter
from .settings import DecoderSettings, HeadSettings
from .transformer import Transformer

SETTINGS = "settings.json"
WEIGHT_DECAY = 0.05
# Settings that have to stay as they are when a run goes on.
LASTING = ("least_count", "longest", "width", "layers", "picture_layers", "heads", "seed")


class LabelBatches(HeadBatches):
    """Features (B, S, C) and one-hot labels; while it learns, half of them as in a mirror."""

    def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        seen, targets = super().__getitem__(number)  # (B, 7, 7, C)
        if self._epoch is not None:
            mirrored = np.random.default_rng((self._settings.seed, self._epoch, number, 1)).random(len(seen)) < 0.5
            seen = np.where(mirrored[:, np.newaxis, np.newaxis, np.newaxis], seen[:, :, ::-1], seen)
        return seen.reshape(len(seen), -1, seen.shape[-1]), targets


class Sorter(keras.Model):  # type: ignore[misc]
    """Scores of classes, by what the picture layers of a decoder see: features (B, S, C) to float32 (B, classes)."""

    def __init__(self, decoder: Transformer, classes: int) -> None:
        super().__init__()
        # What learns of the decoder: not the layers for words, which nothing here goes through.
        self.seeing = [decoder.project, decoder.project_norm, decoder.place, *decoder.picture_blocks]
        self._places = decoder.places
        self.norm = keras.layers.LayerNormalization(epsilon=1e-5)
        self.classes = keras.layers.Dense(classes)
        self.norm.build((None, decoder.width))
        self.classes.build((None, decoder.width))
        self.built = True

    def call(self, features: Any, training: bool = False) -> Any:
        seen = self.norm(ops.mean(self._places(features, training=training), axis=1))
        return ops.cast(self.classes(seen), "float32")


def learnt_from(images: LabelledImages, settings: DecoderSettings) -> int:
    """How many labelled pictures are learnt from, of the first ones; the others are held out.

    Raises:
        DataError: the decoder has no picture layers, or there are too few pictures to hold out that many.
    """
    if settings.kind != "transformer" or not settings.picture_layers:
        raise DataError(
            "Labels teach the picture layers of a decoder: "
            'leave kind at "transformer", and set picture_layers to 1 or more.'
        )
    border = len(images.labels) - settings.label_dev_images
    if border <= 0:
        raise DataError(
            f"There are {len(images.labels)} labelled pictures, and {settings.label_dev_images} of them are to be held "
            "out; set label_dev_images lower."
        )
    return border


def train(
    features: NDArray[np.float16],
    captions: Sequence[Sequence[str]],
    labelled: NDArray[np.float16],
    images: LabelledImages,
    settings: DecoderSettings,
    out: Path,
    report: Report = lambda epoch, step, scores: None,
) -> dict[str, float]:
    """Train the picture layers of a decoder for `label_epochs`, on all of `images` but the last `label_dev_images`.

    Leaves a run in `out` that `decoder.train` begins with (`start`): its words are those of the captions, and know
    nothing yet. Killed and started again with the same `out`, it goes on from the last finished epoch.

    Args:
        features: (N, V, S, C) of the captioned pictures, whose means and deviations the decoder is told.
        labelled: (M, 1, S, C), features of the labelled pictures.
        report: called as `report(epoch, step, scores)` after each step, counted from 0.
    Returns: scores on the pictures held out: `top1`, `top5` (0 to 1).
    Raises:
        DataError: as of `learnt_from`, or `out` holds a run with other settings.
    """
    lesson = HeadSettings(
        seed=settings.seed,
        views=1,
        dev_images=settings.label_dev_images,
        epochs=settings.label_epochs,
        batch_size=settings.label_batch_size,
        learning_rate=settings.label_rate,
    )
    border = learnt_from(images, settings)
    out.mkdir(parents=True, exist_ok=True)
    about = dataclasses.asdict(settings)
    if (begun := out / SETTINGS).is_file():
        lasting = {name: value for name, value in about.items() if name in LASTING or name.startswith("label_")}
        check_unchanged(out, lasting, json.loads(begun.read_text()), ())
    begun.write_text(json.dumps(about, indent=2) + "\n")
    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy(settings.dtype_policy)
    vocabulary = Vocabulary.of([caption for own in captions for caption in own], settings.least_count)
    shape = dataclasses.replace(settings, dropout=settings.label_dropout)
    decoder = decoding.untrained(shape, len(vocabulary), features)
    classes = len(images.names)
    first_epoch = finished_epochs(out / "checkpoint")
    batches = LabelBatches(labelled[:border], images.labels[:border], classes, lesson, epoch=first_epoch)
    dev = LabelBatches(labelled[border:], images.labels[border:], classes, lesson, epoch=None)
    sorter = Sorter(decoder, classes)
    warmup = math.ceil(lesson.warmup_epochs * len(batches))
    schedule = cosine(lesson.learning_rate, steps=lesson.epochs * len(batches), warmup=warmup, last=0.02)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY, clipnorm=settings.clip_norm)
    compile_sorter(sorter, optimizer, lesson.label_smoothing)
    checkpoint = Checkpoint(out / "checkpoint")
    checkpoint.restore(sorter)
    sorter.fit(
        batches,
        initial_epoch=first_epoch,
        epochs=lesson.epochs,
        verbose=0,
        callbacks=[checkpoint, Reporter(report, first_epoch)],
    )
    found = sorter.evaluate(dev, verbose=0, return_dict=True)
    scores = {name: round(float(found[name]), 4) for name in ("top1", "top5")}
    replace_weights(decoder, out / decoding.WEIGHTS)
    summary = {
        "settings": about,
        "vocabulary": vocabulary.words,
        "channels": features.shape[-1],
        "labels": {"pictures": border, "classes": classes, **scores},
    }
    replace_text(out / decoding.SUMMARY, json.dumps(summary, indent=2) + "\n")
    return scores
