"""Pack a captioned set into one file, with pictures no larger than a network wants them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from .captions import CaptionedImages, captions_beside

QUALITY = 90  # WebP's


def write_packed(
    images: CaptionedImages, out: Path, side: int, report: Callable[[int], None] = lambda done: None
) -> None:
    """Write a packed set that `open_captioned` reads; from the same pictures always the same bytes.

    Args:
        out: NAME.npz; captions go into NAME_captions.json beside it.
        side: pixels that width and height are squeezed to, each by itself, where they are more: as a decoder sees it.
        report: called with how many pictures are done.
    """
    encoded = []
    for i in range(len(images)):
        encoded.append(_encoded(images.image(i), side))
        report(i + 1)
    out.parent.mkdir(parents=True, exist_ok=True)
    captions = dict(zip(images.names, images.captions, strict=True))
    captions_beside(out).write_text(json.dumps(captions, indent=0, ensure_ascii=False) + "\n")
    beside = out.with_name(f"new-{out.name}")
    np.savez(
        beside,
        data=np.frombuffer(b"".join(encoded), np.uint8),
        offsets=np.cumsum([0, *map(len, encoded)], dtype=np.int64),
        filenames=np.array(images.names),
    )
    beside.replace(out)


def _encoded(picture: Image.Image, side: int) -> bytes:
    size = (min(picture.width, side), min(picture.height, side))
    buffer = io.BytesIO()
    picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0).save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()
