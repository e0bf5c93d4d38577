from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from captionary import images
from captionary.errors import (
    DamagedPhoto,
    EmptyFile,
    FileTooLarge,
    PhotoError,
    TooManyPixels,
    TooMuchMemory,
    UnsupportedFormat,
)
from captionary.formats import looks_like_picture
from tests.running import BURST, SHARED_PHOTOS

RED, GREEN, BLUE = (220, 30, 30), (30, 200, 30), (30, 30, 220)


def encoded(picture: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def halves(size: tuple[int, int] = (600, 400), left: Any = RED, right: Any = BLUE) -> Image.Image:
    """A picture whose left half has one colour and whose right half another."""
    picture = Image.new("RGB", size, right)
    picture.paste(left, (0, 0, size[0] // 2, size[1]))
    return picture


def colour_at(picture: Image.Image, x: float, y: float) -> tuple[int, ...]:
    pixel = picture.getpixel((int(x * (picture.width - 1)), int(y * (picture.height - 1))))
    assert isinstance(pixel, tuple)
    return pixel


def assert_like(pixel: tuple[int, ...], expected: tuple[int, ...], tolerance: int = 20) -> None:
    assert max(abs(a - b) for a, b in zip(pixel, expected, strict=True)) <= tolerance, (pixel, expected)


@pytest.mark.parametrize(
    ("format", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
        ("AVIF", "image/avif"),
    ],
)
def test_formats_are_told_by_content(format: str, content_type: str) -> None:
    data = encoded(halves(), format)
    photo = images.read(data)
    assert (photo.width, photo.height, photo.content_type) == (600, 400, content_type)
    assert_like(colour_at(photo.preview, 0.25, 0.5), RED)
    assert_like(colour_at(photo.preview, 0.75, 0.5), BLUE)
    assert looks_like_picture(data[:32])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_upright(orientation: int, format: str) -> None:
    # Upright, the picture is wide, red on the left, with a green corner at the top left.
    upright = halves((800, 600))
    upright.paste(GREEN, (0, 0, 200, 150))
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {} if format in ("PNG", "TIFF") else {"quality": 95}
    photo = images.read(encoded(stored, format, exif=exif, **options))
    assert (photo.width, photo.height) == (800, 600)
    assert photo.preview.size == (800, 600)
    assert_like(colour_at(photo.preview, 0.1, 0.1), GREEN)
    assert_like(colour_at(photo.preview, 0.1, 0.9), RED)
    assert_like(colour_at(photo.preview, 0.9, 0.1), BLUE)


def test_previews_and_thumbnails_are_bounded() -> None:
    photo = images.read(encoded(halves((4000, 2000)), "JPEG"))
    assert (photo.width, photo.height) == (4000, 2000)
    assert photo.preview.size == (1280, 640)
    thumbnail = images.thumbnail(photo)
    assert thumbnail.size == (400, 200)
    with Image.open(io.BytesIO(images.thumbnail_jpeg(thumbnail, photo))) as reopened:
        assert (reopened.format, reopened.size) == ("JPEG", (400, 200))
    with Image.open(io.BytesIO(images.preview_jpeg(photo))) as reopened:
        assert (reopened.format, reopened.size) == ("JPEG", (1280, 640))


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 2)])
def test_extreme_shapes_survive(size: tuple[int, int]) -> None:
    photo = images.read(encoded(Image.new("RGB", size, RED)))
    thumbnail = images.thumbnail(photo)
    assert (photo.width, photo.height) == size
    assert min(photo.preview.size) >= 1
    assert max(photo.preview.size) <= 1280
    assert images.thumbnail_jpeg(thumbnail, photo)
    assert images.placeholder(thumbnail)


def test_small_pictures_are_not_blown_up() -> None:
    assert images.read(encoded(halves((60, 40)))).preview.size == (60, 40)


def test_no_detail_of_the_file_gets_into_derived_files() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret description"
    exif.get_ifd(0x8825)[1] = "N"  # a position
    photo = images.read(encoded(halves(), "JPEG", exif=exif, comment=b"a secret comment"))
    for derived in (images.preview_jpeg(photo), images.thumbnail_jpeg(images.thumbnail(photo), photo)):
        assert b"secret" not in derived
        with Image.open(io.BytesIO(derived)) as reopened:
            assert not reopened.getexif()


def test_transparency_lies_on_white() -> None:
    picture = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    picture.paste((*RED, 255), (0, 0, 50, 100))
    for data in (
        encoded(picture),
        encoded(picture, "WEBP", lossless=True),
        encoded(picture.convert("P")),
        encoded(picture.convert("LA")),
    ):
        preview = images.read(data).preview
        assert preview.mode == "RGB"
        assert_like(colour_at(preview, 0.9, 0.5), (255, 255, 255))
        assert colour_at(preview, 0.1, 0.5) != (255, 255, 255)


def test_a_see_through_colour_of_a_png_lies_on_white() -> None:
    preview = images.read(encoded(halves(), transparency=BLUE)).preview
    assert_like(colour_at(preview, 0.1, 0.5), RED)
    assert_like(colour_at(preview, 0.9, 0.5), (255, 255, 255))


@pytest.mark.parametrize(
    "make",
    [
        lambda: encoded(Image.fromarray(np.full((50, 50), 32768, np.uint16))),
        lambda: encoded(Image.fromarray(np.full((50, 50), 32768, np.uint16)), "TIFF"),
        lambda: encoded(Image.fromarray(np.full((50, 50), 128, np.uint8))),
        lambda: encoded(Image.fromarray(np.full((50, 50), 32768, np.int32)), "TIFF"),
    ],
    ids=["png 16 bit", "tiff 16 bit", "png 8 bit", "tiff 32 bit"],
)
def test_deep_grey_becomes_the_same_grey(make: Callable[[], bytes]) -> None:
    preview = images.read(make()).preview
    assert_like(colour_at(preview, 0.5, 0.5), (128, 128, 128), tolerance=2)


def test_fractions_are_stretched_to_the_visible() -> None:
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[np.newaxis].repeat(50, axis=0)
    preview = images.read(encoded(Image.fromarray(ramp), "TIFF")).preview
    assert_like(colour_at(preview, 0, 0.5), (0, 0, 0))
    assert_like(colour_at(preview, 1, 0.5), (255, 255, 255))


def test_black_and_white_and_palettes() -> None:
    line = Image.new("1", (100, 100), 1)
    assert colour_at(images.read(encoded(line)).preview, 0.5, 0.5) == (255, 255, 255)
    palette = halves().convert("P", palette=Image.Palette.ADAPTIVE)
    assert_like(colour_at(images.read(encoded(palette)).preview, 0.1, 0.5), RED)


def test_cmyk_looks_as_it_should() -> None:
    preview = images.read(encoded(halves().convert("CMYK"), "JPEG", quality=95)).preview
    assert_like(colour_at(preview, 0.1, 0.5), RED)
    assert_like(colour_at(preview, 0.9, 0.5), BLUE)


def test_colour_profiles_stay_with_their_numbers() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = images.read(encoded(halves(), "JPEG", icc_profile=profile))
    with Image.open(io.BytesIO(images.preview_jpeg(photo))) as reopened:
        assert reopened.info["icc_profile"] == profile
    assert images.read(encoded(halves(), "JPEG", icc_profile=b"x" * 50_000)).profile is None


@pytest.mark.parametrize(
    ("original", "offset", "expected"),
    [
        ("2015:04:10 20:12:23", None, "2015-04-10T20:12:23Z"),
        ("2021:04:11 20:47:53", "+02:00", "2021-04-11T18:47:53Z"),
        ("0000:00:00 00:00:00", None, ""),
        ("yesterday", None, ""),
        ("2021:04:11 20:47:53", "nonsense", ""),
        (None, None, ""),
    ],
)
def test_the_time_it_was_taken(original: str | None, offset: str | None, expected: str) -> None:
    exif = Image.Exif()
    details = exif.get_ifd(0x8769)
    if original:
        details[0x9003] = original
    if offset:
        details[0x9011] = offset
    assert images.read(encoded(halves(), "JPEG", exif=exif)).taken_at == expected


def png_header(width: int, height: int) -> bytes:
    """The beginning of a PNG that claims a size."""
    header = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    checked = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + checked + struct.pack(">I", 1000) + b"IDAT"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyFile),
        (b"hello, I am text", UnsupportedFormat),
        (b"%PDF-1.7", UnsupportedFormat),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedFormat),
        (b"P5 2 2 255 aaaa", UnsupportedFormat),
        (b"\xff\xd8\xff but nothing after", DamagedPhoto),
        (png_header(60_000, 60_000), TooManyPixels),
        (png_header(100, 100), DamagedPhoto),
    ],
    ids=["empty", "text", "pdf", "svg", "pgm", "jpeg header alone", "3.6 gigapixels", "png header alone"],
)
def test_files_that_are_no_good_are_refused_with_a_reason(data: bytes, error: type[PhotoError]) -> None:
    with pytest.raises(error) as refusal:
        images.read(data)
    assert str(refusal.value).endswith((".", "?"))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_files_that_break_off_are_damaged(format: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8))
    data = encoded(noise, format)
    with pytest.raises(DamagedPhoto):
        images.read(data[: len(data) // 2])


def test_pixels_that_can_not_be_unpacked_are_damaged() -> None:
    data = encoded(Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)))
    start = data.index(b"IDAT") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    content = b"IDAT" + data[start + 8 : start + 8 + length // 2] + bytes(length - length // 2)
    broken = data[: start + 4] + content + struct.pack(">I", zlib.crc32(content)) + data[start + 12 + length :]
    with pytest.raises(DamagedPhoto):
        images.read(broken)


def test_exif_that_can_not_be_read_is_no_reason_to_turn_a_photo_away() -> None:
    for name in ("JPEG", "PNG", "WEBP"):
        photo = images.read(encoded(halves(), name, exif=b"Exif\0\0nonsense"))
        assert (photo.width, photo.taken_at, photo.camera) == (600, "", "")


def test_a_large_png_is_not_decoded_before_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(halves())
    monkeypatch.setattr(images, "MAX_MEMORY_BYTES", 1000)
    monkeypatch.setattr(Image.Image, "load", lambda picture: pytest.fail("it is decoded"))
    with pytest.raises(TooMuchMemory):
        images.read(data)


def test_several_pictures_in_a_jpeg_are_a_jpeg() -> None:
    assert images.read(encoded(halves(), "MPO", save_all=True, append_images=[halves()])).content_type == "image/jpeg"


def test_files_that_are_too_long_are_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 1000)
    with pytest.raises(FileTooLarge, match=r"up to \d+ MB are read"):
        images.read(b"\xff" * 1001)


def test_a_placeholder_tells_colours_apart() -> None:
    red, blue = (images.placeholder(Image.new("RGB", (300, 200), colour)) for colour in (RED, BLUE))
    assert red != blue
    assert len(base64.b64decode(red)) <= 25


@pytest.mark.parametrize("head", [b"", b"GIF88a", b"RIFF1234WAVE", b"....ftypisom", b"<html>"])
def test_other_heads_do_not_look_like_pictures(head: bytes) -> None:
    assert not looks_like_picture(head)


@pytest.mark.skipif(not SHARED_PHOTOS.is_dir(), reason="the photos to try are not here (../shared/photos)")
def test_heic_of_a_phone() -> None:
    photo = images.read((SHARED_PHOTOS / "phone" / "IMG_5195.HEIC").read_bytes())
    assert (photo.width, photo.height) == (2566, 3313)
    assert photo.content_type == "image/heif"
    assert photo.taken_at == "2021-04-11T20:47:53Z"
    assert photo.preview.size == (991, 1280)


def test_of_a_heic_burst_the_photo_that_it_names_first_is_read() -> None:
    photo = images.read(BURST.read_bytes())
    assert (photo.width, photo.height, photo.content_type) == (64, 48, "image/heif")
    red, green, blue = np.asarray(photo.preview)[20, 30].tolist()
    assert green > 100 > red + blue


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D70", "NIKON D70"),
        ("Apple", "iPhone 15 Pro", "Apple iPhone 15 Pro"),
        ("SONY\0\0", " ILCE-7M3\n", "SONY ILCE-7M3"),
        (None, "X100", "X100"),
        ("LEICA", None, "LEICA"),
        (None, None, ""),
        ("\1\2", "\3", ""),
        ("m" * 60, "n" * 60, "m" * 60 + " " + "n" * 19),
    ],
)
def test_the_camera(make: str | None, model: str | None, expected: str) -> None:
    exif = Image.Exif()
    if make is not None:
        exif[0x010F] = make
    if model is not None:
        exif[0x0110] = model
    assert images.read(encoded(halves(), "JPEG", exif=exif)).camera == expected
