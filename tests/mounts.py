"""File systems of a test's own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """A file system of its own at this folder; where that is not permitted, the test is skipped."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here: that takes root's rights")
    try:
        yield
    finally:
        # Even if a process still stands in it: a test that failed may have left one.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
