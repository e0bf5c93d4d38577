"""Captioned image sets: read where they lie, in the forms that they are published in.

    Flickr8k, packed     NAME.npz with NAME_captions.json beside it: {file name: [captions]}
    Flickr8k             a folder with Flickr8k.token.txt and Flickr_8k.{train,dev,test}Images.txt
    Flickr30k            a folder with results.csv, or results_20130124.token (no split: all of it)
    COCO                 a folder with annotations/captions_{train,val}2017.json
    your own             a folder with captions.csv: columns file and caption, several lines a file if you like

Pictures lie in the folder itself or in one folder below it.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from .data import DataError, PackedPictures, PictureFiles, Pictures

# The names that a split has in the sets that have splits.
COCO_SPLITS = {"train": "train2017", "dev": "val2017", "test": "val2017"}
OWN_TABLE = "captions.csv"
OWN_DEV_SHARE = 0.1  # of a set of your own, for `dev`


class CaptionedImages(Pictures, Protocol):
    """Pictures with captions."""

    names: list[str]  # file names, N
    captions: list[list[str]]  # N times one caption or more, as written


class PackedCaptions(PackedPictures):
    """Encoded pictures in one .npz (`data`, `offsets`, `filenames`), captions in a .json beside it."""

    def __init__(self, path: Path) -> None:
        captions = captions_beside(path)
        if not captions.is_file():
            raise DataError(f"{captions} should lie beside {path.name}: file names, and the captions of each")
        with np.load(path) as archive:
            missing = {"data", "offsets", "filenames"} - set(archive.files)
            if missing:
                raise DataError(f"{path} lacks {', '.join(sorted(missing))}: not a packed captioned set")
            super().__init__(archive)
            self.names = [str(name) for name in archive["filenames"]]
        known = json.loads(captions.read_text())
        without = [name for name in self.names if not known.get(name)]
        if without:
            raise DataError(f"{captions.name} has no caption for {without[0]} ({len(without)} such in all)")
        self.captions: list[list[str]] = [known[name] for name in self.names]


class CaptionedFiles(PictureFiles):
    """Picture files, and captions by file name."""

    def __init__(self, root: Path, captions: dict[str, list[str]]) -> None:
        found = {path.name: path for pattern in ("*", "*/*") for path in sorted(root.glob(pattern)) if path.is_file()}
        self.names = [name for name in captions if name in found]
        if not self.names:
            raise DataError(f"none of the {len(captions)} pictures that have captions lies in {root}")
        self.captions = [captions[name] for name in self.names]
        super().__init__([found[name] for name in self.names])


def open_captioned(path: Path, split: str = "all") -> CaptionedImages:
    """The captioned set at `path`.

    Args:
        split: "train", "dev" or "test"; "all" for a packed set or Flickr30k, which are of one split. A set
            of your own gives a tenth as `dev` and `test`.
    Raises:
        DataError: nothing readable is there.
    """
    if path.suffix == ".npz" and path.is_file():
        return PackedCaptions(path)
    of_coco = COCO_SPLITS.get(split, COCO_SPLITS["train"])
    coco = path / "annotations" / f"captions_{of_coco}.json"
    if coco.is_file():
        return CaptionedFiles(path / of_coco, _coco(coco))
    if (token := path / "Flickr8k.token.txt").is_file():
        names = path / f"Flickr_8k.{'train' if split == 'all' else split}Images.txt"
        if not names.is_file():
            raise DataError(f"{names} is missing: it lists the pictures of the split")
        listed = names.read_text().split()
        captions = _token_file(token)
        return CaptionedFiles(path, {name: captions[name] for name in listed if name in captions})
    if (token := path / "results_20130124.token").is_file():
        return CaptionedFiles(path, _token_file(token))
    if (table := path / "results.csv").is_file():
        return CaptionedFiles(path, _gather((row[0], row[2]) for row in _rows(table, "|") if len(row) > 2))
    if (table := path / OWN_TABLE).is_file():
        return CaptionedFiles(path, _own(table, split))
    raise DataError(f"{path} is no captioned set that this program reads: see layers/resnet50/training/captions.py")


def captions_beside(path: Path) -> Path:
    """Where the captions of a packed set lie."""
    return path.with_name(f"{path.stem}_captions.json")


def is_captioned(path: Path) -> bool:
    """Whether a set has captions, by the files that hold them."""
    if path.suffix == ".npz":
        return captions_beside(path).is_file()
    return has_splits(path) or any((path / name).exists() for name in ("results.csv", "results_20130124.token"))


def has_splits(path: Path) -> bool:
    """Whether a set tells by itself what to train on and what to score on."""
    return any((path / name).exists() for name in ("annotations", "Flickr8k.token.txt", OWN_TABLE))


def _coco(path: Path) -> dict[str, list[str]]:
    content = json.loads(path.read_text())
    files = {image["id"]: image["file_name"] for image in content["images"]}
    return _gather((files[entry["image_id"]], entry["caption"]) for entry in content["annotations"])


def _token_file(path: Path) -> dict[str, list[str]]:
    """Lines of `<file name>#<number>`, a tab and a caption."""
    lines = (line.partition("\t") for line in path.read_text().splitlines() if "\t" in line)
    return _gather((head.partition("#")[0], caption) for head, _, caption in lines)


def _own(path: Path, split: str) -> dict[str, list[str]]:
    rows = _rows(path, ",")
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if "file" not in header or "caption" not in header:
        raise DataError(f"{path} should have columns named file and caption")
    file, caption = header.index("file"), header.index("caption")
    captions = _gather((row[file], row[caption]) for row in rows[1:] if len(row) > max(file, caption))
    names = sorted(captions)
    order = np.random.default_rng(0).permutation(len(names))
    border = len(names) - max(1, round(len(names) * OWN_DEV_SHARE))
    chosen = {"all": order, "train": order[:border]}.get(split, order[border:])
    return {names[i]: captions[names[i]] for i in chosen}


def _rows(path: Path, delimiter: str) -> list[list[str]]:
    # Only commas need quotes around what holds one; Flickr30k's table has none, but captions that begin with one.
    with path.open(newline="", encoding="utf-8-sig") as file:
        if delimiter == ",":
            return list(csv.reader(file, skipinitialspace=True))
        return list(csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_NONE, skipinitialspace=True))


def _gather(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = defaultdict(list)
    for name, caption in pairs:
        if caption.strip():
            captions[name.strip()].append(caption.strip())
    return dict(captions)


def pixels(images: Pictures, indices: Sequence[int], size: int, view: int) -> np.ndarray:
    """Pictures uint8 (B, size, size, 3), each whole and squeezed to a square, or as one of its views.

    Args:
        view: 0 is the picture itself, 1 its mirror image, further ones random parts of either.
    """
    batch = []
    for i in indices:
        picture = images.image(i)
        box: tuple[float, float, float, float] = (0, 0, picture.width, picture.height)
        mirrored = view == 1
        if view > 1:
            random = np.random.default_rng((i, view))
            share, x, y = random.uniform(0.75, 1.0), random.random(), random.random()
            width, height = picture.width * share, picture.height * share
            left, top = (picture.width - width) * x, (picture.height - height) * y
            box = (left, top, left + width, top + height)
            mirrored = random.random() < 0.5
        resized = np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0))
        batch.append(resized[:, ::-1] if mirrored else resized)
    return np.stack(batch)
