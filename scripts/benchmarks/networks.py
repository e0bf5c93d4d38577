"""Keras' ResNet50 in the files that other runtimes read, made by a process of its own: TensorFlow takes a GB of it.

    python networks.py FOLDER SIZE CLASSES [PACKAGES]

Its weights are any: what it takes does not depend on them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from captionary.packs import Pack

KERAS, LITERT, ONNX = "network.keras", "float32.tflite", "network.onnx"


def write_networks(pack: Pack, folder: Path, packages: Path | None = None) -> None:
    """Write a network of the pack's size to `folder`, as Keras, LiteRT and, where that can be done, ONNX read it.

    Args:
        packages: where what Keras needs for ONNX is installed, if it is.
    """
    size = [str(folder), str(pack.input_size), str(len(pack.labels))]
    done = subprocess.run(
        [sys.executable, "-P", __file__, *size, *([str(packages)] if packages else [])],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert (folder / LITERT).exists(), done.stderr


def main(folder: Path, size: int, classes: int, *packages: str) -> None:
    """Write them; ONNX at last, which is the least sure."""
    sys.path += packages
    import keras
    import numpy as np
    import tensorflow as tf

    network = keras.applications.ResNet50(weights=None, classes=classes, input_shape=(size, size, 3))
    network.save(folder / KERAS)
    (folder / LITERT).write_bytes(tf.lite.TFLiteConverter.from_keras_model(network).convert())
    if packages:
        network(np.zeros((1, size, size, 3), np.float32))  # Keras exports no network that was never used
        network.export(folder / ONNX, format="onnx", verbose=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
