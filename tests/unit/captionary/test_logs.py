from __future__ import annotations

import json

import pytest

from captionary.logs import LIST_ITEMS, TEXT_CHARACTERS, Measures, request_fields, to_line
from tests.unit.log import check_metrics, read_lines


@pytest.mark.parametrize(
    "text", ["a\nb\r\nc", "\u2028\u2029\x85\x0b\x0c", '"}\\{', "\x1b[2J\x07\u202e", "日本", "\ud800"]
)
def test_whatever_a_name_is_a_line_stays_one(text: str) -> None:
    line = to_line({"key": text, "nested": [{text: text}]})
    assert read_lines(line) == [{"key": text, "nested": [{text: text}]}]


def test_what_is_too_long_is_cut() -> None:
    line = json.loads(to_line({"exception": "begin" + "x" * 1_000_000 + "end", "ids": ["i"] * 1000, "n": 1.5}))
    assert len(line["exception"]) < TEXT_CHARACTERS + 10
    assert line["exception"].startswith("begin")
    assert line["exception"].endswith("end")
    assert len(line["ids"]) == LIST_ITEMS
    assert line["n"] == 1.5


def test_what_json_does_not_know_is_told_all_the_same() -> None:
    assert to_line({"reason": ConnectionError("no table")}) == '{"reason": "no table"}'


def test_metrics_of_one_invocation_say_nothing_of_the_one_before() -> None:
    first, second = Measures("caption", "gallery"), Measures("caption", "gallery")
    first.count("ready", 3)
    first.milliseconds("decode_ms", 1)
    first.milliseconds("decode_ms", 2)
    second.seconds("wait_seconds", 0.5)
    assert first.fields().items() >= {"ready": [3.0], "decode_ms": [1.0, 2.0], "stack": "gallery"}.items()
    assert "ready" not in second.fields()
    check_metrics(first.fields(), {"stack", "service"})


def test_a_line_carries_no_more_values_than_cloudwatch_takes() -> None:
    measures = Measures("caption", "")
    for _ in range(250):
        measures.milliseconds("decode_ms", 1)
    line = json.loads(to_line(measures.fields()))
    check_metrics(line, {"stack", "service"})
    assert line["stack"] == "none", "a dimension is never empty"


def test_requests_are_measured_by_route() -> None:
    fields = request_fields("api", "gallery", "GET /images/{id}", 404, 12.34)
    check_metrics(fields, {"stack", "service", "route"})
    assert fields.items() >= {"status": 404, "status_4xx": [1.0], "latency_ms": [12.3], "service": "api"}.items()
