"""Make captions anew that another model made than the one that captions now."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from captionary.catalog import Catalog
from captionary.reconcile import log_photo
from captionary.records import Record

from .clients import Clients
from .recover import RecoveryError, look_again

CHUNK = 100  # photos that are asked for, and waited for, at once: new photos need not wait longer than for these
PATIENCE_SECONDS = 600.0  # that nothing may change: longer than what a crashed worker held is held back
PAUSE_SECONDS = 0.2
EMPTY_LOOKS = 5  # one after the other that find the queue empty: then it is through with every photo
WAITING: Any = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]


def caption_anew(
    clients: Clients,
    endpoints: dict[str, str],
    is_stale: Callable[[Record], bool],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Caption stale photos anew, and wait for it; how many got new words. Safe to break off and to repeat.

    Photos that failed before are left as they are, and one that fails now is not waited for any longer.

    Args:
        is_stale: whether a ready photo's words are to be made anew; no more so once they are.
        progress: called after each step with how many were looked at, of how many.
    Raises:
        RecoveryError: the queue did not take them all, some kept their old words, or of some hundred
            that were asked for none got new ones: then something is amiss, and the rest is not touched.
    """
    catalog = Catalog(clients.dynamodb, endpoints["table"])
    stale = [record for record in catalog.everything() if record.status == "ready" and is_stale(record)]
    progress(0, len(stale))
    done = left = 0
    for start in range(0, len(stale), CHUNK):
        chunk = stale[start : start + CHUNK]
        look_again(clients, endpoints, dict.fromkeys((record.key for record in chunk), ""))
        for record in chunk:
            log_photo(record.key, "queued_anew")
        records = _wait_for(catalog, {record.id for record in chunk}, is_stale, lambda: _is_empty(clients, endpoints))
        left_of_chunk = sum(map(is_stale, records["ready"]))
        done_of_chunk = len(records["ready"]) - left_of_chunk
        if not done_of_chunk and (left_of_chunk or records["failed"]):
            raise RecoveryError(
                f"none of {len(chunk)} photos got a new caption"
                + (f", and {untried} more were not tried" if (untried := len(stale) - start - len(chunk)) else "")
            )
        done, left = done + done_of_chunk, left + left_of_chunk
        progress(start + len(chunk), len(stale))
    if left:
        raise RecoveryError(f"{left} of {len(stale)} photos kept their old captions")
    return done


def _wait_for(
    catalog: Catalog, ids: set[str], is_stale: Callable[[Record], bool], is_empty: Callable[[], bool]
) -> dict[str, list[Record]]:
    """Return when these photos are no longer stale, or no more can come: their records, by status."""
    still, last_news, empty_looks = len(ids), time.monotonic(), 0
    while True:
        records: dict[str, list[Record]] = {"ready": [], "failed": []}
        for record in catalog.get_many(ids).values():
            records.setdefault(record.status, []).append(record)
        now = sum(map(is_stale, records["ready"]))
        if now < still:
            still, last_news = now, time.monotonic()
        if not still or empty_looks >= EMPTY_LOOKS or time.monotonic() - last_news >= PATIENCE_SECONDS:
            return records
        empty_looks = empty_looks + 1 if is_empty() else 0
        time.sleep(PAUSE_SECONDS)


def _is_empty(clients: Clients, endpoints: dict[str, str]) -> bool:
    """Whether no message waits in the ingest queue or is under way."""
    answer = clients.sqs.get_queue_attributes(QueueUrl=endpoints["ingest_queue"], AttributeNames=WAITING)
    return not any(int(depth) for depth in answer["Attributes"].values())
