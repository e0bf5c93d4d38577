from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captionary.beam import Search
from captionary.words import Vocabulary
from resnet50 import decoders
from resnet50.decoders import DecoderError, Sentences

SENTENCES = Sentences(b"network", Vocabulary(["a", "dog"]), Search(longest=9), {"bleu4": 20.0}, [0.1, 2.0], "dogs")


def test_a_decoder_is_written_and_read(tmp_path: Path) -> None:
    decoders.write(tmp_path / "mine", SENTENCES)
    found = decoders.read(tmp_path / "mine")
    assert found.vocabulary.words == ["a", "dog"]
    assert dataclasses.replace(found, vocabulary=SENTENCES.vocabulary) == SENTENCES


@pytest.mark.parametrize("name", ["decoder.tflite", "vocabulary.json"])
def test_a_damaged_decoder_is_refused(tmp_path: Path, name: str) -> None:
    decoders.write(tmp_path, SENTENCES)
    (tmp_path / name).write_bytes(b"other")
    with pytest.raises(DecoderError, match=f"{name} is not the file"):
        decoders.read(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(DecoderError, match="holds no caption decoder"):
        decoders.read(tmp_path)


def test_encoders_are_told_apart() -> None:
    def look(photo: Image.Image) -> np.ndarray:
        return np.asarray(photo.resize((7, 7)), np.float32)

    sight = decoders.sight_of(look)
    assert len(sight) == 3
    sentences = dataclasses.replace(SENTENCES, sight=sight)
    decoders.check_fit(sentences, sight)
    decoders.check_fit(sentences, [value * 1.1 for value in sight])
    decoders.check_fit(dataclasses.replace(sentences, sight=[]), sight)
    for other in ([sight[0], 0.0, 0.0], [*sight, 1.0], [0.0, 0.0, 0.0]):
        with pytest.raises(DecoderError, match="trained on another encoder"):
            decoders.check_fit(sentences, other)


@pytest.mark.parametrize("folder", sorted(decoders.SHIPPED.glob("*")), ids=lambda folder: folder.name)
def test_shipped_decoders_are_whole(folder: Path) -> None:
    sentences = decoders.read(folder)
    assert sentences.sight
    assert sentences.scores["bleu4"] > 20
    assert len(sentences.decoder) < 12_000_000
