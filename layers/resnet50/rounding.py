"""Kernels rounded to 8 bits by hand, before LiteRT's converter does it, so that the errors cancel each other.

Rounding each weight to the nearest step leaves an error in each kernel's sum: plain areas of a picture, and
channels that are seldom dark, then come out too bright or too dim everywhere. Here the sum of a kernel over its
places stays what it was, by rounding some weights the other way, and what is left on average goes into the bias
(Nagel et al. 2019, arXiv:1906.04721, section 4.2). The converter finds the weights on its own steps already, and
keeps them.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

STEPS = 127  # of a weight's 8 bits, on either side of zero
BATCH = 16


def rounded(network: keras.Model, pictures: NDArray[np.float32]) -> keras.Model:
    """A network with all kernels at steps of 8 bits, and biases that make up for it.

    Args:
        network: convolutions and dense layers with biases, of preprocessed pictures (B, size, size, 3).
        pictures: some of those that it is for (N, size, size, 3), by which its layers' usual inputs are known.
    """
    network = _copy(network)
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)]
    means = keras.Model(network.input, {layer.name: _channel_means(layer.input) for layer in layers})
    usual = means.predict(pictures, batch_size=BATCH, verbose=0)  # (N, inputs) of each layer
    for layer in layers:
        kernel, bias = layer.get_weights()
        steps = round_kernel(kernel)
        error = (steps - kernel).reshape(-1, *kernel.shape[-2:]).sum(axis=0)  # (inputs, outputs)
        layer.set_weights([steps, bias - usual[layer.name].mean(axis=0) @ error])
    return network


def round_kernel(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """A kernel (..., inputs, outputs) at the 8-bit steps of each output; its sum over places stays, to half a step."""
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    step = np.where(largest > 0, largest, 1) / STEPS  # (outputs,)
    exact = (kernel / step).reshape(-1, *kernel.shape[-2:])  # (places, inputs, outputs)
    steps = np.round(exact)
    error = exact - steps
    missing = np.round(error.sum(axis=0))  # whole steps that the sum over places is short of, or over
    # Those that were nearest to being rounded the other way are; but not the largest, which tell the step.
    gain = np.where(np.abs(steps) < STEPS, error * np.sign(missing), -np.inf)
    rank = gain.argsort(axis=0)[::-1].argsort(axis=0)
    steps += np.where((rank < np.abs(missing)) & np.isfinite(gain), np.sign(missing), 0)
    result: NDArray[np.float32] = (steps.reshape(kernel.shape) * step).astype(np.float32)
    return result


def _copy(network: keras.Model) -> keras.Model:
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def _channel_means(inputs: Any) -> Any:
    """(B, ..., C) to (B, C)."""
    return ops.mean(inputs, axis=tuple(range(1, len(inputs.shape) - 1))) if len(inputs.shape) > 2 else inputs
