"""The caption function at work with a meter on its calls to AWS: a program that prints what they used.

    python metered.py KEY...

The keys are of photos in the images bucket. What DynamoDB bills is reckoned from the items themselves, for the local
cloud doesn't tell it. Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats" and "Capacity unit
consumption": a unit for each begun KB that is written, two within a transaction; one for each begun 4 KB that is read.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import math
import re
import sys
import threading
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any

import boto3

BATCH = 10  # as template.yaml has it
PAGE = 50  # photos that the page lists at once
WRITES = {"Put": "Item", "Update": "Key", "Delete": "Key"}  # actions, and where they name the item's key


class Meter:
    """Counts what calls use."""

    def __init__(self, dynamodb: Any) -> None:
        """Args: dynamodb: a client of its own, to look at items with."""
        self.calls: Counter[str] = Counter()
        self.written: Counter[str] = Counter()  # units, by partition
        self.transacted: Counter[str] = Counter()  # writes in transactions, by item
        self.read_units = 0
        self.sent: Counter[str] = Counter()  # bytes, by the first part of the object's key
        self._dynamodb = dynamodb
        self._lock = threading.Lock()

    def watch(self, client: Any) -> None:
        """Count the calls of a client."""
        client.meta.events.register("provide-client-params", self._note)
        client.meta.events.register("after-call", self._count)

    def _note(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        context["metered"] = dict(params)  # boto3 changes it: bytes become a file

    def _count(self, model: Any, context: dict[str, Any], parsed: Any, **_: Any) -> None:
        params, service = context["metered"], model.service_model.service_name
        with self._lock:
            self.calls[f"{service} {model.name}"] += 1
            if service == "s3" and "Body" in params:
                self.sent[params["Key"].partition("/")[0]] += len(params["Body"])
            elif model.name == "TransactWriteItems":
                for action in params["TransactItems"]:
                    [(verb, told)] = action.items()
                    item = told[WRITES[verb]]
                    self._wrote(item, told["TableName"], 2)
                    self.transacted[f"{item['pk']['S']} {item['sk']['S']}"] += 1
            elif model.name in ("PutItem", "UpdateItem", "DeleteItem"):
                self._wrote(params.get("Item") or params["Key"], params["TableName"], 1)
            elif model.name == "BatchGetItem":
                [(table, wanted)] = params["RequestItems"].items()
                found = parsed["Responses"][table]
                missing = len(wanted["Keys"]) - len(found)
                self.read_units += missing + sum(math.ceil(item_bytes(item) / 4096) for item in found)
            elif model.name == "Query":
                self.read_units += max(1, math.ceil(sum(map(item_bytes, parsed["Items"])) / 4096))
            elif model.name == "GetItem":
                self.read_units += max(1, math.ceil(item_bytes(parsed.get("Item", {})) / 4096))

    def _wrote(self, item: Any, table: str, factor: int) -> None:
        key = {name: item[name] for name in ("pk", "sk")}
        stored = self._dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
        self.written[key["pk"]["S"]] += factor * max(1, math.ceil(item_bytes(stored) / 1024))


def item_bytes(item: dict[str, Any]) -> int:
    """The size of an item as DynamoDB reckons it."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: dict[str, Any]) -> int:
    [(kind, content)] = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return math.ceil(len(re.sub(r"[^\d]", "", content)) / 2) + 1
    if kind in ("SS", "NS"):
        return sum(_value_bytes({kind[0]: member}) for member in content)
    raise NotImplementedError(f"the table has no values of kind {kind}")


def table_figures(dynamodb: Any, table: str) -> tuple[int, int]:
    """How many items a table has, and their bytes, with the 100 that DynamoDB bills for each beside."""
    items = [item for page in dynamodb.get_paginator("scan").paginate(TableName=table) for item in page["Items"]]
    return len(items), sum(item_bytes(item) + 100 for item in items)


def _message(number: int, key: str) -> dict[str, Any]:
    record = {"eventName": "ObjectCreated:Put", "s3": {"object": {"key": key, "sequencer": f"{number:016X}"}}}
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": str(time.time_ns() // 1_000_000)}
    body = json.dumps({"Records": [record]})
    return {"messageId": str(number), "receiptHandle": str(number), "body": body, "attributes": attributes}


def main(keys: list[str]) -> None:
    """Caption the photos in batches, and print."""
    app = importlib.import_module("app")  # the caption function
    dynamodb = boto3.client("dynamodb")
    meter = Meter(dynamodb)
    for client in (app.catalog.table.client, app.storage._s3, app.activity._table.client, app.queue):
        meter.watch(client)
    context = SimpleNamespace(aws_request_id="bench", get_remaining_time_in_millis=lambda: 60_000)
    log = io.StringIO()
    for handler in app.logger.handlers:
        handler.stream = log
    with contextlib.redirect_stdout(log):
        for start in range(0, len(keys), BATCH):
            messages = [_message(i, key) for i, key in enumerate(keys[start : start + BATCH], start)]
            answer = app.handler({"Records": messages}, context)
            assert not answer["batchItemFailures"], log.getvalue()
    items, size = table_figures(dynamodb, app.settings.table)
    read_units = meter.read_units
    app.catalog.newest(PAGE)
    found = {
        "calls": meter.calls,
        "written": meter.written,
        "transacted": meter.transacted,
        "read_units": read_units,
        "read_units_of_page": meter.read_units - read_units,
        "sent": meter.sent,
        "logged": len(log.getvalue()),
        "items": items,
        "table_bytes": size,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
