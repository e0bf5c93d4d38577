"""One runtime in a process of its own: a program that prints what a look at one photo took it, and its memory.

    python contenders.py KIND FILE SIZE RUNS

It imports nothing of ours, for some runtimes live in an environment of their own.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Look = Callable[[Any], object]  # at float32 (1, size, size, 3)


def litert(file: str, threads: int = 1) -> Look:
    """As the caption function does it."""
    from ai_edge_litert.interpreter import Interpreter

    network = Interpreter(file, num_threads=threads)
    network.allocate_tensors()
    given, answers = network.get_input_details()[0], network.get_output_details()

    def look(pixels: Any) -> object:
        network.set_tensor(given["index"], pixels.astype(given["dtype"]))
        network.invoke()
        return [network.get_tensor(answer["index"]) for answer in answers]

    return look


def litert_all_cores(file: str) -> Look:
    """The same with as many threads as there are cores."""
    return litert(file, threads=os.cpu_count() or 1)


def keras_predict(file: str) -> Look:
    """As most examples do it."""
    import keras

    network = keras.saving.load_model(file)
    return lambda pixels: network.predict(pixels, verbose=0)


def keras_loaded_each_time(file: str) -> Look:
    """As apps do that keep nothing between requests."""
    import keras

    return lambda pixels: keras.saving.load_model(file).predict(pixels, verbose=0)


def tf_function(file: str) -> Look:
    """TensorFlow's own graph, without Keras' loop around it."""
    import keras
    import tensorflow as tf

    network = keras.saving.load_model(file)
    graph = tf.function(lambda pixels: network(pixels, training=False))
    return lambda pixels: graph(tf.constant(pixels)).numpy()


def onnx_runtime(file: str) -> Look:
    """ONNX Runtime, with all cores."""
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0].name
    return lambda pixels: session.run(None, {given: pixels})


def openvino(file: str) -> Look:
    """OpenVINO, tuned for the time of one answer."""
    import openvino as ov

    network = ov.compile_model(file, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    kind = network.inputs[0].get_element_type().to_dtype()
    return lambda pixels: network([pixels.astype(kind)])


def milliseconds(work: Callable[[], object], runs: int) -> float:
    """The median time, the first run aside."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:] or times) * 1e3


def peak_memory() -> int:
    """The most memory that this process had, in bytes. Not getrusage's: that begins with what its parent had."""
    match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(match[1]) * 1024 if match else 0


def main(kind: str, file: str, size: str, runs: str) -> None:
    """Measure, and print."""
    look: Look = globals()[kind](file)
    # Numbers that an 8-bit network takes as well.
    pixels = np.random.default_rng(1).integers(-100, 100, (1, int(size), int(size), 3)).astype(np.float32)
    typical = milliseconds(lambda: look(pixels), int(runs) + 1)
    sys.stdout.write(json.dumps({"ms": typical, "memory": peak_memory()}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
