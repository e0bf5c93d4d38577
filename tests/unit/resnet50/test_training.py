from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from resnet50.training import encoder
from resnet50.training.data import Batches, DataError, open_labelled
from resnet50.training.settings import (
    DecoderSettings,
    DistilSettings,
    EncoderSettings,
    HeadSettings,
    Settings,
    SettingsError,
)

from .conftest import COLOURS, solid

CONFIGS = Path(encoder.__file__).parent / "configs"


def pack_npz(path: Path, count: int = 12) -> Path:
    """A packed set of solid colours."""
    encoded, labels = [], []
    for i in range(count):
        buffer = io.BytesIO()
        solid(list(COLOURS.values())[i % 3], (40, 30)).save(buffer, "WEBP", lossless=True)
        encoded.append(buffer.getvalue())
        labels.append(i % 3)
    np.savez(
        path,
        data=np.frombuffer(b"".join(encoded), np.uint8),
        offsets=np.cumsum([0, *map(len, encoded)]),
        labels=np.array(labels),
        names=np.array([f"{name}, {name} colour" for name in COLOURS]),
        wnids=np.array(["n1", "n2", "n3"]),
    )
    return path


def make_folders(root: Path) -> Path:
    """A folder for each class, with the names of Tiny ImageNet's layout."""
    for i, (name, colour) in enumerate(COLOURS.items()):
        folder = root / "train" / f"n{i}" / "images"
        folder.mkdir(parents=True)
        for j in range(4):
            solid(colour).save(folder / f"{name}{j}.JPEG")
    (root / "words.txt").write_text("n0\tred, crimson\nn1\tgreen\n")
    return root


def test_packed_sets(tmp_path: Path) -> None:
    images = open_labelled(pack_npz(tmp_path / "set.npz"))
    assert images.names == ["red, red colour", "green, green colour", "blue, blue colour"]
    assert images.wnids == ["n1", "n2", "n3"]
    assert list(images.labels) == [0, 1, 2] * 4
    assert images.image(2).getpixel((5, 5)) == COLOURS["blue"]


def test_folders_of_classes(tmp_path: Path) -> None:
    images = open_labelled(make_folders(tmp_path))
    assert images.names == ["red", "green", "n2"]
    assert sorted(images.labels) == [0] * 4 + [1] * 4 + [2] * 4
    for i, label in enumerate(images.labels):
        pixel = images.image(i).getpixel((5, 5))
        assert isinstance(pixel, tuple)
        assert int(np.argmax(pixel)) == label


def test_things_that_are_no_sets(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("x")
    np.savez(tmp_path / "other.npz", something=np.zeros(1))
    for path, reason in (("empty", "no folder with pictures"), ("a.txt", "neither"), ("other.npz", "lacks data")):
        with pytest.raises(DataError, match=reason):
            open_labelled(tmp_path / path)


def test_batches_depend_on_seed_and_epoch_alone(tmp_path: Path) -> None:
    images = open_labelled(pack_npz(tmp_path / "set.npz"))

    def batches(seed: int) -> Batches:
        return Batches(images, range(10), size=16, batch_size=4, shift=2, jitter=0.2, shuffle=True, seed=seed)

    assert len(batches(1)) == 3
    pictures, labels = batches(1).batch(0, 2)
    assert (pictures.shape, labels.shape) == ((2, 16, 16, 3), (2,))
    assert pictures.dtype == np.float32
    assert pictures.min() >= 0
    assert pictures.max() <= 255
    np.testing.assert_array_equal(pictures, batches(1).batch(0, 2)[0])
    seen = np.concatenate([batches(1).batch(0, i)[1] for i in range(3)])
    assert sorted(seen) == sorted(images.labels[:10])
    assert any(not np.array_equal(batches(1).batch(0, i)[1], batches(1).batch(1, i)[1]) for i in range(3))


def test_preprocessing_is_keras_own() -> None:
    pictures = np.random.default_rng(1).uniform(0, 255, (2, 8, 8, 3)).astype(np.float32)
    expected = keras.applications.resnet50.preprocess_input(pictures.copy())
    np.testing.assert_allclose(encoder.preprocess(pictures), expected, atol=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_cross_entropy(smoothing: float) -> None:
    random = np.random.default_rng(1)
    logits, labels = random.normal(size=(6, 5)).astype(np.float32), random.integers(0, 5, 6)
    reference = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    expected = float(reference(keras.ops.one_hot(labels, 5), logits))
    assert float(encoder.SmoothedCrossentropy(smoothing)(labels, logits)) == pytest.approx(expected, rel=1e-5)


@pytest.fixture
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A classifier in ResNet50's place that learns colours within a few steps."""

    def classifier(classes: int, image_size: int, *, activation: str | None) -> keras.Model:
        pictures = keras.Input((image_size, image_size, 3))
        scaled = keras.layers.Rescaling(1 / 128)(keras.layers.GlobalAveragePooling2D()(pictures))
        return keras.Model(pictures, keras.layers.Dense(classes, activation=activation)(scaled))

    monkeypatch.setattr(encoder, "classifier", classifier)


SETTINGS = EncoderSettings(
    image_size=16, epochs=4, batch_size=4, dev_images=6, learning_rate=0.3, warmup_epochs=1, shift=2
)


@pytest.mark.usefixtures("small_network")
def test_training_learns_and_leaves_a_run(tmp_path: Path) -> None:
    images = open_labelled(pack_npz(tmp_path / "set.npz", 60))
    steps: list[tuple[int, int]] = []
    told: set[str] = set()

    def report(epoch: int, step: int, logs: dict[str, float]) -> None:
        steps.append((epoch, step))
        told.update(logs)

    scores = encoder.train(images, SETTINGS, tmp_path / "run", report)
    assert scores["top1"] == 1.0
    assert steps[0] == (0, 0)
    assert steps[-1] == (3, 13)
    assert told == {"loss", "top1", "top5", "val_loss", "val_top1", "val_top5"}
    summary = json.loads((tmp_path / "run" / "training.json").read_text())
    assert summary["scores"] == scores
    assert summary["settings"] == dataclasses.asdict(SETTINGS)
    assert summary["training_images"] == 54
    assert (tmp_path / "run" / "encoder.weights.h5").is_file()


@pytest.mark.usefixtures("small_network")
def test_a_run_that_was_killed_goes_on(tmp_path: Path) -> None:
    images = open_labelled(pack_npz(tmp_path / "set.npz", 60))

    class Killed(Exception):
        pass

    def kill_in_the_third_epoch(epoch: int, step: int, logs: dict[str, float]) -> None:
        if (epoch, step) == (2, 5):
            raise Killed

    with pytest.raises(Killed):
        encoder.train(images, SETTINGS, tmp_path / "run", kill_in_the_third_epoch)
    epochs: list[int] = []
    scores = encoder.train(images, SETTINGS, tmp_path / "run", lambda epoch, step, logs: epochs.append(epoch))
    assert sorted(set(epochs)) == [2, 3]
    epochs.clear()
    again = encoder.train(images, SETTINGS, tmp_path / "run", lambda epoch, step, logs: epochs.append(epoch))
    assert (epochs, again) == ([], scores), "what is finished is only scored"
    with pytest.raises(DataError, match=r"has another learning_rate: 0\.3, not 0\.2"):
        encoder.train(images, dataclasses.replace(SETTINGS, learning_rate=0.2), tmp_path / "run")


def test_too_few_pictures(tmp_path: Path) -> None:
    images = open_labelled(pack_npz(tmp_path / "set.npz", 12))
    with pytest.raises(DataError, match="12 pictures, and 2000 of them are to be held out"):
        encoder.train(images, EncoderSettings(), tmp_path / "run")


def test_settings_come_from_defaults_file_and_flags(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("epochs = 9\nlearning_rate = 1\n")
    settings = EncoderSettings.load(tmp_path / "a.toml", epochs=5, image_size=None)
    assert (settings.epochs, settings.learning_rate, settings.image_size) == (5, 1.0, 64)


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"epoch": 3}, "unknown setting 'epoch'"), ({"epochs": "3"}, "should be int"), ({"jitter": True}, "float")],
)
def test_settings_that_make_no_sense(values: dict[str, Any], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        EncoderSettings.load(**values)


KINDS: dict[str, type[Settings]] = {
    "encoder": EncoderSettings,
    "distil": DistilSettings,
    "head": HeadSettings,
    "decoder": DecoderSettings,
}


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.toml")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_shipped_settings_are_valid(path: Path) -> None:
    assert KINDS[path.stem.rpartition("-")[2]].load(path)


def test_the_network_is_keras_resnet50() -> None:
    network = encoder.classifier(200, 64, activation="softmax")
    assert network.count_params() == keras.applications.ResNet50(weights=None, classes=200).count_params()
