"""`scripts/bench all`, or without a command: every benchmark in one run, written down in docs/ and README.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from infra.deploy import ROOT

from . import listing, page, pipeline, plots, runtimes, scale, search, stages, usage, worker
from .galleries import dynamodb_option, filled_galleries, parse_sizes
from .report import Part, Report, machine, tell, with_figures
from .watching import running_gallery

DOCS = ROOT / "docs"
README = ROOT / "README.md"
SIZES = "1000,10000,100000"
SIZES_ON_DYNAMODB = "1000,100000,1000000"


@click.command()
@click.option("--quick", is_flag=True, help="Few photos and small galleries: to see that it all works, in two minutes.")
@click.option("--sizes", help=f"Photos in each gallery.  [default: {SIZES}; with --dynamodb {SIZES_ON_DYNAMODB}]")
@dynamodb_option
@click.option("--model", default="starter", show_default=True, help="The pack that captions.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder to write bench.json, bench.md and plots to.")
@click.option(
    "--publish", is_flag=True, help="Write them to docs/, the figures of README.md, and the tables of docs/scale.md."
)
def command(quick: bool, sizes: str | None, dynamodb: str | None, model: str, out: Path | None, publish: bool) -> None:
    """Measure everything in one run: about half an hour on two cores, and leave the machine alone meanwhile."""
    default = "200,1000" if quick else SIZES_ON_DYNAMODB if dynamodb else SIZES
    parts = []
    for part in measure(quick, parse_sizes(sizes or default), dynamodb, model):
        tell(part, as_json=False)
        parts.append(part)
    report = Report(machine(), tuple(parts))
    for folder in filter(None, (out, DOCS if publish else None)):
        write(report, folder)
    if publish:
        README.write_text(with_figures(README.read_text(), report))
        scale.PAGE.write_text(scale.with_tables(scale.PAGE.read_text(), report))


def measure(quick: bool, sizes: list[int], dynamodb: str | None, model: str) -> Iterator[Part]:
    """Each benchmark's part, one after the other."""

    def fewer(runs: int) -> int:
        return min(runs, 3) if quick else runs

    yield runtimes.measure(model, fewer(runtimes.RUNS))
    with running_gallery(model) as gallery:
        yield worker.measure(gallery, model, fewer(worker.RUNS))
        yield stages.measure(gallery, fewer(stages.RUNS))
        yield page.measure(gallery, fewer(page.RUNS))
        yield usage.measure(gallery, model, 20 if quick else usage.COUNT)
    yield pipeline.measure(model, 40 if quick else pipeline.COUNT)
    with filled_galleries(sizes, search.words_of, dynamodb) as galleries:
        where = "by the API's code on a DynamoDB" if dynamodb else "over HTTP in the local cloud"
        for part in (listing.measure(galleries), search.measure(galleries)):
            yield replace(part, title=f"{part.title}, {where}")


def write(report: Report, folder: Path) -> None:
    """Write a report as JSON, as Markdown and as plots."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(report.to_json())
    (folder / "bench.md").write_text(report.to_markdown())
    plots.write(report, folder)
