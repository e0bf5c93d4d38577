"""Make captions anew that another model made than the one that captions now."""

from __future__ import annotations

import time
from collections.abc import Callable

from captionary.catalog import Catalog
from captionary.records import Record

from .clients import Clients
from .recover import RecoveryError, look_again

CHUNK = 100  # photos that are asked for, and waited for, at once: new photos need not wait longer than for these
PATIENCE_SECONDS = 600.0  # that nothing may change: longer than what a crashed worker held is held back
PAUSE_SECONDS = 0.2


def caption_anew(
    clients: Clients,
    endpoints: dict[str, str],
    is_stale: Callable[[Record], bool],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Caption stale photos anew, and wait for it; how many there were. Safe to break off and to repeat.

    Photos that failed are left as they are, and one that fails now is not waited for any longer.

    Args:
        is_stale: whether a ready photo's words are to be made anew; no more so once they are.
        progress: called after each step with how many are done, of how many.
    Raises:
        RecoveryError: the queue did not take them all, or some did not get their words.
    """
    catalog = Catalog(clients.dynamodb, endpoints["table"])
    stale = [record for record in catalog.everything() if record.status == "ready" and is_stale(record)]
    progress(0, len(stale))
    left = 0
    for start in range(0, len(stale), CHUNK):
        chunk = stale[start : start + CHUNK]
        look_again(clients, endpoints, [record.key for record in chunk])
        left_of_chunk = _wait_for(catalog, {record.id for record in chunk}, is_stale)
        left += left_of_chunk
        if left_of_chunk == len(chunk):
            break  # nothing goes on at all
        progress(start + len(chunk), len(stale))
    if left:
        raise RecoveryError(f"{left} photos still wait for their captions")
    return len(stale)


def _wait_for(catalog: Catalog, waiting: set[str], is_stale: Callable[[Record], bool]) -> int:
    """Return when these photos are no longer stale, or nothing has happened for long; how many still are."""
    last_news = time.monotonic()
    while waiting and time.monotonic() - last_news < PATIENCE_SECONDS:
        records = catalog.get_many(waiting).values()
        still = {record.id for record in records if record.status == "ready" and is_stale(record)}
        if len(still) < len(waiting):
            waiting, last_news = still, time.monotonic()
        else:
            time.sleep(PAUSE_SECONDS)
    return len(waiting)
