"""Holds the functions' rights, as template.yaml gives them, against those that they used while tests ran.

Both ways: no call that isn't allowed, and nothing allowed that was never called for. The local cloud notes what is
used, where CAPTIONARY_RIGHTS_USED names a file for it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click

from infra.packages import FUNCTION, read_template

# Rights that tests need not use, and why they are given all the same: function, action, resource.
LOST_RACE = "takes back what was written for a photo that was deleted at that very moment"
NOT_STORED = "takes back a photo that could not be stored (tests/integration/test_full_disk.py, where that can run)"
UNSEEN = {
    ("*", "s3:ListBucket", "*"): "no call: with it, S3 says of a missing object that it is missing, not forbidden",
    ("ApiFunction", "s3:DeleteObject", "*/people/*"): LOST_RACE,
    ("DeadLettersFunction", "s3:PutObject", "*"): LOST_RACE,
    ("UploadFunction", "dynamodb:GetItem", "*"): NOT_STORED,
    ("UploadFunction", "dynamodb:DeleteItem", "*"): NOT_STORED,
    ("UploadFunction", "s3:DeleteObject", "*"): NOT_STORED,
}
# What AWS SAM gives beside the template's own policies: to write logs, and to be fed by a queue.
BY_SAM = ("logs:*", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_SESSION = re.compile(r".*:assumed-role/[^/]+/(.+)")


@dataclass(frozen=True, order=True)
class Right:
    """Something that a function may do, or did."""

    function: str  # its name in the template
    action: str
    resource: str  # an ARN, with a star for what varies; STACK for the stack's name

    def __str__(self) -> str:
        return f"{self.function}: {self.action} on {self.resource}"

    def covers(self, other: Right) -> bool:
        """Whether what the other asks for is allowed by this."""
        same = self.function == other.function and self.action == other.action
        return same and fnmatchcase(other.resource, self.resource)


def allowed(template: dict[str, Any]) -> list[Right]:
    """What the template's policies allow."""
    return sorted(
        Right(name, action, resource)
        for name, function in _functions(template)
        for policy in function["Policies"]
        for statement in map(_unconditional, policy["Statement"])
        for action in _as_list(statement["Action"])
        for resource in (_arn(template, each) for each in _as_list(statement["Resource"]))
    )


def used(template: dict[str, Any], lines: list[str]) -> set[Right]:
    """What the functions did, by the local cloud's notes; what goes beyond their stack is a test's own doing."""
    suffixes = {function["FunctionName"]["Fn::Sub"].rpartition("}")[2]: name for name, function in _functions(template)}
    found = set()
    for line in lines:
        principal, action, resource = json.loads(line)
        session = _SESSION.fullmatch(principal)
        assert session is not None, principal
        for suffix, name in suffixes.items():
            stack = session[1].removesuffix(suffix)
            if stack != session[1] and stack in resource:
                found.add(Right(name, action, _plain(resource, stack)))
    return found


def not_allowed(may: list[Right], did: set[Right]) -> list[Right]:
    """Calls that the template does not allow."""
    by_sam = [right for right in did if any(fnmatchcase(right.action, pattern) for pattern in BY_SAM)]
    return sorted(right for right in did if right not in by_sam and not any(each.covers(right) for each in may))


def never_used(may: list[Right], did: set[Right]) -> list[Right]:
    """Rights that nobody made use of, and that have no reason either."""
    return [right for right in may if not _has_reason(right) and not any(right.covers(each) for each in did)]


def _has_reason(right: Right) -> bool:
    names = (right.function, right.action, right.resource)
    return any(all(map(fnmatchcase, names, patterns)) for patterns in UNSEEN)


def _functions(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == FUNCTION:
            yield name, resource["Properties"]


def _unconditional(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement as it is where its condition holds."""
    found: dict[str, Any] = statement["Fn::If"][1] if "Fn::If" in statement else statement
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _arn(template: dict[str, Any], resource: Any) -> str:
    """A policy's resource, as an ARN with stars for account and region."""
    if "Fn::Sub" in resource:
        name, _, path = resource["Fn::Sub"].removeprefix("${").partition("}")
        return f"{_arn(template, {'Fn::GetAtt': name.split('.')})}{path}"
    name = _as_list(resource["Fn::GetAtt"])[0].partition(".")[0]
    target = template["Resources"][name]
    properties = target["Properties"]
    if target["Type"] == "AWS::SecretsManager::Secret":
        return f"arn:aws:secretsmanager:*:secret:STACK-{name}-*"
    key, prefix = {
        "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::"),
        "AWS::DynamoDB::Table": ("TableName", "arn:aws:dynamodb:*:table/"),
        "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:*:"),
    }[target["Type"]]
    pattern = str(properties[key]["Fn::Sub"]).replace("${AWS::StackName}", "STACK")
    return prefix + pattern.replace("${AWS::AccountId}", "*").replace("${AWS::Region}", "*")


def _plain(resource: str, stack: str) -> str:
    """An ARN with STACK for the stack's name."""
    return resource.replace(stack, "STACK", 1)


def main() -> None:
    """Print what is wrong; exit with 1 where anything is."""
    template = read_template()
    may, did = allowed(template), used(template, Path(sys.argv[1]).read_text().splitlines())
    wrong = [f"{right}: was called, and is not allowed" for right in not_allowed(may, did)]
    wrong += [f"{right}: is allowed, and was never called" for right in never_used(may, did)]
    for line in wrong:
        click.echo(line)
    click.echo(f"{len(may)} rights of the functions held against {len(did)} that they used: {len(wrong)} don't fit.")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
