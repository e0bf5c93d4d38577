"""What visitors did, for a look afterwards at whether the gallery kept it all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Ledger:
    """All visitors' doings. Photos by their ids, files by their SHA-256."""

    sent: list[str] = field(default_factory=list)  # files; their photos are there if the gallery said so, else perhaps
    acknowledged: dict[str, str] = field(default_factory=dict)  # photos, and the file of each
    deleting: list[str] = field(default_factory=list)  # photos that somebody asked to delete
    deleted: list[str] = field(default_factory=list)  # and of which the gallery said that they are
    captions: dict[str, list[str]] = field(default_factory=dict)  # that people gave to a photo, as far as acknowledged

    def sends(self, photo: bytes) -> str:
        """Note a file that is about to be uploaded."""
        digest = hashlib.sha256(photo).hexdigest()
        self.sent.append(digest)
        return digest

    def write(self, path: Path) -> None:
        """Keep it in a file."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """What `write` wrote."""
        return cls(**json.loads(path.read_text()))
