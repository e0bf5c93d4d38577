"""Model packs: a folder that holds a network, its words and a manifest that vouches for them.

manifest.json    name, version, input, classes, scores, licence, provenance, SHA-256 of each file
labels.json      [{"wnid", "name"}, ...], one for each class, in the order of the network's output
encoder.tflite   pixels float32 (1, size, size, 3), red, green, blue from 0 to 255, to class probabilities
                 (1, classes), and features (1, 7, 7, C) for the decoder

and, in packs that caption in sentences, with `decoder` in the manifest (how to search):

decoder.tflite   features and words to the next word, see captionary.decoder
vocabulary.json  the words, in the order of the decoder's output
hash.npy         features to bits that tell which photos look alike, see captionary.hashing; older packs have none

README.md says what the manifest says, for people.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .beam import Search
from .errors import PackError
from .words import Vocabulary

FORMAT = 2
MANIFEST = "manifest.json"
LABELS = "labels.json"
ENCODER = "encoder.tflite"
DECODER = "decoder.tflite"
VOCABULARY = "vocabulary.json"
HASH = "hash.npy"
CARD = "README.md"
LABEL_FLOOR = 0.2  # of packs that were not measured
CROPS = ("middle square", "whole picture")  # how a picture becomes a square: cut, or squeezed


@dataclass(frozen=True)
class Pack:
    """A pack whose files are there and are what the manifest says."""

    folder: Path
    manifest: dict[str, Any]
    labels: list[str]  # plain words, one for each class
    vocabulary: Vocabulary | None = None  # the decoder's; None for a pack without

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def version(self) -> str:
        return str(self.manifest["version"])

    @property
    def input_size(self) -> int:
        """Height and width of the network's input, in pixels."""
        return int(self.manifest["input"]["size"])

    @property
    def is_squeezed(self) -> bool:
        """Whether the network sees the whole picture, squeezed to a square, rather than its middle."""
        return bool(self.manifest["input"].get("crop") == CROPS[1])

    @property
    def label_floor(self) -> float:
        """The score from which on a label is told: of those at or above it, at least half are right."""
        return float(self.manifest.get("scores", {}).get("label_floor", LABEL_FLOOR))

    @property
    def encoder(self) -> Path:
        return self.folder / ENCODER

    @property
    def decoder(self) -> Path:
        return self.folder / DECODER

    @property
    def hash(self) -> Path | None:
        return self.folder / HASH if HASH in self.manifest["files"] else None

    @property
    def search(self) -> Search:
        """How to search for sentences with the decoder."""
        return Search(**self.manifest["decoder"]["search"])

    def summary(self) -> dict[str, Any]:
        """What `GET /status` tells of the pack."""
        about = {name: self.manifest.get(name) for name in ("name", "version", "classes", "scores")}
        return about | {"caption_scores": self.manifest.get("decoder", {}).get("scores")}


def load(folder: Path) -> Pack:
    """The pack in `folder`, checked.

    Raises:
        PackError: a file is missing, changed, or does not fit the manifest.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise PackError(f"the pack in {folder} lacks {name}")
        if file_hash(path) != expected:
            raise PackError(f"{path} is not the file that the pack's manifest describes; build or fetch the pack again")
    has_decoder = "decoder" in manifest
    for name in (LABELS, ENCODER, *((DECODER, VOCABULARY) if has_decoder else ())):
        if name not in manifest["files"]:
            raise PackError(f"the manifest in {folder} does not list {name}")
    labels = [str(entry["name"]) for entry in json.loads((folder / LABELS).read_text())]
    if len(labels) != manifest["classes"]:
        raise PackError(f"the pack in {folder} has {manifest['classes']} classes but {len(labels)} labels")
    vocabulary = Vocabulary(json.loads((folder / VOCABULARY).read_text())) if has_decoder else None
    return Pack(folder, manifest, labels, vocabulary)


def read_manifest(folder: Path) -> dict[str, Any]:
    """A pack's manifest, without looking at the other files.

    Raises:
        PackError: there is none, or none of a form that this version reads.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError as exc:
        raise PackError(f"{folder} holds no {MANIFEST}, so it is no model pack") from exc
    except (OSError, ValueError) as exc:
        raise PackError(f"{folder / MANIFEST} can't be read: {exc}") from exc
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise PackError(f"{folder} is not a pack of format {FORMAT}; build it again with this version")
    missing = {"name", "version", "input", "classes", "files"} - manifest.keys()
    if missing:
        raise PackError(f"the manifest in {folder} lacks {', '.join(sorted(missing))}")
    return manifest


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
