"""Where a function finds its bucket, table and queue: set by template.yaml, read from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import SettingsError


@dataclass(frozen=True)
class Settings:
    """Names of the resources that a function works with. A function that needs fewer leaves the rest empty."""

    table: str = ""
    images_bucket: str = ""
    media_bucket: str = ""
    ingest_queue_url: str = ""
    dead_letter_queue_url: str = ""
    # Where browsers reach S3, when that is not where the functions do (the local front door).
    public_s3_endpoint: str = ""
    # Of an S3 that is not AWS' own (AWS_ENDPOINT_URL_S3), to which the function's role is nobody: keys of its own.
    s3_access_key_id: str = ""
    s3_secret_access_key: str = field(default="", repr=False)
    stack: str = ""  # whose function it is; its metrics say so
    access_token_secret: str = ""  # ARN of the secret that holds the access token, where there is one
    public_read: str = ""  # "true" where everyone may look, and only changes need the token

    @classmethod
    def from_environment(cls, *required: str, environment: Mapping[str, str] = os.environ) -> Settings:
        """Settings from TABLE, IMAGES_BUCKET and so on.

        Args:
            required: names of fields that must not be empty.
        Raises:
            SettingsError: one of them is.
        """
        values = {name: environment.get(name.upper(), "") for name in cls.__dataclass_fields__}
        missing = [name.upper() for name in required if not values[name]]
        if missing:
            raise SettingsError(f"the environment lacks {', '.join(missing)}; template.yaml sets them")
        return cls(**values)
