"""Copies of the original files with captions and labels in them, for other programs.

A journal in the folder (SQLite) says which photo each copy is of and what it was made from, so that a copy keeps
its name, one that is current is not made again, and a file that is not ours is never written over.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from captionary.errors import FileTooLarge
from captionary.records import Record
from captionary.storage import Original

from .metadata import Words, tag
from .names import numbered, safe_name

JOURNAL = ".captionary-export.sqlite"
PART = ".captionary-export.part"  # a file that is being written
_FORMAT = 1  # of what is written into copies; another, where all are to be made anew
_TABLES = """
    CREATE TABLE IF NOT EXISTS copies (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        folded TEXT NOT NULL UNIQUE, -- as file systems compare names that don't tell a from A
        made_from TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        has_sidecar INTEGER NOT NULL
    )
"""


@dataclass
class Copied:
    """What was done, in numbers of photos: left out are those without words, or whose file is gone or too large."""

    written: int = 0
    current: int = 0
    left_out: int = 0


def write_copies(
    records: Iterable[Record],
    fetch: Callable[[str], Original | None],
    folder: Path,
    progress: Callable[[Copied], None] = lambda copied: None,
) -> Copied:
    """Write a copy of each photo that has words. Safe to break off and to repeat.

    Args:
        fetch: the original at a key; None where there is none any more.
        progress: called after each photo with the numbers so far.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copied = Copied()
    with closing(sqlite3.connect(folder / JOURNAL, isolation_level=None)) as database:
        database.execute(_TABLES)
        journal = _Journal(database, folder)
        for record in records:
            if not _has_words(record):
                copied.left_out += 1
            elif journal.is_current(record):
                copied.current += 1
            elif _write(record, fetch, journal):
                copied.written += 1
            else:
                copied.left_out += 1
            progress(copied)
    return copied


class _Journal:
    """Which copies there are."""

    def __init__(self, database: sqlite3.Connection, folder: Path) -> None:
        self._database = database
        self.folder = folder

    def is_current(self, record: Record) -> bool:
        """Whether a photo's copy is there and still says what it should."""
        row = self._database.execute(
            "SELECT name, bytes, has_sidecar, made_from FROM copies WHERE id = ?", (record.id,)
        ).fetchone()
        if row is None:
            return False
        name, size, has_sidecar, made_from = row
        if made_from != _made_from(record, record.etag) or (has_sidecar and not _sidecar(self.folder, name).is_file()):
            return False
        path: Path = self.folder / name
        return path.is_file() and path.stat().st_size == size

    def name_of(self, record: Record) -> str:
        """The name of a photo's copy: the one it has, or one that no other copy and no file has."""
        row = self._database.execute("SELECT name FROM copies WHERE id = ?", (record.id,)).fetchone()
        if row:
            return str(row[0])
        wanted = safe_name(record.key, record.content_type)
        return next(name for name in _candidates(wanted) if self._is_free(name))

    def note(self, record: Record, name: str, made_from: str, size: int, has_sidecar: bool) -> None:
        """Remember a copy that was made."""
        self._database.execute(
            "INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?, ?, ?)",
            (record.id, name, name.casefold(), made_from, size, has_sidecar),
        )

    def _is_free(self, name: str) -> bool:
        taken = self._database.execute("SELECT 1 FROM copies WHERE folded = ?", (name.casefold(),)).fetchone()
        return not taken and not any(
            os.path.lexists(path) for path in (self.folder / name, _sidecar(self.folder, name))
        )


def _write(record: Record, fetch: Callable[[str], Original | None], journal: _Journal) -> bool:
    """Write a photo's copy; whether its original was there to be copied."""
    try:
        original = fetch(record.key)
    except FileTooLarge:
        return False
    if original is None:
        return False
    tagged = tag(original.data, _words_of(record))
    name = journal.name_of(record)
    sidecar = _sidecar(journal.folder, name)
    # Named before it is written: should this break off in between, the next export knows the file for its own.
    journal.note(record, name, "", 0, tagged.sidecar is not None)
    if tagged.sidecar is None:
        sidecar.unlink(missing_ok=True)
    else:
        _replace(sidecar, tagged.sidecar)
    _replace(journal.folder / name, tagged.data)
    journal.note(record, name, _made_from(record, original.etag), len(tagged.data), tagged.sidecar is not None)
    return True


def _has_words(record: Record) -> bool:
    return record.status == "ready" or record.own_caption is not None or record.own_labels is not None


def _words_of(record: Record) -> Words:
    return Words(
        record.shown_caption,
        record.own_caption is not None,
        tuple(label["name"] for label in record.shown_labels),
    )


def _made_from(record: Record, etag: str) -> str:
    """What the copy of a photo follows from, as a hash."""
    words = _words_of(record)
    source = [_FORMAT, etag, words.caption, words.is_persons, words.keywords]
    return hashlib.sha256(json.dumps(source).encode()).hexdigest()


def _sidecar(folder: Path, name: str) -> Path:
    return folder / f"{name}.xmp"


def _candidates(name: str) -> Iterable[str]:
    yield name
    yield from (numbered(name, number) for number in count(2))


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever finds half of it."""
    temporary = path.with_name(PART)
    temporary.write_bytes(data)
    temporary.replace(path)
