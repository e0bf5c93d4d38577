"""Who may use the gallery: everyone, or whoever shows its access token.

A gallery without a token is open. One with a token answers nobody without it, or, with `public_read`, lets
everyone look and nobody change anything. The token comes

- from programs with each request, as a header: `Authorization: Bearer TOKEN`;
- from browsers once, by `POST /session`. From then on they send a cookie, which scripts can't read.

The cookie is named `captionary`, and its value is `EXPIRY.SIGNATURE`:

    EXPIRY      when the session ends, in seconds since 1970, in decimal digits
    SIGNATURE   HMAC-SHA256 of the text `session.EXPIRY`, the token being the key (both in UTF-8),
                in 64 small hexadecimal digits

So a session is kept nowhere, whoever knows the token can check it (a CloudFront Function, too), and all
sessions end when the token changes.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .problems import CrossSite, Unauthorized, Unavailable

if TYPE_CHECKING:
    from botocore.config import Config

    from .settings import Settings

TOKEN_CHARACTERS = (16, 512)  # at least, at most; printable ones of ASCII, without spaces
SESSION_ROUTE = "/session"  # the way in, and so the only one that answers without the token
SESSION_SECONDS = 30 * 24 * 3600
KEPT_SECONDS = 300.0  # that the token is kept in memory
DOUBT_SECONDS = 5.0  # after so long, what seems to be wrong may be a new token
LONG_AGO = float("-inf")
READING = ("GET", "HEAD")
_COOKIE = "captionary"
_SESSION = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})")

Headers = Mapping[str, str]


class Gate:
    """Lets requests through, or not. Headers are those of the request, by their names in small letters."""

    def __init__(
        self, read_token: Callable[[], str] | None, *, public_read: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        """Args: read_token: reads the token where it is kept; None for a gallery without one."""
        self._read = read_token
        self._clock = clock
        self._token, self._read_at = "", LONG_AGO
        self.has_token = read_token is not None
        self.public_read = public_read or not self.has_token

    @classmethod
    def of(cls, settings: Settings, config: Config) -> Gate:
        """The gate of a function."""
        secret = settings.access_token_secret
        reader = secret_reader(boto3.client("secretsmanager", config=config), secret) if secret else None
        return cls(reader, public_read=settings.public_read == "true")

    def admit(self, event: Mapping[str, Any]) -> None:
        """Go on where a proxy event of API Gateway may be answered.

        Raises:
            CrossSite, Unauthorized, Unavailable: it may not.
        """
        method, headers = event.get("httpMethod", ""), headers_of(event)
        check_site(method, headers)
        if event.get("resource") != SESSION_ROUTE:
            self.check(method, headers)

    def check(self, method: str, headers: Headers) -> None:
        """Go on where a request may be answered.

        Raises:
            Unauthorized: it doesn't show the token.
            Unavailable: nobody knows, since the token can't be read.
        """
        if not (self.public_read and method in READING) and self.has_token and not self.is_signed_in(headers):
            raise _refusal(headers)

    def is_signed_in(self, headers: Headers) -> bool:
        """Whether the request shows the token, or is of a session. Nobody is signed in where there is no token.

        Raises:
            Unavailable: the token can't be read.
        """
        bearer = _bearer(headers)
        if bearer is not None:
            return self._fits(lambda token: _is_same(bearer, token))
        sessions = _sessions(headers)
        return bool(sessions) and self._fits(lambda token: any(self._is_session(each, token) for each in sessions))

    def sign_in(self, given: str) -> str:
        """The value of a new session's cookie, for the right token.

        Raises:
            Unauthorized: it is another.
            Unavailable: the token can't be read.
        """
        if not self._fits(lambda token: _is_same(given, token)):
            raise Unauthorized("This is not the gallery's access token.")
        expiry = str(int(self._clock()) + SESSION_SECONDS)
        return f"{expiry}.{_signature(expiry, self._current())}"

    def _fits(self, test: Callable[[str], bool]) -> bool:
        """Whether the token passes; if it has been kept for a while, the one that may have taken its place."""
        if not self.has_token:
            return False
        if test(self._current()):
            return True
        if self._clock() - self._read_at < DOUBT_SECONDS:
            return False
        self._read_at = LONG_AGO
        return test(self._current())

    def _current(self) -> str:
        """The token: read anew every few minutes, so that another counts without a deployment."""
        assert self._read is not None
        if not 0 <= self._clock() - self._read_at < KEPT_SECONDS:
            self._token = self._read()
            self._read_at = self._clock()
        return self._token

    def _is_session(self, value: str, token: str) -> bool:
        found = _SESSION.fullmatch(value)
        return (
            found is not None
            and hmac.compare_digest(found[2], _signature(found[1], token))
            and int(found[1]) > self._clock()
        )


def secret_reader(client: Any, secret: str) -> Callable[[], str]:
    """Reads the token from Secrets Manager.

    Args:
        client: of Secrets Manager.
        secret: ARN of the secret.
    """

    def read() -> str:
        try:
            token = str(client.get_secret_value(SecretId=secret)["SecretString"]).strip()
        except (BotoCoreError, ClientError, KeyError) as exc:
            raise _unreadable(exc) from exc
        if not token:
            raise _unreadable("it is empty")
        return token

    return read


def check_site(method: str, headers: Headers) -> None:
    """Go on unless a page of another site sends this, to change something.

    Browsers say so themselves, whatever the gallery's address is behind CloudFront; programs say nothing.

    Raises:
        CrossSite: one does.
    """
    if method not in READING and headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise CrossSite("Changes are taken from the gallery's own page, and from programs.")


def cookie(session: str, headers: Headers) -> str:
    """The header that has a browser keep a session; an empty one ends it."""
    is_https = headers.get("x-forwarded-proto", "").partition(",")[0].strip() == "https"
    return (
        f"{_COOKIE}={session}; Max-Age={SESSION_SECONDS if session else 0}; Path=/; HttpOnly; SameSite=Strict"
        f"{'; Secure' if is_https else ''}"
    )


def headers_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Headers of a proxy event of API Gateway, by their names in small letters."""
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def _refusal(headers: Headers) -> Unauthorized:
    if _bearer(headers) is not None:
        return Unauthorized("This is not the gallery's access token.")
    if _sessions(headers):
        return Unauthorized("The session has ended. Sign in again, or send 'Authorization: Bearer TOKEN'.")
    return Unauthorized("This needs the gallery's access token. Sign in, or send 'Authorization: Bearer TOKEN'.")


def _unreadable(reason: object) -> Unavailable:
    logging.getLogger(__name__).warning("the access token can't be read: %s", reason)
    return Unavailable("The gallery can't read its access token, and answers nobody until it can. Try again soon.")


def _bearer(headers: Headers) -> str | None:
    scheme, _, given = headers.get("authorization", "").strip().partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _sessions(headers: Headers) -> list[str]:
    """Values of our cookie; there may be several, of other paths."""
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return [value for name, _, value in pairs if name == _COOKIE and value]


def _is_same(given: str, token: str) -> bool:
    """Compared by their hashes, so that the time it takes tells nothing, not even the length."""
    return hmac.compare_digest(*(hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (given, token)))


def _signature(expiry: str, token: str) -> str:
    return hmac.new(token.encode(), f"session.{expiry}".encode(), hashlib.sha256).hexdigest()
