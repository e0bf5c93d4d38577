"""Reading a photo in a process of its own, which it may end, keep busy or fill without harm to any other.

That takes half a second more, so it is for photos whose reading broke off before. The process holds no credentials.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
from typing import Any

from PIL import Image

from . import images
from .errors import Crashed, PhotoError, TooMuchMemory, TooSlow

SECONDS = 20.0  # that reading may take
_PROCESSOR_SECONDS = 15  # of them in which it may compute
_MEMORY_BYTES = 1_500_000_000  # of addresses, libraries included; what is really used is less than two thirds of it
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX")


class _Told(PhotoError):
    """What the other process says."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def read(data: bytes) -> images.Photo:
    """As `images.read`, in a process of its own.

    Raises:
        PhotoError: also where the photo ended that process, or took too long or too much.
    """
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise TooSlow(SECONDS) from exc
    if done.returncode == -signal.SIGXCPU:
        raise TooSlow(_PROCESSOR_SECONDS)
    if done.returncode != 0:
        sys.stderr.write(done.stderr.decode(errors="replace")[-2000:])
        raise Crashed
    return _parse(done.stdout)


def _parse(answer: bytes) -> images.Photo:
    head, _, pixels = answer.partition(b"\n")
    told: dict[str, Any] = json.loads(head)
    if "code" in told:
        raise _Told(told["code"], told["message"])
    profile = base64.b64decode(told.pop("profile"))
    return images.Photo(
        preview=Image.frombytes("RGB", told.pop("size"), pixels),
        profile=profile or None,
        **told,
    )


def _format(photo: images.Photo) -> bytes:
    told = {
        "size": photo.preview.size,
        "profile": base64.b64encode(photo.profile or b"").decode(),
        **{name: getattr(photo, name) for name in ("width", "height", "content_type", "taken_at", "camera")},
    }
    return json.dumps(told).encode() + b"\n" + photo.preview.tobytes()


def main() -> None:
    """The other process: a photo on stdin, what becomes of it on stdout."""
    for kind, most, later in (
        (resource.RLIMIT_CPU, _PROCESSOR_SECONDS, 2),  # a signal first; then the system ends it, whatever it does
        (resource.RLIMIT_AS, _MEMORY_BYTES, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit is set, or the system knows none such
            resource.setrlimit(kind, (most, most + later))
    try:
        answer = _format(images.read(sys.stdin.buffer.read()))
    except PhotoError as exc:
        answer = json.dumps({"code": exc.code, "message": str(exc)}).encode()
    except MemoryError:
        answer = json.dumps({"code": TooMuchMemory.code, "message": str(TooMuchMemory())}).encode()
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
