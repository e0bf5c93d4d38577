from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commands.invoke import FUNCTIONS
from infra.backends import Backends
from infra.deploy import ROOT
from infra.invoke import InvocationError, _wait, environment
from infra.runtime_api import Invocation, RuntimeApi


def test_every_function_can_be_named() -> None:
    assert set(FUNCTIONS) == {path.parent.name for path in ROOT.glob("functions/*/app.py")}


def test_photos_and_table_are_where_the_gallery_keeps_them() -> None:
    configuration = {
        "FunctionName": "gallery-caption",
        "MemorySize": 1769,
        "Handler": "app.handler",
        "Environment": {"Variables": {"TABLE": "gallery"}},
    }
    others = Backends(s3="http://s3", s3_access_key_id="id", s3_secret_access_key="key", dynamodb="http://db")
    found = environment(configuration, Path("code"), "http://cloud", "here", Path("model"), others)
    assert found["TABLE"] == "gallery"
    assert (found["AWS_ENDPOINT_URL"], found["AWS_ENDPOINT_URL_S3"]) == ("http://cloud", "http://s3")
    assert found["AWS_ENDPOINT_URL_DYNAMODB"] == "http://db"
    assert (found["S3_ACCESS_KEY_ID"], found["S3_SECRET_ACCESS_KEY"]) == ("id", "key")


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
