"""What functions log, as tests read it."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

Line = dict[str, Any]

# Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format", the schema at its end,
# of which the parts that are used here.
NAME: Line = {"type": "string", "minLength": 1, "maxLength": 1024}
EMBEDDED: Line = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Namespace": {**NAME, "pattern": "^(.*)$"},
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {
                                    "type": "array",
                                    "items": {**NAME, "maxLength": 250, "pattern": "^(.*)$"},
                                    "minItems": 1,
                                    "maxItems": 30,
                                },
                            },
                            "Metrics": {
                                "type": "array",
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "properties": {
                                        "Name": {**NAME, "pattern": "^(.*)$"},
                                        "Unit": {"enum": ["Seconds", "Milliseconds", "Count"]},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def read_lines(text: str) -> list[Line]:
    """The lines of a log, each of which has to be JSON in ASCII, whatever may end a line elsewhere."""
    assert text.isascii()
    return [json.loads(line) for line in text.splitlines()]


def check_metrics(line: Line, dimensions: set[str]) -> None:
    """Assert that CloudWatch finds metrics in a line, with these dimensions and no more."""
    assert [error.message for error in Draft202012Validator(EMBEDDED).iter_errors(line)] == []
    [told] = line["_aws"]["CloudWatchMetrics"]
    assert told["Namespace"] == "Captionary"
    assert [set(each) for each in told["Dimensions"]] == [dimensions]
    assert all(isinstance(line[name], str) and 0 < len(line[name]) <= 1024 for name in dimensions)
    for metric in told["Metrics"]:
        values = line[metric["Name"]]
        assert 0 < len(values) <= 100
        assert all(type(value) in (int, float) for value in values)
