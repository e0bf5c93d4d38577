"""A report as `scripts/bench` writes it, with round numbers."""

from __future__ import annotations

from benchmarks.photos import SIZES
from benchmarks.report import Figure, Part, Report
from captionary.activity import STAGES

MACHINE = {
    "processor": "Abacus",
    "cores": 2,
    "memory_gb": 8,
    "system": "Linux x86_64",
    "python": "3.13.0",
    "date": "2026-11-22",
    "packages": {"numpy": "2.0"},
}
USAGE = {
    "calls: dynamodb TransactWriteItems": 1.0,
    "calls: s3 GetObject": 1.0,
    "calls: s3 PutObject": 3.0,
    "write units": 50.0,
    "read units": 2.0,
    "read units of a list page of 50": 52.0,
    "write units of the busiest partition: word": 4.0,
    "write units of the busiest partition: labels": 5.0,
    "write units of the busiest partition: page": 1.0,
    "photos that write word#dog#2026": 50.0,
    "photos that write labels#0 dog": 10.0,
    "bytes in the table": 4000.0,
    "bytes of log": 1000.0,
    "bytes of an 8-megapixel photo: preview": 150_000.0,
    "bytes of an 8-megapixel photo: thumb": 20_000.0,
    "bytes of an 8-megapixel photo: meta": 1000.0,
}


def report(stage_milliseconds: float = 20.0) -> Report:
    stages = [
        figure
        for megapixels in SIZES
        for figure in (
            *(Figure(f"{megapixels} megapixels: {stage}", stage_milliseconds, "ms", 1 / 6, "all") for stage in STAGES),
            Figure(f"{megapixels} megapixels, all stages", 6 * stage_milliseconds, "ms", 6.0, "decoding", True),
        )
    ]
    sizes = [Figure(f"the newest page: 50 of {size:,}", 30.0, "ms", 1.0, "that of 1,000") for size in (1000, 10_000)]
    runtimes = [Figure("LiteRT", 5.0, "ms", 10.0, "times faster than Keras predict", True)]
    return Report(
        MACHINE,
        (
            Part("runtimes", "Runtimes", tuple(runtimes), ("One is missing.",)),
            Part("stages", "Stages", tuple(stages)),
            Part("list", "A page", tuple(sizes)),
            Part("usage", "Usage", tuple(Figure(what, value, "") for what, value in USAGE.items())),
        ),
    )
