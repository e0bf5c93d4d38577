"""`scripts/bench captioner`: the network and the sentence alone, beside Keras."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from PIL import Image

from captionary import packs
from captionary.captioner import Captioner
from infra.models import choose

from .pipeline import SMALL_SIZE, small_photos
from .report import Figure, tell

RUNS = 50
KERAS_RUNS = 10

# As a worker does it: a new process, the network loaded, one photo described.
WORKER = """
import json, resource, sys, time
started = time.perf_counter()
import numpy as np
from pathlib import Path
from PIL import Image
from captionary import packs
from captionary.captioner import Captioner
captioner = Captioner(packs.load(Path(sys.argv[1])))
ready = time.perf_counter() - started
captioner.describe(Image.fromarray(np.zeros((375, 500, 3), np.uint8)))
print(json.dumps([ready, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))
"""


@click.command()
@click.option("--model", default="auto", show_default=True, help="The pack that captions.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(model: str, as_json: bool) -> None:
    """Measure what one photo takes of the network's time, with one thread, as in the function."""
    choice = choose(model)
    if choice.insists:
        raise click.UsageError(f"The {model} pack is not built yet; build it with: scripts/captionary pack {model}")
    pack = choice.pack
    photos = small_photos(RUNS)
    captioner = Captioner(pack)
    describe = _median(captioner.describe, photos)
    encode = _median(captioner.look, photos)
    ready, memory = _worker(pack.folder)
    predict = _keras_predict(pack, photos[:KERAS_RUNS])
    size = f"{SMALL_SIZE[0]}x{SMALL_SIZE[1]}"
    figures = [
        Figure(f"encoder, a photo of {size}", encode * 1000, "ms", encode / predict, "Keras' predict"),
        Figure("caption, beyond that", (describe - encode) * 1000, "ms", (describe - encode) / encode, "the encoder"),
        Figure("Keras' predict, the model kept", predict * 1000, "ms"),
        Figure("a worker's start, until it can caption", ready, "s"),
        Figure("its memory", memory / 1e6, "MB"),
    ]
    tell(f"The {pack.name} pack, {pack.input_size} pixels", figures, as_json)


def _median(work: Callable[[Image.Image], object], photos: list[Image.Image]) -> float:
    work(photos[0])
    seconds = []
    for photo in photos:
        started = time.perf_counter()
        work(photo)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _worker(folder: Path) -> tuple[float, float]:
    answers = [
        json.loads(subprocess.run([sys.executable, "-c", WORKER, str(folder)], capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    return statistics.median(ready for ready, _ in answers), max(memory for _, memory in answers)


def _keras_predict(pack: packs.Pack, photos: list[Image.Image]) -> float:
    """Seconds that Keras' own `predict` takes for a photo, by a ResNet50 of the same size and of any weights."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    size = pack.input_size
    network = keras.applications.ResNet50(weights=None, classes=len(pack.labels), input_shape=(size, size, 3))

    def predict(photo: Image.Image) -> None:
        network.predict(np.asarray(photo.resize((size, size)), np.float32)[np.newaxis], verbose=0)

    return _median(predict, photos)
