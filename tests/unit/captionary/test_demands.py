from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from captionary import demands
from captionary.errors import CameraRaw, TooComplex, TooManyPixels, TooMuchMemory
from tests.odd_files import FORMATS, chunk, encoded, many_scans, photo, ramp, rle_bmp, tiff_picture


@pytest.mark.parametrize("form", FORMATS)
def test_photos_demand_nothing_unusual(form: str) -> None:
    demands.check(photo(form))


def segments(count: int) -> bytes:
    data = photo("JPEG")
    return data[:2] + b"\xff\xfe\0\2" * count + data[2:]


def chunks(count: int) -> bytes:
    data = photo("PNG")
    return data[:33] + chunk(b"abCd", b"") * count + data[33:]


def comments(count: int) -> bytes:
    data = photo("GIF89a")
    start = 13 + (3 << (data[10] % 8 + 1))
    return data[:start] + b"!\xfe\1x\0" * count + data[start:]


def strips(count: int) -> bytes:
    return tiff_picture(8, 8, (273, 4, count, 100))


@pytest.mark.parametrize("make", [segments, chunks, comments, strips])
def test_parts_are_counted(make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demands, "MAX_PARTS", 300)
    assert callable(make)
    demands.check(make(90))
    with pytest.raises(TooComplex, match="more than 300 parts"):
        demands.check(make(301))


def test_scans_are_counted() -> None:
    demands.check(many_scans(50, (64, 64)))
    with pytest.raises(TooComplex, match="in 106 passes, where up to 100"):
        demands.check(many_scans(100, (64, 64)))


def test_what_only_looks_like_scans_is_not_counted() -> None:
    data = photo("progressive")
    thumbnail = b"\xff\xe1\x03\xea" + b"\xff\xda" * 500
    demands.check(data[:2] + thumbnail + data[2:])
    demands.check(data + many_scans(200, (16, 16)))  # another picture after the first is not read


@pytest.mark.parametrize("junk", [bytes(400), b"\xff\0" * 200, b"\xff\xd0" + bytes(400)])
def test_bytes_that_belong_to_nothing_are_counted(junk: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    data, first = photo("JPEG"), 20  # bytes of the mark and the first segment
    demands.check(data[:first] + junk + data[first:])
    monkeypatch.setattr(demands, "MAX_JUNK", 300)
    for odd in (data[:first] + junk + data[first:], data[:3] + b"\xe0\0\2" + junk):
        with pytest.raises(TooComplex, match="belong to nothing"):
            demands.check(odd)


def test_exif_of_many_segments_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    data = photo("JPEG")
    segment = b"\xff\xe1\0\x88Exif\0\0" + bytes(128)
    monkeypatch.setattr(demands, "MAX_EXIF", 1000)
    demands.check(data[:2] + segment * 5 + data[2:])
    with pytest.raises(TooComplex, match="EXIF"):
        demands.check(data[:2] + segment * 10 + data[2:])


def test_bmps_in_runs_are_small() -> None:
    demands.check(encoded(ramp((3000, 2000)), "BMP"))
    demands.check(rle_bmp(1000, 1000, b"\0\1"))
    for odd in (rle_bmp(5000, 5000, b"\0\1"), rle_bmp(64, 64, b"\1\5" * 3_000_000), rle_bmp(17_000_000, -1, b"\0\0")):
        with pytest.raises(TooComplex, match="BMP"):
            demands.check(odd)


@pytest.mark.parametrize(
    "data",
    [
        b"II*\0\x10\0\0\0CR\2\0" + bytes(50),
        b"IIU\0" + bytes(50),
        b"IIRO" + bytes(50),
        b"FUJIFILMCCD-RAW " + bytes(50),
        b"\0\0\0\x18ftypcrx " + bytes(50),
        tiff_picture(8, 8, (254, 4, 1, 1), (330, 4, 1, 8)),
        tiff_picture(8, 8, (50706, 1, 4, 0x0401)),
    ],
    ids=["canon", "panasonic", "olympus", "fuji", "canon, new", "nikon and sony", "adobe"],
)
def test_raw_files_of_cameras_are_not_taken_for_their_previews(data: bytes) -> None:
    with pytest.raises(CameraRaw, match="raw file"):
        demands.check(data)


def test_a_tiff_with_smaller_copies_is_a_picture() -> None:
    demands.check(tiff_picture(8, 8, (330, 4, 1, 8)))
    demands.check(tiff_picture(8, 8, (254, 4, 1, 2)))


@pytest.mark.parametrize("data", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"MM\0+", b"BM", b""])
def test_headers_that_end_early_are_the_decoders_business(data: bytes) -> None:
    demands.check(data)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("picture", "megabytes"),
    [
        (lambda: encoded(Image.new("RGB", (1000, 1000))), 4),
        (lambda: encoded(Image.new("L", (1000, 1000))), 1),
        (lambda: encoded(Image.new("P", (1000, 1000))), 1),
        (lambda: encoded(Image.new("I;16", (1000, 1000))), 2),
        (lambda: encoded(Image.new("RGB", (1000, 1000)), "JPEG"), 1),
        (lambda: encoded(Image.new("RGB", (1000, 1000)), "JPEG", progressive=True), 4),
        (lambda: encoded(Image.new("RGB", (1000, 1000)), "JPEG", progressive=True, subsampling=0), 7),
        (lambda: encoded(Image.new("CMYK", (1000, 1000)), "JPEG", progressive=True), 9),
        (lambda: encoded(Image.new("RGB", (1000, 1000)), "TIFF"), 4),
        (lambda: encoded(Image.new("RGB", (1000, 1000)), "TIFF", compression="tiff_lzw", strip_size=2**30), 8),
        (lambda: encoded(Image.new("RGB", (1000, 1000)), "WEBP"), 17),
    ],
    ids=["png", "grey", "palette", "16 bit", "jpeg", "420", "444", "cmyk", "tiff", "strip", "webp"],
)
def test_memory_is_told_beforehand(picture: object, megabytes: int) -> None:
    assert callable(picture)
    assert round(demands.memory(opened(picture())) / 1e6) == megabytes


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"II*\0"}], ids=["VP8", "VP8L", "VP8X"])
def test_the_size_of_a_webp_is_told_from_its_header(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(ramp((300, 200)), "WEBP", **options)
    monkeypatch.setattr(demands, "MAX_MEMORY_BYTES", len(data) + 17 * 300 * 200)
    demands.check(data)
    monkeypatch.setattr(demands, "MAX_MEMORY_BYTES", len(data) + 17 * 300 * 200 - 1)
    with pytest.raises(TooMuchMemory):
        demands.check(data)
    monkeypatch.setattr(demands, "MAX_PIXELS", 300 * 200 - 1)
    with pytest.raises(TooManyPixels):
        demands.check(data)


def test_a_tile_counts_whole_however_small_the_picture() -> None:
    tile = ((322, 4, 1, 10_000), (323, 4, 1, 10_000), (324, 4, 1, 300), (325, 4, 1, 10))
    assert demands.memory(opened(tiff_picture(60, 40, *tile, compression=8))) > 400_000_000


def test_a_big_tiff_is_looked_through_too() -> None:
    entries = struct.pack("<HHQQ", 50706, 1, 4, 1)
    with pytest.raises(CameraRaw):
        demands.check(b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 1) + entries)
