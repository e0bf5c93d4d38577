"""How a pack is built: a Keras ResNet50 becomes an int8 LiteRT network with its words and its manifest.

The one place where TensorFlow itself is needed: its converter writes the LiteRT file.
"""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from captionary.packs import ENCODER, FORMAT, LABELS, MANIFEST, file_hash
from captionary.preprocess import square

from .training.encoder import classifier, preprocess

HERE = Path(__file__).parent
IMAGENET_LABELS = HERE / "imagenet_labels.json"
PHOTOS = HERE / "photos"
IMAGENET_SIZE = 224
TYPICAL_SHARE = 0.9  # of calibration pictures whose largest activations are usual,
ODD_FACTOR = 2.0  # and how many times as large makes a picture an odd one
DOWNLOAD_SECONDS = 5.0  # that the weights' host may stay silent

# Where WordNet's first word for a class is not the one that people use.
PLAIN_NAMES = {
    "Arabian camel": "camel",
    "alp": "mountain",
    "beach wagon": "station wagon",
    "beacon": "lighthouse",
    "brass": "memorial plaque",
    "confectionery": "candy store",
    "gasmask": "gas mask",
    "hog": "pig",
    "ice lolly": "popsicle",
    "jinrikisha": "rickshaw",
    "lesser panda": "red panda",
    "monarch": "monarch butterfly",
    "tabby": "tabby cat",
    "teddy": "teddy bear",
}


class WeightsError(Exception):
    """A network's weights can't be had, or don't fit."""


@dataclass(frozen=True)
class Label:
    """A class: its WordNet id and its plain name."""

    wnid: str
    name: str


@dataclass(frozen=True)
class About:
    """What a pack's manifest says of where it comes from."""

    name: str
    version: str
    licence: str
    provenance: str
    scores: dict[str, Any] = field(default_factory=dict)


def plain_name(synonyms: str) -> str:
    """The name that people use, of WordNet's synonyms with commas between them."""
    first = synonyms.partition(",")[0].strip()
    return PLAIN_NAMES.get(first, first)


def imagenet_labels() -> list[Label]:
    """ImageNet's 1,000 classes, in the order of Keras' network."""
    return [Label(entry["wnid"], plain_name(entry["name"])) for entry in json.loads(IMAGENET_LABELS.read_text())]


def imagenet_network(weights: Path | None = None) -> keras.Model:
    """Keras' ResNet50 for ImageNet's 1,000 classes.

    Args:
        weights: a file that Keras' `load_weights` takes; None: Keras downloads its own (102 MB) and
            keeps them, hash checked, in its cache.
    Raises:
        WeightsError: they can't be had, or are not those of this network.
    """
    keras.config.set_dtype_policy("float32")
    if weights is None:
        return _downloaded()
    if not weights.is_file():
        raise WeightsError(f"There is no file {weights}.")
    network = keras.applications.ResNet50(weights=None)
    try:
        network.load_weights(weights)
    except (OSError, ValueError, KeyError) as exc:
        raise WeightsError(f"{weights} does not hold the weights of ResNet50 with 1,000 classes: {exc}") from exc
    return network


def trained_network(run: Path) -> tuple[keras.Model, dict[str, Any]]:
    """The network of a training run, and the run's `training.json`.

    Raises:
        WeightsError: the folder holds no finished run.
    """
    summary_file, weights = run / "training.json", run / "encoder.weights.h5"
    if not summary_file.is_file() or not weights.is_file():
        raise WeightsError(f"{run} holds no finished training run (training.json, encoder.weights.h5).")
    summary = json.loads(summary_file.read_text())
    keras.config.set_dtype_policy("float32")
    network = classifier(len(summary["names"]), summary["settings"]["image_size"], activation="softmax")
    network.load_weights(weights)
    return network, summary


def shipped_photos() -> Iterator[Image.Image]:
    """Photos to calibrate with where there are no others: each whole, mirrored, and in parts."""
    for path in sorted(PHOTOS.glob("*.jpg")):
        with Image.open(path) as file:
            photo = file.convert("RGB")
        width, height = photo.size
        for left, top in ((0, 0), (width // 4, 0), (0, height // 4), (width // 4, height // 4)):
            part = photo.crop((left, top, left + width * 3 // 4, top + height * 3 // 4))
            yield part
            yield part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        yield photo


def to_int8(network: keras.Model, photos: Iterable[Image.Image]) -> bytes:
    """The network as a LiteRT file with weights and activations of 8 bits.

    Args:
        network: preprocessed pictures float32 (B, size, size, 3) to probabilities (B, classes).
        photos: a hundred or so, which the ranges of the activations are measured on.
    Returns: takes int8 (1, size, size, 3) at a scale of its own, gives float32 (1, classes).
    """
    size = int(network.input_shape[1])
    samples = _typical(network, np.concatenate([preprocess(_batch_of_one(photo, size)) for photo in photos]))
    with tempfile.TemporaryDirectory() as folder:
        archive = keras.export.ExportArchive()
        archive.track(network)
        archive.add_endpoint(
            "serve",
            lambda pictures: network(pictures, training=False),
            input_signature=[tf.TensorSpec((1, size, size, 3), tf.float32)],
        )
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serve"])
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([sample[np.newaxis]] for sample in samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        return bytes(converter.convert())


def _typical(network: keras.Model, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The samples (N, size, size, 3) without those that drive some activation far beyond what others do.

    The range of an 8-bit activation is that of the largest value that calibration meets: one odd
    picture in a hundred, with a hundred times the usual values, leaves a step or two for all the rest.
    """
    peaks = [
        keras.ops.max(keras.ops.abs(layer.output), axis=(1, 2, 3))
        for layer in network.layers
        if isinstance(layer, keras.layers.Activation) and len(layer.output.shape) == 4
    ]
    if not peaks:
        return samples
    measured = keras.Model(network.input, keras.ops.stack(peaks, axis=1)).predict(samples, batch_size=32, verbose=0)
    usual = np.quantile(measured, TYPICAL_SHARE, axis=0)  # (activations,)
    is_usual: NDArray[np.bool_] = (measured <= ODD_FACTOR * usual).all(axis=1)
    return samples[is_usual]


def write_pack(out: Path, about: About, size: int, labels: list[Label], encoder: bytes) -> None:
    """Write a pack to `out`, all or nothing, in place of the pack that was there.

    Args:
        size: height and width of the network's input, in pixels.
    Raises:
        FileExistsError: something is there that is no pack.
    """
    if out.exists() and not (out / MANIFEST).is_file():
        raise FileExistsError(f"{out} is there, and is no model pack; choose another --out.")
    out.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        building.chmod(0o755)
        (building / ENCODER).write_bytes(encoder)
        entries = ",\n".join(json.dumps({"wnid": label.wnid, "name": label.name}) for label in labels)
        (building / LABELS).write_text(f"[\n{entries}\n]\n")
        manifest = {
            "format": FORMAT,
            "name": about.name,
            "version": about.version,
            "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "input": {"size": size, "crop": "middle square", "channels": "BGR, ImageNet mean subtracted"},
            "classes": len(labels),
            "scores": about.scores,
            "licence": about.licence,
            "provenance": about.provenance,
            "files": {name: file_hash(building / name) for name in (ENCODER, LABELS)},
        }
        (building / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        if out.exists():
            out.rename(building / "replaced")
        building.rename(out)
        shutil.rmtree(out / "replaced", ignore_errors=True)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _downloaded() -> keras.Model:
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_SECONDS)  # Keras' download has no time limit of its own
    try:
        return keras.applications.ResNet50(weights="imagenet")
    except Exception as exc:  # urllib's, Keras' and h5py's errors, to one effect
        raise WeightsError(
            f"Keras could not download the weights of ResNet50: {exc} "
            "Look to the network and try again, or fetch the file elsewhere and name it with --weights."
        ) from exc
    finally:
        socket.setdefaulttimeout(patience)


def _batch_of_one(photo: Image.Image, size: int) -> NDArray[np.float32]:
    return square(photo, size).astype(np.float32)[np.newaxis]
