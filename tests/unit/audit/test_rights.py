from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from audit.rights import UNSEEN, Right, allowed, never_used, not_allowed, used
from infra.packages import read_template


@pytest.fixture
def template() -> dict[str, Any]:
    return read_template()


def note(function: str, action: str, resource: str) -> str:
    role = f"arn:aws:sts::000000000000:assumed-role/g-Role-1/{function}"
    return json.dumps([role, action, resource])


IMAGES = "arn:aws:s3:::gallery-images-000000000000-us-east-1"


def test_what_the_template_allows(template: dict[str, Any]) -> None:
    may = allowed(template)
    assert Right("CaptionFunction", "s3:GetObject", "arn:aws:s3:::STACK-images-*-*/*") in may
    assert Right("UploadFunction", "s3:PutObject", "arn:aws:s3:::STACK-images-*-*/uploads/*") in may
    assert Right("ApiFunction", "dynamodb:Query", "arn:aws:dynamodb:*:table/STACK-photos") in may
    assert Right("ApiFunction", "sqs:GetQueueAttributes", "arn:aws:sqs:*:STACK-dead-letters") in may
    secret = "arn:aws:secretsmanager:*:secret:STACK-AccessTokenSecret-*"
    assert Right("ApiFunction", "secretsmanager:GetSecretValue", secret) in may


def test_what_is_allowed_and_used_fits(template: dict[str, Any]) -> None:
    may = allowed(template)
    did = used(template, [note("gallery-caption", "s3:GetObject", f"{IMAGES}/holidays/*")])
    assert did == {
        Right("CaptionFunction", "s3:GetObject", "arn:aws:s3:::STACK-images-000000000000-us-east-1/holidays/*")
    }
    assert not_allowed(may, did) == []
    left = never_used(may, did)
    assert Right("CaptionFunction", "s3:GetObject", "arn:aws:s3:::STACK-images-*-*/*") not in left
    assert Right("CaptionFunction", "s3:PutObject", "arn:aws:s3:::STACK-media-*-*/*") in left


@pytest.mark.parametrize(
    ("function", "action", "resource"),
    [
        ("gallery-caption", "s3:DeleteObject", f"{IMAGES}/*"),
        ("gallery-upload", "s3:PutObject", f"{IMAGES}/holidays/*"),
        ("gallery-api", "dynamodb:Scan", "arn:aws:dynamodb:us-east-1:000000000000:table/gallery-photos"),
        ("gallery-caption", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:0:secret:gallery-A-1"),
    ],
)
def test_what_goes_beyond_is_told(template: dict[str, Any], function: str, action: str, resource: str) -> None:
    assert len(not_allowed(allowed(template), used(template, [note(function, action, resource)]))) == 1


def test_what_a_test_sends_elsewhere_does_not_count(template: dict[str, Any]) -> None:
    assert used(template, [note("gallery-caption", "s3:PutObject", "arn:aws:s3:::no-such-bucket/thumb/*")]) == set()


def test_a_right_without_use_needs_a_reason(template: dict[str, Any]) -> None:
    unused = {(right.function, right.action) for right in never_used(allowed(template), set())}
    assert ("CaptionFunction", "s3:GetObject") in unused
    assert ("CaptionFunction", "s3:ListBucket") not in unused
    assert ("UploadFunction", "s3:DeleteObject") not in unused
    assert ("ApiFunction", "s3:DeleteObject") in unused, "of photos; of people's words there is a reason"


def test_every_reason_is_for_a_right_that_is_given(template: dict[str, Any]) -> None:
    may = [(right.function, right.action, right.resource) for right in allowed(template)]
    for patterns in UNSEEN:
        assert any(all(map(fnmatchcase, names, patterns)) for names in may), patterns
