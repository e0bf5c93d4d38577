from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commands import status

STARTER = {"name": "starter", "version": "1", "classes": 200}
STATUS = {
    "counts": {"ready": 3, "pending": 2, "failed": 1},
    "queue": {"waiting": 2, "dead_letters": 0},
    "model": STARTER,
    "feedback": {"right": 4, "wrong": 1},
    "version": "0.1.0",
}


@pytest.mark.parametrize(
    ("upgrade", "lines"),
    [
        (None, []),
        (("preparing", None), ["Upgrade   the imagenet model is being prepared"]),
        (("captioning", None), ["Upgrade   the imagenet model has taken over and makes the starter's captions anew"]),
        (("done", None), ["Upgrade   the imagenet model has taken over"]),
        (("failed", "there is no network"), ["Upgrade   the imagenet model can't take over: there is no network"]),
    ],
    ids=str,
)
def test_what_is_told(
    upgrade: tuple[str, str | None] | None, lines: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class FakeApi:
        def __init__(self, *_: Any) -> None:
            pass

        def get(self, path: str) -> dict[str, Any]:
            told = dict(zip(("state", "reason"), upgrade, strict=True)) if upgrade else None
            return {**STATUS, "upgrade": told and {"model": "imagenet", **told}}

    monkeypatch.setattr(status, "Api", FakeApi)
    monkeypatch.setattr(status, "endpoints_of", lambda data: {"site": "http://gallery/"})
    result = CliRunner().invoke(status.command, ["--data", str(tmp_path)])
    assert result.output.splitlines() == [
        "Gallery   http://gallery/  (version 0.1.0)",
        "Photos    3 ready, 2 pending, 1 failed",
        "Queue     2 waiting, 0 dead letters",
        "Captions  by the starter model, version 1 (200 classes)",
        "Feedback  4 right, 1 wrong",
        *lines,
    ]
