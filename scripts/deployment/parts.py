"""What goes to Lambda: the runtime layer built, and everything held against Lambda's limits."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from infra.packages import FUNCTION, ROOT, Files, layers_of, size

RUNTIME = ROOT / "layers" / "runtime"
BUILDS = ROOT / ".deploy"  # kept from one deployment to the next
ZIPS = BUILDS / "zips"
KEPT_ZIPS = 16  # of two deployments, or of two processors
LIMIT = 262_144_000  # bytes of a function with its layers, unzipped: Lambda's 250 MB
COLD_LIMIT = 200_000_000  # bytes that the caption function's start may have to fetch and unpack: a limit of our own
COLD = "CaptionFunction"
LARGEST = 4  # packages that are named


class TooLarge(click.ClickException):
    """A function is larger than it may be."""


@dataclass(frozen=True)
class Sizes:
    """How large a function is with its layers, and what of it is whose."""

    function: str
    parts: dict[str, int]  # bytes by name: the function, then its layers

    @property
    def all(self) -> int:
        return sum(self.parts.values())

    @property
    def limit(self) -> int:
        return COLD_LIMIT if self.function == COLD else LIMIT


def wheels(architecture: str, python: str) -> Path:
    """The runtime layer for this processor and Python: built once for each list of packages.

    Raises:
        ClickException: the wheels are not here, and can't be had.
    """
    recipe = b"".join((RUNTIME / name).read_bytes() for name in ("requirements.txt", "build.py"))
    name = f"runtime-{python}-{architecture}"
    out = BUILDS / f"{name}-{hashlib.sha256(recipe).hexdigest()[:12]}"
    if out.is_dir():
        return out
    click.echo(f"Fetching the wheels of the runtime layer (Python {python}, {architecture}; once) ...", err=True)
    unfinished = out.with_name(f".{out.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    command = [sys.executable, str(RUNTIME / "build.py"), str(unfinished), "--arch", architecture, "--python", python]
    if subprocess.run(command, check=False).returncode:
        raise click.ClickException(
            f"The wheels of the runtime layer (Python {python}, {architecture}) are not here, and could not be "
            "fetched; see pip's words above. A network to PyPI is needed once."
        )
    for old in BUILDS.glob(f"{name}-*"):
        shutil.rmtree(old)
    unfinished.rename(out)
    return out


def clear_up() -> None:
    """Delete all zips but those that were made last."""
    for old in sorted(ZIPS.glob("*.zip"), key=lambda path: path.stat().st_mtime)[:-KEPT_ZIPS]:
        old.unlink()


def measure(template: dict[str, Any], files: dict[str, Files]) -> list[Sizes]:
    """How large each function is with its layers, the largest first."""
    functions = [name for name, resource in template["Resources"].items() if resource["Type"] == FUNCTION]
    found = [
        Sizes(name, {part: size(files[part]) for part in (name, *layers_of(template, name))}) for name in functions
    ]
    return sorted(found, key=lambda sizes: -sizes.all)


def show(found: list[Sizes], files: dict[str, Files]) -> None:
    """Print the sizes, and what takes the space."""
    table = Table("function", "itself", "its layers", "in all, MB", "of", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for sizes in found:
        own = sizes.parts[sizes.function]
        cells = (own, sizes.all - own, sizes.all, sizes.limit)
        table.add_row(sizes.function, *(_megabytes(each) for each in cells))
    console = Console(width=100)
    console.print("Unzipped; all of it is fetched and unpacked before a function's first answer:", highlight=False)
    console.print(table)
    layers = {part: bytes_ for sizes in found for part, bytes_ in sizes.parts.items() if part != sizes.function}
    for layer, bytes_ in sorted(layers.items(), key=lambda item: -item[1]):
        largest = ", ".join(f"{name} {_megabytes(each)}" for name, each in _packages(files[layer]).most_common(LARGEST))
        console.print(f"{layer}: {_megabytes(bytes_)} MB ({largest})", highlight=False)


def check(found: list[Sizes]) -> None:
    """Go on where every function is small enough.

    Raises:
        TooLarge: one is not.
    """
    for sizes in found:
        if sizes.all > sizes.limit:
            raise TooLarge(
                f"{sizes.function} with its layers has {_megabytes(sizes.all)} MB unzipped, and may have "
                f"{_megabytes(sizes.limit)} MB; the list above says what takes the space."
            )


def _packages(files: Files) -> Counter[str]:
    """Bytes by what is named beneath python/: packages, with the libraries that wheels bring along; or files."""
    found: Counter[str] = Counter()
    roots = {name.split("/")[1] for name, _ in files if name.startswith("python/")}
    deep = len(roots) == 1
    for name, path in files:
        parts = name.split("/")
        part = parts[-1] if deep else parts[min(1, len(parts) - 1)].removesuffix(".libs")
        found["PIL" if part == "pillow" else part] += path.stat().st_size
    return found


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
