"""What a file demands of whoever decodes it, told from its headers before anything is decoded.

Most formats let a small file ask for much: a million parts that each take a moment, thousands of passes over
the same pixels, strips of gigabytes. Decoders do as they are told; so files are looked through here first.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator

from PIL import Image, JpegImagePlugin, TiffImagePlugin

from .errors import CameraRaw, TooComplex, TooManyPixels, TooMuchMemory
from .formats import MAX_MEMORY_BYTES, MAX_PIXELS

MAX_PARTS = 100_000  # segments, chunks, blocks, strips: Pillow takes some microseconds for each
MAX_SCANS = 100  # of a JPEG: encoders make about ten, and each goes through the whole picture
MAX_JUNK = 1_000_000  # bytes between a JPEG's segments: Pillow skips them one by one
MAX_EXIF = 16_000_000  # bytes
MAX_RUNS = 2_000_000  # of a BMP packed in runs: Pillow unpacks them in Python

_JPEG_MARKER = re.compile(rb"\xff+([\x01-\xfe])")
_START_OF_SCAN = 0xDA
_EXIF = (0xE1, b"Exif\0\0")
_WITHOUT_LENGTH = {*range(0x02, 0xC0), 0x01, 0xC8, *range(0xD0, 0xDA), *range(0xF0, 0xFE)}

_ROWS_PER_STRIP, _STRIP_OFFSETS, _TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS = 278, 273, 322, 323, 324
_BITS_PER_SAMPLE, _PLANAR_CONFIGURATION = 258, 284
_SUBFILE_TYPE, _SUB_IFDS, _DNG_VERSION = 254, 330, 50706
_NUMBERS = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}  # TIFF's types, and bytes of each
_RAW_HEADS = re.compile(rb"FUJIFILMCCD-RAW|IIRO|IIRS|MMOR|IIU\0|....ftypcrx |(?:II\*\0|MM\0\*)....CR\x02", re.DOTALL)

# Bytes for each pixel at the most, with Pillow's own copy: measured with alpha, and without lost colours.
_BYTES_PER_PIXEL = {"WEBP": 17, "AVIF": 16, "HEIF": 12}
_OF_MODE = {"1": 1, "L": 1, "P": 1, "I;16": 2}


def check(data: bytes) -> None:
    """Look through a file's headers.

    Raises:
        TooComplex: it would keep a decoder busy for too long.
        TooManyPixels, TooMuchMemory: a WebP would take too much as soon as it is opened.
        CameraRaw: it holds no picture but a sensor's readings, whatever preview comes with them.
    """
    if _RAW_HEADS.match(data):
        raise CameraRaw
    if data.startswith(b"\xff\xd8\xff"):
        _check_jpeg(data)
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        _count(_png_chunks(data))
    elif data.startswith(b"GIF8"):
        _count(_gif_blocks(data))
    elif data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        _check_tiff(data)
    elif data.startswith(b"BM"):
        _check_bmp(data)
    elif data.startswith(b"RIFF"):
        _check_webp(data)


def memory(picture: Image.Image) -> int:
    """About how many bytes it takes to decode a picture that was opened and not loaded yet, its file not counted."""
    pixels = picture.width * picture.height
    plain = pixels * _OF_MODE.get(picture.mode, 4)
    if picture.format in ("JPEG", "MPO"):
        # It is made smaller as it is decoded, to a quarter of its pixels or less. But some have to be held whole.
        return pixels + (_jpeg_coefficients(picture) if _is_buffered(picture) else 0)
    if picture.format == "TIFF":
        return plain + _tiff_strip(picture)
    return pixels * _BYTES_PER_PIXEL[picture.format] if picture.format in _BYTES_PER_PIXEL else plain


def _count(parts: Iterator[object]) -> None:
    for number, _ in enumerate(parts):
        if number >= MAX_PARTS:
            raise TooComplex(f"it consists of more than {MAX_PARTS:,} parts")


# JPEG (ITU T.81, annex B)


def _check_jpeg(data: bytes) -> None:
    _count(_jpeg_segments(data))
    # The two bytes may also be part of something else, a thumbnail for one, but not often.
    if data.count(b"\xff\xda") > MAX_SCANS:
        scans = sum(marker == _START_OF_SCAN for marker in _all_markers(data))
        if scans > MAX_SCANS:
            raise TooComplex(f"its picture comes in {scans:,} passes, where up to {MAX_SCANS} are read")


def _jpeg_segments(data: bytes) -> Iterator[int]:
    """The markers before the first scan, as Pillow reads them."""
    position, junk, exif = 2, 0, 0
    while match := _JPEG_MARKER.search(data, position):
        junk += match.end() - 2 - position
        if junk > MAX_JUNK:
            raise TooComplex(f"more than {MAX_JUNK:,} bytes in it belong to nothing")
        marker, position = match[1][0], match.end()
        if marker == _START_OF_SCAN:
            return
        if marker not in _WITHOUT_LENGTH:
            if (marker, data[position + 2 : position + 8]) == _EXIF:
                exif += _length(data, position)
                if exif > MAX_EXIF:
                    raise TooComplex(f"its EXIF has more than {MAX_EXIF / 1e6:.0f} MB")
            position += _length(data, position)
        yield marker
    if len(data) - position + junk > MAX_JUNK:
        raise TooComplex(f"more than {MAX_JUNK:,} bytes in it belong to nothing")


def _all_markers(data: bytes) -> Iterator[int]:
    """Every marker of the first picture; in a scan, 0xFF and nought stand for a byte of 0xFF."""
    position = 2
    while match := _JPEG_MARKER.search(data, position):
        marker, position = match[1][0], match.end()
        if marker == 0xD9:
            return
        if marker not in _WITHOUT_LENGTH:
            position += _length(data, position)
        yield marker


def _length(data: bytes, position: int) -> int:
    return max(2, int.from_bytes(data[position : position + 2], "big"))


def _is_buffered(picture: Image.Image) -> bool:
    """Whether the decoder has to hold all of a JPEG before it can make a smaller picture of it."""
    assert isinstance(picture, JpegImagePlugin.JpegImageFile)
    assert isinstance(picture.fp, io.BytesIO)
    # A thumbnail in the EXIF has a scan too; then more is demanded here than needed.
    return bool(picture.info.get("progressive")) or picture.fp.getvalue().count(b"\xff\xda") > 1


def _jpeg_coefficients(picture: Image.Image) -> int:
    """Two bytes for each sample."""
    assert isinstance(picture, JpegImagePlugin.JpegImageFile)
    samplings = [(across, down) for _, across, down, _ in picture.layer]
    if not samplings or any(0 in sampling for sampling in samplings):
        return 0  # and the decoder refuses it
    widest, highest = max(across for across, _ in samplings), max(down for _, down in samplings)
    samples = sum(across * down for across, down in samplings) / (widest * highest)
    return round(2 * samples * picture.width * picture.height)


# PNG (PNG specification, 5.3)


def _png_chunks(data: bytes) -> Iterator[int]:
    position = 8
    while position + 8 <= len(data):
        yield position
        position += 12 + int.from_bytes(data[position : position + 4], "big")


# GIF (GIF89a specification, 23 to 26): what stands before the first picture


def _gif_blocks(data: bytes) -> Iterator[int]:
    position = 13 + (3 << (data[10] % 8 + 1) if data[10:11] >= b"\x80" else 0)
    while data[position : position + 1] != b"," and position < len(data):
        yield position
        position += 1
        if data[position - 1 : position] != b"!":
            continue
        position += 1
        while position < len(data) and data[position]:
            yield position
            position += 1 + data[position]
        position += 1


# WebP (RFC 9649, 2.7, and RFC 6386, 9.1): its decoder takes memory for the canvas before anybody asks for pixels


def _check_webp(data: bytes) -> None:
    kind, header = data[12:16], data[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        width, height = (int.from_bytes(header[start : start + 3], "little") + 1 for start in (4, 7))
    elif kind == b"VP8L":
        bits = int.from_bytes(header[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (value & 0x3FFF for value in struct.unpack("<HH", header[6:10]))
    if width * height > MAX_PIXELS:
        raise TooManyPixels(width * height, MAX_PIXELS)
    if width * height * _BYTES_PER_PIXEL["WEBP"] + len(data) > MAX_MEMORY_BYTES:
        raise TooMuchMemory


# BMP


def _check_bmp(data: bytes) -> None:
    """One that is packed in runs takes time for each run, and for each pixel that no run tells of."""
    if len(data) < 34:
        return
    header, width, height = struct.unpack_from("<Iii", data, 14)
    packing = int.from_bytes(data[30:34], "little")
    runs_or_pixels = max(len(data) // 2, abs(width * height) // 8)
    if header >= 40 and packing in (1, 2) and runs_or_pixels > MAX_RUNS:
        raise TooComplex("it is a large BMP, packed in a way that is slow to unpack")


# TIFF (TIFF 6.0, section 2)


def _check_tiff(data: bytes) -> None:
    tags = dict(_tiff_tags(data))
    if any(count > MAX_PARTS for kind, count, _ in tags.values() if kind in _NUMBERS):
        raise TooComplex(f"it consists of more than {MAX_PARTS:,} parts")
    _, _, subfile = tags.get(_SUBFILE_TYPE, (0, 0, 0))
    if _DNG_VERSION in tags or (subfile & 1 and _SUB_IFDS in tags):  # the latter: only a small copy comes first
        raise CameraRaw


def _tiff_tags(data: bytes) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """The first directory: for each tag its type, count, and value or offset."""
    order = "<" if data[:2] == b"II" else ">"
    is_big = data[2] == 43 or data[3] == 43
    start, head, entry = ("Q", "Q", "HHQQ") if is_big else ("I", "H", "HHII")
    try:
        [position] = struct.unpack_from(order + start, data, 8 if is_big else 4)
        [count] = struct.unpack_from(order + head, data, position)
        for i in range(min(count, MAX_PARTS)):
            at = position + struct.calcsize(order + head) + i * struct.calcsize(order + entry)
            tag, kind, number, value = struct.unpack_from(order + entry, data, at)
            if kind == 3 and number == 1:
                [value] = struct.unpack_from(order + "H", data, at + struct.calcsize(order + entry[:-1]))
            yield tag, (kind, number, value)
    except struct.error:
        return  # and the decoder says what is wrong


def _tiff_strip(picture: Image.Image) -> int:
    """Bytes of a strip or tile when it is unpacked: the decoder holds one at a time."""
    assert isinstance(picture, TiffImagePlugin.TiffImageFile)
    if picture.tile and picture.tile[0].codec_name == "raw":
        return 0
    tags = picture.tag_v2
    bits = tags.get(_BITS_PER_SAMPLE, (1,))
    of_pixel = max(bits) if tags.get(_PLANAR_CONFIGURATION) == 2 else sum(bits)
    if _TILE_OFFSETS in tags:
        width, height = tags.get(_TILE_WIDTH, 0), tags.get(_TILE_LENGTH, 0)
    else:
        width, height = picture.width, min(tags.get(_ROWS_PER_STRIP, picture.height), picture.height)
    return int(width * height * max(of_pixel, 32) // 8)
