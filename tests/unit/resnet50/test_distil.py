from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from captionary.packs import file_hash
from resnet50 import networks
from resnet50.training import distil, encoder
from resnet50.training.captions import pixels
from resnet50.training.data import DataError, open_labelled, open_pictures
from resnet50.training.distil import Lesson
from resnet50.training.features import encode
from resnet50.training.settings import DistilSettings

from .test_training import pack_npz

SETTINGS = DistilSettings(
    image_size=32, epochs=6, epoch_pictures=64, batch_size=8, learning_rate=0.02, weight_decay=0, jitter=0
)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    random = np.random.default_rng(1)
    for i in range(12):
        small = random.integers(0, 255, (4, 5, 3), np.uint8)
        Image.fromarray(small).resize((50, 40)).save(folder / ("below" if i % 2 else ".") / f"{i}.png")
    return folder


def small_network(size: int) -> keras.Model:
    """A network in ResNet50's place: pictures to features (B, 8, 8, 6)."""
    pictures = keras.Input((size, size, 3))
    scaled = keras.layers.Rescaling(1 / 64)(pictures)
    seen = keras.layers.Conv2D(6, 4, strides=4, padding="same", activation="relu", name="seen")(scaled)
    return keras.Model(pictures, seen)


@pytest.fixture
def lesson(photos: Path, tmp_path: Path) -> Lesson:
    keras.utils.set_random_seed(3)
    network = small_network(32)
    teacher = keras.Model(network.input, distil.pooled(network.output))
    pictures = open_pictures(photos)
    return Lesson(pictures, encode(teacher, pictures, tmp_path / "cache", key="teacher", views=2, most=10))


def test_pictures_of_whatever_kind(photos: Path, tmp_path: Path) -> None:
    assert len(open_pictures(photos)) == 12
    packed = pack_npz(tmp_path / "set.npz")
    assert len(open_pictures(packed)) == len(open_labelled(packed)) == 12
    assert open_pictures(packed).fingerprint == open_labelled(packed).fingerprint
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        open_pictures(tmp_path / "nothing")


def test_batches_take_as_many_of_each_lesson(lesson: Lesson) -> None:
    other = Lesson(lesson.pictures, np.full((1, 1, 49, 6), 7, np.float16))
    batches = distil.LessonBatches([lesson, other], SETTINGS)
    assert len(batches) == 8
    pictures, features = batches[0]
    assert (pictures.shape, features.shape) == ((8, 32, 32, 3), (8, 7, 7, 6))
    assert (features == 7).all(axis=(1, 2, 3)).sum() == 4
    np.testing.assert_array_equal(pictures, distil.LessonBatches([lesson, other], SETTINGS)[0][0])
    batches.on_epoch_end()
    assert not np.array_equal(pictures, batches[0][0])


def test_mirrored_pictures_have_mirrored_features(lesson: Lesson) -> None:
    batches = distil.LessonBatches([lesson], SETTINGS)
    pictures, features = (np.concatenate(arrays) for arrays in zip(*(batches[i] for i in range(8)), strict=True))
    for view, mirrored in ((0, False), (0, True), (1, False), (1, True)):
        [shown] = pixels(lesson.pictures, [0], 32, view).astype(np.float32)
        wanted = lesson.features[0, view].reshape(7, 7, 6).astype(np.float32)
        if mirrored:
            shown, wanted = shown[:, ::-1], wanted[:, ::-1]
        found = [np.allclose(picture, encoder.preprocess(shown)) for picture in pictures]
        assert any(np.array_equal(own, wanted) for own in features[found])


def test_a_student_comes_to_see_what_its_teacher_sees(
    lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distil, "student", small_network)
    out = tmp_path / "run"

    class Killed(Exception):
        pass

    def kill_in_the_third_epoch(epoch: int, step: int, logs: dict[str, float]) -> None:
        if (epoch, step) == (2, 5):
            raise Killed

    with pytest.raises(Killed):
        distil.train([lesson], lesson, SETTINGS, out, kill_in_the_third_epoch)
    with pytest.raises(networks.WeightsError, match="no finished"):
        networks.distilled_network(out)
    epochs: list[int] = []
    scores = distil.train([lesson], lesson, SETTINGS, out, lambda epoch, step, logs: epochs.append(epoch))
    assert set(epochs) == {2, 3, 4, 5}
    assert scores["cosine"] > 0.9
    summary = json.loads((out / "distilled.json").read_text())
    assert summary["scores"] == scores
    assert summary["settings"] == dataclasses.asdict(SETTINGS)
    network, key = networks.network_of_run(out)
    assert key == file_hash(out / "distilled.weights.h5")
    fresh = dataclasses.replace(SETTINGS, epochs=1, epoch_pictures=8, learning_rate=0.0)
    begun = distil.train([lesson], lesson, fresh, tmp_path / "other", start=network)
    assert begun["cosine"] == pytest.approx(scores["cosine"], abs=1e-3), "it begins with the weights that it is given"
