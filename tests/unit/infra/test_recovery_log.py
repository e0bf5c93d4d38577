from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from captionary import identity
from captionary.reconcile import log_photo
from infra import recovery_log


@pytest.fixture(autouse=True)
def the_log_as_it_was() -> Iterator[None]:
    library = logging.getLogger("captionary")
    before = library.level, library.propagate, list(library.handlers)
    yield
    for handler in set(library.handlers) - set(before[2]):
        handler.close()
    library.level, library.propagate, library.handlers = before


def test_what_is_done_about_a_photo_is_a_line_of_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    recovery_log.keep(tmp_path)
    assert list(tmp_path.iterdir()) == [], "there is nothing to tell yet"
    log_photo("a\n\u2028b.jpg", "restored")
    log_photo("c.jpg", "queued")
    lines = (tmp_path / "recovery.log").read_text().splitlines()
    restored, queued = map(json.loads, lines)
    assert restored["timestamp"].endswith("+0000")
    assert restored.items() >= {"image_id": identity.image_id("a\n\u2028b.jpg"), "outcome": "restored"}.items()
    assert (queued["key"], queued["service"], queued["message"]) == ("c.jpg", "recovery", "photo")
    assert capfd.readouterr() == ("", ""), "the terminal is for people"
