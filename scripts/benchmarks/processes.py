"""Processes that see what a worker of the caption function sees: its environment, and what is on its path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from captionary.packs import Pack
from infra.clients import ACCESS_KEY, REGION, SECRET_KEY
from infra.deploy import ROOT
from infra.sandbox import RunningGallery


def function_paths(pack: Pack, folder: Path) -> list[str]:
    """The function, our library, and in `folder` the model layer's module beside the pack."""
    layer = folder / "captionary_pack"
    if not layer.exists():
        layer.mkdir()
        for path in [ROOT / "layers/resnet50/layer/python/captionary_pack/__init__.py", *pack.folder.iterdir()]:
            (layer / path.name).symlink_to(path)
    return [str(ROOT / "functions/caption"), str(ROOT / "layers/core/python"), str(folder)]


def run_as_function(gallery: RunningGallery, arguments: list[str], **more: str) -> str:
    """Run a Python program in a worker's environment; the last line that it prints.

    Args:
        more: variables of the environment that differ.
    """
    endpoints = gallery.endpoints
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "AWS_ENDPOINT_URL": endpoints["aws_endpoint"],
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "TABLE": endpoints["table"],
        "IMAGES_BUCKET": endpoints["images_bucket"],
        "MEDIA_BUCKET": endpoints["media_bucket"],
        "INGEST_QUEUE_URL": endpoints["ingest_queue"],
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "MALLOC_ARENA_MAX": "2",  # these two as in the local cloud
        "OMP_NUM_THREADS": "1",
        **more,
    }
    done = subprocess.run(
        [sys.executable, "-P", *arguments], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]
