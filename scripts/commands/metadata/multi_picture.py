"""The list of further pictures that a JPEG may hold after its own (CIPA DC-007, Multi-Picture Format).

Telephones keep depth and brightness maps so. An entry has 16 bytes: attributes, size, and where the
picture begins, counted from the list itself; the first entry is the picture that everybody sees.
"""

from __future__ import annotations

import struct

_ENTRIES = 0xB002  # the tag
_ENTRY_BYTES = 16
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


def mended(index: bytes, grown: int, moved: int) -> bytes:
    """The list, where the first picture has grown by some bytes and the others have moved away from the list.

    One that can't be read stays as it is.
    """
    order = _ORDERS.get(index[:4])
    if order is None:
        return index
    try:
        place, size = _entries(index, order)
        content = bytearray(index)
        for start in range(place, place + size, _ENTRY_BYTES):
            length, offset = struct.unpack_from(f"{order}II", content, start + 4)
            if start == place:
                struct.pack_into(f"{order}I", content, start + 4, length + grown)
            elif offset:
                struct.pack_into(f"{order}I", content, start + 8, offset + moved)
    except struct.error:
        return index
    return bytes(content)


def _entries(index: bytes, order: str) -> tuple[int, int]:
    """Where the entries stand, and how many bytes they take; none where the directory names none."""
    directory = struct.unpack_from(f"{order}I", index, 4)[0]
    for i in range(struct.unpack_from(f"{order}H", index, directory)[0]):
        tag, _, size, place = struct.unpack_from(f"{order}HHII", index, directory + 2 + 12 * i)
        if tag == _ENTRIES:
            return place, size - size % _ENTRY_BYTES
    return 0, 0
