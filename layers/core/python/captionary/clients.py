"""How the functions reach AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .settings import Settings


def config(connections: int = 10) -> Config:
    """For clients with that many requests under way: patient with errors, impatient with silence."""
    return Config(
        connect_timeout=3,
        read_timeout=15,
        max_pool_connections=connections,
        retries={"mode": "standard", "max_attempts": 4},
    )


def s3(settings: Settings, config: Config) -> S3Client:
    """S3, or the server that AWS_ENDPOINT_URL_S3 names instead."""
    keys = _own_keys(settings)
    return boto3.client("s3", config=config.merge(_PATHS) if keys else config, **keys)


def browsers_s3(settings: Settings) -> S3Client:
    """S3 at the address that browsers reach it by, to sign forms and downloads for."""
    local = settings.public_s3_endpoint
    # "virtual" names the region in the host: elsewhere than in us-east-1, S3's global host only redirects.
    style = Config(signature_version="s3v4", s3={"addressing_style": "path" if local else "virtual"})
    return boto3.client("s3", endpoint_url=local or None, config=style, **_own_keys(settings))


_PATHS = Config(s3={"addressing_style": "path"})  # other servers than AWS' have no host name for each bucket


def _own_keys(settings: Settings) -> dict[str, Any]:
    """What to sign with in place of the function's role, if anything."""
    if not settings.s3_access_key_id:
        return {}
    return {
        "aws_access_key_id": settings.s3_access_key_id,
        "aws_secret_access_key": settings.s3_secret_access_key,
    }
