"""How a benchmark tells what it measured."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One thing that was measured."""

    what: str
    value: float
    unit: str
    ratio: float | None = None
    to: str = ""  # what the ratio is to


def machine() -> str:
    """The machine in a few words."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = f"{len(lines)} cores of {lines[0]}" if lines else model
    return f"{model}, Python {platform.python_version()}"


def tell(title: str, figures: list[Figure], as_json: bool) -> None:
    """Print a table, or JSON."""
    if as_json:
        content = {"title": title, "machine": machine(), "figures": [asdict(figure) for figure in figures]}
        click.echo(json.dumps(content, indent=2))
        return
    table = Table(title=f"{title}\n{machine()}", title_justify="left")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("to")
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        table.add_row(figure.what, f"{figure.value:,.4g} {figure.unit}", ratio, figure.to)
    Console().print(table)
