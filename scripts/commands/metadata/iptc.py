"""IPTC-IIM 4.2 in Photoshop's image resources: what programs read that know no XMP, or read it second.

An image resource is `8BIM`, a number, a name, a length and the content; IIM's is number 0x0404. Beside it
stands its MD5 (0x0425), by which readers tell that IIM was not changed behind the XMP's back (Metadata
Working Group, Guidelines for Handling Image Metadata 2.0, 2.2). IIM itself is datasets: 0x1C, record,
number, length, content.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from .errors import MetadataError

_IIM, _DIGEST = 0x0404, 0x0425  # image resources
_CHARACTER_SET, _UTF8 = (1, 90), b"\x1b%G"
_RECORD_VERSION = (2, 0)
_KEYWORD, _KEYWORD_BYTES = (2, 25), 64
_CAPTION, _CAPTION_BYTES = (2, 120), 2000
_NO_TEXT = {(2, 0), (2, 200), (2, 201), (2, 202)}  # of record 2: its version, and a preview

Dataset = tuple[tuple[int, int], bytes]  # record and number; content


@dataclass(frozen=True)
class Resource:
    """An image resource."""

    number: int
    name: bytes  # with its length before it, padded
    content: bytes


def read(resources: bytes) -> tuple[str, tuple[str, ...]]:
    """The caption and the keywords that image resources hold.

    Raises:
        MetadataError: they can't be read.
    """
    datasets = _datasets(_iim(_resources(resources)))
    is_utf8 = (_CHARACTER_SET, _UTF8) in datasets
    texts = [(what, _text(content, is_utf8)) for what, content in datasets if what in (_CAPTION, _KEYWORD)]
    caption = next((text for what, text in texts if what == _CAPTION), "")
    return caption, tuple(text for what, text in texts if what == _KEYWORD and text)


def write(resources: bytes, caption: str, keywords: tuple[str, ...]) -> bytes:
    """Image resources with this caption and these keywords, cut to IIM's lengths, and all else as it was.

    Raises:
        MetadataError: the given ones can't be read.
    """
    found = _resources(resources)
    datasets = _as_utf8(_datasets(_iim(found)))
    replaced = (_CHARACTER_SET, _RECORD_VERSION, _CAPTION, _KEYWORD)
    kept = [dataset for dataset in datasets if dataset[0] not in replaced]
    wanted = [(_CHARACTER_SET, _UTF8), *(dataset for dataset in kept if dataset[0][0] == 1)]
    wanted.append((_RECORD_VERSION, b"\0\4"))
    wanted += [(_KEYWORD, _cut(keyword, _KEYWORD_BYTES)) for keyword in keywords]
    if caption:
        wanted.append((_CAPTION, _cut(caption, _CAPTION_BYTES)))
    wanted += [dataset for dataset in kept if dataset[0][0] != 1]
    iim = b"".join(_encoded_dataset(*dataset) for dataset in wanted)
    digest = hashlib.md5(iim, usedforsecurity=False).digest()
    others = [resource for resource in found if resource.number not in (_IIM, _DIGEST)]
    ours = [Resource(_IIM, b"\0\0", iim), Resource(_DIGEST, b"\0\0", digest)]
    return b"".join(map(_encoded_resource, (*ours, *others)))


def _resources(data: bytes) -> list[Resource]:
    found: list[Resource] = []
    position = 0
    while data[position:].strip(b"\0"):
        if data[position : position + 4] != b"8BIM" or len(data) < position + 12:
            raise MetadataError("image resources that can't be read")
        number = struct.unpack(">H", data[position + 4 : position + 6])[0]
        name_end = position + 7 + data[position + 6]
        name_end += (name_end - position) % 2
        name = data[position + 6 : name_end]
        length = int.from_bytes(data[name_end : name_end + 4], "big")
        content = data[name_end + 4 : name_end + 4 + length]
        if len(content) < length:
            raise MetadataError("image resources that end early")
        found.append(Resource(number, name, content))
        position = name_end + 4 + length + length % 2
    return found


def _iim(resources: list[Resource]) -> bytes:
    return next((resource.content for resource in resources if resource.number == _IIM), b"")


def _datasets(iim: bytes) -> list[Dataset]:
    datasets: list[Dataset] = []
    position = 0
    while iim[position:].strip(b"\0"):
        head = iim[position : position + 5]
        if len(head) < 5 or head[0] != 0x1C:
            raise MetadataError("IPTC data that can't be read")
        length = int.from_bytes(head[3:5], "big")
        position += 5
        if length & 0x8000:  # of a long dataset: how many bytes its length takes
            size = length & 0x7FFF
            length = int.from_bytes(iim[position : position + size], "big")
            position += size
        content = iim[position : position + length]
        if len(content) < length:
            raise MetadataError("IPTC data that ends early")
        datasets.append(((head[1], head[2]), content))
        position += length
    return datasets


def _as_utf8(datasets: list[Dataset]) -> list[Dataset]:
    """The datasets with their texts in UTF-8."""
    if (_CHARACTER_SET, _UTF8) in datasets:
        return datasets
    return [
        (what, _text(content, is_utf8=False).encode() if what[0] == 2 and what not in _NO_TEXT else content)
        for what, content in datasets
    ]


def _text(content: bytes, is_utf8: bool) -> str:
    """A text; one that says nothing of its characters is taken for UTF-8 where that fits, else for Windows-1252."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("utf-8" if is_utf8 else "cp1252", errors="replace")
    return text.strip("\0 \r\n")


def _cut(text: str, most: int) -> bytes:
    """The text in UTF-8, with no half character at its end."""
    return text.encode()[:most].decode(errors="ignore").encode()


def _encoded_dataset(what: tuple[int, int], content: bytes) -> bytes:
    length = struct.pack(">H", len(content)) if len(content) < 0x8000 else struct.pack(">HI", 0x8004, len(content))
    return bytes([0x1C, *what]) + length + content


def _encoded_resource(resource: Resource) -> bytes:
    padding = b"\0" * (len(resource.content) % 2)
    head = b"8BIM" + struct.pack(">H", resource.number) + resource.name
    return head + struct.pack(">I", len(resource.content)) + resource.content + padding
