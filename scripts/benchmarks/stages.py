"""`scripts/bench stages`: where a photo's time goes, by its size."""

from __future__ import annotations

import statistics

import click

from captionary.activity import STAGES
from infra.sandbox import RunningGallery

from . import photos
from .report import Figure, Part, tell
from .watching import caption_one, running_gallery, stages_of

RUNS = 11


@click.command()
@click.option("--runs", default=RUNS, show_default=True, help="Photos of each size.")
@click.option("--model", default="starter", show_default=True, help="The pack that captions.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(runs: int, model: str, as_json: bool) -> None:
    """Measure the stages of the caption function, photo by photo, from its own log."""
    with running_gallery(model) as gallery:
        part = measure(gallery, runs)
    tell(part, as_json)


def measure(gallery: RunningGallery, runs: int = RUNS) -> Part:
    """Each stage at each size, one photo at a time by a worker that is warm; medians."""
    figures: list[Figure] = []
    for megapixels, size in photos.SIZES.items():
        figures += _of_size(gallery, f"{megapixels} megapixels", photos.large(size), runs)
    return Part("stages", "A photo's time in the caption function, by stages", tuple(figures))


def _of_size(gallery: RunningGallery, name: str, data: bytes, runs: int) -> list[Figure]:
    folder = f"stages/{name}"
    total = statistics.median([caption_one(gallery, f"{folder}/{i}.jpg", data) for i in range(runs + 1)][1:]) * 1e3
    spent = stages_of(gallery, folder)[1:]
    typical = {stage: statistics.median(each[stage] for each in spent) for stage in STAGES}
    whole = sum(typical.values())
    return [
        *(Figure(f"{name}: {stage}", ms, "ms", ms / whole, "all stages") for stage, ms in typical.items()),
        Figure(f"{name}, all stages", whole, "ms", whole / typical["decode"], "decoding it", in_readme=True),
        Figure(f"{name}, from PUT to record", total, "ms", total / whole, "all stages", in_readme=True),
    ]
