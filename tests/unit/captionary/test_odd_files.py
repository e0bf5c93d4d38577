"""Every kind of odd file, read as a worker reads them, with the worker's memory and time measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.deploy import ROOT
from tests.odd_files import odd_files
from tests.odd_reader import Reading

COUNT = 200
SEED = 1
SECONDS = 20.0
MEGABYTES = 1000.0

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured by Linux alone")


@pytest.fixture(scope="module")
def readings() -> dict[str, Reading]:
    """How it went with each, by what is odd about it."""
    environment = {
        "PYTHONPATH": ":".join(filter(None, sys.path)),
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.odd_reader", str(COUNT), str(SEED)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    found = {reading["what"]: reading for reading in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 0, f"the process ended after {list(found)[-1:]}"
    return found


def test_each_is_read_or_refused_with_a_true_reason(readings: dict[str, Reading]) -> None:
    files = odd_files(COUNT, SEED)
    assert len(readings) == len(files) == COUNT
    wrong = [readings[file.what] for file in files if readings[file.what]["outcome"] not in file.outcomes]
    assert not wrong
    assert all(reading["message"].endswith((".", "?")) for reading in readings.values() if reading["message"])


def test_none_takes_much_memory(readings: dict[str, Reading]) -> None:
    largest = max(readings.values(), key=lambda reading: reading["megabytes"])
    assert largest["megabytes"] < MEGABYTES, largest


def test_none_takes_long(readings: dict[str, Reading]) -> None:
    slowest = max(readings.values(), key=lambda reading: reading["seconds"])
    assert slowest["seconds"] < SECONDS, slowest
