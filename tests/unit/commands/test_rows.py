from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from captionary.records import Record
from commands.rows import cell, row_of, write_csv, write_jsonl

RECORD = Record(
    "a" * 16,
    'x/=cmd|"/c calc",1.jpg',
    "ready",
    page=1,
    created_at=1_700_000_000_000_001,
    caption="A dog",
    labels=({"name": "dog", "score": 0.9, "source": "model"}, {"name": "lawn", "score": 0.25, "source": "model"}),
    own_caption="@home,\tmit Käse",
    own_labels=("=Bello",),
    width=30,
    height=20,
    feedback={"right": 1, "wrong": 2},
)
ROW = {
    "file": 'c calc",1.jpg',
    "key": RECORD.key,
    "id": "a" * 16,
    "status": "ready",
    "caption": "@home,\tmit Käse",
    "caption_source": "person",
    "labels": ["=Bello"],
    "scores": [1.0],
    "model_caption": "A dog",
    "model_labels": ["dog", "lawn"],
    "model_scores": [0.9, 0.25],
    "right": 1,
    "wrong": 2,
    "created_at": "2023-11-14T22:13:20.000001Z",
    "taken_at": None,
    "width": 30,
    "height": 20,
}


def test_a_row_has_what_the_model_said_beside_what_people_said() -> None:
    assert row_of(RECORD) == ROW
    failed = row_of(Record("b" * 16, "b", "failed", page=1, created_at=1))
    assert (failed["caption"], failed["caption_source"], failed["labels"], failed["width"]) == (None, "model", [], None)


def test_jsonl_is_exact() -> None:
    file = io.StringIO()
    write_jsonl([row_of(RECORD)] * 2, file)
    assert [json.loads(line) for line in file.getvalue().splitlines()] == [ROW, ROW]
    assert "Käse" in file.getvalue()


def test_csv_is_for_spreadsheets() -> None:
    file = io.StringIO(newline="")
    write_csv([row_of(RECORD)], file)
    text = file.getvalue()
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == text.count("\n") == 2
    [row] = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert list(row) == list(ROW)
    assert row["key"] == RECORD.key
    assert row["caption"] == "'@home,\tmit Käse"
    assert row["labels"] == "'=Bello"
    assert (row["model_labels"], row["model_scores"]) == ("dog; lawn", "0.9; 0.25")
    assert (row["taken_at"], row["width"]) == ("", "30")


def test_an_empty_gallery_is_a_table_with_a_head() -> None:
    file = io.StringIO(newline="")
    write_csv([], file)
    assert next(csv.reader([file.getvalue().removeprefix("\ufeff")])) == list(ROW)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\uff1d1"])
def test_what_spreadsheets_would_run_is_a_text(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell([text, "b"]) == f"'{text}; b"


@pytest.mark.parametrize("value", [None, 5, 0.5, "", "a=b", " -1"])
def test_all_else_stays_as_it_is(value: Any) -> None:
    assert cell(value) == value
