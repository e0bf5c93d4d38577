"""How often a pack names what is in a picture, and how its manifest comes to say so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from captionary import packs
from captionary.captioner import Captioner
from captionary.packs import Pack

from .training.data import DataError, LabelledImages


def label_scores(pack: Pack, images: LabelledImages, indices: Iterable[int]) -> dict[str, Any]:
    """What a pack gets right of the pictures at `indices`: fractions `top1` and `top5`.

    Raises:
        DataError: the pictures are of a class that the pack does not know.
    """
    ranks = list(label_ranks(pack, images, indices))
    return {
        "pictures": len(ranks),
        "top1": round(float(np.mean([rank == 0 for rank in ranks])), 4),
        "top5": round(float(np.mean([rank < 5 for rank in ranks])), 4),
    }


def label_ranks(pack: Pack, images: LabelledImages, indices: Iterable[int]) -> Iterator[int]:
    """For each of the pictures, how many classes the pack finds likelier than the right one."""
    classes = _classes_in(pack, images)
    captioner = Captioner(pack, threads=2)
    for i in indices:
        probabilities, _ = captioner.look(images.image(i))
        yield int((probabilities > probabilities[classes[images.labels[i]]]).sum())


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
