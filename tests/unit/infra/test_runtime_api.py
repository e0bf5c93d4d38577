from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from infra.runtime_api import VERSION, Invocation, Outcome, RuntimeApi

needs_client = pytest.mark.skipif(importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is Linux's")

FUNCTION = """
import json
def handler(event, context):
    if event["text"] == "fail":
        raise ValueError("told to")
    return {
        "text": event["text"].upper(),
        "id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "has_time": context.get_remaining_time_in_millis() > 0,
    }
"""


def run(folder: Path, code: str, text: str) -> tuple[Invocation, Outcome]:
    """What AWS' own client makes of a function and this server."""
    (folder / "app.py").write_text(code)
    invocation = Invocation(json.dumps({"text": text}).encode(), "arn:aws:lambda:us-east-1:000000000000:function:f", 7)
    with RuntimeApi(invocation) as api:
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "app.handler"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "AWS_LAMBDA_RUNTIME_API": api.address},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None
        with process.stdout:
            while api.outcome is None and process.poll() is None:
                time.sleep(0.01)
            process.kill()
            log = process.stdout.read()
            process.wait()
    assert api.outcome is not None, log
    return invocation, api.outcome


@needs_client
def test_an_event_goes_in_and_the_answer_comes_out(tmp_path: Path) -> None:
    invocation, outcome = run(tmp_path, FUNCTION, "grün")
    assert json.loads(outcome.answer) == {
        "text": "GRÜN",
        "id": invocation.request_id,
        "arn": invocation.function_arn,
        "has_time": True,
    }
    assert outcome.error is None


@needs_client
@pytest.mark.parametrize(
    ("code", "error"),
    [
        pytest.param(FUNCTION, ("ValueError", "told to"), id="in the handler"),
        pytest.param("import no_such_module", ("Runtime.ImportModuleError", "no_such_module"), id="on import"),
    ],
)
def test_an_error_comes_out(tmp_path: Path, code: str, error: tuple[str, str]) -> None:
    outcome = run(tmp_path, code, "fail")[1]
    assert outcome.error is not None
    assert outcome.error["errorType"] == error[0]
    assert error[1] in outcome.error["errorMessage"]


@pytest.mark.parametrize(
    ("path", "body"),
    [(f"{VERSION}/invocation/previous", None), (f"{VERSION}/invocation/another/response", b"{}")],
    ids=["no such route", "another invocation's answer"],
)
def test_what_is_not_of_the_api_is_not_found(path: str, body: Any) -> None:
    with RuntimeApi(Invocation(b"{}", "arn", 1)) as api:
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(f"http://{api.address}{path}", data=body, timeout=5)
        refusal.value.close()
        assert refusal.value.code == 404
        assert api.outcome is None
