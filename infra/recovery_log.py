"""What is done about photos outside of the functions, while a table is put in order: a file with a line for each."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

FILE = "recovery.log"  # beside those of the functions
FIELDS = ("image_id", "key", "keys", "outcome")


def keep(folder: Path) -> None:
    """Append what the library logs to a file in this folder."""
    library = logging.getLogger("captionary")
    handler = logging.FileHandler(folder / FILE, encoding="utf-8", delay=True)
    handler.setFormatter(_Lines())
    library.addHandler(handler)
    library.setLevel(logging.INFO)
    library.propagate = False  # the terminal is for people


class _Lines(logging.Formatter):
    """Lines like those of the functions (captionary/logs.py), without what it takes to load that."""

    def format(self, record: logging.LogRecord) -> str:
        second = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(record.created))
        line = {
            "level": record.levelname,
            "message": record.getMessage(),
            "timestamp": f"{second},{int(record.msecs):03}+0000",
            "service": "recovery",
        }
        return json.dumps(line | {name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
