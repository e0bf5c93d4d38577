"""The folder that holds all of a gallery's state on this machine.

cloud/           the local cloud's: s3/ objects, state/ all else, tmp/ wiped at each start
logs/            of the local cloud, the front door and each function
endpoints.json   where everything is, while the gallery runs and for the next start
lock             held by the gallery that runs on this folder
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from pathlib import Path
from typing import IO, Any

from .errors import StartError


class DataFolder:
    """A gallery's state on this machine, held by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.cloud = self.path / "cloud"
        self.logs = self.path / "logs"
        self._endpoints = self.path / "endpoints.json"
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Make the folder where it is missing, and hold it.

        Raises:
            StartError: it can't be used, or another gallery runs on it.
        """
        try:
            for folder in (self.path, self.cloud, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
            lock = (self.path / "lock").open("a+")
        except (FileExistsError, NotADirectoryError) as exc:
            raise StartError(f"{exc.filename} is a file where a folder is needed; choose another with --data.") from exc
        except OSError as exc:
            reason = exc.strerror or str(exc)
            raise StartError(f"The data folder {self.path} can't be written to: {reason}.") from exc
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise StartError(
                f"A gallery already runs on {self.path} (process {holder}). Stop it first, or choose another --data."
            ) from exc
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def endpoints(self) -> dict[str, Any]:
        """Where everything is, or was in the last run; nothing in a new folder."""
        try:
            content = json.loads(self._endpoints.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write_endpoints(self, endpoints: dict[str, str]) -> None:
        """Say where everything is."""
        temporary = self._endpoints.with_suffix(".tmp")
        temporary.write_text(json.dumps(endpoints, indent=2) + "\n")
        temporary.replace(self._endpoints)
