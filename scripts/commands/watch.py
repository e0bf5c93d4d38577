"""What `captionary status --watch` shows: the state of a gallery and what it did lately, again and again."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from captionary.activity import STAGES

from .running import Api, endpoints_of

EVERY_SECONDS = 2.0
MINUTES = 30
BARS = " ▁▂▃▄▅▆▇█"

Seen = dict[str, Any]  # the answers of `GET /status` and `GET /activity`, or why there are none
Describe = Callable[[Seen], list[str]]


def watch(data: Path, as_json: bool, describe: Describe) -> None:
    """Show the gallery's state until Ctrl-C: on a terminal in place, elsewhere a line each time.

    A gallery that does not answer is asked again: it may be starting anew.

    Args:
        describe: lines for the answer of `GET /status`.
    """
    console = Console(highlight=False)
    try:
        if as_json or not console.is_terminal:
            for seen in looks(data):
                click.echo(json.dumps(seen) if as_json else line(seen))
        else:
            with Live(console=console, auto_refresh=False) as live:
                for seen in looks(data):
                    live.update(
                        Text("\n".join(screen(seen, describe)), no_wrap=True, overflow="ellipsis"), refresh=True
                    )
    except KeyboardInterrupt:
        pass


def looks(data: Path) -> Iterator[Seen]:
    """The gallery's state, every few seconds, for ever."""
    while True:
        yield look(data)
        time.sleep(EVERY_SECONDS)


def look(data: Path) -> Seen:
    """The gallery's state now."""
    try:
        api = Api(endpoints_of(data), data)
        return {"status": api.get("status"), "activity": api.get("activity", minutes=str(MINUTES))}
    except click.ClickException as exc:
        return {"error": exc.message}


def screen(seen: Seen, describe: Describe) -> list[str]:
    """All there is to tell."""
    if "error" in seen:
        return [seen["error"], "Ctrl-C ends this."]
    steps = seen["activity"]["items"]
    done = [step["ready"] + step["failed"] + step["gave_up"] for step in steps]
    told = [
        *describe(seen["status"]),
        "",
        f"Rate      {seen['activity']['per_minute']:.0f} photos/min  {_bars(done)}  last {MINUTES} minutes",
    ]
    if (waited := _last_wait(seen)) is not None:
        waits = [step["wait_seconds"] or 0.0 for step in steps]
        told.append(f"Waited    {_duration(waited)} at most  {_bars(waits)}")
    for stage, mean in _means(steps).items():
        told.append(f"{stage.title():8}  {mean:6.1f} ms  {_bars([step['ms'].get(stage, 0.0) for step in steps])}")
    if put_off := sum(step["put_off"] for step in steps):
        told.append(f"Put off   {put_off} tries that came to nothing and are made again")
    return [*told, "", "Ctrl-C ends this."]


def line(seen: Seen) -> str:
    """The most important in a line."""
    now = time.strftime("%H:%M:%S")
    if "error" in seen:
        return f"{now}  {seen['error']}"
    status, activity = seen["status"], seen["activity"]
    counts, queue, waited = status["counts"], status["queue"], _last_wait(seen)
    stages = ", ".join(f"{stage} {mean:.0f}" for stage, mean in _means(activity["items"]).items())
    return "  ".join(
        [
            now,
            f"{counts['ready']} ready, {counts['pending']} pending, {counts['failed']} failed",
            f"{queue['waiting']} waiting, {queue['dead_letters']} dead letters",
            f"{activity['per_minute']:.0f} photos/min",
            *([f"waited {_duration(waited)}"] if waited is not None else []),
            *([f"ms: {stages}"] if stages else []),
        ]
    )


def _last_wait(seen: Seen) -> float | None:
    """How long the photos waited that were worked on last; None where nothing was done."""
    waits = [step["wait_seconds"] for step in seen["activity"]["items"] if step["wait_seconds"] is not None]
    return waits[-1] if waits else None


def _means(steps: list[dict[str, Any]]) -> dict[str, float]:
    """Milliseconds for a photo by stage, over all steps: of the stages that there were."""
    means = {}
    for stage in STAGES:
        parts = [(step["ms"][stage], step["ready"] + step["failed"]) for step in steps if stage in step["ms"]]
        if photos := sum(weight for _, weight in parts):
            means[stage] = sum(ms * weight for ms, weight in parts) / photos
    return means


def _bars(values: list[float] | list[int]) -> str:
    """A bar for each value, as high as it is among them."""
    highest = max(values, default=0) or 1
    return "".join(BARS[math.ceil(value / highest * (len(BARS) - 1))] for value in values)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
