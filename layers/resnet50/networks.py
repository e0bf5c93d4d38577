"""Where ResNet50 comes from: Keras' own, a file of weights, a training run, or a pack."""

from __future__ import annotations

import json
import os
import signal
import socket
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from captionary import packs
from captionary.errors import PackError
from captionary.packs import file_hash

from .packed import PackedNetwork
from .training import distil
from .training.encoder import classifier

CONV4 = "conv4_block6_out"
IMAGENET = "imagenet"
DOWNLOAD_SECONDS = 5.0  # that the weights' host may stay silent
DOWNLOAD_MINUTES = 30.0  # that it may take in all
# Keras' file of weights, as Keras knows it, for those who get it from a mirror.
WEIGHTS_FILE = "resnet50_weights_tf_dim_ordering_tf_kernels.h5"
WEIGHTS_HASH = "2cb95161c43110f7111970584f804107"  # MD5
MIRROR = os.environ.get("CAPTIONARY_WEIGHTS_URL", "")  # address of that file
MIRROR_HASH = os.environ.get("CAPTIONARY_WEIGHTS_HASH") or WEIGHTS_HASH  # MD5 or SHA-256, if it is another file


class WeightsError(Exception):
    """A network's weights can't be had, or don't fit."""


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


def distilled_network(run: Path) -> keras.Model:
    """The network of a distillation: preprocessed pictures to conv4's output.

    Raises:
        WeightsError: the folder holds no finished one.
    """
    summary_file, weights = run / distil.SUMMARY, run / distil.WEIGHTS
    if not summary_file.is_file() or not weights.is_file():
        raise WeightsError(f"{run} holds no finished distillation ({distil.SUMMARY}, {distil.WEIGHTS}).")
    keras.config.set_dtype_policy("float32")
    network = distil.student(json.loads(summary_file.read_text())["settings"]["image_size"])
    network.load_weights(weights)
    return network


def network_of_run(run: Path) -> tuple[keras.Model, str]:
    """The network of a training run of either kind, and the hash of its weights.

    Raises:
        WeightsError: the folder holds no finished run.
    """
    if (run / distil.SUMMARY).is_file():
        return distilled_network(run), file_hash(run / distil.WEIGHTS)
    network, _ = trained_network(run)
    return network, file_hash(run / "encoder.weights.h5")


def conv4_network(network: keras.Model) -> keras.Model:
    """The part of a ResNet50 that gives features: pictures (B, size, size, 3) to float32 (B, 7, 7, 1024).

    Raises:
        WeightsError: its pictures are too small for that.
    """
    try:
        return keras.Model(network.input, distil.pooled(network.get_layer(CONV4).output))
    except ValueError as exc:
        raise WeightsError(str(exc)) from exc


def packed_network(folder: Path) -> tuple[PackedNetwork, str]:
    """The encoder of a pack, and the hash of its file.

    Raises:
        WeightsError: it is damaged, or gives no features.
    """
    try:
        pack = packs.load(folder)
    except PackError as exc:
        raise WeightsError(str(exc)) from exc
    network = PackedNetwork(pack)
    if not network.output_shape[-1]:
        raise WeightsError(
            f"The pack {pack.name} ({pack.input_size} pixels) gives no features that a decoder could describe: "
            "it was built without one."
        )
    return network, file_hash(pack.encoder)


def network_of(source: str) -> tuple[keras.Model | PackedNetwork, str]:
    """The network that gives a decoder its features, and a name for its weights.

    Args:
        source: "imagenet" for Keras' download, a file of weights (all of ResNet50 with 1,000 classes, or
            its part up to conv4), the folder of a training run, or that of a pack.
    Returns: pictures (B, size, size, 3) to float32 (B, 7, 7, 1024).
    Raises:
        WeightsError: there is no such thing.
    """
    if source == IMAGENET:
        return conv4_network(imagenet_network()), IMAGENET
    path = Path(source)
    if (path / packs.MANIFEST).is_file():
        return packed_network(path)
    if path.is_dir():
        network, key = network_of_run(path)
        return conv4_network(network), key
    if not path.is_file():
        raise WeightsError(f"There is no file or folder {path}.")
    keras.config.set_dtype_policy("float32")
    full = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(224, 224, 3))
    conv4 = keras.Model(full.input, full.get_layer(CONV4).output)
    try:
        conv4.load_weights(path)
    except (OSError, ValueError, KeyError):
        return conv4_network(imagenet_network(path)), file_hash(path)
    return conv4_network(full), file_hash(path)


class _TooSlow(Exception):
    """The download takes longer than anybody wants to wait for."""


def _downloaded() -> keras.Model:
    """Keras' own weights, by Keras' own download: what has another hash than expected is never used.

    Raises:
        WeightsError: they did not come.
    """
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_SECONDS)  # Keras' download has no time limit of its own
    try:
        with _limited(DOWNLOAD_MINUTES * 60):
            if not MIRROR:
                return keras.applications.ResNet50(weights="imagenet")
            weights = keras.utils.get_file(WEIGHTS_FILE, MIRROR, cache_subdir="models", file_hash=MIRROR_HASH)
    except Exception as exc:  # urllib's, Keras' and h5py's errors, to one effect
        raise WeightsError(
            f"Keras could not download the weights of ResNet50, because {_reason(exc)}.\n"
            "Look to the network and try again, or fetch the file elsewhere and name it with --weights."
        ) from exc
    finally:
        socket.setdefaulttimeout(patience)
    return imagenet_network(Path(weights))


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Break off by _TooSlow what takes longer. A host that sends a byte now and then is never silent for long."""

    def stop(*_: object) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _reason(error: Exception) -> str:
    """Why a download failed, in a few words. Keras wraps some of urllib's errors in plain exceptions."""
    cause = error.__context__ if isinstance(error.__context__, urllib.error.URLError) else error
    match cause:
        case urllib.error.HTTPError():
            return f"the host has no such file or does not give it (status {cause.code})"
        case urllib.error.ContentTooShortError() | ConnectionError():
            return "the connection broke off in the middle"
        case TimeoutError() | urllib.error.URLError(reason=TimeoutError()):
            return f"the host was silent for {DOWNLOAD_SECONDS:.0f} seconds"
        case urllib.error.URLError():
            return f"the host can't be reached ({getattr(cause.reason, 'strerror', None) or cause.reason})"
        case _TooSlow():
            return f"it was not through after {DOWNLOAD_MINUTES:.0f} minutes"
        case ValueError():
            return "what came is another file than was expected (its hash differs)"
    return str(cause)
