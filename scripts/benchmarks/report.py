"""How a benchmark tells what it measured: on the terminal, as JSON, and as Markdown for docs/ and README.md."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

PACKAGES = ("ai-edge-litert", "keras", "ministack", "numpy", "pillow", "tensorflow")
DRAWN = ("stages", "runtimes", "list", "search")  # parts that have a plot beside them
BEGIN, END = "<!-- written by scripts/bench -->", "<!-- until here -->"  # around what README.md tells of a report


@dataclass(frozen=True)
class Figure:
    """One thing that was measured."""

    what: str
    value: float
    unit: str
    ratio: float | None = None
    to: str = ""  # what the ratio is to
    in_readme: bool = False


@dataclass(frozen=True)
class Part:
    """What one benchmark measured."""

    name: str  # of its command
    title: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()  # sentences, such as why something could not be measured

    def value(self, what: str) -> float:
        """What was measured of that."""
        return next(figure.value for figure in self.figures if figure.what == what)


@dataclass(frozen=True)
class Report:
    """What several benchmarks measured in one run."""

    machine: dict[str, Any]
    parts: tuple[Part, ...]

    @classmethod
    def read(cls, path: Path) -> Report:
        """A report that was written as JSON."""
        content = json.loads(path.read_text())
        parts = [
            Part(part["name"], part["title"], tuple(Figure(**each) for each in part["figures"]), tuple(part["notes"]))
            for part in content["parts"]
        ]
        return cls(content["machine"], tuple(parts))

    def part(self, name: str) -> Part:
        """What the benchmark of that name measured."""
        return next(part for part in self.parts if part.name == name)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    def to_markdown(self) -> str:
        """Every figure, for docs/."""
        lines = ["# How fast", "", f"Measured by `scripts/bench` in one run, {describe(self.machine)}."]
        lines += ["Seconds are that machine's; the ratios are what carries over."]
        for part in self.parts:
            lines += ["", f"## {part.title}", ""]
            if part.name in DRAWN:
                lines += [f"![{part.title}](bench-{part.name}.svg)", ""]
            lines += _table(part.figures)
            lines += [line for note in part.notes for line in ("", note)]
        return "\n".join(lines) + "\n"

    def for_readme(self) -> str:
        """The figures that README.md tells, between its marks."""
        figures = tuple(figure for part in self.parts for figure in part.figures if figure.in_readme)
        return "\n".join([BEGIN, f"In one run, {describe(self.machine)}:", "", *_table(figures), END])


def with_figures(text: str, report: Report) -> str:
    """README.md with a report's figures in place of those that stand there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        return text
    return before + report.for_readme() + after


def machine() -> dict[str, Any]:
    """What all this is measured on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def describe(machine: dict[str, Any]) -> str:
    """The machine in a few words."""
    words = "{date}, on {cores} cores of {processor}, {memory_gb} GB, {system}, Python {python}".format(**machine)
    return ", ".join([words, *(f"{name} {version}" for name, version in machine["packages"].items())])


def tell(part: Part, as_json: bool) -> None:
    """Print a table, or JSON."""
    if as_json:
        click.echo(Report(machine(), (part,)).to_json(), nl=False)
        return
    table = Table(title=f"{part.title}\n{describe(machine())}", title_justify="left")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("to")
    for figure in part.figures:
        table.add_row(figure.what, measured(figure), ratio(figure), figure.to)
    Console().print(table)
    for note in part.notes:
        Console().print(note)


def measured(figure: Figure) -> str:
    """A figure's value and unit, with three digits that count."""
    value = figure.value
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {figure.unit}".strip()


def ratio(figure: Figure) -> str:
    """A figure's ratio, or nothing."""
    return "" if figure.ratio is None else f"{figure.ratio:.2f}" if figure.ratio < 10 else f"{figure.ratio:.0f}"


def _table(figures: tuple[Figure, ...]) -> list[str]:
    rows = [f"| {figure.what} | {measured(figure)} | {ratio(figure)} | {figure.to} |" for figure in figures]
    return ["| what | measured | ratio | to |", "|---|---:|---:|---|", *rows]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
