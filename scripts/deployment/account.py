"""The AWS account that is deployed to, and what may be wrong with the way there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore import exceptions
from botocore.config import Config

from infra.errors import StartError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

NO_CREDENTIALS = (
    "There are no AWS credentials here. Set some up with `aws configure` (or `aws configure sso`), name them with "
    "--profile, or export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
)
NO_REGION = "No AWS region is named. Give one, for instance: --region eu-central-1"
STALE = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
WRONG = ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch")
FORBIDDEN = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")


@dataclass(frozen=True)
class Account:
    """Clients for one account and region."""

    id: str
    region: str
    endpoint: str  # of another cloud than AWS, which speaks as AWS does; empty for AWS
    s3: S3Client
    cloudformation: CloudFormationClient
    dynamodb: DynamoDBClient
    cloudfront: Any


def connect(region: str | None, profile: str | None) -> Account:
    """The account of the person's own credentials, as the AWS command line would find them.

    Raises:
        ClickException: there are none, or they don't count.
    """
    with in_sentences():
        session = boto3.Session(profile_name=profile, region_name=region)
        if session.region_name is None:
            raise click.ClickException(NO_REGION)
        config = Config(retries={"mode": "standard", "max_attempts": 8})

        def client(service: str) -> Any:
            return session.client(service, config=config)  # type: ignore[call-overload]

        return Account(
            client("sts").get_caller_identity()["Account"],
            session.region_name,
            os.environ.get("AWS_ENDPOINT_URL", ""),
            client("s3"),
            client("cloudformation"),
            client("dynamodb"),
            client("cloudfront"),
        )


@contextmanager
def in_sentences() -> Iterator[None]:
    """Turn what AWS and its SDK refuse into sentences that say what to do.

    Raises:
        ClickException: in place of their errors.
    """
    try:
        yield
    except StartError as exc:
        raise click.ClickException(str(exc)) from exc
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as exc:
        raise click.ClickException(NO_CREDENTIALS) from exc
    except exceptions.ProfileNotFound as exc:
        raise click.ClickException(f"{exc}. `aws configure list-profiles` names those that there are.") from exc
    except (exceptions.SSOError, exceptions.TokenRetrievalError, exceptions.UnauthorizedSSOTokenError) as exc:
        raise click.ClickException("The session of AWS SSO has ended. Begin another with: aws sso login") from exc
    except exceptions.NoRegionError as exc:
        raise click.ClickException(NO_REGION) from exc
    except (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError) as exc:
        raise click.ClickException(f"{exc} Is the region spelt right, and the network there?") from exc
    except exceptions.ClientError as exc:
        raise click.ClickException(_sentence(exc)) from exc
    except (exceptions.BotoCoreError, exceptions.WaiterError) as exc:
        raise click.ClickException(f"{exc} What was done stays; start it again to go on.") from exc


def _sentence(exc: exceptions.ClientError) -> str:
    code, message = exc.response["Error"].get("Code", ""), exc.response["Error"].get("Message", "")
    if code in STALE:
        return "The AWS credentials have expired. Renew them, and start it again to go on."
    if code in WRONG:
        return f"AWS does not know these credentials ({code}). `aws sts get-caller-identity` tries them out."
    if code in FORBIDDEN:
        return f"These credentials may not do that: {exc.operation_name} was refused. {message}"
    return f"AWS refused {exc.operation_name} ({code}): {message}"
