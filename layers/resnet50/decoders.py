"""Caption decoders as they are shipped: a folder that goes into a pack beside an encoder.

decoder.tflite   a LiteRT file, see captionary.decoder
vocabulary.json  its words
hash.npy         bits for what its encoder sees, see captionary.hashing
decoder.json     how to search, scores, where it comes from, SHA-256 of each file, and what the encoder that it
                 was trained on sees in a photo of ours: it understands that encoder alone
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from captionary.beam import Search
from captionary.packs import DECODER, HASH, VOCABULARY, file_hash
from captionary.words import Vocabulary

HERE = Path(__file__).parent
SHIPPED = HERE / "decoders"
PHOTO = HERE / "photos" / "cat.jpg"  # that encoders are told apart by
ABOUT = "decoder.json"
LEAST_LIKENESS = 0.98  # 8 bits leave 0.99 and more of an encoder's features; a distilled one is less like its teacher


class DecoderError(Exception):
    """A decoder is missing, damaged, or trained on another encoder."""


@dataclass(frozen=True)
class Sentences:
    """What a pack needs to caption in sentences."""

    decoder: bytes  # a LiteRT file, see captionary.decoder
    vocabulary: Vocabulary
    search: Search
    scores: dict[str, Any] = field(default_factory=dict)
    sight: list[float] = field(default_factory=list)  # `sight_of` its encoder; empty: not known
    provenance: str = ""
    hash: bytes = b""  # a file of captionary.hashing, for the same encoder; empty: there is none


def sight_of(look: Callable[[Image.Image], NDArray[np.floating[Any]]]) -> list[float]:
    """What an encoder sees in a photo of ours, to know it again by.

    Args:
        look: gives the features of a photo (..., C).
    Returns: their mean over all places, C numbers.
    """
    with Image.open(PHOTO) as photo:
        features = np.asarray(look(photo.convert("RGB")), np.float64)
    return [round(float(value), 4) for value in features.reshape(-1, features.shape[-1]).mean(axis=0)]


def check_fit(sentences: Sentences, sight: list[float]) -> None:
    """Make sure that a decoder was trained on the encoder that sees this.

    Raises:
        DecoderError: it was not.
    """
    if not sentences.sight:
        return
    known, seen = np.array(sentences.sight), np.array(sight)
    norms = np.linalg.norm(known) * np.linalg.norm(seen)
    likeness = known @ seen / norms if known.shape == seen.shape and norms else 0.0
    if likeness < LEAST_LIKENESS:
        raise DecoderError(
            f"This decoder was trained on another encoder: their features have a likeness of {likeness:.2f}, where 1 "
            "is the same. Train a decoder on the features of this encoder."
        )


def write(folder: Path, sentences: Sentences) -> None:
    """Write a decoder to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DECODER).write_bytes(sentences.decoder)
    (folder / VOCABULARY).write_text(json.dumps(sentences.vocabulary.words, indent=0) + "\n")
    (folder / HASH).unlink(missing_ok=True)
    if sentences.hash:
        (folder / HASH).write_bytes(sentences.hash)
    about = {
        "search": asdict(sentences.search),
        "scores": sentences.scores,
        "provenance": sentences.provenance,
        "files": {name: file_hash(folder / name) for name in (DECODER, VOCABULARY, HASH) if (folder / name).is_file()},
    }
    lines = json.dumps(about, indent=2)[:-2]
    (folder / ABOUT).write_text(f'{lines},\n  "sight": {json.dumps(sentences.sight)}\n}}\n')


def read(folder: Path) -> Sentences:
    """The decoder in a folder.

    Raises:
        DecoderError: a file is missing or changed.
    """
    try:
        about = json.loads((folder / ABOUT).read_text())
        changed = [name for name, expected in about["files"].items() if file_hash(folder / name) != expected]
        if changed:
            raise DecoderError(f"{folder / changed[0]} is not the file that {ABOUT} describes")
        return Sentences(
            (folder / DECODER).read_bytes(),
            Vocabulary(json.loads((folder / VOCABULARY).read_text())),
            Search(**about["search"]),
            about["scores"],
            about["sight"],
            about["provenance"],
            (folder / HASH).read_bytes() if HASH in about["files"] else b"",
        )
    except (OSError, ValueError, KeyError) as exc:
        raise DecoderError(f"{folder} holds no caption decoder: {exc}") from exc
