"""Names of photos, which anybody may have chosen: as names of files on this machine, and on its terminal."""

from __future__ import annotations

import re
from pathlib import PurePath

from captionary import identity

# What programs call files of each kind; the first one is added to a name that has none of all these.
_ENDINGS = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png", ".apng"),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "image/tiff": (".tif", ".tiff"),
    "image/bmp": (".bmp", ".dib"),
    "image/heic": (".heic", ".heif", ".hif"),
    "image/heif": (".heif", ".heic", ".hif"),
    "image/avif": (".avif",),
}
_PICTURES = {ending for endings in _ENDINGS.values() for ending in endings}
_NOT_EVERYWHERE = re.compile(r'[<>:"|?*\\/]')  # Windows takes none of these
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # nor these
_OPTION_OR_FORMULA = ("-", "=", "+", "@", "~")  # to shells and spreadsheets


def safe_name(key: str, content_type: str = "") -> str:
    """The name of the photo at `key`, of up to 206 bytes, as every file system takes it and no program mistakes it.

    Args:
        content_type: MIME type of the content; a name that doesn't end as pictures' names do gets its ending.
    """
    name = " ".join(_NOT_EVERYWHERE.sub("_", identity.clean_filename(key.rstrip("/"))).split())
    if name.startswith(_OPTION_OR_FORMULA) or _DEVICES.fullmatch(name):
        name = f"_{name}"
    if PurePath(name).suffix.lower() not in _PICTURES:
        name += _ENDINGS.get(content_type, ("",))[0]
    return name


def numbered(name: str, number: int) -> str:
    """Another name beside `name`: "a (2).jpg"."""
    path = PurePath(name)
    return f"{path.stem} ({number}){path.suffix}"


def on_terminal(text: str) -> str:
    """A text without what would steer the terminal or turn the direction of writing."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
