"""Packs for tests that look at no picture."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from captionary import packs


def make_pack(folder: Path) -> Path:
    """A pack that is whole, for all that can be told without loading its network."""
    folder.mkdir(parents=True)
    files = {"labels.json": b'[{"name": "thing"}]', "encoder.tflite": b"network"}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    manifest = {
        "format": packs.FORMAT,
        "name": folder.name,
        "version": "1",
        "input": {"size": 1},
        "classes": 1,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
