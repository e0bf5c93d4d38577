from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from commands import status, watch

STARTER = {"name": "starter", "version": "1", "classes": 200}
STATUS = {
    "counts": {"ready": 3, "pending": 2, "failed": 1},
    "queue": {"waiting": 2, "dead_letters": 0},
    "model": STARTER,
    "feedback": {"right": 4, "wrong": 1},
    "upgrade": None,
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


IDLE: dict[str, Any] = {"ready": 0, "failed": 0, "gave_up": 0, "put_off": 0, "ms": {}, "wait_seconds": None}
BUSY: list[dict[str, Any]] = [
    IDLE,
    {**IDLE, "ready": 9, "failed": 1, "ms": {"fetch": 4.0, "decode": 100.0}, "wait_seconds": 0.4},
    {**IDLE, "ready": 30, "put_off": 2, "ms": {"fetch": 2.0, "decode": 60.0, "record": 8.0}, "wait_seconds": 95.0},
]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Watches a gallery that is busy, out of reach, and idle again; then somebody presses Ctrl-C."""
    looks = iter([BUSY, None, [IDLE]])
    waited: list[float] = []
    now: list[Any] = []

    class FakeApi:
        def __init__(self, endpoints: dict[str, str], data: Path) -> None:
            pass

        def get(self, path: str, **query: str) -> dict[str, Any]:
            if path == "activity":
                assert query == {"minutes": "30"}
                return {"per_minute": 31.5 if now[-1] is BUSY else 0.0, "items": now[-1]}
            now.append(next(looks))
            if now[-1] is None:
                raise click.ClickException("The gallery does not answer.")
            return STATUS

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            raise KeyboardInterrupt

    for module in (status, watch):
        monkeypatch.setattr(module, "endpoints_of", lambda data: {"site": "http://gallery/"})
    monkeypatch.setattr(watch, "Api", FakeApi)
    monkeypatch.setattr("commands.watch.time.sleep", sleep)
    monkeypatch.setattr("commands.watch.time.strftime", lambda form: "12:00:00")

    def run(*options: str) -> Result:
        result = CliRunner().invoke(status.command, ["--data", str(tmp_path), "--watch", *options])
        assert waited == [watch.EVERY_SECONDS] * 3
        return result

    return run


def test_watching_without_a_terminal_prints_a_line_each_time(watched: Callable[..., Result]) -> None:
    result = watched()
    assert (result.exit_code, result.exception) == (0, None)
    assert result.output.splitlines() == [
        "12:00:00  3 ready, 2 pending, 1 failed  2 waiting, 0 dead letters  32 photos/min  waited 95 s  "
        "ms: fetch 2, decode 70, record 8",
        "12:00:00  The gallery does not answer.",
        "12:00:00  3 ready, 2 pending, 1 failed  2 waiting, 0 dead letters  0 photos/min",
    ]


def test_watching_for_machines(watched: Callable[..., Result]) -> None:
    seen = [json.loads(line) for line in watched("--json").output.splitlines()]
    assert seen[0] == {"status": STATUS, "activity": {"per_minute": 31.5, "items": BUSY}}
    assert seen[1] == {"error": "The gallery does not answer."}
    assert len(seen) == 3


def test_watching_on_a_terminal(watched: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(
        watch, "Console", lambda **more: Console(file=terminal, force_terminal=True, width=100, height=40, **more)
    )
    assert watched().exit_code == 0
    shown = terminal.getvalue()
    for told in (
        "Photos    3 ready, 2 pending, 1 failed",
        "Rate      32 photos/min   ▃█  last 30 minutes",
        "Waited    95 s at most   ▁█",
        "Decode      70.0 ms   █▅",
        "Put off   2 tries",
        "The gallery does not answer.",
        "Ctrl-C ends this.",
    ):
        assert told in shown
    assert shown.index("\x1b[?25l") < shown.rindex("\x1b[?25h"), "the cursor is shown again"


@pytest.mark.parametrize(
    ("values", "bars"), [([], ""), ([0, 0], "  "), ([1, 800], "▁█"), ([4.0, 8.0], "▄█"), ([0.1], "█")], ids=str
)
def test_bars(values: list[float], bars: str) -> None:
    assert watch._bars(values) == bars
