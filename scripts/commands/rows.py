"""The gallery as a table: one row for each photo."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from typing import IO, Any, TypedDict

from captionary.identity import filename_of
from captionary.records import LabelJson, Record, timestamp

# Spreadsheets take a cell that begins so for a formula (OWASP, CSV Injection); the wide forms too, where Chinese
# or Japanese is typed.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BYTE_ORDER_MARK = "\ufeff"  # without it, Excel takes UTF-8 for the letters of a single country


class Row(TypedDict):
    """What is told of a photo; None where it is not known. Sizes in pixels, times in RFC 3339, in UTC."""

    file: str
    key: str
    id: str
    status: str
    caption: str | None  # as shown
    caption_source: str
    labels: list[str]  # as shown
    scores: list[float]
    model_caption: str | None
    model_labels: list[str]
    model_scores: list[float]
    right: int  # judgements of captions
    wrong: int
    created_at: str
    taken_at: str | None
    width: int | None
    height: int | None


def row_of(record: Record) -> Row:
    """A photo's row."""
    shown, models = record.shown_labels, record.labels
    return {
        "file": filename_of(record.key),
        "key": record.key,
        "id": record.id,
        "status": record.status,
        "caption": record.shown_caption or None,
        "caption_source": "model" if record.own_caption is None else "person",
        "labels": _names(shown),
        "scores": _scores(shown),
        "model_caption": record.caption or None,
        "model_labels": _names(models),
        "model_scores": _scores(models),
        "right": record.feedback["right"],
        "wrong": record.feedback["wrong"],
        "created_at": timestamp(record.created_at),
        "taken_at": record.taken_at or None,
        "width": record.width or None,
        "height": record.height or None,
    }


def write_jsonl(rows: Iterable[Row], file: IO[str]) -> None:
    """One object in JSON for each line."""
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_csv(rows: Iterable[Row], file: IO[str]) -> None:
    """A table for spreadsheets: RFC 4180, every text in quotes, lists joined by "; "."""
    file.write(_BYTE_ORDER_MARK)
    table = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
    table.writerow(Row.__annotations__)
    for row in rows:
        table.writerow([cell(value) for value in row.values()])


WRITERS: dict[str, Callable[[Iterable[Row], IO[str]], None]] = {"csv": write_csv, "jsonl": write_jsonl}


def cell(value: Any) -> Any:
    """A value as it may stand in a spreadsheet: a text that would be a formula gets an apostrophe before it."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _names(labels: Iterable[LabelJson]) -> list[str]:
    return [label["name"] for label in labels]


def _scores(labels: Iterable[LabelJson]) -> list[float]:
    return [label["score"] for label in labels]
