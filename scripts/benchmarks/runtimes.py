"""`scripts/bench runtimes`: one network, ResNet50, by the function's runtime and by what comparable apps use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from captionary.captioner import Captioner
from captionary.packs import Pack
from infra.deploy import ROOT
from infra.models import choose

from . import contenders, photos
from .networks import KERAS, LITERT, ONNX, write_networks
from .report import Figure, Part, tell

RUNS = 30
LOADING_RUNS = 3  # of the one that loads the network for each photo
APART = ROOT / ".venv-runtimes"  # the environment that has what only this benchmark needs
OURS = "LiteRT, 8 bits, one thread"
PREDICT = "Keras predict, the model kept"

# What each is called, its name in contenders.py, and the file that it reads.
CONTENDERS = {
    OURS: ("litert", "encoder.tflite"),
    "LiteRT, 8 bits, all cores": ("litert_all_cores", "encoder.tflite"),
    "LiteRT, float32, one thread": ("litert", LITERT),
    PREDICT: ("keras_predict", KERAS),
    "Keras predict, loaded for each photo": ("keras_loaded_each_time", KERAS),
    "tf.function": ("tf_function", KERAS),
}
APART_CONTENDERS = {
    "ONNX Runtime, float32": ("onnx_runtime", ONNX),
    "OpenVINO, float32": ("openvino", LITERT),
    "OpenVINO, the 8-bit file": ("openvino", "encoder.tflite"),
}


@click.command()
@click.option("--runs", default=RUNS, show_default=True, help="Photos for each runtime.")
@click.option("--model", default="starter", show_default=True, help="The pack whose encoder is measured.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(runs: int, model: str, as_json: bool) -> None:
    """Measure what a look at one photo takes by each runtime, each in a process of its own."""
    tell(measure(model, runs), as_json)


def measure(model: str = "starter", runs: int = RUNS) -> Part:
    """A look at one photo, by each runtime with its own defaults, but for ours: a function has one processor."""
    pack = choose(model).pack
    with TemporaryDirectory() as name:
        folder = Path(name)
        packages = next((APART / "lib").glob("python*/site-packages"), None)
        write_networks(pack, folder, packages)
        (folder / "encoder.tflite").symlink_to(pack.encoder)
        wanted = CONTENDERS | APART_CONTENDERS
        taking_part = {
            name: (kind, folder / file)
            for name, (kind, file) in wanted.items()
            if (folder / file).exists() and (packages or name in CONTENDERS)
        }
        found = {name: _run(kind, file, pack.input_size, runs) for name, (kind, file) in taking_part.items()}
    notes = [f"{name}: could not be measured here." for name in wanted if name not in found]
    kept = found[PREDICT]
    figures = [
        Figure(name, it["ms"], "ms", kept["ms"] / it["ms"], "times faster than Keras predict", in_readme=True)
        for name, it in found.items()
    ]
    figures += [
        Figure(f"{name}: its memory", it["memory"] / 1e6, "MB", it["memory"] / kept["memory"], "Keras predict")
        for name, it in found.items()
    ]
    figures.append(_sentence(pack, runs))
    size = f"{pack.input_size}x{pack.input_size}"
    return Part("runtimes", f"ResNet50 at {size}, a look at one photo", tuple(figures), tuple(notes))


def _run(kind: str, file: Path, size: int, runs: int) -> dict[str, float]:
    python = APART / "bin" / "python" if (kind, file.name) in APART_CONTENDERS.values() else Path(sys.executable)
    runs = LOADING_RUNS if "loaded" in kind else runs
    done = subprocess.run(
        [python, "-P", Path(__file__).with_name("contenders.py"), kind, file, str(size), str(runs)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _sentence(pack: Pack, runs: int) -> Figure:
    """What the sentence takes beside the look, in this process."""
    captioner = Captioner(pack)
    some = cycle(photos.small(runs))
    whole = contenders.milliseconds(lambda: captioner.describe(next(some)), runs)
    look = contenders.milliseconds(lambda: captioner.look(next(some)), runs)
    return Figure("the sentence, beside that", whole - look, "ms", (whole - look) / look, "the look")
