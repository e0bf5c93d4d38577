"""`scripts/deploy`: build, check, deploy, show; or take down."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from infra.access import choose_access
from infra.models import choose
from infra.packages import Files, contents, read_template
from infra.stacks import TEMPLATE_CHARACTERS, Stack

from . import page, parts, questions, removal
from .account import Account, connect, in_sentences

NAME = re.compile(r"[a-z][a-z0-9-]{0,23}[a-z0-9]")  # buckets are named after it, with account and region
PAUSE = 3.0  # seconds between two looks at what CloudFormation does
TOKEN_BYTES = 16


def stack_name(value: str) -> str:
    """The name, if everything can be named after it.

    Raises:
        BadParameter: it can't.
    """
    if not NAME.fullmatch(value):
        raise click.BadParameter(f"{value!r}: 2 to 25 small letters, digits and hyphens are taken, a letter first.")
    return value


def build(model: str, architecture: str) -> tuple[dict[str, Any], dict[str, Files]]:
    """The template, and what its functions and layers hold, checked against Lambda's limits.

    Raises:
        ClickException: something is missing or too large.
    """
    template = read_template()
    with in_sentences():
        choice = choose(model)
    if choice.insists:
        raise click.ClickException(
            "The imagenet pack is not built yet. Build it with: scripts/captionary pack imagenet"
        )
    python = template["Globals"]["Function"]["Runtime"].removeprefix("python")
    files = contents(template, choice.pack.folder, parts.wheels(architecture, python))
    click.echo(f"Model: {choice.pack.name} {choice.pack.version}. Functions: Python {python}, {architecture}.")
    found = parts.measure(template, files)
    parts.show(found, files)
    parts.check(found)
    characters = len(json.dumps(template, separators=(",", ":")))
    if characters > TEMPLATE_CHARACTERS:
        raise click.ClickException(f"template.yaml has {characters} characters; up to {TEMPLATE_CHARACTERS} are taken.")
    if not (page.PAGE / "index.html").is_file():
        raise click.ClickException("The page is not built. Build it with: npm --prefix frontend run build")
    return template, files


def stack_of(account: Account, name: str) -> Stack:
    """The stack of that name."""
    return Stack(
        name,
        account.id,
        account.region,
        f"{name}-artifacts-{account.id}-{account.region}",
        account.s3,
        account.cloudformation,
        account.dynamodb,
        pause=0.2 if account.endpoint else PAUSE,
        zips=parts.ZIPS,
        tell=click.echo,
    )


def settle_access(asked: dict[str, str], stack: Stack, token_file: Path | None, *, is_open: bool) -> str:
    """Settle what the parameter AccessToken is to be; the token, if one was made up.

    A new gallery that nobody said anything about gets a token: without one, whoever finds its address could delete it.
    """
    if is_open:
        asked["AccessToken"] = ""
    elif token_file:
        with in_sentences():
            asked["AccessToken"] = choose_access(None, token_file).token
    elif "AccessToken" not in asked and "AccessToken" not in stack.parameters():
        asked["AccessToken"] = secrets.token_hex(TOKEN_BYTES)
        return asked["AccessToken"]
    return ""


def deploy(
    account: Account, stack: Stack, template: dict[str, Any], files: dict[str, Files], asked: dict[str, str]
) -> dict[str, str]:
    """Bring the stack and its page up to date; the stack's outputs."""
    click.echo(f"Deploying {stack.name} in {account.region}, account {account.id} ...")
    outputs = stack.put_up(template, files, asked)
    parts.clear_up()
    changed = page.upload(account.s3, outputs["SiteBucketName"], stack.artifacts)
    click.echo("Page uploaded." if changed else "The page is up to date.")
    if changed and "DistributionId" in outputs:
        page.invalidate(account.cloudfront, outputs["DistributionId"], changed)
    return outputs


def take_down(stack: Stack, *, with_photos: bool, yes: bool) -> None:
    """Say what would go, ask, and do it."""
    wanted = removal.plan(stack, read_template(), with_photos=with_photos)
    for line in wanted.lines():
        click.echo(line)
    if wanted.is_empty():
        click.echo(f"There is nothing of {stack.name} to delete in {stack.region}.")
        return
    if not yes and click.prompt(f"Type {stack.name} to delete that", default="", show_default=False) != stack.name:
        raise click.ClickException("Nothing was deleted.")
    removal.carry_out(wanted)
    click.echo("Done.")


def farewell(outputs: dict[str, str], made_up: str, endpoint: str) -> None:
    """Tell where the gallery is."""
    if "SiteUrl" in outputs:
        click.echo(f"Gallery: {outputs['SiteUrl']}")
        if outputs["SiteUrl"] != f"https://{outputs['DistributionDomain']}/":
            click.echo(f"Its name has to lead to {outputs['DistributionDomain']} (a CNAME or ALIAS record).")
    else:
        click.echo(f"API: {outputs['ApiUrl']} (without an edge, the page in {outputs['SiteBucketName']} is not served)")
    if endpoint:
        click.echo(f"That is in the cloud at {endpoint}; REST API {outputs['ApiId']}.")
    if made_up:
        click.echo(f"Access token: {made_up}\nIt is told this once, and kept in {outputs['AccessTokenSecretArn']}.")


def _parameter(name: str, *declaration: str, **more: Any) -> Callable[[Any], Any]:
    """An option that sets a parameter of the template."""
    return click.option(*declaration, name, **more)


@click.command()
@click.option("--stack", "name", help="The gallery's name; everything is named after it.")
@click.option("--region", help="AWS region, such as eu-central-1; otherwise that of your profile.")
@click.option("--profile", help="A profile of your AWS configuration.")
@click.option("--guided", is_flag=True, help="Ask for each setting.")
@click.option(
    "--arch",
    type=click.Choice(["arm64", "x86_64"]),
    help="Processor of the functions.  [default: what the stack has; arm64]",
)
@click.option(
    "--model",
    default="auto",
    show_default=True,
    metavar="auto|imagenet|starter|PATH",
    help="The pack that captions; auto: imagenet if it is built, else the starter.",
)
@click.option("--token-file", type=click.Path(path_type=Path), help="A file that holds the access token.")
@click.option("--open", "is_open", is_flag=True, help="No access token: everyone may do everything.")
@_parameter(
    "PublicRead", "--public-read/--no-public-read", default=None, help="Let everyone look; changes need the token."
)
@_parameter("Domain", "--domain", help="The gallery's own name, such as photos.example.com; empty for CloudFront's.")
@_parameter("CertificateArn", "--certificate", help="ARN of that name's certificate, in ACM's us-east-1.")
@_parameter("Edge", "--edge", type=click.Choice(["cloudfront", "none"]), help="What stands in front.")
@_parameter("CaptionMemory", "--memory", type=click.IntRange(512, 10240), help="MB of the caption function.")
@_parameter("CaptionConcurrency", "--concurrency", type=click.IntRange(2, 1000), help="Photos captioned side by side.")
@_parameter("LogRetentionDays", "--retention", type=int, help="Days that logs are kept.")
@_parameter("AlarmEmail", "--alarm-email", help="Who is told when an alarm goes off; empty for nobody.")
@click.option("--check", "only_check", is_flag=True, help="Do all but the upload, without AWS, and print the sizes.")
@click.option("--remove", is_flag=True, help="Delete the gallery; photos, people's words and the index stay.")
@click.option("--with-photos", is_flag=True, help="With --remove: delete those too.")
@click.option("--yes", is_flag=True, help="With --remove: don't ask.")
def main(
    name: str | None,
    region: str | None,
    profile: str | None,
    guided: bool,
    arch: str | None,
    model: str,
    token_file: Path | None,
    is_open: bool,
    only_check: bool,
    remove: bool,
    with_photos: bool,
    yes: bool,
    **given: Any,
) -> None:
    """Deploy the gallery to AWS, or bring it up to date. What is not given stays as it is.

    With AWS_ENDPOINT_URL set it goes into the cloud at that address, which has to speak as AWS does.
    """
    if only_check:
        build(model, arch or "arm64")
        click.echo("Everything is in order; nothing was uploaded.")
        return
    if token_file and is_open:
        raise click.UsageError("Give --token-file, or --open for a gallery without a token; not both.")
    if name is not None:
        stack_name(name)
    else:
        if not guided:
            raise click.UsageError("Give the gallery a name, for instance: --stack gallery. Or --guided, to be asked.")
        name = str(click.prompt("Name of the stack", default="gallery", value_proc=stack_name))
    if guided and region is None:
        region = click.prompt("AWS region", default="", show_default=False) or None
    account = connect(region, profile)
    with in_sentences():
        stack = stack_of(account, name)
        if remove:
            take_down(stack, with_photos=with_photos, yes=yes)
            return
        before = stack.parameters()
        asked = {key: _text(value) for key, value in given.items() if value is not None}
        if guided:
            asked |= questions.ask(read_template()["Parameters"], before, asked)
        architecture = arch or asked.get("Architecture") or before.get("Architecture", "arm64")
        asked["Architecture"] = architecture
        if account.endpoint:
            asked = {"PublicS3Endpoint": account.endpoint, "Edge": "none", **asked}
        if bool(asked.get("Domain", before.get("Domain"))) != bool(
            asked.get("CertificateArn", before.get("CertificateArn"))
        ):
            raise click.UsageError(
                "A domain needs its certificate, and a certificate its domain: --domain, --certificate."
            )
        made_up = settle_access(asked, stack, token_file, is_open=is_open)
        template, files = build(model, architecture)
        outputs = deploy(account, stack, template, files, asked)
    farewell(outputs, made_up, account.endpoint)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    main(prog_name="scripts/deploy")
