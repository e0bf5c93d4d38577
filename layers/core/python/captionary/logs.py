"""What the functions log: a line of JSON for each event, and one for each invocation that carries its metrics.

What comes from outside (keys, names, ids, reasons) is data in these lines. It is encoded as JSON in ASCII, so that
it can't break a line or play tricks on a terminal, and it is cut where it is too long.

Metrics are in CloudWatch's embedded metric format: CloudWatch reads them from the line itself, so that they
cost no request. Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

import json
import time
from typing import Any

from aws_lambda_powertools import Logger

NAMESPACE = "Captionary"
TEXT_CHARACTERS = 4000  # of a text in a line: a key has up to 1,024 bytes, a traceback a few thousand characters
LIST_ITEMS = 100  # of a list; also what CloudWatch takes of one metric's values in a line


def logger(service: str) -> Logger:
    """The log of a function."""
    # A traceback once, as text, rather than as objects too.
    return Logger(service=service, json_serializer=to_line, serialize_stacktrace=False)


def to_line(content: dict[str, Any]) -> str:
    """A line of the log."""
    return json.dumps(_bounded(content), default=str)


class Measures:
    """What an invocation measured.

    Powertools' Metrics write the same; of a batch of ten photos it took them five times as long.
    """

    def __init__(self, service: str, stack: str, **dimensions: str) -> None:
        """Args: dimensions: beside function and stack. Each combination of values costs money: keep them few."""
        self._dimensions = {"stack": stack or "none", "service": service, **dimensions}
        self._units: dict[str, str] = {}
        self._values: dict[str, list[float]] = {}

    def count(self, name: str, number: int = 1) -> None:
        """So many of something."""
        self._add(name, "Count", number)

    def milliseconds(self, name: str, value: float) -> None:
        """Something took so long."""
        self._add(name, "Milliseconds", value)

    def seconds(self, name: str, value: float) -> None:
        """Something took so long."""
        self._add(name, "Seconds", value)

    def fields(self) -> dict[str, Any]:
        """What makes a line of the log carry them."""
        directive = {
            "Namespace": NAMESPACE,
            "Dimensions": [list(self._dimensions)],
            "Metrics": [{"Name": name, "Unit": unit} for name, unit in self._units.items()],
        }
        aws = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]}
        return {"_aws": aws, **self._dimensions, **self._values}

    def _add(self, name: str, unit: str, value: float) -> None:
        self._units[name] = unit
        self._values.setdefault(name, []).append(value)


def request_fields(service: str, stack: str, route: str, status: int, milliseconds: float) -> dict[str, Any]:
    """What the line of a request says of its answer, with metrics by route."""
    measures = Measures(service, stack, route=route)
    measures.count(f"status_{status // 100}xx")
    measures.milliseconds("latency_ms", round(milliseconds, 1))
    return {"status": status, **measures.fields()}


def _bounded(value: Any) -> Any:
    """The value with its texts and lists cut where they are too long."""
    if isinstance(value, str) and len(value) > TEXT_CHARACTERS:
        half = TEXT_CHARACTERS // 2
        return f"{value[:half]} ... {value[-half:]}"  # of a traceback, the end says most
    if isinstance(value, dict):
        return {_bounded(name): _bounded(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_bounded(part) for part in value[:LIST_ITEMS]]
    return value
