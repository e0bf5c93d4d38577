"""`--guided`: asks for what the template's parameters are to be."""

from __future__ import annotations

from typing import Any

import click

# In this order. The rest is for the local cloud, or needs no decision at first.
ASKED = (
    "Architecture",
    "AccessToken",
    "PublicRead",
    "Domain",
    "CertificateArn",
    "AlarmEmail",
    "CaptionMemory",
    "CaptionConcurrency",
    "LogRetentionDays",
)


def ask(parameters: dict[str, Any], before: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """The answers, by parameter. What the command line gave is not asked for.

    Args:
        parameters: of the template.
        before: the values that the stack has.
    """
    answers: dict[str, str] = {}
    for name in ASKED:
        if name not in given and not (name == "CertificateArn" and not answers.get("Domain", given.get("Domain"))):
            if name == "AccessToken":
                answers |= _ask_for_token(parameters[name], has_one=bool(before.get(name)))
            else:
                answers[name] = _ask(name, parameters[name], before)
    return answers


def _ask(name: str, parameter: dict[str, Any], before: dict[str, str]) -> str:
    allowed = [str(value) for value in parameter.get("AllowedValues", [])]
    default = before.get(name, str(parameter["Default"]))
    kind: Any = click.Choice(allowed) if 0 < len(allowed) <= 2 else int if parameter["Type"] == "Number" else str
    return str(click.prompt(f"{parameter['Description']}\n  {name}", default=default, type=kind))


def _ask_for_token(parameter: dict[str, Any], *, has_one: bool) -> dict[str, str]:
    """Without an answer, the stack keeps its token, or gets one that is made up."""
    nothing = "the one that it has" if has_one else "one that is made up"
    answer = click.prompt(
        f"{parameter['Description']}\n  AccessToken (Enter for {nothing})",
        default="",
        show_default=False,
        hide_input=True,
    )
    return {"AccessToken": answer} if answer else {}
