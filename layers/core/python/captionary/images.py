"""Photos: decoded once, turned upright, made small.

A picture is worth decoding only once: an 8-megapixel JPEG takes ten times as long to decode as the
network takes to look at it. So the decoder is asked for no more pixels than the preview needs, and
thumbnail, placeholder and network all start from the preview.
"""

from __future__ import annotations

import base64
import contextlib
import io
import re
import threading
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pi_heif
import thumbhash
from PIL import Image, ImageCms, UnidentifiedImageError

from . import demands
from .errors import (
    DamagedPhoto,
    EmptyFile,
    FileTooLarge,
    PhotoError,
    TooManyPixels,
    TooMuchMemory,
    UnsupportedFormat,
)
from .formats import FORMATS, MAX_BYTES, MAX_MEMORY_BYTES, MAX_PIXELS, looks_like_picture

PREVIEW_PIXELS = 1280  # the longer side
THUMBNAIL_PIXELS = 400  # the longer side
_PLACEHOLDER_PIXELS = 24  # the longer side; more would cost time and change next to nothing
_PROFILE_BYTES = 10_000  # larger colour profiles (of printers) are not carried into thumbnails
_PRINTERS_PROFILE_BYTES = 4_000_000  # and still larger ones not even looked at

_CAMERA_CHARACTERS = 80  # of a camera's name that are kept
_BITS_PER_SAMPLE = 0x0102
_MAKE = 0x010F
_MODEL = 0x0110
_ORIENTATION = 0x0112
_EXIF_IFD = 0x8769
_DATE_TIME_ORIGINAL = 0x9003
_OFFSET_TIME_ORIGINAL = 0x9011
_SIDEWAYS = (5, 6, 7, 8)
# Exif 2.32, 4.6.4 A: what it takes to bring each orientation upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

LARGE_BYTES = 100_000_000  # what takes more while it is fetched or decoded
one_large = threading.Lock()  # does so alone
_BAND_PIXELS = 4_000_000

pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # from twice as many on, Pillow opens no picture
warnings.filterwarnings("ignore", module=r"PIL\.")  # of odd files it has a thousand words, which nobody reads


@dataclass(frozen=True)
class Photo:
    """A decoded photo."""

    preview: Image.Image  # RGB, upright, longer side up to 1280 pixels
    width: int  # of the whole picture, upright, in pixels
    height: int
    content_type: str  # by content, e.g. "image/jpeg"
    taken_at: str  # RFC 3339 in UTC, or "" where the file does not say
    camera: str  # e.g. "Canon EOS 5D", or "" likewise
    profile: bytes | None  # ICC colour profile that belongs to the preview's numbers


def read(data: bytes) -> Photo:
    """Decode a photo.

    Raises:
        PhotoError: the child of it that says what is wrong with the file.
    """
    if not data:
        raise EmptyFile
    if len(data) > MAX_BYTES:
        raise FileTooLarge(len(data), MAX_BYTES)
    demands.check(data)
    picture = _open(data)
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise TooManyPixels(width * height, MAX_PIXELS)
    profile = picture.info.get("icc_profile")
    try:
        needed = demands.memory(picture)
        if needed + len(data) > MAX_MEMORY_BYTES:
            raise TooMuchMemory
        with one_large if needed > LARGE_BYTES else contextlib.nullcontext():
            target = _load(picture)
            orientation, taken_at, camera = _exif(picture)
            small, profile = _to_rgb(_shrink(picture, target, orientation), profile)
    except (MemoryError, PhotoError):
        raise
    except Exception as exc:  # decoders raise a dozen kinds of error on broken files, all to one effect
        raise _damaged(exc) from exc
    if orientation in _SIDEWAYS:
        width, height = height, width
    return Photo(
        preview=small,
        width=width,
        height=height,
        content_type=_content_type(picture),
        taken_at=taken_at,
        camera=camera,
        profile=profile if profile and len(profile) <= _PROFILE_BYTES else None,
    )


def preview_jpeg(photo: Photo) -> bytes:
    """The preview as JPEG, for looking at."""
    return _jpeg(photo.preview, 82, photo.profile)


def thumbnail(photo: Photo) -> Image.Image:
    """The photo in RGB with its longer side at up to 400 pixels."""
    small = photo.preview.copy()
    # A gap of 1.5 takes half the time of 2.0, and differs less from it (46 dB) than any JPEG from its picture.
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), Image.Resampling.BICUBIC, reducing_gap=1.5)
    return small


def thumbnail_jpeg(picture: Image.Image, photo: Photo) -> bytes:
    """A thumbnail as JPEG, for the grid."""
    return _jpeg(picture, 78, photo.profile)


def placeholder(picture: Image.Image) -> str:
    """A ThumbHash of the picture, base64: about 28 characters that show as a blur until the thumbnail is there."""
    tiny = picture.copy()
    tiny.thumbnail((_PLACEHOLDER_PIXELS, _PLACEHOLDER_PIXELS), Image.Resampling.BOX)
    pixels = list(tiny.convert("RGBA").tobytes())
    return base64.b64encode(bytes(thumbhash.rgba_to_thumb_hash(tiny.width, tiny.height, pixels))).decode()


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as exc:
        if looks_like_picture(data[:32]):
            raise DamagedPhoto("its header is broken, or tells of a kind that is not known here") from exc
        raise UnsupportedFormat from exc
    except Image.DecompressionBombError as exc:
        pixels = re.search(r"\d+", str(exc))
        raise TooManyPixels(int(pixels[0]) if pixels else 2 * MAX_PIXELS, MAX_PIXELS) from exc
    except MemoryError:
        raise
    except Exception as exc:
        raise _damaged(exc) from exc


def _content_type(picture: Image.Image) -> str:
    """Its MIME type. What Pillow calls MPO is a JPEG to everybody else: more pictures follow the first."""
    name = "JPEG" if picture.format == "MPO" else picture.format
    return Image.MIME.get(name or "", "application/octet-stream")


def _damaged(exc: Exception) -> DamagedPhoto:
    """What to make of a decoder's error.

    Raises:
        MemoryError: that was what it meant.
    """
    if "out of memory" in str(exc):
        raise MemoryError from exc
    return DamagedPhoto((str(exc) or type(exc).__name__).rstrip(".!"))


def _exif(picture: Image.Image) -> tuple[int, str, str]:
    """Orientation, time and camera; what can't be read of them is no reason to turn the picture away.

    The picture has to be loaded: Pillow would do that here for a PNG, whose EXIF may follow its pixels.
    """
    if len(picture.info.get("exif") or b"") > demands.MAX_EXIF:
        return 1, "", ""
    try:
        exif = picture.getexif()
        details = exif.get_ifd(_EXIF_IFD)
    except MemoryError:
        raise
    except Exception:
        return 1, "", ""
    # Pillow turns TIFFs itself, and their size tells of the turned picture.
    orientation = 1 if picture.format == "TIFF" else exif.get(_ORIENTATION, 1)
    taken_at = _rfc3339(details.get(_DATE_TIME_ORIGINAL), details.get(_OFFSET_TIME_ORIGINAL))
    camera = _camera(exif.get(_MAKE), exif.get(_MODEL))
    return (orientation if orientation in _TURNS else 1), taken_at, camera


def _camera(make: object, model: object) -> str:
    """A camera's name; most models begin with their maker's, or with a word of it (NIKON CORPORATION, NIKON D70)."""
    maker, name = _line(make), _line(model)
    first = maker.partition(" ")[0].casefold()
    if not name or not maker:
        return name or maker
    return name if name.casefold().startswith(first) else f"{maker} {name}"[:_CAMERA_CHARACTERS]


def _line(text: object) -> str:
    """A text of EXIF as one line, without what can't be shown."""
    shown = "".join(c if c.isprintable() else " " for c in text) if isinstance(text, str) else ""
    return " ".join(shown.split())[:_CAMERA_CHARACTERS]


def _rfc3339(moment: object, offset: object) -> str:
    """EXIF's local time in UTC; where EXIF names no offset, the local time is taken for UTC."""
    with contextlib.suppress(ValueError, OverflowError):
        text = str(moment).strip(" \0")
        zone = str(offset).strip(" \0") if offset else "+00:00"
        taken = datetime.strptime(f"{text}{zone}", "%Y:%m:%d %H:%M:%S%z")
        return f"{taken.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
    return ""


def _load(picture: Image.Image) -> tuple[int, int]:
    """Decode, with no more pixels than the preview needs; the size that the preview gets, not turned yet."""
    scale = min(1.0, PREVIEW_PIXELS / max(picture.size))
    target = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture.draft(None, target)  # JPEG alone heeds it: decodes at 1/2, 1/4 or 1/8
    picture.load()
    return target


def _shrink(picture: Image.Image, target: tuple[int, int], orientation: int) -> Image.Image:
    """A loaded picture in this size, upright."""
    transparency = picture.info.get("transparency")
    if picture.mode in ("1", "P", "PA", "LA", "RGBA") or picture.mode.startswith("I;16"):
        # These can't be resized smoothly as they are, or, with alpha, are copied whole first.
        picture = _in_bands(picture, target)
    # LANCZOS would take twice as long. It differs less from this (40 dB) than the preview's JPEG does from it (36 dB).
    small = picture if picture.size == target else picture.resize(target, Image.Resampling.HAMMING, reducing_gap=2.0)
    # Comments, positions and serial numbers stay with the original.
    small.info = {}
    if transparency is not None and small.mode in ("L", "RGB"):
        small.info["transparency"] = transparency  # of the one colour that a PNG may declare see-through
    turn = _TURNS.get(orientation)
    return small if turn is None else small.transpose(turn)


def _in_bands(picture: Image.Image, target: tuple[int, int]) -> Image.Image:
    """The picture as one that can be resized; already smaller where it is large, for otherwise it takes much memory.

    Args:
        target: width and height in pixels that it is made for; it stays at least twice as large, if it was.
    """
    factor, bits = max(1, max(picture.size) // (2 * max(target))), _bits(picture)
    if factor == 1:
        return _widen(picture, bits)
    rows = max(1, _BAND_PIXELS // picture.width // factor) * factor
    bands = []
    for top in range(0, picture.height, rows):
        band = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        bands.append(_widen(band, bits).reduce(factor))
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole


def _widen(picture: Image.Image, bits: int) -> Image.Image:
    if picture.mode in ("LA", "RGBA"):
        return picture
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode.startswith("I;16"):
        levels = np.asarray(picture).astype(np.float32) * (255.0 / (2**bits - 1))
        return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _bits(picture: Image.Image) -> int:
    """Bits per grey level: 16, or what a TIFF says (scanners and microscopes like 12)."""
    tags = getattr(picture, "tag_v2", {})
    return min(16, max(1, int(tags.get(_BITS_PER_SAMPLE, (16,))[0])))


def _to_rgb(picture: Image.Image, profile: bytes | None) -> tuple[Image.Image, bytes | None]:
    """The picture in RGB, transparency on white, and the profile if it still fits."""
    if picture.mode == "RGB" and not picture.has_transparency_data:
        return picture, profile
    if picture.mode == "CMYK" and profile and len(profile) <= _PRINTERS_PROFILE_BYTES:
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if converted is not None:
                return converted, None
    if picture.mode in ("I", "F"):
        return _stretch(picture), None
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        fits = picture.mode in ("RGB", "RGBA")
        return Image.alpha_composite(white, layers).convert("RGB"), profile if fits else None
    return picture.convert("RGB"), None


def _stretch(picture: Image.Image) -> Image.Image:
    """Grey levels of 16 or 32 bits, or of fractions, as 8 bits."""
    levels = np.nan_to_num(np.asarray(picture, np.float32))
    low, high = float(levels.min()), float(levels.max())
    if low < 0 or high <= 1 or high > 65535:
        levels = (levels - low) * (255.0 / (high - low or 1.0))
    elif high > 255:
        levels = levels / 257.0
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).convert("RGB")


def _jpeg(picture: Image.Image, quality: int, profile: bytes | None) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, icc_profile=profile)
    return buffer.getvalue()
