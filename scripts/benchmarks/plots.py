"""Plots of a report, as SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygal
from pygal.style import CleanStyle

from captionary.activity import STAGES

from .photos import SIZES
from .report import DRAWN, Part, Report
from .search import SEARCHES

STYLE = CleanStyle(font_family="sans-serif", background="white", plot_background="white")


def write(report: Report, folder: Path) -> None:
    """Write a plot for each part that is drawn."""
    for part in report.parts:
        if part.name in DRAWN:
            (folder / f"bench-{part.name}.svg").write_bytes(_KINDS[part.name](part).render())


def _stages(part: Part) -> Any:
    chart = _chart(pygal.HorizontalStackedBar, part, "milliseconds")
    chart.x_labels = [f"{megapixels} megapixels" for megapixels in SIZES]
    for stage in STAGES:
        chart.add(stage, [part.value(f"{size}: {stage}") for size in chart.x_labels])
    return chart


def _runtimes(part: Part) -> Any:
    """The one that takes longest would leave nothing of the others, hence the scale."""
    figures = [figure for figure in part.figures if "faster" in figure.to]
    unit = "milliseconds, on a logarithmic scale"
    options = {
        "logarithmic": True,
        "show_legend": False,
        "zero": 1,
        "range": (1, 10_000),
        "y_labels": [1, 10, 100, 1000, 10_000],
    }
    chart = _chart(pygal.HorizontalBar, part, unit, **options)
    chart.x_labels = [figure.what for figure in figures]
    chart.add("", [figure.value for figure in figures])
    return chart


def _by_size(part: Part) -> Any:
    rows = list(_asked(part))
    sizes = sorted({size for _, size, _ in rows})
    chart = _chart(pygal.Line, part, "milliseconds, by photos in the gallery", include_x_axis=True, truncate_legend=-1)
    chart.x_labels = [f"{size:,}" for size in sizes]
    for name in dict.fromkeys(name for name, _, _ in rows):
        taken = {size: value for other, size, value in rows if other == name}
        chart.add(name, [taken.get(size) for size in sizes])
    return chart


def _asked(part: Part) -> Iterator[tuple[str, int, float]]:
    """What was asked, of how many photos, and the milliseconds."""
    for figure in part.figures:
        match = re.fullmatch(r"(.*): \d+ of ([\d,]+)", figure.what)
        if match and (part.name == "list" or match[1] in SEARCHES):
            yield match[1], int(match[2].replace(",", "")), figure.value


def _chart(kind: Any, part: Part, unit: str, **options: Any) -> Any:
    chart = kind(title=part.title, x_title=unit, style=STYLE, no_prefix=True, width=860, height=420, **options)
    chart.add_xml_filter(_without_scripts)
    return chart


def _without_scripts(drawing: Any) -> Any:
    """A picture in a page can't run any."""
    for parent in drawing.iter():
        for script in parent.findall("script"):
            parent.remove(script)
    return drawing


_KINDS = {"stages": _stages, "runtimes": _runtimes, "list": _by_size, "search": _by_size}
