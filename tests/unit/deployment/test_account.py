from __future__ import annotations

from typing import Any

import boto3
import click
import pytest
from botocore import exceptions
from click.testing import CliRunner

from deployment import __main__ as deployment
from deployment.account import connect, in_sentences
from infra.errors import StartError


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who never heard of AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def refused(code: str) -> exceptions.ClientError:
    return exceptions.ClientError({"Error": {"Code": code, "Message": "No."}}, "CreateStack")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (refused("ExpiredToken"), "have expired"),
        (refused("InvalidClientTokenId"), "does not know these credentials"),
        (refused("AccessDenied"), "CreateStack was refused"),
        (refused("LimitExceeded"), "AWS refused CreateStack .LimitExceeded.: No."),
        (exceptions.ProfileNotFound(profile="team"), "config profile .team. could not be found"),
        (exceptions.UnauthorizedSSOTokenError(), "aws sso login"),
        (
            exceptions.EndpointConnectionError(endpoint_url="https://sts.mars-1.amazonaws.com"),
            "Is the region spelt right",
        ),
        (StartError("CloudFormation could not."), "CloudFormation could not."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors_are_sentences(error: Exception, sentence: str) -> None:
    with pytest.raises(click.ClickException, match=sentence), in_sentences():
        raise error


def test_without_a_region_it_asks_for_one(nobody: None) -> None:
    with pytest.raises(click.ClickException, match="--region eu-central-1"):
        connect(None, None)


def test_without_credentials_it_says_how_to_get_some(nobody: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(click.ClickException, match="There are no AWS credentials here"):
        connect("eu-central-1", None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Give the gallery a name"),
        (["--stack", "My_Gallery"], "small letters, digits and hyphens"),
        (["--stack", "a-name-that-is-much-too-long-for-buckets"], "2 to 25"),
        (["--stack", "gallery", "--open", "--token-file", "x"], "not both"),
        (["--stack", "gallery", "--region", "eu-central-1"], "There are no AWS credentials here"),
    ],
)
def test_what_is_asked_for_wrongly_is_told(nobody: None, arguments: list[str], sentence: str) -> None:
    done = CliRunner().invoke(deployment.main, arguments)
    assert done.exit_code != 0
    assert sentence in done.output


class NewStack:
    """A stack with these parameters."""

    def __init__(self, **parameters: str) -> None:
        self._parameters = parameters

    def parameters(self) -> dict[str, str]:
        return self._parameters


def settled(stack: Any, asked: dict[str, str], **more: Any) -> tuple[str, str | None]:
    """The token that was made up, and the one that is asked for."""
    made_up = deployment.settle_access(asked, stack, more.get("token_file"), is_open=more.get("is_open", False))
    return made_up, asked.get("AccessToken")


def test_a_new_gallery_gets_a_token() -> None:
    made_up, asked = settled(NewStack(), {})
    assert made_up == asked
    assert len(made_up) == 32


def test_a_gallery_keeps_its_token_and_its_lack_of_one() -> None:
    assert settled(NewStack(AccessToken="****"), {}) == ("", None)
    assert settled(NewStack(AccessToken=""), {}) == ("", None)


def test_a_token_is_taken_from_its_file(tmp_path: Any) -> None:
    (tmp_path / "token").write_text("0123456789abcdef\n")
    assert settled(NewStack(), {}, token_file=tmp_path / "token") == ("", "0123456789abcdef")
    (tmp_path / "token").write_text("short")
    with pytest.raises(click.ClickException, match="16 to 512"):
        settled(NewStack(), {}, token_file=tmp_path / "token")


def test_a_gallery_is_open_where_that_is_asked_for() -> None:
    assert settled(NewStack(AccessToken="****"), {}, is_open=True) == ("", "")
