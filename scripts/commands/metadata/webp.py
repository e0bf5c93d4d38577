"""XMP in WebP: a chunk of its own, which only the extended form of the format has (RFC 9649, 2.7)."""

from __future__ import annotations

import struct

from .errors import MetadataError
from .xmp import Words, merge

_HAS_XMP, _HAS_ALPHA = 0x04, 0x10  # flags of VP8X

Chunk = tuple[bytes, bytes]  # type and content


def is_one(data: bytes) -> bool:
    """Whether a file is a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def embed(data: bytes, words: Words) -> bytes:
    """The same WebP with the words in it; the picture's chunks stay as they are, byte for byte.

    Raises:
        MetadataError: the file, or the XMP in it, can't be read.
    """
    chunks, rest = _chunks(data)
    merged, _ = merge(next((content for kind, content in chunks if kind == b"XMP "), None), words)
    first, *others = (chunk for chunk in chunks if chunk[0] != b"XMP ")
    extended = first if first[0] == b"VP8X" else (b"VP8X", _header(*first))
    if len(extended[1]) < 10:
        raise MetadataError("a WebP with a damaged header")
    if first is not extended:
        others.insert(0, first)
    header = bytes([extended[1][0] | _HAS_XMP]) + extended[1][1:]
    body = b"WEBP" + b"".join(_encoded(*chunk) for chunk in ((b"VP8X", header), *others, (b"XMP ", merged)))
    return b"RIFF" + struct.pack("<I", len(body)) + body + rest


def _chunks(data: bytes) -> tuple[list[Chunk], bytes]:
    """The chunks of the file, and what follows them."""
    end = 8 + struct.unpack("<I", data[4:8])[0]
    chunks: list[Chunk] = []
    position = 12
    while position < end:
        head = data[position : position + 8]
        if len(head) < 8:
            raise MetadataError("a WebP that ends early")
        kind, length = struct.unpack("<4sI", head)
        content = data[position + 8 : position + 8 + length]
        if len(content) < length:
            raise MetadataError("a WebP that ends early")
        chunks.append((kind, content))
        position += 8 + length + length % 2
    if not chunks:
        raise MetadataError("an empty WebP")
    return chunks, data[position:]


def _header(kind: bytes, content: bytes) -> bytes:
    """The header of the extended form, for a picture in the simple one."""
    if len(content) < 10:
        raise MetadataError("a WebP with a damaged picture")
    if kind == b"VP8 ":  # RFC 6386, 9.1: the size stands after the frame's tag and its start code
        width, height = (value & 0x3FFF for value in struct.unpack("<HH", content[6:10]))
        flags = 0
    elif kind == b"VP8L":  # RFC 9649, 3.4: after a byte that marks it, in 14 bits each, less one
        bits = struct.unpack("<I", content[1:5])[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags = _HAS_ALPHA if bits >> 28 & 1 else 0
    else:
        raise MetadataError("a WebP of an unknown kind")
    if not width or not height:
        raise MetadataError("a WebP with a damaged picture")
    return bytes([flags, 0, 0, 0]) + b"".join(int(side - 1).to_bytes(3, "little") for side in (width, height))


def _encoded(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
