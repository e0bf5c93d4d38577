"""Photos and processes for tests that run a gallery."""

from __future__ import annotations

import subprocess
from pathlib import Path

from infra.deploy import ROOT
from infra.sandbox import RunningGallery

PHOTOS = ROOT / "layers" / "resnet50" / "photos"
TOKEN = "a-token-of-the-gallery"
BURST = ROOT / "tests" / "burst.heic"  # four plain frames, red, green, blue, white; its primary one is the green
SHARED_PHOTOS = ROOT.parent / "shared" / "photos"  # of the workplace; tests that want them skip without


def worker_pids(gallery: RunningGallery) -> list[int]:
    """Process ids of the functions' workers."""
    processes = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True)
    return [int(line.split()[0]) for line in processes.stdout.splitlines() if f"{gallery.data}/cloud/tmp" in line]


def is_running(pid: int) -> bool:
    """Whether a process is there and more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end while it is looked at
        return False
