"""Reads odd files one after the other, as a worker of the caption function does, and tells how each went.

python -m tests.odd_reader COUNT SEED [SUBSTRING]: a line of JSON for each file (whose name has the substring).
"""

from __future__ import annotations

import json
import re
import sys
import time
import warnings
from pathlib import Path
from typing import TypedDict

from captionary import images, packs
from captionary.captioner import Captioner
from captionary.errors import PhotoError
from infra.deploy import ROOT
from tests.odd_files import odd_files


class Reading(TypedDict):
    """How it went: "ready" or an error's code, and its sentence; the whole process' peak of memory in MB."""

    what: str
    outcome: str
    message: str
    seconds: float
    megabytes: float


def read(data: bytes, captioner: Captioner) -> tuple[str, str]:
    """All that is done with a picture."""
    try:
        photo = images.read(data)
    except PhotoError as exc:
        return exc.code, str(exc)
    thumbnail = images.thumbnail(photo)
    captioner.describe(thumbnail)
    images.preview_jpeg(photo)
    images.thumbnail_jpeg(thumbnail, photo)
    images.placeholder(thumbnail)
    return "ready", ""


def main() -> None:
    """Read them all."""
    warnings.simplefilter("ignore")  # as without pytest
    count, seed, wanted = int(sys.argv[1]), int(sys.argv[2]), "".join(sys.argv[3:])
    captioner = Captioner(packs.load(ROOT / "layers" / "resnet50" / "packs" / "starter"))
    for file in odd_files(count, seed):
        if wanted not in file.what:
            continue
        data = file.make()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        started = time.monotonic()
        try:
            outcome, message = read(data, captioner)
        except BaseException as exc:
            outcome, message = type(exc).__name__, str(exc)
        seconds = time.monotonic() - started
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        assert peak is not None
        reading = Reading(
            what=file.what, outcome=outcome, message=message, seconds=seconds, megabytes=int(peak[1]) / 1000
        )
        print(json.dumps(reading), flush=True)  # noqa: T201 - it is what the parent reads


if __name__ == "__main__":
    main()
