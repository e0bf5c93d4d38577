"""What can go wrong, as a person would say it.

CaptionaryError
├── SettingsError         a setting is missing or makes no sense
├── PackError             a model pack can't be used
├── PhotoError            a photo can't be captioned, however often it is tried
│   ├── EmptyFile
│   ├── FileTooLarge
│   ├── UnsupportedFormat
│   ├── CameraRaw
│   ├── TooManyPixels
│   ├── TooComplex
│   ├── TooMuchMemory
│   ├── TooSlow
│   ├── Crashed
│   └── DamagedPhoto
├── Conflict              someone else changed the record meanwhile
├── InvalidCursor         a cursor is not one that we gave out
└── Problem               a request can't be answered (see problems.py)
"""

from __future__ import annotations

# Said of photos that failed through no fault of their files.
GAVE_UP = "Something failed here while this photo was captioned, each time. The caption function's log says what."


class CaptionaryError(Exception):
    """Base of all errors that Captionary raises on purpose."""


class SettingsError(CaptionaryError):
    """A setting is missing or makes no sense."""


class PackError(CaptionaryError):
    """A model pack is missing, incomplete or not what its manifest says."""


class PhotoError(CaptionaryError):
    """A photo can't be captioned, and trying again would not help.

    `code` is stable and for programs, `str(error)` is a sentence for people.
    """

    code = "unreadable"


class EmptyFile(PhotoError):
    """The file is empty."""

    code = "empty"

    def __init__(self) -> None:
        super().__init__("The file is empty. Was the upload broken off?")


class FileTooLarge(PhotoError):
    """The file has more bytes than are taken in."""

    code = "too_large"

    def __init__(self, size: int, limit: int, etag: str = "") -> None:
        self.size, self.etag = size, etag
        super().__init__(f"The file has {size / 1e6:.1f} MB; up to {limit / 1e6:.0f} MB are read.")


class UnsupportedFormat(PhotoError):
    """The content is no picture, or one in a format that is not read."""

    code = "unsupported_format"

    def __init__(self) -> None:
        super().__init__("This is not a JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC or AVIF picture, whatever its name says.")


class CameraRaw(UnsupportedFormat):
    """The content is what a camera's sensor saw, which every maker writes in a way of his own."""

    def __init__(self) -> None:
        PhotoError.__init__(self, "This is a camera's raw file, which is not read here. Export it as JPEG or TIFF.")


class TooManyPixels(PhotoError):
    """The picture is larger than is decoded."""

    code = "too_many_pixels"

    def __init__(self, pixels: int, limit: int) -> None:
        super().__init__(f"The picture has {pixels / 1e6:,.0f} megapixels; up to {limit / 1e6:.0f} are read.")


class TooComplex(PhotoError):
    """The file is made so that reading it would take unreasonably long."""

    code = "too_complex"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The file is made in a way that would take too long to read: {reason}.")


class TooMuchMemory(PhotoError):
    """The picture takes more memory than there is for one."""

    code = "too_much_memory"

    def __init__(self) -> None:
        super().__init__(
            "Decoding the picture takes more memory than there is for one. Save it smaller, or as a plain JPEG."
        )


class TooSlow(PhotoError):
    """Reading the picture was broken off, because it took too long."""

    code = "too_slow"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"Reading the picture took longer than {seconds:.0f} seconds, twice. The file may be damaged; "
            "if the machine was very busy then, try again."
        )


class Crashed(PhotoError):
    """Reading the picture ended the program that did it."""

    code = "crashed"

    def __init__(self) -> None:
        super().__init__(
            "Reading this photo ended the program that reads photos, more than once. The file may be damaged."
        )


class DamagedPhoto(PhotoError):
    """The picture begins well but can't be decoded to its end."""

    code = "damaged"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The picture is damaged or incomplete: {reason}.")


class Conflict(CaptionaryError):
    """The record was changed by someone else since it was read."""


class InvalidCursor(CaptionaryError):
    """The cursor is not one that this gallery gave out."""
