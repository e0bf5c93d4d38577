"""A copy of the project, whose models, runs and packs a test may make and replace."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import keras
from PIL import Image

from captionary.beam import Search
from captionary.preprocess import squeezed
from captionary.words import Vocabulary
from infra.deploy import ROOT
from resnet50 import build, decoders, networks

COLOURS = {"red": (230, 20, 20), "green": (20, 230, 20), "blue": (20, 20, 230)}
SIZE = 32


def copy_project(folder: Path) -> Path:
    """Copy what the commands need; the installed packages and the page are the project's own."""
    left_out = shutil.ignore_patterns("__pycache__", "runs", "tmp", "cache", "dvc.lock")
    for name in (".dvc", "functions", "infra", "layers", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for name in (".dvcignore", "template.yaml"):
        shutil.copy(ROOT / name, folder)
    for name in (".venv", ".venv-dvc", "frontend"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def make_starter(folder: Path) -> None:
    """A pack in the starter's place that is quick to look with: it tells colours apart, and gives features."""
    keras.utils.set_random_seed(1)
    pictures = keras.Input((SIZE, SIZE, 3))
    shrunk = keras.layers.AveragePooling2D(2)(pictures)
    conv4 = keras.layers.Conv2D(8, 3, activation="relu", name=networks.CONV4)(shrunk)  # (B, 14, 14, 8)
    probabilities = keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalAveragePooling2D()(conv4))
    network = build.with_features(keras.Model(pictures, probabilities))
    photos = [Image.new("RGB", (64, 48), colour) for colour in COLOURS.values()]
    encoder = build.to_int8(network, photos, squeezed)
    labels = [build.Label(f"n{i}", name) for i, name in enumerate(COLOURS)]
    nothing_to_say = decoders.Sentences(b"", Vocabulary(["nothing"]), Search())
    build.write_pack(folder, build.About("starter", "small", "none", "a test"), SIZE, labels, encoder, nothing_to_say)


def make_album(folder: Path, photos: int = 20) -> Path:
    """Photos of one colour each, with a table of captions."""
    folder.mkdir()
    with (folder / "captions.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "caption"])
        for i in range(photos):
            name = list(COLOURS)[i % len(COLOURS)]
            Image.new("RGB", (64, 48), COLOURS[name]).save(folder / f"{i}.jpg")
            table.writerow([f"{i}.jpg", f"Everything here is {name}."])
    return folder
