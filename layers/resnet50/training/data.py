"""Labelled image sets: read where they lie, decoded as they are needed.

Axes: B pictures of a batch, H rows, W columns, C = 3 colours in the order red, green, blue.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from captionary.preprocess import square

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class DataError(ValueError):
    """The data is not there, or not in a form that this program reads."""


class Pictures(Protocol):
    """Pictures, of whatever kind."""

    fingerprint: str  # another one for other pictures

    def __len__(self) -> int: ...

    def image(self, index: int) -> Image.Image:
        """Picture `index`, RGB, in its own size."""
        ...


class LabelledImages(Pictures, Protocol):
    """Pictures with a class each, and the classes' names."""

    labels: NDArray[np.int64]  # (N,), index into names
    names: list[str]  # plain English, e.g. "golden retriever"
    wnids: list[str]  # WordNet ids, e.g. "n02099601"; the names themselves where a set has none


class PackedPictures:
    """Pictures of a packed set: `data` uint8 holds their encoded bytes in a row, `offsets` int64 (N+1) the borders."""

    def __init__(self, archive: Mapping[str, NDArray[Any]]) -> None:
        self._data, self._offsets = archive["data"], archive["offsets"]
        self.fingerprint = hashlib.sha256(self._data.tobytes()).hexdigest()

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def image(self, index: int) -> Image.Image:
        encoded = self._data[self._offsets[index] : self._offsets[index + 1]]
        return Image.open(io.BytesIO(encoded.tobytes())).convert("RGB")


class PackedImages(PackedPictures):
    """A packed labelled set in one .npz file: `labels` int64 (N) are indexes into `wnids` and `names`."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as archive:
            missing = {"data", "offsets", "labels", "names"} - set(archive.files)
            if missing:
                raise DataError(f"{path} lacks {', '.join(sorted(missing))}: not a packed labelled set")
            super().__init__(archive)
            self.labels: NDArray[np.int64] = archive["labels"]
            self.names = [str(name) for name in archive["names"]]
            self.wnids = [str(wnid) for wnid in archive["wnids"]] if "wnids" in archive.files else self.names


class PictureFiles:
    """Pictures that lie in files."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
        self.fingerprint = hashlib.sha256(json.dumps(stats).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._paths)

    def image(self, index: int) -> Image.Image:
        with Image.open(self._paths[index]) as picture:
            return ImageOps.exif_transpose(picture).convert("RGB")


class FolderImages(PictureFiles):
    """A folder per class, e.g. `train/n02099601/images/*.JPEG` of Tiny ImageNet or `cats/*.jpg`.

    `words.txt` beside or above the folder (WordNet id, tab, names) turns ids into names.
    Files are shuffled once, with a fixed seed, because training holds out the end of the set.
    """

    def __init__(self, root: Path) -> None:
        train = root / "train" if (root / "train").is_dir() else root
        folders = sorted(folder for folder in train.iterdir() if folder.is_dir())
        words = _read_words(root)
        self.wnids = [folder.name for folder in folders]
        self.names = [words.get(wnid, wnid.replace("_", " ")) for wnid in self.wnids]
        files = [
            (path, label)
            for label, folder in enumerate(folders)
            for path in sorted(folder.rglob("*"))
            if path.suffix.lower() in IMAGE_SUFFIXES
        ]
        if not files:
            raise DataError(f"{root} holds no folder with pictures in it")
        order = np.random.default_rng(0).permutation(len(files))
        super().__init__([files[i][0] for i in order])
        self.labels = np.array([files[i][1] for i in order], np.int64)


def open_labelled(path: Path) -> LabelledImages:
    """The labelled set at `path`: a packed .npz, or a folder with a folder per class.

    Raises:
        DataError: nothing readable is there.
    """
    if path.is_dir():
        return FolderImages(path)
    if path.suffix == ".npz" and path.is_file():
        return PackedImages(path)
    raise DataError(f"{path} is neither a folder nor a packed .npz file")


def open_pictures(path: Path) -> Pictures:
    """The pictures at `path`, whatever is said of them: a packed .npz, or a folder with pictures in or below it.

    Raises:
        DataError: nothing readable is there.
    """
    if path.suffix == ".npz" and path.is_file():
        with np.load(path) as archive:
            if {"data", "offsets"} <= set(archive.files):
                return PackedPictures(archive)
    elif path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in IMAGE_SUFFIXES]
        if files:
            # Shuffled, so that the first of them are of all kinds.
            return PictureFiles([files[i] for i in np.random.default_rng(0).permutation(len(files))])
    raise DataError(f"{path} holds no pictures")


class Batches:
    """A set cut into batches, in an order and with an augmentation that depend on seed and epoch alone."""

    def __init__(
        self,
        images: LabelledImages,
        indices: Sequence[int] | NDArray[np.int64],
        *,
        size: int,
        batch_size: int,
        shift: int = 0,
        jitter: float = 0.0,
        shuffle: bool = False,
        seed: int = 0,
    ) -> None:
        self._images = images
        self._indices = np.asarray(indices)
        self._size = size
        self._batch_size = batch_size
        self._shift = shift
        self._jitter = jitter
        self._shuffle = shuffle
        self._seed = seed

    def __len__(self) -> int:
        return -(-len(self._indices) // self._batch_size)

    def batch(self, epoch: int, number: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Pictures float32 (B, H, W, C), 0 to 255, and labels int64 (B,)."""
        order = self._indices
        if self._shuffle:
            order = np.random.default_rng((self._seed, epoch)).permutation(order)
        chosen = order[number * self._batch_size : (number + 1) * self._batch_size]
        pictures = np.stack([square(self._images.image(int(i)), self._size) for i in chosen])
        random = np.random.default_rng((self._seed, epoch, number))
        return self._augment(pictures, random), self._images.labels[chosen]

    def _augment(self, pictures: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.float32]:
        batch = pictures.astype(np.float32)  # (B, H, W, C)
        if self._shift:
            pad = self._shift
            padded = np.pad(batch, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="reflect")
            size = batch.shape[1]
            for i, (y, x) in enumerate(random.integers(0, 2 * pad + 1, (len(batch), 2))):
                batch[i] = padded[i, y : y + size, x : x + size]
            flip = random.random(len(batch)) < 0.5
            batch[flip] = batch[flip, :, ::-1]
        return jittered(batch, self._jitter, random)


def jittered(pictures: NDArray[np.float32], amount: float, random: np.random.Generator) -> NDArray[np.float32]:
    """Pictures (B, H, W, C), 0 to 255, each of another brightness and contrast, by that fraction at most."""
    if not amount:
        return pictures
    gain = random.uniform(1 - amount, 1 + amount, (len(pictures), 1, 1, 1)).astype(np.float32)
    offset = random.uniform(-amount, amount, (len(pictures), 1, 1, 1)).astype(np.float32)
    mean = pictures.mean(axis=(1, 2, 3), keepdims=True)
    changed: NDArray[np.float32] = np.clip((pictures - mean) * gain + mean + 128 * offset, 0, 255)
    return changed


def _read_words(root: Path) -> dict[str, str]:
    for folder in (root, root.parent):
        path = folder / "words.txt"
        if path.is_file():
            lines = (line.partition("\t") for line in path.read_text().splitlines())
            return {wnid: names.split(",")[0].strip() for wnid, _, names in lines}
    return {}
