from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from deployment import questions
from infra.packages import read_template

PARAMETERS = read_template()["Parameters"]


def answered(lines: list[str], before: dict[str, str], given: dict[str, str]) -> tuple[dict[str, str], str]:
    """What is made of these answers, and what was asked."""
    found: dict[str, str] = {}

    @click.command()
    def ask() -> None:
        found.update(questions.ask(PARAMETERS, before, given))

    done = CliRunner().invoke(ask, input="\n".join(lines) + "\n", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return found, done.output


def test_every_question_is_one_of_the_template() -> None:
    assert set(questions.ASKED) <= PARAMETERS.keys()


def test_enter_takes_what_the_template_says() -> None:
    found, said = answered([""] * 8, {}, {})
    assert found == {
        **{name: str(PARAMETERS[name]["Default"]) for name in questions.ASKED if name in found},
    }
    assert "AccessToken" not in found, "it is made up"
    assert "CertificateArn" not in said, "there is no domain that it could be for"


def test_enter_takes_what_the_stack_has() -> None:
    found, said = answered([""] * 8, {"CaptionMemory": "3008", "AccessToken": "****"}, {})
    assert found["CaptionMemory"] == "3008"
    assert "the one that it has" in said


@pytest.mark.parametrize("given", [{"AlarmEmail": "me@example.org"}])
def test_what_was_given_is_not_asked_for(given: dict[str, Any]) -> None:
    _, said = answered([""] * 8, {}, given)
    assert "AlarmEmail" not in said


def test_a_domain_needs_its_certificate() -> None:
    lines = ["", "0123456789abcdef", "", "photos.example.com", "arn:x", "", "", "", ""]
    found, said = answered(lines, {}, {})
    assert (found["Domain"], found["CertificateArn"]) == ("photos.example.com", "arn:x")
    assert found["AccessToken"] == "0123456789abcdef"
    assert "0123456789abcdef" not in said, "it is not shown"
