"""What schemathesis can't know of the API: which ids and cursors there are, and what a picture is."""

from __future__ import annotations

import itertools
import json
import os
from typing import Any

import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.hooks import HookContext
from schemathesis.openapi.checks import UnsupportedMethodResponse

from captionary import problems
from captionary.catalog import encode_cursor
from captionary.timeline import LOWEST_SORT_KEY, Position
from tests.description import complaints

CURSOR = encode_cursor(Position(1, LOWEST_SORT_KEY))  # of a time before every gallery's
JPEG = b"\xff\xd8\xff\xe0"
KEPT = os.environ.get("CAPTIONARY_IDS", "a" * 16).split(",")  # photos that are there, and have to stay
GONE = "b" * 16
ids = itertools.cycle(KEPT)


def is_sound(case: Case[Any], location: ParameterLocation) -> bool:
    """Whether a part of a request was made to be as described."""
    return case.meta is not None and location in case.meta.components and not case.meta.is_negative_at(location)


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Ask for photos that are there, go on by cursors that were given out, send what begins as pictures do."""
    takes_away = case.method == "DELETE"
    if is_sound(case, ParameterLocation.PATH) and "id" in (case.path_parameters or {}):
        if not takes_away:
            case.path_parameters["id"] = next(ids)
        elif case.path_parameters["id"] in KEPT:
            case.path_parameters["id"] = GONE
    # Deletions that schemathesis does not take for such: it would wonder where its photos are.
    takes_many_away = case.operation.label == "POST /images/delete"
    if takes_many_away and isinstance(case.body, dict) and isinstance(wanted := case.body.get("ids"), list):
        case.body["ids"] = [GONE if isinstance(each, str) and len(each) == len(GONE) else each for each in wanted]
    if is_sound(case, ParameterLocation.QUERY) and "cursor" in (case.query or {}):
        case.query["cursor"] = CURSOR
    is_picture = is_sound(case, ParameterLocation.BODY) and case.operation.label == "POST /images"
    if is_picture and isinstance(case.body, bytes | str) and case.body:
        case.body = JPEG + (case.body if isinstance(case.body, bytes) else case.body.encode())


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Let 404 stand for 405: API Gateway can't tell a method that a route doesn't have from no route."""
    is_undeclared = isinstance(failure, UnsupportedMethodResponse)
    return not (is_undeclared and response.status_code == 404 and response.json()["type"] == "/problems/not-found")


@schemathesis.check
def errors_are_problems(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Whatever goes wrong is told as problem details, with a sentence."""
    if response.status_code < 400 or case.method == "HEAD":
        return
    [content_type] = response.headers["content-type"]
    assert content_type == problems.CONTENT_TYPE
    problem = json.loads(response.content)
    assert complaints({"$ref": "#/components/schemas/Problem"}, problem) == []
    assert problem["status"] == response.status_code
    assert problem["detail"].endswith(".")
