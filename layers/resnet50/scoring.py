"""How often a pack names what is in a picture, and how its manifest comes to say so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from captionary import packs
from captionary.captioner import TOP_K, Captioner
from captionary.packs import Pack

from .card import model_card
from .training.data import DataError, LabelledImages

FEWEST_PICTURES = 200  # that a floor can be measured on


def label_scores(pack: Pack, images: LabelledImages, indices: Iterable[int]) -> dict[str, Any]:
    """How well a pack labels the pictures at `indices`.

    Returns: `pictures`, how many; fractions `top1` and `top5` whose right label comes first, or among the first
        five; and, of enough pictures, `label_floor`, the score from which on a label is worth telling.
    Raises:
        DataError: the pictures are of a class that the pack does not know.
    """
    classes = _classes_in(pack, images)
    captioner = Captioner(pack, threads=2)
    scores, right = [], []
    for i in indices:
        probabilities, _ = captioner.look(images.image(i))
        best = np.argsort(probabilities)[::-1][:TOP_K]
        scores.append(probabilities[best])
        right.append(best == classes[images.labels[i]])
    is_right = np.array(right)  # (N, 5)
    found: dict[str, Any] = {
        "pictures": len(right),
        "top1": round(float(is_right[:, 0].mean()), 4),
        "top5": round(float(is_right.any(axis=1).mean()), 4),
    }
    return found | ({"label_floor": label_floor(np.array(scores), is_right)} if len(right) >= FEWEST_PICTURES else {})


def label_floor(scores: NDArray[np.float32], is_right: NDArray[np.bool_]) -> float:
    """The lowest score, in hundredths, from which on at least half of the labels are right; 1 if there is none."""
    for hundredths in range(1, 100):
        told = scores >= hundredths / 100
        if told.any() and is_right[told].mean() >= 0.5:
            return hundredths / 100
    return 1.0


def _classes_in(pack: Pack, images: LabelledImages) -> list[int]:
    """For each class of the pictures its number in a pack, by WordNet id or by name."""
    labels = json.loads((pack.folder / packs.LABELS).read_text())
    numbers = {entry[key]: number for key in ("name", "wnid") for number, entry in enumerate(labels)}
    known = [numbers.get(wnid, numbers.get(name)) for wnid, name in zip(images.wnids, images.names, strict=True)]
    missing = [name for name, number in zip(images.names, known, strict=True) if number is None]
    if missing:
        raise DataError(f"the pack {pack.name} does not know {missing[0]} ({len(missing)} such classes in all)")
    return [number for number in known if number is not None]


def write_scores(folder: Path, scores: dict[str, Any], *, of_decoder: bool) -> None:
    """Let a pack's manifest say what was measured of its labels, or of its decoder's sentences."""
    manifest = packs.read_manifest(folder)
    about = manifest["decoder"] if of_decoder else manifest
    about["scores"] = {**about.get("scores", {}), **scores}
    beside = folder / f"{packs.MANIFEST}.new"
    beside.write_text(json.dumps(manifest, indent=2) + "\n")
    beside.replace(folder / packs.MANIFEST)
    (folder / packs.CARD).write_text(model_card(manifest))
