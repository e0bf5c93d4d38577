"""A caption and keywords, written into copies of picture files so that other programs read them.

Into JPEG, PNG and WebP without touching the picture itself; for every other format they go into a file beside
it. XMP carries them (`dc:description`, `dc:subject`), and in JPEG IPTC too, for programs that know only that.
What the file says already is kept: its keywords, a description that a person wrote into it, and all else.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

import captionary.images  # noqa: F401 - makes Pillow read HEIC, too
from captionary.formats import FORMATS

from . import jpeg, png, webp
from .errors import MetadataError
from .xmp import Words, merge

__all__ = ["Tagged", "Words", "tag"]


@dataclass(frozen=True)
class Tagged:
    """A picture file with the words in it, or beside it."""

    data: bytes
    sidecar: bytes | None  # an XMP packet, where the format takes none or the file is not as its format has it


def tag(data: bytes, words: Words) -> Tagged:
    """Write words into a picture file, judged by content; where that can't be done, into a sidecar."""
    words = words.cleaned()
    for module in (jpeg, png, webp):
        if module.is_one(data):
            try:
                return Tagged(module.embed(data, words), None)
            except MetadataError:
                break
    try:
        sidecar, _ = merge(_packet_of(data), words)
    except MetadataError:  # what the file says itself can't be read, and stays in the file
        sidecar, _ = merge(None, words)
    return Tagged(data, sidecar)


def _packet_of(data: bytes) -> bytes | None:
    """The XMP packet of a file of any format, as Pillow finds it; the picture is not decoded."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            packet = picture.info.get("xmp")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return packet if isinstance(packet, bytes) else None
