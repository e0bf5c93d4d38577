"""Where the commands find what is called by a name."""

from __future__ import annotations

from pathlib import Path

from infra.models import folder_of


def pack_folder(name: str) -> Path:
    """The folder of a pack, by its name or by its path."""
    return folder_of(name) if folder_of(name).is_dir() else Path(name)
