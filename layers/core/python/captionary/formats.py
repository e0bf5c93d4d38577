"""Which files are taken for pictures, and how large they may be."""

from __future__ import annotations

import re

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF")  # Pillow's names
CONTENT_TYPES = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "image/tiff",
    "image/bmp",
    "image/heic",
    "image/heif",
    "image/avif",
)
MAX_BYTES = 100_000_000
MAX_PIXELS = 100_000_000
MAX_MEMORY_BYTES = 700_000_000  # for decoding one picture, its file included; with all else a worker stays below 1 GB


def looks_like_picture(head: bytes) -> bool:
    """Whether a file's first 32 bytes are those of a format that is read. Cheap, and not a promise."""
    return (
        head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*"))
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[4:8] == b"ftyp" and re.search(rb"hei[cfmsvx]|hev[cmsx]|mif1|msf1|avi[fs]", head[8:32]) is not None)
    )
