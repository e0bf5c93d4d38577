from __future__ import annotations

import os

import pytest

from infra.clients import ignore_personal_settings


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "mirror.example, .corp"}, "mirror.example,.corp,127.0.0.1,localhost"),
        ({"no_proxy": "localhost,a"}, "localhost,a,127.0.0.1"),
        ({"NO_PROXY": "a", "no_proxy": "b"}, "a,b,127.0.0.1,localhost"),
        ({"no_proxy": "*"}, "*"),
    ],
    ids=["nothing", "a mirror", "this machine already", "both", "all"],
)
def test_the_persons_exceptions_from_the_proxy_stay(
    given: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(given))
    ignore_personal_settings()
    ignore_personal_settings()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == expected
