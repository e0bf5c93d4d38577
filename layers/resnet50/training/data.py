"""Labelled image sets: read where they lie, decoded as they are needed.

Axes: B pictures of a batch, H rows, W columns, C = 3 colours in the order red, green, blue.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from captionary.preprocess import square

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class DataError(ValueError):
    """The data is not there, or not in a form that this program reads."""


class LabelledImages(Protocol):
    """Pictures with a class each, and the classes' names."""

    labels: NDArray[np.int64]  # (N,), index into names
    names: list[str]  # plain English, e.g. "golden retriever"
    wnids: list[str]  # WordNet ids, e.g. "n02099601"; the names themselves where a set has none

    def image(self, index: int) -> Image.Image:
        """Picture `index`, RGB, in its own size."""
        ...


class PackedImages:
    """A packed set in one .npz file.

    `data` uint8 holds the pictures' encoded bytes one after the other, `offsets` int64 (N+1) their
    borders, `labels` int64 (N) indexes into `wnids` and `names`.
    """

    def __init__(self, path: Path) -> None:
        with np.load(path) as archive:
            missing = {"data", "offsets", "labels", "names"} - set(archive.files)
            if missing:
                raise DataError(f"{path} lacks {', '.join(sorted(missing))}: not a packed labelled set")
            self._data = archive["data"]
            self._offsets = archive["offsets"]
            self.labels: NDArray[np.int64] = archive["labels"]
            self.names = [str(name) for name in archive["names"]]
            self.wnids = [str(wnid) for wnid in archive["wnids"]] if "wnids" in archive.files else self.names

    def image(self, index: int) -> Image.Image:
        encoded = self._data[self._offsets[index] : self._offsets[index + 1]]
        return Image.open(io.BytesIO(encoded.tobytes())).convert("RGB")


class FolderImages:
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
        self._paths = [files[i][0] for i in order]
        self.labels = np.array([files[i][1] for i in order], np.int64)

    def image(self, index: int) -> Image.Image:
        with Image.open(self._paths[index]) as picture:
            return picture.convert("RGB")


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
        if self._jitter:
            gain = random.uniform(1 - self._jitter, 1 + self._jitter, (len(batch), 1, 1, 1)).astype(np.float32)
            offset = random.uniform(-self._jitter, self._jitter, (len(batch), 1, 1, 1)).astype(np.float32)
            mean = batch.mean(axis=(1, 2, 3), keepdims=True)
            batch = np.clip((batch - mean) * gain + mean + 128 * offset, 0, 255)
        return batch


def _read_words(root: Path) -> dict[str, str]:
    for folder in (root, root.parent):
        path = folder / "words.txt"
        if path.is_file():
            lines = (line.partition("\t") for line in path.read_text().splitlines())
            return {wnid: names.split(",")[0].strip() for wnid, _, names in lines}
    return {}
