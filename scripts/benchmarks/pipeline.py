"""`scripts/bench pipeline`: photos dropped at once, until all have their captions."""

from __future__ import annotations

import os
import signal
import statistics
import tempfile
import time
from pathlib import Path

import click

from infra.ministack import free_port
from infra.sandbox import RunningGallery, eventually

from . import photos
from .report import Figure, Part, tell
from .watching import caption_many, caption_one, peak_memory, stages_of, workers

COUNT = 200
ALONE = 20  # of them, one after the other, to know what the stages alone take
FUNCTION = "captionary-caption"


@click.command()
@click.option("--count", default=COUNT, show_default=True, help="Photos that are dropped at once.")
@click.option("--model", default="starter", show_default=True, help="The pack that captions.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(count: int, model: str, as_json: bool) -> None:
    """Measure how many photos a second get their captions, against what the stages alone would allow."""
    tell(measure(model, count), as_json)


def measure(model: str = "starter", count: int = COUNT) -> Part:
    """Start, cold and warm, and many at once by one worker and by two."""
    with tempfile.TemporaryDirectory() as folder:
        gallery = RunningGallery(Path(folder) / "data", free_port(), model)
        started = time.perf_counter()
        gallery.start()
        open_after = time.perf_counter() - started
        try:
            figures = _measure(gallery, count)
        finally:
            gallery.stop()
    start = Figure("start to page, empty gallery", open_after, "s", in_readme=True)
    return Part("pipeline", "Photos of 500x375, from PUT to record", (start, *figures))


def _measure(gallery: RunningGallery, count: int) -> list[Figure]:
    eventually(lambda: gallery.request("GET", "/api/status").json["model"] is not None)
    small = [photos.jpeg(photo) for photo in photos.small(count)]
    warm = statistics.median(caption_one(gallery, f"alone/{i}.jpg", data) for i, data in enumerate(small[:ALONE]))
    alone = statistics.median(sum(stages.values()) for stages in stages_of(gallery, "alone")) / 1e3
    for pid in workers(gallery):
        os.kill(pid, signal.SIGKILL)
    cold = caption_one(gallery, "cold.jpg", small[0])
    figures = [
        Figure("one photo, warm", warm * 1e3, "ms", warm / alone, "its stages alone"),
        Figure("one photo, by a worker that starts first", cold * 1e3, "ms", cold / warm, "warm", in_readme=True),
    ]
    for number in (1, 2):
        _allow(gallery, number)
        caption_many(gallery, f"warm-up by {number}", small[:20])
        rate = count / caption_many(gallery, f"by {number}", small)
        name = "one worker" if number == 1 else "two workers"
        against = "what the stages alone allow"
        figures.append(
            Figure(f"{count} photos at once, {name}", rate, "photos/s", rate * alone / number, against, in_readme=True)
        )
    memory = max(peak_memory(pid) for pid in workers(gallery))
    return [*figures, Figure("largest worker", memory / 1e6, "MB")]


def _allow(gallery: RunningGallery, number: int) -> None:
    """Let so many workers caption side by side."""
    gallery.clients.lambda_.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=number)
