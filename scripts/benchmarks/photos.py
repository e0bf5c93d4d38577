"""Photos to measure with: made from those that are shipped, so that everyone has the same."""

from __future__ import annotations

import io
from itertools import cycle

import numpy as np
from PIL import Image

from infra.deploy import ROOT

PHOTOS = ROOT / "layers" / "resnet50" / "photos"
SIZES = {"0.2": (500, 375), "2": (1632, 1224), "8": (3264, 2448), "24": (6000, 4000)}  # by megapixels
BYTES_PER_PIXEL = 0.25  # as cameras and phones have it
SMALL = SIZES["0.2"]


def large(size: tuple[int, int]) -> bytes:
    """A photo of that size, as JPEG: a small one blown up, with as much grain as makes it as heavy as a photo."""
    with Image.open(PHOTOS / "rocket.jpg") as small_one:
        base = np.asarray(small_one.convert("RGB").resize(size, Image.Resampling.BICUBIC), np.float32)
    grain = np.random.default_rng(1).normal(0, 1, (size[1], size[0], 1)).astype(np.float32)
    low, high = 0.0, 40.0
    data = b""
    for _ in range(8):
        strength = (low + high) / 2
        data = jpeg(Image.fromarray(np.clip(base + strength * grain, 0, 255).astype(np.uint8)), 85)
        low, high = (strength, high) if len(data) < BYTES_PER_PIXEL * size[0] * size[1] else (low, strength)
    return data


def small(count: int) -> list[Image.Image]:
    """So many different photos of 500x375."""
    photos = []
    random = np.random.default_rng(1)
    for _, path in zip(range(count), cycle(sorted(PHOTOS.glob("*.jpg"))), strict=False):
        with Image.open(path) as picture:
            side = float(random.uniform(0.6, 1.0))
            width, height = int(picture.width * side), int(picture.height * side)
            left = int(random.integers(0, picture.width - width + 1))
            top = int(random.integers(0, picture.height - height + 1))
            part = picture.convert("RGB").crop((left, top, left + width, top + height))
        photos.append(part.resize(SMALL))
    return photos


def jpeg(photo: Image.Image, quality: int = 90) -> bytes:
    """A photo as a file."""
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
