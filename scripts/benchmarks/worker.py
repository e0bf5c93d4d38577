"""`scripts/bench worker`: what a worker of the caption function takes to start, beside one with TensorFlow."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from infra.deploy import ROOT
from infra.models import choose
from infra.sandbox import RunningGallery

from .networks import KERAS, write_networks
from .processes import function_paths, run_as_function
from .report import Figure, Part, tell
from .watching import running_gallery

RUNS = 5

# Both import what their handlers need, load the network, and name what is on one photo.
CAPTIONARY = """
import sys
sys.path[:0] = sys.argv[2:]
import app
from types import SimpleNamespace
from PIL import Image
app.handler({}, SimpleNamespace(aws_request_id="bench"))
app.captioner().describe(Image.open(sys.argv[1]).convert("RGB"))
"""
TENSORFLOW = """
import sys
import boto3
import keras
import numpy as np
from PIL import Image
s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
network = keras.saving.load_model(sys.argv[2])
photo = Image.open(sys.argv[1]).convert("RGB").resize(network.input_shape[1:3])
pixels = keras.applications.resnet50.preprocess_input(np.asarray(photo, np.float32)[np.newaxis])
network.predict(pixels, verbose=0)
"""
TELL = """
import re
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


@click.command()
@click.option("--runs", default=RUNS, show_default=True, help="Processes of each kind.")
@click.option("--model", default="starter", show_default=True, help="The pack that captions.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(runs: int, model: str, as_json: bool) -> None:
    """Measure the start and the memory of a worker, in new processes."""
    with running_gallery(model) as gallery:
        part = measure(gallery, model, runs)
    tell(part, as_json)


def measure(gallery: RunningGallery, model: str = "starter", runs: int = RUNS) -> Part:
    """Seconds from the start of a process to its first answer, and the most memory that it took."""
    pack = choose(model).pack
    with TemporaryDirectory() as folder:
        write_networks(pack, Path(folder))
        file = Path(folder) / KERAS
        ours, theirs = [], []
        for _ in range(runs):  # by turns
            ours.append(_run(CAPTIONARY, gallery, *function_paths(pack, Path(folder))))
            theirs.append(_run(TENSORFLOW, gallery, str(file)))
    (ready, memory), (their_ready, their_memory) = map(_typical, (ours, theirs))
    handler = "a handler with TensorFlow"
    sooner = f"times sooner than {handler}"
    figures = (
        Figure("a worker's start to its first caption", ready, "s", their_ready / ready, sooner, True),
        Figure("its memory", memory / 1e6, "MB", memory / their_memory, handler, True),
        Figure(f"{handler}, start to first answer", their_ready, "s"),
        Figure("its memory, then", their_memory / 1e6, "MB"),
    )
    return Part("worker", "A worker of the caption function", figures)


def _run(program: str, gallery: RunningGallery, *arguments: str) -> tuple[float, float]:
    photo = ROOT / "layers/resnet50/photos/rocket.jpg"
    started = time.perf_counter()
    answer = run_as_function(gallery, ["-c", program + TELL, str(photo), *arguments])
    return time.perf_counter() - started, int(answer) * 1024


def _typical(runs: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(seconds for seconds, _ in runs), max(memory for _, memory in runs)
