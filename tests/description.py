"""functions/api/openapi.json, as tests compare the API with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from infra.deploy import ROOT

DESCRIPTION: dict[str, Any] = json.loads((ROOT / "functions" / "api" / "openapi.json").read_text(encoding="utf-8"))
METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


def resolved(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference refers to, or what it is itself."""
    while "$ref" in found:
        target: Any = DESCRIPTION
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        found = target
    return found


def operations() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Methods and paths, and how they are described."""
    for path, described in DESCRIPTION["paths"].items():
        for method in METHODS:
            if method in described:
                yield method.upper(), path, described[method]


def complaints(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What is wrong with a value, by a schema of the description."""
    validator = Draft202012Validator({**schema, "components": DESCRIPTION["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def check_answer(method: str, resource: str, status: int, headers: Mapping[str, str], body: str) -> None:
    """Assert that an answer is one that the description allows; of routes that aren't there, a problem."""
    described = DESCRIPTION["paths"].get(resource, {}).get(method.lower())
    if described is None:
        assert status == 404
        assert complaints({"$ref": "#/components/schemas/Problem"}, json.loads(body)) == []
        return
    assert str(status) in described["responses"], f"{method} {resource} may answer with {status}"
    answer = resolved(described["responses"][str(status)])
    for name, header in answer.get("headers", {}).items():
        assert name in headers or not header.get("required")
    content = answer.get("content")
    if content is None:
        assert body == ""
        return
    media = content[headers["Content-Type"]]
    assert complaints(media["schema"], json.loads(body)) == []
