"""The folder that holds all of a gallery's state on this machine.

cloud/           the local cloud's: s3/ objects, state/ all else, tmp/ wiped at each start
logs/            of the local cloud, the front door and each function
build/           what the build of a pack needs while it goes on
wheels/          the functions' packages, for a cloud that is not the gallery's own
endpoints.json   where everything is, while the gallery runs and for the next start
backends.json    other servers that hold photos and table, with their keys, where there are any: likewise
token            the access token, where the gallery has one: for the commands of whoever owns the folder
lock             held by the gallery that runs on this folder
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import IO

from .backends import Backends
from .errors import StartError

NEEDED_BYTES = 300_000_000  # of room on the disk: the model's layer is stored, and unpacked for each worker
LOCK_SECONDS = 20.0  # that the last gallery may still take to save and end


class DataFolder:
    """A gallery's state on this machine, held by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.cloud = self.path / "cloud"
        self.objects = self.cloud / "s3"
        self.state = self.cloud / "state"
        self.temporary = self.cloud / "tmp"
        self.logs = self.path / "logs"
        self.build = self.path / "build"
        self.wheels = self.path / "wheels"
        self._endpoints = self.path / "endpoints.json"
        self._token = self.path / "token"
        self._backends = self.path / "backends.json"
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Make the folder where it is missing, and hold it.

        Raises:
            StartError: it can't be used, or another gallery runs on it.
        """
        try:
            for folder in (self.path, self.cloud, self.logs, self.objects, self.state, self.temporary):
                folder.mkdir(parents=True, exist_ok=True)
            self.state.chmod(0o700)  # the access token is in it
            with tempfile.TemporaryFile(dir=self.path):
                pass
            lock = (self.path / "lock").open("a+")
        except (FileExistsError, NotADirectoryError) as exc:
            raise StartError(f"{exc.filename} is a file where a folder is needed; choose another with --data.") from exc
        except OSError as exc:
            reason = exc.strerror or str(exc)
            raise StartError(
                f"The data folder {self.path} can't be written to ({reason}); mend that, or choose another with --data."
            ) from exc
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES:
            lock.close()
            raise StartError(
                f"The disk of the data folder {self.path} is full: {free / 1e6:.0f} MB are free, and the gallery needs "
                f"{NEEDED_BYTES / 1e6:.0f} MB; make room, or choose another with --data."
            )
        if not _take(lock, wait=_is_dead(lock)):
            holder = _holder(lock)
            lock.close()
            raise StartError(
                f"A gallery already runs on {self.path} (process {holder}). Stop it first, or choose another --data."
            )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        shutil.rmtree(self.build, ignore_errors=True)  # of a gallery that was killed; its build ended with it

    @property
    def lock(self) -> int:
        """The file descriptor of the lock. Whoever inherits it holds the folder too."""
        assert self._lock is not None
        return self._lock.fileno()

    def is_held(self) -> bool:
        """Whether a gallery runs on this folder."""
        try:
            with (self.path / "lock").open() as lock:
                return not _take(lock)
        except OSError:
            return False

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def endpoints(self) -> dict[str, str]:
        """Where everything is, or was in the last run; nothing in a new folder."""
        try:
            content = json.loads(self._endpoints.read_text())
        except (OSError, ValueError):
            return {}
        is_sound = isinstance(content, dict) and all(isinstance(value, str) for value in content.values())
        return content if is_sound else {}

    def write_endpoints(self, endpoints: dict[str, str]) -> None:
        """Say where everything is."""
        temporary = self._endpoints.with_suffix(".tmp")
        temporary.write_text(json.dumps(endpoints, indent=2) + "\n")
        temporary.replace(self._endpoints)

    def token(self) -> str:
        """The access token; empty where the gallery has none, or where it is for others to read."""
        try:
            return self._token.read_text()
        except OSError:
            return ""

    def write_token(self, token: str) -> None:
        """Keep the access token where only the owner of the folder can read it; an empty one is taken away."""
        _keep_secret(self._token, token)

    def backends(self) -> Backends:
        """The servers that take the place of the local cloud's own; none, where they are for others to read."""
        try:
            return Backends(**json.loads(self._backends.read_text()))
        except OSError:
            return Backends()

    def write_backends(self, backends: Backends) -> None:
        """Keep them where only the owner of the folder can read of them."""
        settings = backends.settings()
        _keep_secret(self._backends, json.dumps(settings, indent=2) + "\n" if settings else "")


def _keep_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    if text:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)


def _take(lock: IO[str], *, wait: bool = False) -> bool:
    """Lock the file; whether that could be done."""
    deadline = time.monotonic() + (LOCK_SECONDS if wait else 0)
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)
        else:
            return True


def _holder(lock: IO[str]) -> str:
    """The process id that the last holder wrote into the file."""
    lock.seek(0)
    return lock.read().strip()


def _is_dead(lock: IO[str]) -> bool:
    """Whether the last holder is gone, so that only what it left behind can still hold the lock."""
    holder = _holder(lock)
    if not holder.isdigit():
        return True
    try:
        os.kill(int(holder), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
