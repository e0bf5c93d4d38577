from __future__ import annotations

import subprocess
import sys

import pytest

from commands.invoke import FUNCTIONS
from infra.deploy import ROOT
from infra.invoke import InvocationError, _wait
from infra.runtime_api import Invocation, RuntimeApi


def test_every_function_can_be_named() -> None:
    assert set(FUNCTIONS) == {path.parent.name for path in ROOT.glob("functions/*/app.py")}


@pytest.mark.parametrize(
    ("code", "seconds", "sentence"),
    [
        ("import os; os._exit(3)", 60, r"^The function ended \(status 3\) without an answer; see its logs\.$"),
        ("import time; time.sleep(60)", 0.1, r"^The function took longer than the 0\.1 seconds that template\.yaml"),
    ],
    ids=["dies", "takes too long"],
)
def test_a_function_without_an_answer(code: str, seconds: float, sentence: str) -> None:
    with RuntimeApi(Invocation(b"{}", "arn", seconds)) as api:
        process = subprocess.Popen([sys.executable, "-c", code])
        try:
            with pytest.raises(InvocationError, match=sentence):
                _wait(process, api, seconds)
        finally:
            process.kill()
            process.wait()
