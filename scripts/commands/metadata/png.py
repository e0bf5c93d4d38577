"""XMP in PNG: an iTXt chunk of its own (PNG specification, 11.3.3.4; XMP specification, part 3, 1.1.5)."""

from __future__ import annotations

import struct
import zlib

from .errors import MetadataError
from .xmp import Words, merge

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"XML:com.adobe.xmp\0"
_MOST_PACKET_BYTES = 16_000_000  # of a compressed packet, when it is not so any more

Chunk = tuple[bytes, bytes]  # type and content


def is_one(data: bytes) -> bool:
    """Whether a file is a PNG."""
    return data.startswith(_SIGNATURE)


def embed(data: bytes, words: Words) -> bytes:
    """The same PNG with the words in it; all other chunks stay as they are, byte for byte.

    Raises:
        MetadataError: the file, or the XMP in it, can't be read.
    """
    chunks, rest = _chunks(data)
    packet = next((content for kind, content in chunks if _is_packet(kind, content)), None)
    merged, _ = merge(_text_of(packet) if packet is not None else None, words)
    text = (b"iTXt", _KEYWORD + b"\0\0\0\0" + merged)  # not compressed, no language, no translated keyword
    header, *others = (chunk for chunk in chunks if not _is_packet(*chunk))
    return _SIGNATURE + b"".join(_encoded(*chunk) for chunk in (header, text, *others)) + rest


def _chunks(data: bytes) -> tuple[list[Chunk], bytes]:
    """The chunks up to the end mark, and what follows it."""
    chunks: list[Chunk] = []
    position = len(_SIGNATURE)
    while not chunks or chunks[-1][0] != b"IEND":
        head = data[position : position + 8]
        if len(head) < 8:
            raise MetadataError("a PNG that ends early")
        length, kind = struct.unpack(">I4s", head)
        content = data[position + 8 : position + 8 + length]
        checksum = data[position + 8 + length : position + 12 + length]
        if checksum != struct.pack(">I", zlib.crc32(kind + content)):
            raise MetadataError("a PNG with a damaged chunk")
        chunks.append((kind, content))
        position += 12 + length
    if chunks[0][0] != b"IHDR":
        raise MetadataError("a PNG that does not begin with its header")
    return chunks, data[position:]


def _is_packet(kind: bytes, content: bytes) -> bool:
    return kind == b"iTXt" and content.startswith(_KEYWORD)


def _text_of(content: bytes) -> bytes:
    """The text of an iTXt chunk, in UTF-8."""
    compressed, method = content[len(_KEYWORD) : len(_KEYWORD) + 2].ljust(2, b"\0")
    _language, _translated, text, *_ = *content[len(_KEYWORD) + 2 :].split(b"\0", 2), b"", b""
    if not compressed:
        return text
    inflating = zlib.decompressobj()
    try:
        text = inflating.decompress(text, _MOST_PACKET_BYTES)
    except zlib.error as exc:
        raise MetadataError("a PNG whose XMP can't be inflated") from exc
    if method != 0 or not inflating.eof:
        raise MetadataError("a PNG whose XMP can't be inflated")
    return text


def _encoded(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
