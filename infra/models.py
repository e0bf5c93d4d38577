"""Which pack captions: what `--model` means."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from captionary.errors import PackError
from captionary.packs import Pack, load

from .deploy import ROOT
from .errors import StartError

SHIPPED = ROOT / "layers" / "resnet50" / "packs"
PACKS = Path(os.environ.get("CAPTIONARY_PACKS") or SHIPPED).absolute()  # where packs are built
STARTER = "starter"
IMAGENET = "imagenet"


@dataclass(frozen=True)
class Choice:
    """The pack to begin with, and what else `--model` asks for."""

    pack: Pack
    better: Path | None = None  # where the pack is to be built that shall take its place
    insists: bool = False  # whether that is waited for
    replaces_starter: bool = False  # whether captions of the starter are to be made anew by it
    warning: str = ""


def choose(model: str) -> Choice:
    """What `--model` means.

    Raises:
        StartError: there is no such pack, or it can't be used.
    """
    if model == "auto":
        return _choose_best()
    folder = folder_of(model) if model in (STARTER, IMAGENET) else Path(model)
    if model == IMAGENET and not folder.is_dir():
        return Choice(_load(STARTER, folder_of(STARTER)), folder, insists=True)
    return Choice(_load(model, folder))


def folder_of(name: str) -> Path:
    """Where the pack of that name is, or would be: the starter is shipped, others are built."""
    return SHIPPED / STARTER if name == STARTER else PACKS / name


def _choose_best() -> Choice:
    """The imagenet pack if it is there and can be used; else the starter, until that is built."""
    better, warning = folder_of(IMAGENET), ""
    if better.exists():
        try:
            return Choice(load(better), replaces_starter=True)
        except (PackError, OSError) as exc:
            warning = f"The imagenet pack can't be used: {exc}. The starter takes its place until it is built again."
    return Choice(_load(STARTER, folder_of(STARTER)), better, warning=warning)


def _load(model: str, folder: Path) -> Pack:
    try:
        return load(folder)
    except PackError as exc:
        raise StartError(f"--model {model}: {exc}.") from exc
