"""`scripts/bench scale`: what a gallery on AWS costs, and where it ends, reckoned from what was measured.

It writes the tables of docs/scale.md, from docs/bench.json, prices.py and the assumptions below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from infra.deploy import ROOT

from . import prices
from .photos import BYTES_PER_PIXEL, SIZES
from .report import Report
from .simulation import Step, batch_seconds, contention

BENCH = ROOT / "docs" / "bench.json"
PAGE = ROOT / "docs" / "scale.md"

MEMORY = 1769  # MB: CaptionMemory of template.yaml, if nothing else is said
MEMORIES = (1024, 1769, 2048, 3008, 3538)
BATCH = 10
CONCURRENCY = 10  # CaptionConcurrency, likewise
MEGAPIXELS = "8"
MILLIONS = (1, 10, 100)
RATES = (10, 50, 100, 200, 400)  # photos a second

# Assumptions: what AWS takes to answer, in seconds, from the same region. docs/scale.md says so.
S3_GET, S3_PUT = 0.030, 0.040
S3_BYTES_PER_SECOND = 90e6
DYNAMODB_CALL, DYNAMODB_TRANSACTION = 0.005, 0.015
API_SECONDS, API_MEMORY = 0.06, 512  # of a request of the page

WRITES_PER_PARTITION = 1000  # units a second. Source: Amazon DynamoDB Developer Guide, "Quotas" and "Burst capacity"
WRITES_OF_NEW_TABLE = 4000
WRITES_PER_TABLE = 40_000
UNITS_OF_ENTRY = 2.0  # on a page of the timeline: up to a KB, in a transaction
VISIT = {"pages": 3, "searches": 2, "thumbnails": 150, "previews": 5}

Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Measured:
    """What a report says of a photo."""

    report: Report

    def used(self, what: str) -> float:
        """Of AWS' services."""
        return self.report.part("usage").value(what)

    def used_like(self, beginning: str) -> dict[str, float]:
        """All that begins so, by the rest of its name."""
        figures = self.report.part("usage").figures
        return {f.what.removeprefix(beginning): f.value for f in figures if f.what.startswith(beginning)}

    def calls(self, *names: str) -> float:
        """How many of these calls a photo takes."""
        made = self.used_like("calls: ")
        return sum(made.get(name, 0.0) for name in names)

    def steps(self, megapixels: str = MEGAPIXELS) -> list[Step]:
        """The work on a photo: computing as it was measured here, waiting as it is assumed of AWS."""
        width, height = SIZES[megapixels]

        def computed(stage: str) -> Step:
            seconds = self.report.part("stages").value(f"{megapixels} megapixels: {stage}") / 1e3
            return Step(seconds, computes=True, alone=stage == "network")

        return [
            Step(2 * DYNAMODB_CALL / BATCH, computes=False),
            Step(S3_GET + BYTES_PER_PIXEL * width * height / S3_BYTES_PER_SECOND, computes=False),
            *(computed(stage) for stage in ("decode", "encode", "network")),
            Step(S3_PUT, computes=False),  # of the sidecar; preview and thumbnail are stored meanwhile
            Step(DYNAMODB_CALL + DYNAMODB_TRANSACTION, computes=False),
        ]

    def seconds(self, memory: int, megapixels: str = MEGAPIXELS) -> float:
        """Of a worker, for each photo of a full batch."""
        return batch_seconds([self.steps(megapixels)] * BATCH, memory) / BATCH


@click.command()
@click.option(
    "--report", type=click.Path(path_type=Path), default=BENCH, help="What was measured, if not docs/bench.json."
)
def command(report: Path) -> None:
    """Reckon what a gallery on AWS costs, and write the tables of docs/scale.md."""
    PAGE.write_text(with_tables(PAGE.read_text(), Report.read(report)))


def with_tables(text: str, report: Report) -> str:
    """docs/scale.md with its tables reckoned anew."""
    measured = Measured(report)
    for name, table in TABLES.items():
        lines = "".join("| " + " | ".join(row) + " |\n" for row in table(measured))
        marks = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        assert marks.search(text), f"docs/scale.md has no marks for the table {name!r}"
        text = marks.sub(lambda match, lines=lines: match[1] + lines + match[2], text)  # type: ignore[misc]
    return text


def lambda_by_memory(measured: Measured) -> Rows:
    """A worker's time and money by the memory of the function."""
    dollars = [f"$ per 1,000, {architecture}" for architecture in prices.LAMBDA_GB_SECOND]
    rows = _head("memory", "photos/s, a worker", *dollars)
    for memory in MEMORIES:
        seconds = measured.seconds(memory)
        costs = [_lambda_dollars(seconds, memory, architecture) * 1e3 for architecture in prices.LAMBDA_GB_SECOND]
        rows.append((f"{memory:,} MB", f"{1 / seconds:.1f}", *map(_dollars, costs)))
    return rows


def lambda_by_size(measured: Measured) -> Rows:
    """The same by the size of the photos, with the memory that template.yaml gives."""
    rows = _head("photo", "computing", "photos/s, a worker", "$ per 1,000, arm64")
    for megapixels in SIZES:
        seconds = measured.seconds(MEMORY, megapixels)
        computing = sum(step.seconds for step in measured.steps(megapixels) if step.computes)
        dollars = _dollars(_lambda_dollars(seconds, MEMORY, "arm64") * 1e3)
        rows.append((f"{megapixels} megapixels", f"{computing * 1e3:.0f} ms", f"{1 / seconds:.1f}", dollars))
    return rows


def thousand_photos(measured: Measured) -> Rows:
    """What taking in 1,000 photos costs, by service."""
    puts = measured.calls("s3 PutObject")
    gets = measured.calls("s3 GetObject", "s3 HeadObject")
    parts = {
        "Lambda, the caption function": _lambda_dollars(measured.seconds(MEMORY), MEMORY, "arm64"),
        f"DynamoDB, {measured.used('write units'):.0f} write units a photo": measured.used("write units")
        * prices.DYNAMODB_WRITE_UNIT,
        f"DynamoDB, {measured.used('read units'):.0f} read units a photo": measured.used("read units")
        * prices.DYNAMODB_READ_UNIT,
        f"S3, {puts + 1:.0f} PUTs and {gets:.0f} GET a photo": (puts + 1) * prices.S3_PUT + gets * prices.S3_GET,
        "SQS, sent, received and deleted": (1 + 2 / BATCH) * prices.SQS_REQUEST,
        f"CloudWatch Logs, {measured.used('bytes of log'):,.0f} bytes a photo": measured.used("bytes of log")
        / 1e9
        * prices.LOGS_GB,
        "API Gateway and Lambda, where photos come by the page": prices.API_GATEWAY_REQUEST
        + _lambda_dollars(API_SECONDS, API_MEMORY, "arm64"),
    }
    return _summed("of 1,000 photos", {name: dollars * 1e3 for name, dollars in parts.items()})


def thousand_visits(measured: Measured) -> Rows:
    """What 1,000 visits cost, by service."""
    requests = VISIT["pages"] + VISIT["searches"] + 3  # status, labels, session
    sizes = measured.used_like("bytes of an 8-megapixel photo: ")
    sent = VISIT["thumbnails"] * sizes["thumb"] + VISIT["previews"] * sizes["preview"]
    files = VISIT["thumbnails"] + VISIT["previews"]
    units = (VISIT["pages"] + 2 * VISIT["searches"]) * measured.used("read units of a list page of 50")
    parts = {
        f"API Gateway, {requests} requests": requests * prices.API_GATEWAY_REQUEST,
        "Lambda, the API function": requests * _lambda_dollars(API_SECONDS, API_MEMORY, "arm64"),
        f"DynamoDB, {units:.0f} read units": units * prices.DYNAMODB_READ_UNIT,
        f"CloudFront, {files + requests} requests": (files + requests) * prices.CLOUDFRONT_REQUEST,
        f"CloudFront, {sent / 1e6:.1f} MB": sent / 1e9 * prices.CLOUDFRONT_GB,
        "S3, if none of it is in CloudFront's cache": files * prices.S3_GET,
    }
    return _summed("of 1,000 visits", {name: dollars * 1e3 for name, dollars in parts.items()})


def by_month(measured: Measured) -> Rows:
    """What keeping photos costs a month, by how many there are."""
    width, height = SIZES[MEGAPIXELS]
    original = BYTES_PER_PIXEL * width * height
    media = sum(measured.used_like("bytes of an 8-megapixel photo: ").values())
    heads = ("table, $", "with recovery, $", "originals, $", "media, $", "$ a month", "$ once, to take them in")
    rows = _head("photos", *heads)
    once = _number(thousand_photos(measured)[-1][1]) * 1e3
    for millions in MILLIONS:
        sizes = (measured.used("bytes in the table"), original, media)
        table, originals, derived = (millions * 1e6 * size / 1e9 for size in sizes)
        kept = table * (prices.DYNAMODB_GB_MONTH + prices.DYNAMODB_RECOVERY_GB_MONTH)
        costs = (table * prices.DYNAMODB_GB_MONTH, kept, *map(_s3_dollars, (originals, derived)))
        whole = kept + _s3_dollars(originals + derived)
        gigabytes = (f"{table:,.0f} GB, ", "", f"{originals:,.0f} GB, ", f"{derived:,.0f} GB, ")
        cells = [f"{size}{_dollars(cost)}" for size, cost in zip(gigabytes, costs, strict=True)]
        rows.append((f"{millions} million", *cells, _dollars(whole), _dollars(once * millions)))
    return rows


def limits(measured: Measured) -> Rows:
    """Photos a second at which each limit is met, the lowest first."""
    units = measured.used("write units")
    found: list[tuple[float, str, str]] = [
        (
            CONCURRENCY / measured.seconds(MEMORY),
            f"`CaptionConcurrency`, {CONCURRENCY} workers",
            "raise the parameter; the account's quota of Lambda (1,000, of new accounts 10) is above it",
        ),
        (
            WRITES_OF_NEW_TABLE / units,
            f"a new table's {WRITES_OF_NEW_TABLE:,} write units a second",
            "DynamoDB doubles it within half an hour of use; or set the table's warm throughput before",
        ),
        (
            WRITES_PER_TABLE / units,
            f"the quota of a table, {WRITES_PER_TABLE:,} write units a second",
            "ask AWS for more",
        ),
    ]
    what = {
        "word": ("the busiest word", "words in more shards (`postings.py`); or captions that differ more"),
        "labels": ("a shard of label counts", "`_SHARDS` in `labels.py`"),
        "page": ("the newest page of the timeline", "a page for each of several writers (`timeline.py`)"),
        "timeline": ("the head of the timeline", "larger batches"),
        "counts": ("a shard of counts", "`_COUNT_SHARDS` in `catalog.py`"),
    }
    for kind, busiest in measured.used_like("write units of the busiest partition: ").items():
        if kind in what:
            name, way_out = what[kind]
            each = UNITS_OF_ENTRY if kind == "page" else busiest  # all photos go to one page, until it is full
            found.append(
                (WRITES_PER_PARTITION / each, f"{name}: {each:.1f} of a partition's 1,000 write units", way_out)
            )
    rows: Rows = [("photos/s", "limit", "how to raise it"), ("---:", "---", "---")]
    return rows + [(f"{rate:,.0f}", name, way_out) for rate, name, way_out in sorted(found)]


def busy_items(measured: Measured) -> Rows:
    """What transactions cost each other."""
    shares = [share / 100 for share in measured.used_like("photos that write ").values()]
    rows = _head("photos/s", "tries of a photo's transaction", "refused eight times")
    for rate in RATES:
        found = contention(rate, shares, DYNAMODB_TRANSACTION)
        rows.append((f"{rate}", f"{found.attempts:.2f}", f"{found.gave_up:.1%}"))
    return rows


def _lambda_dollars(seconds: float, memory: int, architecture: str) -> float:
    """Of an invocation's share of that time; requests come in batches, and are next to nothing."""
    return seconds * memory / 1024 * prices.LAMBDA_GB_SECOND[architecture] + prices.LAMBDA_REQUEST / BATCH


def _s3_dollars(gigabytes: float) -> float:
    """Of a month."""
    dollars = 0.0
    for size, price in prices.S3_GB_MONTH:
        part = min(gigabytes, size)
        dollars += part * price
        gigabytes -= part
    return dollars


def _summed(what: str, parts: dict[str, float]) -> Rows:
    rows = [*_head(what, "$"), *((name, _dollars(dollars)) for name, dollars in parts.items())]
    return [*rows, ("together", _dollars(sum(parts.values())))]


def _head(first: str, *others: str) -> Rows:
    return [(first, *others), ("---", *["---:"] * len(others))]


def _dollars(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.4f}"


def _number(text: str) -> float:
    return float(text.replace(",", ""))


TABLES: dict[str, Callable[[Measured], Iterable[tuple[str, ...]]]] = {
    "lambda by memory": lambda_by_memory,
    "lambda by size": lambda_by_size,
    "thousand photos": thousand_photos,
    "by month": by_month,
    "thousand visits": thousand_visits,
    "limits": limits,
    "busy items": busy_items,
}
