"""The front door: page, API, media and presigned S3 addresses on one port of this machine.

What CloudFront does on AWS. Behind it are the built page on disk, and API Gateway and S3 of the local
cloud.

    /api/...                 the REST API
    /media/thumb|preview/..  derived files, and nothing else of the media bucket
    /<images bucket>/...     S3, for the addresses that the API signs for browsers
    /events/s3               where another S3 server tells what happened to photos (infra/backends.py)
    anything else            the page

In a gallery with an access token, the first two are for those who show it (captionary/access.py), but for
`/api/session`, the way in. What the API signed counts by itself, as on AWS: S3 checks it. All S3 is told of
such a request is what browsers send with one: other credentials don't come through, for those of the local
cloud are known to everyone.

Run as a program (`python -m infra.front_door PORT CONFIGURATION`) it is a process of its own, which
stops by itself when its parent is gone.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import aiohttp
from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError
from multidict import CIMultiDict
from yarl import URL

from captionary import events, problems
from captionary.access import READING, SESSION_ROUTE, Gate, check_site, secret_reader

from .access import LOOPBACK
from .backends import Backends
from .clients import NO_OTHERS, connect

PAGE = Path(__file__).parent.parent / "frontend" / "dist"
MEDIA_KINDS = ("thumb", "preview")
API_BYTES = 10_000_000  # API Gateway's limit, which the local cloud does not keep
FORM_BYTES = 60_000_000  # a form with the largest photo in it
EVENT_BYTES = 200_000  # below what a message of the queue may have
BACKENDS_VARIABLE = "CAPTIONARY_BACKENDS"  # in JSON; not in the second argument, which everyone can see
SIGN_IN_BYTES = 8192  # of a request to /api/session, which strangers send
FUNCTIONS_KEYS = "ASIA"  # how temporary access keys begin: the functions sign with those of their roles
# Requests that are worked on at a time: the local cloud starts a worker for each that finds none free, and many
# workers that start at once take so long that nobody gets an answer. The others wait for their turn.
API_AT_ONCE = 2 * max(2, os.cpu_count() or 1)
SIGN_INS_AT_ONCE = 2  # beside those: strangers' guesses shall not be in anybody's way
OLD_SIGNATURE = {"awsaccesskeyid", "signature"}  # another way to sign, which the functions don't use
# What is passed on of a request. Nothing else: the local cloud goes by headers of many services.
FILE_HEADERS = {"accept", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range"}
FORM_HEADERS = FILE_HEADERS | {"content-length", "content-type", "host"}
API_HEADERS = FILE_HEADERS | {
    *("accept-language", "authorization", "content-encoding", "content-length", "content-type", "cookie"),
    *("user-agent", "x-filename", "x-forwarded-proto"),
}
HOP_BY_HOP = {  # RFC 9110, section 7.6.1
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILE_POLICY = "default-src 'none'; sandbox"  # whatever a photo turns out to be, it runs no script here

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Behind:
    """What the front door stands in front of, and where it stands."""

    site: str  # with the host and port that S3's addresses are signed for
    api_gateway: str  # the REST API's stage
    aws_endpoint: str
    images_bucket: str
    media_bucket: str
    address: str = LOOPBACK  # to listen on beside 127.0.0.1
    access_token_secret: str = ""  # ARN, where the gallery has an access token
    public_read: bool = False
    signing_keys: str = FUNCTIONS_KEYS
    ingest_queue: str = ""  # where the events of another S3 server go
    backends: Backends = NO_OTHERS


class WrongHost(problems.Problem):
    """The request was meant for another host."""

    status = 421
    slug = "wrong-host"
    title = "Not for this gallery"


class NotSigned(problems.Problem):
    """The request is for a bucket, and the API did not sign it."""

    status = 403
    slug = "not-signed"
    title = "Not an address of this gallery"


class NotTheServer(problems.Problem):
    """Whoever tells of events does not show that server's token."""

    status = 401
    slug = "not-the-server"
    title = "Not the gallery's S3 server"


class FrontDoor:
    """Passes requests on to what is behind, and serves the page."""

    def __init__(self, behind: Behind, page: Path = PAGE) -> None:
        self._behind = behind
        self._page = page.resolve()
        backends = behind.backends
        clients = connect(behind.aws_endpoint, backends=backends)
        self._s3, self._sqs = clients.s3, clients.sqs
        self._s3_endpoint = backends.s3 or behind.aws_endpoint
        # How the keys begin that the functions sign with: those of their roles, if they have none of their own.
        self._signing_keys = backends.s3_access_key_id + "/" if backends.s3 else behind.signing_keys
        secret = behind.access_token_secret
        reader = secret_reader(clients.secretsmanager, secret) if secret else None
        self._gate = Gate(reader, public_read=behind.public_read)
        self._session: aiohttp.ClientSession | None = None
        self._turns = asyncio.Semaphore(API_AT_ONCE)
        self._sign_in_turns = asyncio.Semaphore(SIGN_INS_AT_ONCE)

    def application(self) -> web.Application:
        """The server."""
        app = web.Application(middlewares=[self._guard], client_max_size=API_BYTES)
        app.cleanup_ctx.append(self._connect)
        app.router.add_route("*", "/api/{path:.*}", self.api)
        app.router.add_route("*", "/media/{kind}/{name}", self.media)
        if self._behind.backends.s3:
            app.router.add_post("/events/s3", self.events)
        for bucket in (self._behind.images_bucket, self._behind.media_bucket):
            app.router.add_route("*", f"/{bucket}{{key:(?s:(/.*)?)}}", self.signed)
        app.router.add_get("/{path:.*}", self.page)
        return app

    async def _connect(self, app: web.Application) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64), auto_decompress=False, timeout=timeout
        ) as self._session:
            yield

    async def api(self, request: web.Request) -> web.StreamResponse:
        """The REST API, by API Gateway."""
        is_session = _raw_path(request) == f"/api{SESSION_ROUTE}"
        if not is_session:
            await self._admit(request)
        _check_body(request, SIGN_IN_BYTES if is_session else API_BYTES)
        target = URL(self._behind.api_gateway + _raw_path(request).removeprefix("/api"), encoded=True)
        body = await request.read()  # before its turn, which is not for waiting
        async with self._sign_in_turns if is_session else self._turns:
            if request.transport is None:
                raise problems.Unavailable("Nobody waits for an answer any more.")
            async with self._ask(request, target, API_HEADERS, body) as answer:
                content = await answer.read()
        if answer.status == 403 and answer.headers.get("x-amzn-ErrorType", "").startswith("MissingAuthentication"):
            # API Gateway's way to say that there is no such route; template.yaml words it so on AWS.
            raise problems.RouteNotFound(f"There is no {request.method} {request.path}.")
        return web.Response(status=answer.status, reason=answer.reason, headers=_passed_back(answer), body=content)

    async def media(self, request: web.Request) -> web.StreamResponse:
        """A thumbnail or a preview."""
        await self._admit(request)
        kind, name = request.match_info["kind"], request.match_info["name"]
        if kind not in MEDIA_KINDS or request.method not in READING:
            raise problems.RouteNotFound(f"There is no {request.method} {request.path}.")
        address = self._s3.generate_presigned_url(
            "head_object" if request.method == "HEAD" else "get_object",
            Params={"Bucket": self._behind.media_bucket, "Key": f"{kind}/{name}"},
            ExpiresIn=60,
        )
        async with self._ask(request, URL(address, encoded=True), FILE_HEADERS) as answer:
            if answer.status == 404:
                raise problems.RouteNotFound("This file is not there any more.")
            more = {"Content-Security-Policy": FILE_POLICY}
            if not self._gate.public_read and "Cache-Control" in answer.headers:
                more["Cache-Control"] = answer.headers["Cache-Control"].replace("public", "private")
            return await _relay(request, answer, more)

    async def signed(self, request: web.Request) -> web.StreamResponse:
        """An address that the API signed: a form posted to the images bucket, or a file of it."""
        is_form = _is_form(request, self._behind.images_bucket)
        is_download = _is_signed_download(request, self._behind.images_bucket, self._signing_keys)
        if not is_form and not is_download:
            raise NotSigned("Addresses of files, and forms to post them by, are those that the API gives.")
        _check_body(request, FORM_BYTES)
        target = URL(self._s3_endpoint + _raw_path(request), encoded=True)
        async with self._ask(request, target, FORM_HEADERS) as answer:
            return await _relay(request, answer, {"Content-Security-Policy": FILE_POLICY})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """What happened to a photo. That server repeats it until it hears that it is in the queue."""
        shown = request.headers.get("Authorization", "")
        if not hmac.compare_digest(shown.encode(), f"Bearer {self._behind.backends.s3_events_token}".encode()):
            raise NotTheServer("Events are taken from who shows the gallery's CAPTIONARY_S3_EVENTS_TOKEN.")
        _check_body(request, EVENT_BYTES)
        try:
            message = (await request.read()).decode()
            events.parse(message)
        except ValueError as exc:
            raise problems.BadRequest(f"This is no event of S3: {exc}") from exc
        # Beside the loop: it waits for an answer.
        await asyncio.to_thread(self._sqs.send_message, QueueUrl=self._behind.ingest_queue, MessageBody=message)
        return web.Response(status=204)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """A file of the page; the page itself for any path without an ending."""
        site = URL(self._behind.site)
        own = URL(f"http://{request.host}")
        if own.port == site.port and own.host != site.host and _is_loopback(own.host):
            # By this name the page would be of another origin than the addresses that it is given.
            raise web.HTTPFound(site.join(request.rel_url))
        path = request.match_info["path"]
        file = self._file(path)
        if file is None:
            if "." in path.rpartition("/")[2]:
                raise problems.RouteNotFound(f"There is no {request.path}.")
            file = self._page / "index.html"
        fixed = path.startswith("assets/")  # named by their content
        return web.FileResponse(
            file,
            headers={
                "Cache-Control": "public, max-age=31536000, immutable" if fixed else "no-cache",
                "Content-Security-Policy": PAGE_POLICY,
            },
        )

    def _file(self, path: str) -> Path | None:
        """The file of the page at this path, if there is one."""
        try:
            file = (self._page / path).resolve()
            return file if file.is_relative_to(self._page) and file.is_file() else None
        except (OSError, ValueError):  # a path that no file system takes
            return None

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turn away what other sites send through a browser, and answer failures as problem details."""
        try:
            self._check_site(request)
            response = await handler(request)
        except problems.Problem as problem:
            return _refusal(problem)
        except web.HTTPRedirection:
            raise
        except web.HTTPException:
            return _refusal(problems.RouteNotFound(f"There is no {request.method} {request.path}."))
        except (aiohttp.ClientError, BotoCoreError, ClientError, TimeoutError):
            return _refusal(
                problems.Unavailable("The local cloud does not answer; it may be starting. Try again soon.")
            )
        except ConnectionError:
            raise  # it is the browser that is gone
        except Exception:
            logging.getLogger(__name__).exception("%s %s", request.method, request.path)
            return _refusal(problems.internal())
        if not response.prepared:
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Referrer-Policy"] = "same-origin"
        return response

    def _check_site(self, request: web.Request) -> None:
        """Only requests to this machine by its own name, and changes only from pages that came from there.

        Guards against DNS rebinding (a foreign name that points here) and cross-site posts. A page at another
        port of the same host is of another site, too.
        """
        host = _host_of(f"http://{request.host}")
        if not _is_loopback(host) and host != URL(self._behind.site).host:
            raise WrongHost(f"This gallery is not {request.host}. Open it at {self._behind.site} instead.")
        check_site(request.method, _small(request))
        origin = request.headers.get("Origin", "")
        if request.method not in READING and origin and origin.partition("://")[2] != request.host:
            raise problems.CrossSite(f"Changes are not taken from pages of {origin}.")

    async def _admit(self, request: web.Request) -> None:
        """Go on where the request shows the access token, or needs none."""
        if self._gate.has_token:
            # Beside the loop: once in a while it asks for the token.
            await asyncio.to_thread(self._gate.check, request.method, _small(request))

    def _ask(
        self, request: web.Request, target: URL, passed_on: Collection[str], body: bytes | None = None
    ) -> aiohttp.client._RequestContextManager:
        """The same request, with these of its headers, of what is behind. Its body goes through, if it was not read."""
        assert self._session is not None
        headers = [(name, value) for name, value in request.headers.items() if name.lower() in passed_on]
        if not request.headers.get("Authorization", "").lower().startswith("bearer "):
            headers = [(name, value) for name, value in headers if name.lower() != "authorization"]
        return self._session.request(
            request.method,
            target,
            headers=headers,
            skip_auto_headers=("Content-Type",),  # a request without a type is one without a type behind, too
            data=(request.content if body is None else body) if request.body_exists else None,
            allow_redirects=False,
        )


async def _relay(
    request: web.Request, answer: aiohttp.ClientResponse, more: dict[str, str] | None = None
) -> web.StreamResponse:
    """Give an answer on, as it comes. Where it breaks off, so does what is given on."""
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_passed_back(answer))
    response.headers.update(more or {})
    response.headers["X-Content-Type-Options"] = "nosniff"
    await response.prepare(request)
    try:
        async for chunk in answer.content.iter_chunked(65536):
            await response.write(chunk)
    except (aiohttp.ClientError, TimeoutError):
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


def _passed_back(answer: aiohttp.ClientResponse) -> CIMultiDict[str]:
    """The headers of an answer that are for the browser."""
    return CIMultiDict((name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP)


def _raw_path(request: web.Request) -> str:
    """Path and query as the browser encoded them; signatures depend on it."""
    return request.rel_url.raw_path_qs


def _check_body(request: web.Request, limit: int) -> None:
    if request.body_exists and request.headers.get("Content-Encoding", "identity") != "identity":
        # This server would unpack it, and then give it on as packed.
        raise problems.UnsupportedMedia("Send the body as it is, without a Content-Encoding.")
    if request.body_exists and request.content_length is None:
        raise problems.BadRequest("The request does not say how long it is; send a Content-Length.")
    if (request.content_length or 0) > limit:
        raise problems.TooLarge(f"The request has {request.content_length} bytes; up to {limit} are taken.")


def _small(request: web.Request) -> dict[str, str]:
    """The request's headers, by their names in small letters."""
    return {name.lower(): value for name, value in request.headers.items()}


def _is_form(request: web.Request, bucket: str) -> bool:
    """Whether it can be a form of a function; S3 sees whether it is."""
    is_multipart = request.content_type == "multipart/form-data"
    return request.method == "POST" and _raw_path(request) == f"/{bucket}" and is_multipart


def _is_signed_download(request: web.Request, bucket: str, signing_keys: str) -> bool:
    """Whether it can be an address that a function signed; S3 sees whether it is."""
    if request.method not in READING or not request.path.startswith(f"/{bucket}/"):
        return False
    names = [name.lower() for name, _ in request.query.items()]  # each as often as it comes
    if len(names) != len(set(names)) or not OLD_SIGNATURE.isdisjoint(names):
        return False
    algorithm, key = (request.query.get(f"X-Amz-{name}", "") for name in ("Algorithm", "Credential"))
    return algorithm == "AWS4-HMAC-SHA256" and key.startswith(signing_keys) and "X-Amz-Signature" in request.query


def _host_of(address: str) -> str | None:
    try:
        return URL(address).host
    except ValueError:
        return None


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _refusal(problem: problems.Problem) -> web.Response:
    return web.Response(
        status=problem.status,
        body=problem.body().encode(),
        headers={"Content-Type": problems.CONTENT_TYPE, "Cache-Control": "no-store", **problem.headers},
    )


def configuration(behind: Behind) -> str:
    """The second argument of the program: all but the backends, among which are secrets."""
    shown = asdict(behind)
    del shown["backends"]
    return json.dumps(shown)


def main() -> None:
    """Serve on 127.0.0.1, and on the gallery's own address, until told to stop or left alone."""
    backends = Backends(**json.loads(os.environ.pop(BACKENDS_VARIABLE, "{}")))
    port, behind = int(sys.argv[1]), Behind(**json.loads(sys.argv[2]), backends=backends)
    threading.Thread(target=_hold_lifeline, args=(sys.stdin,), daemon=True).start()
    web.run_app(
        FrontDoor(behind).application(),
        host=sorted({LOOPBACK, behind.address}),
        port=port,
        print=None,
        shutdown_timeout=2,
        access_log=None,
    )


def _hold_lifeline(parent: IO[str]) -> None:
    parent.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
