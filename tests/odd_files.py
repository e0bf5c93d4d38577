"""Broken and odd files, the same for the same seed: what strangers send, by accident or on purpose.

Each says what may become of it: "ready", or the codes of failures that are true of it.
"""

from __future__ import annotations

import io
import random
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from tests.running import BURST, PHOTOS, SHARED_PHOTOS

READY = frozenset({"ready"})
DAMAGED = frozenset({"damaged"})
EITHER = READY | DAMAGED  # what broke may have been of no account
UNSUPPORTED = frozenset({"unsupported_format"})
TOO_MANY_PIXELS = frozenset({"too_many_pixels"})
TOO_COMPLEX = frozenset({"too_complex"})
ANY = EITHER | UNSUPPORTED | TOO_MANY_PIXELS | TOO_COMPLEX | {"too_much_memory"}

Make = Callable[[], bytes]


@dataclass(frozen=True)
class OddFile:
    """A file that is not as one expects."""

    what: str  # is odd about it; unique
    make: Make
    outcomes: frozenset[str]
    key: str = ""  # of the object, where that is what is odd
    content_type: str = "application/octet-stream"


def odd_files(count: int, seed: int = 1) -> list[OddFile]:
    """So many odd files: each kind once, then others that chance made of photos."""
    return list(islice(_every(seed), count))


def _every(seed: int) -> Iterator[OddFile]:
    yield from _NO_PICTURES
    yield from _KINDS
    yield from _BOMBS
    for i, key in enumerate(KEYS):
        yield OddFile(f"key {i}", lambda: encoded(ramp((64, 48)), "JPEG"), READY, key=key)
    if (heic := SHARED_PHOTOS / "phone" / "IMG_5195.HEIC").is_file():
        yield OddFile("heic whole", heic.read_bytes, READY)
    chance = random.Random(seed)
    number = 0
    while True:
        number += 1
        yield _mutant(number, chance.randrange(2**32))


# Pictures


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def ramp(size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A colourful picture."""
    width, height = size
    x = np.linspace(0, 255, width, dtype=np.uint8)[np.newaxis].repeat(height, axis=0)
    y = np.linspace(0, 255, height, dtype=np.uint8)[:, np.newaxis].repeat(width, axis=1)
    return Image.fromarray(np.stack([x, y, 255 - x], axis=-1))


@cache
def photo(form: str) -> bytes:
    """A real photo in this format, or a burst of plain colours."""
    if form == "HEIC":
        return BURST.read_bytes()
    with Image.open(PHOTOS / "cat.jpg") as cat:
        if form == "MPO":
            return encoded(cat, "MPO", save_all=True, append_images=[cat.resize((60, 40))])
        if form == "progressive":
            return encoded(cat, "JPEG", progressive=True)
        if form == "GIF89a":
            frames = [cat.rotate(angle).convert("P") for angle in (30, 60)]
            return encoded(cat.convert("P"), "GIF", save_all=True, append_images=frames)
        return encoded(cat.convert("RGB"), form)


FORMATS = ("JPEG", "progressive", "MPO", "PNG", "WEBP", "GIF", "GIF89a", "TIFF", "BMP", "AVIF", "HEIC")
ENDINGS = ("jpg", "JPG", "jpeg", "png", "gif", "webp", "tif", "bmp", "heic", "avif", "txt", "html", "svg", "exe", "")
TYPES = ("image/jpeg", "image/png", "image/svg+xml", "text/html", "application/octet-stream", "x", "image/heic")


def _mutant(number: int, seed: int) -> OddFile:
    """A photo with something done to it by chance."""
    chance = random.Random(seed)
    form, how = chance.choice(FORMATS), chance.choice(("cut", "flipped", "both", "overwritten", "whole", "doubled"))

    def make() -> bytes:
        here = random.Random(seed)
        data = bytearray(photo(form))
        if how in ("cut", "both"):
            del data[here.randrange(len(data)) :]
        if how in ("flipped", "both") and data:
            for _ in range(here.choice((1, 1, 3, 20, 200))):
                data[here.randrange(min(len(data), here.choice((64, 1024, len(data)))))] ^= 1 << here.randrange(8)
        if how == "overwritten":
            start = here.randrange(len(data))
            data[start : start + 500] = here.randbytes(500)
        if how == "doubled":
            data += data[here.randrange(len(data)) :]
        return bytes(data)

    outcomes = {"whole": READY, "doubled": EITHER}.get(how, ANY | {"empty"})
    key = f"{number:04} {how} {form}.{chance.choice(ENDINGS)}"
    return OddFile(f"mutant {number} {how} {form}", make, outcomes, key, chance.choice(TYPES))


# Files that are no pictures, or none that are read


def _constant(data: bytes) -> Make:
    return lambda: data


def _zip() -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50_000_000))
    return buffer.getvalue()


def _tiff(tags: list[tuple[int, int, int, int]], more: bytes = b"", next_ifd: int = 0) -> bytes:
    """A TIFF of these tags (number, type, count, value or offset); `more` follows the directory."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", next_ifd) + more


def tiff_picture(
    width: int,
    height: int,
    *more_tags: tuple[int, int, int, int],
    compression: int = 1,
    rows: int | None = None,
    next_ifd: int = 0,
) -> bytes:
    """A grey TIFF picture of one strip, black; with more tags, and a next directory, as wanted."""
    strip = zlib.compress(bytes(width * height), 9) if compression == 8 else bytes(width * height)
    tags = {
        256: (256, 4, 1, width),
        257: (257, 4, 1, height),
        258: (258, 3, 1, 8),
        259: (259, 3, 1, compression),
        262: (262, 3, 1, 1),
        277: (277, 3, 1, 1),
        278: (278, 4, 1, rows or height),
        279: (279, 4, 1, len(strip)),
    } | {tag[0]: tag for tag in more_tags}
    offset = 8 + 2 + 12 * (len(tags) + 1) + 4
    return _tiff([*tags.values(), (273, 4, 1, offset)], strip, next_ifd)


_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
_HTML = b"<!doctype html><script>alert(document.domain)</script>"
_NO_PICTURES = [
    OddFile("0 bytes", _constant(b""), frozenset({"empty"})),
    OddFile("1 byte", _constant(b"\xff"), UNSUPPORTED),
    *(
        OddFile(what, _constant(data), UNSUPPORTED, f"{what}.jpg", content_type)
        for what, data, content_type in [
            ("svg", _SVG, "image/svg+xml"),
            ("html", _HTML, "text/html"),
            ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF", "application/pdf"),
            ("text", "Grüße aus dem Urlaub.\n".encode(), "text/plain"),
            ("script", b"#!/bin/sh\nrm -rf /\n", "image/jpeg"),
            ("psd", b"8BPS\0\1\0\0\0\0\0\0\0\3\0\0\0\1\0\0\0\1\0\10\0\3", "image/vnd.adobe.photoshop"),
            ("postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", "image/jpeg"),
            ("jpeg 2000", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50), "image/jp2"),
            ("jpeg xl", b"\xff\x0a" + bytes(50), "image/jxl"),
            ("pgm", b"P5 2 2 255 aaaa", "image/jpeg"),
            ("xpm", b'/* XPM */ static char *x[] = {"1 1 1 1", "a c #fff", "a"};', "image/x-xpixmap"),
            ("video", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100), "video/mp4"),
            ("raw of fuji", b"FUJIFILMCCD-RAW 0201" + bytes(100), "image/x-fuji-raf"),
            ("raw of canon, new", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(100), "image/x-canon-cr3"),
            ("raw of olympus", b"IIRO\x08\0\0\0" + bytes(100), "image/x-olympus-orf"),
            ("raw of panasonic", b"IIU\0\x08\0\0\0" + bytes(100), "image/x-panasonic-rw2"),
        ]
    ),
    OddFile("zip", _zip, UNSUPPORTED, "zip.jpg", "application/zip"),
    OddFile("ico", lambda: encoded(ramp((32, 32)), "ICO"), UNSUPPORTED, "favicon.ico", "image/x-icon"),
    OddFile(
        "raw of canon",
        lambda: (lambda data: data[:4] + b"\x10\0\0\0CR\2\0" + data[12:])(tiff_picture(8, 8)),
        UNSUPPORTED,
        "IMG_0001.CR2",
    ),
    OddFile("raw of nikon", lambda: tiff_picture(16, 12, (254, 4, 1, 1), (330, 4, 1, 8)), UNSUPPORTED, "DSC_1.NEF"),
    OddFile("raw of adobe", lambda: tiff_picture(16, 12, (50706, 1, 4, 0x0401)), UNSUPPORTED, "1.dng"),
]

# Pictures of all kinds


def _grey16(size: tuple[int, int] = (300, 200)) -> Image.Image:
    return Image.fromarray(np.linspace(0, 65535, size[0], dtype=np.uint16)[np.newaxis].repeat(size[1], axis=0))


def _png(width: int, height: int, bits: int, colour: int, chunks: bytes = b"", pixels: bytes | None = None) -> bytes:
    """A PNG by hand (PNG specification, 11.2); black, unless `pixels` are given as they are packed."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = 1 + (width * channels * bits + 7) // 8
    if pixels is None:
        packer = zlib.compressobj(9)
        pixels = b"".join(packer.compress(bytes(row)) for _ in range(height)) + packer.flush()
    header = struct.pack(">II5B", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _rgb16() -> bytes:
    rows = b"".join(b"\0" + struct.pack(">300H", *range(0, 60_000, 200)) for _ in range(80))
    return _png(100, 80, 16, 2, pixels=zlib.compress(rows))


def _palette_with_alpha() -> bytes:
    picture = ramp().convert("P", palette=Image.Palette.ADAPTIVE)
    return encoded(picture, transparency=bytes(range(256)))


def _cmyk(with_adobe: bool) -> bytes:
    data = encoded(ramp().convert("CMYK"), "JPEG")
    at = data.find(b"\xff\xee")
    return data if with_adobe or at < 0 else data[:at] + data[at + 16 :]


def _frames(count: int, size: tuple[int, int] = (64, 48)) -> list[Image.Image]:
    return [Image.new("RGB", size, (i % 256, i // 7 % 256, 90)) for i in range(count)]


def _animated(form: str, count: int = 12) -> Make:
    def make() -> bytes:
        first, *others = _frames(count)
        return encoded(first, form, save_all=True, append_images=others, duration=20)

    return make


def _exif(content: bytes, form: str = "JPEG") -> Make:
    return lambda: encoded(ramp(), form, exif=b"Exif\0\0" + content)


def _exif_of_strange_types() -> bytes:
    """What should be texts and numbers are others; the directory of details is itself."""
    return _tiff(
        [
            (0x010F, 12, 1, 8),  # make: a double
            (0x0110, 7, 4, 0x61626364),  # model: bytes
            (0x0112, 5, 1, 8),  # orientation: a fraction
            (0x8769, 4, 1, 8),  # details: this directory
            (0x8825, 4, 1, 8),
            (0x9003, 3, 2, 1),  # the time: two numbers
            (0xA005, 4, 1, 8),
        ],
        next_ifd=8,
    )


def _exif_that_is_huge() -> bytes:
    """Thousands of tags that all are the same 30,000 bytes."""
    return _tiff([(0x1000 + i, 7, 30_000, 100) for i in range(4000)])


def _profile(size: int) -> bytes:
    """Bytes that call themselves a colour profile."""
    return struct.pack(">I", size) + b"lcms\4\x30\0\0prtrCMYKLab " + bytes(12) + b"acsp" + bytes(size - 40)


def _with_segments(segments: bytes) -> bytes:
    """A JPEG with these bytes right after its beginning."""
    data = photo("JPEG")
    return data[:2] + segments + data[2:]


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

_KINDS = [
    OddFile("1x1 jpeg", lambda: encoded(Image.new("RGB", (1, 1)), "JPEG"), READY),
    OddFile("1x1 gif", lambda: encoded(Image.new("P", (1, 1)), "GIF"), READY),
    OddFile("1x60,000", lambda: encoded(Image.new("RGB", (1, 60_000), "red")), READY),
    OddFile("60,000x1", lambda: encoded(Image.new("RGB", (60_000, 1), "red")), READY),
    OddFile("60,000x1 jpeg", lambda: encoded(Image.new("RGB", (60_000, 1), "red"), "JPEG"), READY),
    OddFile("1x60,000 tiff", lambda: encoded(Image.new("RGB", (1, 60_000), "red"), "TIFF"), READY),
    OddFile("16 bit grey", lambda: encoded(_grey16()), READY),
    OddFile("16 bit grey tiff", lambda: encoded(_grey16(), "TIFF"), READY),
    OddFile("16 bit rgb", _rgb16, READY),
    OddFile("1 bit", lambda: encoded(ramp().convert("1")), READY),
    OddFile("1 bit fax", lambda: encoded(ramp().convert("1"), "TIFF", compression="group4"), READY),
    OddFile("grey with alpha", lambda: encoded(ramp().convert("LA")), READY),
    OddFile("palette with alpha", _palette_with_alpha, READY),
    OddFile("cmyk with adobe's mark", lambda: _cmyk(with_adobe=True), READY),
    OddFile("cmyk without adobe's mark", lambda: _cmyk(with_adobe=False), READY),
    OddFile("cmyk tiff", lambda: encoded(ramp().convert("CMYK"), "TIFF", compression="tiff_lzw"), READY),
    OddFile("cmyk, broken profile", lambda: encoded(ramp().convert("CMYK"), "JPEG", icc_profile=_profile(999)), READY),
    OddFile("cmyk, profile of rgb", lambda: encoded(ramp().convert("CMYK"), "JPEG", icc_profile=_SRGB), READY),
    OddFile("lab tiff", lambda: encoded(Image.new("LAB", (60, 40), (120, 90, 90)), "TIFF"), READY),
    OddFile("fractions", lambda: encoded(Image.fromarray(np.full((9, 9), np.nan, np.float32)), "TIFF"), READY),
    OddFile("infinite", lambda: encoded(Image.fromarray(np.full((9, 9), np.inf, np.float32)), "TIFF"), READY),
    OddFile("animated webp", _animated("WEBP"), READY),
    OddFile("animated png", _animated("PNG"), READY),
    OddFile("animated gif", _animated("GIF"), READY),
    OddFile("animated avif", _animated("AVIF", 4), READY),
    OddFile("tiff of many pages", _animated("TIFF"), READY),
    OddFile("several pictures in a jpeg", lambda: photo("MPO"), READY),
    OddFile("jpeg and html", lambda: photo("JPEG") + _HTML, READY, "both.html", "text/html"),
    OddFile("jpeg with html in it", lambda: _with_segments(_segment(0xFE, _HTML)), READY, "page.html", "text/html"),
    OddFile("gif and javascript", lambda: photo("GIF") + b"/*=1;alert(1)//*/", READY, "x.js", "text/javascript"),
    OddFile("jpeg and zip", lambda: photo("JPEG") + _zip(), READY, "x.zip", "application/zip"),
    OddFile("exif of strange types", _exif(_exif_of_strange_types()), READY),
    OddFile("exif that is cut off", _exif(b"II*\0\x08\0\0\0\xff\xff\1\2"), READY),
    OddFile("exif that is none", _exif(b"<script>"), READY),
    OddFile("exif that points beyond", _exif(b"II*\0\xff\xff\xff\x7f"), READY),
    OddFile("exif, huge", _exif(_exif_that_is_huge()), READY),
    OddFile("exif, huge, webp", _exif(_exif_that_is_huge() + bytes(9_000_000), "WEBP"), READY),
    OddFile("exif, huge, png", _exif(_exif_that_is_huge() + bytes(9_000_000), "PNG"), READY),
    OddFile("jpeg with lengths of nought", lambda: _with_segments(b"\xff\xe5\0\0" * 50), EITHER),
    OddFile("jpeg with fill bytes", lambda: _with_segments(b"\xff" * 5000), READY),
    OddFile("jpeg without tables", lambda: photo("JPEG").replace(b"\xff\xdb", b"\xff\xed", 2), DAMAGED),
    OddFile("png with a wrong checksum", lambda: photo("PNG")[:29] + b"xxxx" + photo("PNG")[33:], DAMAGED),
    OddFile("png without pixels", lambda: _png(64, 48, 8, 2, pixels=b""), DAMAGED),
    OddFile("png, depth that is none", lambda: _png(64, 48, 7, 0), DAMAGED),
    OddFile("png, no size", lambda: _png(0, 0, 8, 0), DAMAGED),
    OddFile("tiff that is its own next page", lambda: tiff_picture(60, 40, next_ifd=8), READY),
    OddFile("tiff without strips", lambda: _tiff([(256, 4, 1, 9), (257, 4, 1, 9), (258, 3, 1, 8)]), DAMAGED),
    OddFile("tiff, strip beyond", lambda: tiff_picture(60, 40)[:-2000], DAMAGED),
    OddFile("tiff, tag of 4 gigabytes", lambda: tiff_picture(60, 40, (700, 7, 2**32 - 1, 8)), EITHER),
    OddFile("tiff, unknown compression", lambda: tiff_picture(60, 40, (259, 3, 1, 34_712)), DAMAGED),
    OddFile("tiff, no rows in a strip", lambda: tiff_picture(60, 40, (278, 4, 1, 0)), EITHER),
    OddFile("bmp in runs", lambda: rle_bmp(64, 48, b"\x40\x05\0\0" * 48 + b"\0\1"), READY),
    OddFile("bmp in runs that end early", lambda: rle_bmp(64, 48, b"\x40\x05"), EITHER),
    OddFile("heic, header alone", _constant(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40)), DAMAGED),
    OddFile("avif, header alone", lambda: photo("AVIF")[:300], DAMAGED),
    OddFile("webp, header alone", _constant(b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0"), DAMAGED),
]

# Bombs


def rle_bmp(width: int, height: int, runs: bytes) -> bytes:
    """A BMP in 256 greys, packed in runs."""
    palette = b"".join(bytes([i, i, i, 0]) for i in range(256))
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    start = 14 + len(header) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(runs), 0, 0, start) + header + palette + runs


def _gif(width: int, height: int, blocks: bytes) -> bytes:
    """A GIF of this canvas, with a picture of 1x1 after the given blocks."""
    head = b"GIF89a" + struct.pack("<HH3B", width, height, 0x80, 0, 0) + bytes(6)
    return head + blocks + b"," + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0;"


def _gif_comment(size: int) -> bytes:
    return b"!\xfe" + (b"\xff" + bytes(255)) * (size // 255) + b"\0"


def many_scans(count: int, size: tuple[int, int]) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encoded(Image.new("L", size, 90), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


def _webp_canvas(width: int, height: int) -> bytes:
    """An extended WebP of this canvas, animated, whose one frame is of 16x16."""
    frame = encoded(Image.new("RGB", (16, 16)), "WEBP")[12:]
    sides = b"".join(int(side - 1).to_bytes(3, "little") for side in (width, height))

    def part(kind: bytes, content: bytes) -> bytes:
        return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)

    place = bytes(6) + b"\x0f\0\0" * 2 + b"\x64\0\0" + b"\0"
    body = part(b"VP8X", b"\2\0\0\0" + sides) + part(b"ANIM", bytes(6)) + part(b"ANMF", place + frame)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _jpeg_claiming(width: int, height: int) -> bytes:
    data = encoded(Image.new("RGB", (64, 64)), "JPEG")
    at = data.find(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def _many_strips(count: int) -> bytes:
    """A TIFF that lists so many strips, all of them the same."""
    head = 8 + 2 + 12 * 9 + 4
    tags = [(256, 4, 1, 1), (257, 4, 1, count), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1)]
    tags += [(278, 4, 1, 1), (273, 4, count, head), (279, 4, count, head)]
    return _tiff(tags, struct.pack("<I", head) * count)


def _one_tile(side: int) -> bytes:
    """A small TIFF in one tile that is not."""
    tile = zlib.compress(bytes(1000), 9)
    more = ((322, 4, 1, side), (323, 4, 1, side), (324, 4, 1, 8 + 2 + 12 * 12 + 4), (325, 4, 1, len(tile)))
    data = tiff_picture(60, 40, *more, compression=8)
    return data[: 8 + 2 + 12 * 13 + 4] + tile


def _chain(count: int) -> bytes:
    """A TIFF whose first page is fine, with so many empty ones after it."""
    start = len(tiff_picture(60, 40))
    pages = b"".join(struct.pack("<HI", 0, start + 6 * (i + 1) if i < count - 1 else 0) for i in range(count))
    return tiff_picture(60, 40, next_ifd=start) + pages


_LARGE = (10_000, 10_000)  # as many pixels as are read

_BOMBS = [
    OddFile("20,000x20,000 png", lambda: _png(20_000, 20_000, 1, 0), TOO_MANY_PIXELS),
    OddFile("100 megapixels png", lambda: _png(*_LARGE, 8, 2), READY),
    OddFile("100 megapixels png, alpha", lambda: _png(*_LARGE, 8, 6), READY),
    OddFile("100 megapixels png, 16 bit grey", lambda: _png(*_LARGE, 16, 0), READY),
    OddFile("100 megapixels png, palette", lambda: _png(*_LARGE, 8, 3, chunk(b"PLTE", bytes(768))), READY),
    OddFile(
        "100 megapixels png, palette with alpha",
        lambda: _png(*_LARGE, 8, 3, chunk(b"PLTE", bytes(768)) + chunk(b"tRNS", bytes(256))),
        READY,
    ),
    OddFile("100 megapixels png, 1 bit", lambda: _png(*_LARGE, 1, 0), READY),
    OddFile("100 megapixels gif", lambda: _gif(*_LARGE, b""), EITHER),
    OddFile("100 megapixels jpeg", lambda: encoded(Image.new("RGB", _LARGE), "JPEG"), READY),
    OddFile(
        "100 megapixels jpeg, progressive",
        lambda: encoded(Image.new("RGB", _LARGE), "JPEG", progressive=True, subsampling=0),
        READY | {"too_much_memory"},
    ),
    OddFile(
        "100 megapixels tiff, one strip",
        lambda: encoded(Image.new("RGB", _LARGE), "TIFF", compression="tiff_adobe_deflate", strip_size=2**30),
        READY | {"too_much_memory"},
    ),
    OddFile(
        "100 megapixels webp",
        lambda: encoded(Image.new("RGB", _LARGE), "WEBP", method=0, quality=1),
        READY | {"too_much_memory"},
    ),
    OddFile(
        "36 megapixels avif",
        lambda: encoded(Image.new("RGB", (6000, 6000)), "AVIF", speed=10, quality=10),
        READY,
    ),
    OddFile("60,000x60,000 png, header alone", lambda: _png(60_000, 60_000, 16, 6, pixels=b""), TOO_MANY_PIXELS),
    OddFile("65,535x65,535 gif", lambda: _gif(65_535, 65_535, b""), TOO_MANY_PIXELS),
    OddFile("65,500x65,500 jpeg", lambda: _jpeg_claiming(65_500, 65_500), TOO_MANY_PIXELS),
    OddFile("9,999x9,999 jpeg that is 64x64", lambda: _jpeg_claiming(9_999, 9_999), EITHER),
    OddFile("webp of 16,000,000x1", lambda: _webp_canvas(16_000_000, 1), ANY),
    OddFile("webp of 60,000x60,000", lambda: _webp_canvas(60_000, 60_000), TOO_MANY_PIXELS),
    OddFile("webp of 9,000x9,000", lambda: _webp_canvas(9_000, 9_000), frozenset({"too_much_memory"})),
    OddFile("tiff of 2^31 x 2^31", lambda: tiff_picture(9, 9, (256, 4, 1, 2**31), (257, 4, 1, 2**31)), TOO_MANY_PIXELS),
    OddFile("bmp of 50,000 x 50,000", lambda: rle_bmp(50_000, 50_000, b"\0\1"), TOO_MANY_PIXELS | TOO_COMPLEX),
    OddFile("bmp in 48 million runs", lambda: rle_bmp(9_999, 9_999, b"\1\5" * 25_000_000), TOO_COMPLEX),
    OddFile("bmp whose lines are filled up", lambda: rle_bmp(90_000_000, 1, b"\1\5\0\0\0\1"), TOO_COMPLEX),
    OddFile("gif with a comment of 20 MB", lambda: _gif(60, 40, _gif_comment(20_000_000)), READY),
    OddFile("gif with 1,000,000 comments", lambda: _gif(60, 40, b"!\xfe\1x\0" * 1_000_000), TOO_COMPLEX),
    OddFile("gif of 3,000 frames", _animated("GIF", 3000), READY),
    OddFile("jpeg of 1,000 scans", lambda: many_scans(1000, (6000, 6000)), TOO_COMPLEX),
    OddFile("jpeg of 60 scans", lambda: many_scans(50, (1500, 1500)), READY),
    OddFile("jpeg of 2,000,000 segments", lambda: _with_segments(_segment(0xFE, b"") * 2_000_000), TOO_COMPLEX),
    OddFile("jpeg with 50 MB of exif", lambda: _with_segments(_segment(0xE1, b"Exif\0\0" + bytes(65_000)) * 800), ANY),
    OddFile("jpeg with 30 MB of nothing", lambda: b"\xff\xd8\xff\xe0\0\2" + bytes(30_000_000), ANY),
    OddFile("png of 4,000,000 chunks", lambda: _png(64, 48, 8, 2, chunk(b"abCd", b"") * 4_000_000), TOO_COMPLEX),
    OddFile("png with a text of 200 MB", lambda: _png(9, 9, 8, 0, _text_bomb(200_000_000)), EITHER | TOO_COMPLEX),
    OddFile("png with 500 texts of 1 MB", lambda: _png(9, 9, 8, 0, _text_bomb(1_000_000) * 500), EITHER | TOO_COMPLEX),
    OddFile("png with a profile of 200 MB", lambda: _png(9, 9, 8, 0, _profile_bomb(200_000_000)), EITHER),
    OddFile("tiff of 5,000,000 strips", lambda: _many_strips(5_000_000), TOO_COMPLEX),
    OddFile("tiff in a tile of 40,000x40,000", lambda: _one_tile(40_000), DAMAGED | TOO_COMPLEX | {"too_much_memory"}),
    OddFile("tiff with 300,000 pages", lambda: _chain(300_000), READY | TOO_COMPLEX),
]


def _text_bomb(size: int) -> bytes:
    return chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(size), 9))


def _profile_bomb(size: int) -> bytes:
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(size), 9))


# Names

KEYS = [
    "ünï cödé 日本語 العربية עברית.jpg",
    unicodedata.normalize("NFC", "zwilling-é.jpg"),
    unicodedata.normalize("NFD", "zwilling-é.jpg"),
    "photo\u202egpj.exe",
    "\u200f\u200b\ufeffinvisible.jpg",
    "new\nline.jpg",
    "carriage\r\nSet-Cookie: a=b.jpg",
    "tab\tand bell\x07.jpg",
    "escape\x1b[31mred.jpg",
    "quote\"and'apostrophe`.jpg",
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "/leading/slash.jpg",
    "//two//slashes//.jpg",
    "trailing/",
    "folder/./x.jpg",
    "a%2Fb.jpg",
    "100%.jpg",
    "%00.jpg",
    "%",
    "a+b c.jpg",
    " spaces at both ends ",
    "🐈‍⬛👩‍👩‍👧‍👦.jpg",
    "k" * 1019 + ".jpg",
    "漢" * 340 + ".jpg",
    "uploads/2026/01/01/01ARZ3NDEKTSV4RRFFQ69G5FAV/looks like one.jpg",
    "thumb/aaaaaaaaaaaaaaaa-00000000.jpg",
    "meta/aaaaaaaaaaaaaaaa.json",
    "<img src=x onerror=alert(1)>.jpg",
    "</script><script>alert(1)</script>.jpg",
    "javascript:alert(1)",
    "=cmd|'/C calc'!A0.jpg",
    "+1+1.jpg",
    "-rf *.jpg",
    "@SUM(A1).jpg",
    "a;b;c=d&e#f?g.jpg",
    "${filename}",
    "{{7*7}} %s %n $(id) `id`",
    "CON.jpg",
    ".hidden",
    "?versionId=null&acl",
    "a\\b\\c.jpg",
    "x" * 200 + "." + "y" * 200,
]
