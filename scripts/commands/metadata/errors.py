"""What can go wrong with metadata."""

from __future__ import annotations

from captionary.errors import CaptionaryError


class MetadataError(CaptionaryError):
    """The file, or the metadata in it, is not as its format has it; nothing can be written into it."""
