"""XMP and IPTC in JPEG: segments before the picture (XMP specification, part 3, 1.1.3; ITU T.81, B.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from . import iptc, multi_picture
from .errors import MetadataError
from .xmp import Words, merge

_APP0, _APP1, _APP2, _APP13 = 0xE0, 0xE1, 0xE2, 0xED
_SCAN = 0xDA
_BARE = (0x01, *range(0xD0, 0xD8))  # markers without content
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_MULTI_PICTURE = b"MPF\0"
_MOST_BYTES = 65_533  # of a segment's content


@dataclass(frozen=True)
class Segment:
    """A marker and its content, as far as it has one."""

    marker: int
    content: bytes

    def begins(self, marker: int, text: bytes) -> bool:
        """Whether it is an application's segment, of the kind that this text names."""
        return self.marker == marker and self.content.startswith(text)

    def encoded(self) -> bytes:
        """As it stands in the file."""
        return bytes([0xFF, self.marker]) + struct.pack(">H", len(self.content) + 2) + self.content


def is_one(data: bytes) -> bool:
    """Whether a file is a JPEG."""
    return data.startswith(b"\xff\xd8\xff")


def embed(data: bytes, words: Words) -> bytes:
    """The same JPEG with the words in it; the picture and all other segments stay as they are, byte for byte.

    IPTC that can't be read is left alone. Where the file holds further pictures, the list that says where they
    are is brought up to date.

    Raises:
        MetadataError: the file, or the XMP in it, can't be read, or the words don't fit in.
    """
    segments, picture = _segments(data)
    resources = b"".join(_contents(segments, _APP13, _PHOTOSHOP))
    try:
        words = words.beside(*iptc.read(resources))
        knows_iptc = True
    except MetadataError:
        knows_iptc = False
    packet, words = merge(next(iter(_contents(segments, _APP1, _XMP)), None), words)
    if len(_XMP) + len(packet) > _MOST_BYTES:
        raise MetadataError("an XMP packet that is larger than a JPEG takes in one piece")
    ours = [Segment(_APP1, _XMP + packet)]
    if knows_iptc:
        ours += _pieces(iptc.write(resources, words.caption, words.keywords))
    replaced = [(_APP1, _XMP), *([(_APP13, _PHOTOSHOP)] if knows_iptc else [])]
    kept = [segment for segment in segments if not any(segment.begins(*kind) for kind in replaced)]
    start = _first_place(kept)
    new = [*kept[:start], *ours, *kept[start:]]
    return b"\xff\xd8" + b"".join(segment.encoded() for segment in _with_list_mended(segments, new)) + picture


def _segments(data: bytes) -> tuple[list[Segment], bytes]:
    """The segments before the first scan, and all that follows them."""
    segments: list[Segment] = []
    position = 2
    while True:
        while data[position : position + 2] == b"\xff\xff":  # markers may be padded
            position += 1
        head = data[position : position + 4]
        if len(head) < 4 or head[0] != 0xFF or head[1] in _BARE:
            raise MetadataError("a JPEG that is not made of segments")
        if head[1] == _SCAN:
            return segments, data[position:]
        length = struct.unpack(">H", head[2:])[0]
        content = data[position + 4 : position + 2 + length]
        if length < 2 or len(content) < length - 2:
            raise MetadataError("a JPEG that ends early")
        segments.append(Segment(head[1], content))
        position += 2 + length


def _contents(segments: list[Segment], marker: int, text: bytes) -> list[bytes]:
    return [segment.content[len(text) :] for segment in segments if segment.begins(marker, text)]


def _pieces(resources: bytes) -> list[Segment]:
    """Image resources as segments; large ones take several."""
    room = _MOST_BYTES - len(_PHOTOSHOP)
    return [Segment(_APP13, _PHOTOSHOP + resources[start : start + room]) for start in range(0, len(resources), room)]


def _first_place(segments: list[Segment]) -> int:
    """Where ours go: after JFIF's and Exif's, which have to be first."""
    place = 0
    while place < len(segments) and (segments[place].marker == _APP0 or segments[place].begins(_APP1, _EXIF)):
        place += 1
    return place


def _with_list_mended(old: list[Segment], new: list[Segment]) -> list[Segment]:
    """The new segments; the list of further pictures, if there is one, tells again where those begin."""
    before, after = _list_and_what_follows(old), _list_and_what_follows(new)
    if before is None or after is None:
        return new
    grown = _bytes(new) - _bytes(old)
    moved = after[1] - before[1]
    mended = multi_picture.mended(after[0].content[len(_MULTI_PICTURE) :], grown, moved)
    replacement = Segment(_APP2, _MULTI_PICTURE + mended)
    return [replacement if segment is after[0] else segment for segment in new]


def _list_and_what_follows(segments: list[Segment]) -> tuple[Segment, int] | None:
    """The list of further pictures, and the bytes of the segments after it."""
    for i, segment in enumerate(segments):
        if segment.begins(_APP2, _MULTI_PICTURE):
            return segment, _bytes(segments[i + 1 :])
    return None


def _bytes(segments: list[Segment]) -> int:
    return sum(4 + len(segment.content) for segment in segments)
