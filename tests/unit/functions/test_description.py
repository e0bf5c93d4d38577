"""functions/api/openapi.json says what the functions do: no more, no less."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import schemathesis

from captionary import __version__, activity, formats, parameters, problems
from infra.deploy import ROOT, read_template
from tests.description import DESCRIPTION, complaints, operations, resolved

API, UPLOAD = ROOT / "functions" / "api" / "app.py", ROOT / "functions" / "upload" / "app.py"
PARAMETERS = Path(parameters.__file__)


def described_types(operation: Mapping[str, Any]) -> set[str]:
    """The problem types that a route may answer with."""
    found: set[str] = set()
    for answer in map(resolved, operation["responses"].values()):
        for media in answer.get("content", {}).values():
            for part in media["schema"].get("allOf", []):
                found |= set(part.get("properties", {}).get("type", {}).get("enum", []))
    return found


class Calls(ast.NodeVisitor):
    """What a function calls, and which problems it raises, as it is written."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Call(self, node: ast.Call) -> None:
        self.names.add(ast.unparse(node.func))
        self.generic_visit(node)


def functions_of(path: Path) -> dict[str, set[str]]:
    """The functions of a module, each with what it calls; others' are told by the name of their module."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            calls = Calls()
            calls.visit(node)
            found[node.name] = calls.names
    return found


def raised_by(function: str, modules: Mapping[str, dict[str, set[str]]], module: str) -> Iterator[type]:
    """The problems that a function raises, itself or by what it calls in these modules."""
    seen: set[tuple[str, str]] = set()
    waiting = [(module, function)]
    while waiting:
        if (here := waiting.pop()) in seen:
            continue
        seen.add(here)
        for name in modules[here[0]].get(here[1], ()):
            owner, _, called = name.rpartition(".")
            problem = getattr(problems, called, None)
            if isinstance(problem, type) and issubclass(problem, problems.Problem):
                yield problem
            elif not owner:
                waiting.append((here[0], called))
            elif owner in modules:
                waiting.append((owner, called))


@pytest.fixture
def handlers(function: Callable[[str], ModuleType]) -> dict[tuple[str, str], tuple[Path, str]]:
    """Routes, and the functions that answer them."""
    api, upload = function("api"), function("upload")
    found = {
        (method, path): (API, entry.view_function.__name__)
        for path, methods in api.app.routes.items()
        for method, entry in methods.items()
    }
    return found | {route: (UPLOAD, handler.__name__) for route, handler in upload.ROUTES.items()}


def test_it_is_openapi() -> None:
    schemathesis.openapi.from_dict(DESCRIPTION).validate()


def test_each_route_is_described_and_the_other_way_round(handlers: dict[tuple[str, str], Any]) -> None:
    described = {(method, path) for method, path, _ in operations()}
    declared = {
        (event["Properties"]["Method"], event["Properties"]["Path"])
        for resource in read_template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"]["Events"].values()
        if event["Type"] == "Api"
    }
    assert described == declared == handlers.keys()


def test_each_problem_that_a_route_may_raise_is_described(handlers: dict[tuple[str, str], tuple[Path, str]]) -> None:
    modules = {path.parent.name: functions_of(path) for path in (API, UPLOAD)}
    modules["parameters"] = functions_of(PARAMETERS)
    described = {(method, path): operation for method, path, operation in operations()}
    for route, (path, function) in handlers.items():
        raised = {f"/problems/{problem.slug}" for problem in raised_by(function, modules, path.parent.name)}  # type: ignore[attr-defined]
        known = described_types(described[route])
        assert raised <= known, route
        assert known - raised <= {
            "/problems/cross-site",  # by the gate, before any route
            "/problems/internal",
            "/problems/not-found",  # an id with a slash in it
            "/problems/too-large",  # by API Gateway
            "/problems/too-many-requests",
            "/problems/unauthorized",  # by the gate
            "/problems/unavailable",  # by the gate and the front door
            "/problems/unsupported-media-type",  # by Chalice, of a body that is no JSON
            "/problems/wrong-host",
        }, route
        assert "/problems/internal" in known


def test_each_problem_is_told_with_its_own_words() -> None:
    titles = {f"/problems/{kind.slug}": (kind.status, kind.title) for kind in every_kind(problems.Problem)}
    for answer in DESCRIPTION["components"]["responses"].values():
        media = answer["content"]["application/problem+json"]
        example = media["example"]
        assert complaints(media["schema"], example) == []
        if example["type"] in titles:
            assert (example["status"], example["title"]) == titles[example["type"]]


def every_kind(kind: type[problems.Problem]) -> Iterator[type[problems.Problem]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every_kind(child)


def test_gateways_of_aws_answer_as_described() -> None:
    responses = read_template()["Resources"]["Api"]["Properties"]["GatewayResponses"]
    known = {slug for _, _, operation in operations() for slug in described_types(operation)}
    for response in responses.values():
        text = response["ResponseTemplates"]["application/json"].replace("$context.error.messageString", '"Why."')
        problem = json.loads(text)
        assert problem["type"] in known
        assert problem.get("status", response.get("StatusCode")) == response.get("StatusCode")


def test_examples_are_what_they_are_examples_of() -> None:
    for _, path, operation in operations():
        for answer in [operation.get("requestBody", {}), *map(resolved, operation["responses"].values())]:
            for media in answer.get("content", {}).values():
                examples = [example["value"] for example in media.get("examples", {}).values()]
                examples += [media["example"]] if "example" in media else []
                for example in examples:
                    assert complaints(media["schema"], example) == [], path


def test_limits_are_those_of_the_code(function: Callable[[str], ModuleType]) -> None:
    api, upload = function("api"), function("upload")
    schemas = DESCRIPTION["components"]["schemas"]
    described = {(method, path): operation for method, path, operation in operations()}

    def limits(path: str, name: str = "limit") -> tuple[int, int]:
        [schema] = [each["schema"] for each in described["GET", path]["parameters"] if each["name"] == name]
        return schema["default"], schema["maximum"]

    def items(path: str, name: str) -> int:
        body = described["POST", path]["requestBody"]["content"]["application/json"]["schema"]
        return int(body["properties"][name]["maxItems"])

    assert limits("/images") == (parameters.DEFAULT_LIMIT, parameters.MAX_LIMIT)
    assert limits("/labels") == (api.DEFAULT_LABELS, api.MAX_LABELS)
    assert limits("/activity", "minutes") == (api.DEFAULT_MINUTES, activity.MAX_MINUTES)
    assert schemas["Activity"]["properties"]["items"]["maxItems"] == activity.MOST_STEPS + 1
    assert items("/images/delete", "ids") == items("/images/known", "sha256") == parameters.MAX_IDS
    edit = schemas["Edit"]["properties"]
    assert edit["caption"]["maxLength"] == parameters.TEXT_CHARACTERS
    assert (edit["labels"]["maxItems"], edit["labels"]["items"]["maxLength"]) == (
        parameters.MAX_LABELS,
        parameters.LABEL_CHARACTERS,
    )
    phrases = [
        each["schema"]["maxLength"]
        for path in ("/images", "/labels")
        for each in described["GET", path]["parameters"]
        if each["name"] in ("q", "label")
    ]
    assert phrases == [parameters.PHRASE_CHARACTERS] * 3
    assert schemas["Judgement"]["properties"]["note"]["maxLength"] == parameters.TEXT_CHARACTERS
    wish = schemas["UploadWish"]["properties"]
    assert wish["size"]["maximum"] == upload.UPLOAD_BYTES
    assert tuple(wish["content_type"]["enum"]) == formats.CONTENT_TYPES
    assert tuple(described["POST", "/images"]["requestBody"]["content"]) == formats.CONTENT_TYPES


def test_its_version_is_the_gallerys() -> None:
    assert DESCRIPTION["info"]["version"] == __version__
