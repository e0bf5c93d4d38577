"""The front door: page, API, media and presigned S3 addresses on one port of this machine.

What CloudFront does on AWS. Behind it are the built page on disk, and API Gateway and S3 of the local
cloud.

    /api/...                 the REST API
    /media/thumb|preview/..  derived files, and nothing else of the media bucket
    /<images bucket>/...     S3, for the addresses that the API signs for browsers
    anything else            the page

Run as a program (`python -m infra.front_door PORT CONFIGURATION`) it is a process of its own, which
stops by itself when its parent is gone.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import aiohttp
from aiohttp import web
from yarl import URL

from captionary import problems

from .clients import connect

PAGE = Path(__file__).parent.parent / "frontend" / "dist"
MEDIA_KINDS = ("thumb", "preview")
API_BYTES = 10_000_000  # API Gateway's limit, which the local cloud does not keep
FORM_BYTES = 60_000_000  # a form with the largest photo in it
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
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


class WrongHost(problems.Problem):
    """The request was meant for another host, or came from another site."""

    status = 421
    slug = "wrong-host"
    title = "Not for this gallery"


class FrontDoor:
    """Passes requests on to what is behind, and serves the page."""

    def __init__(self, behind: Behind, page: Path = PAGE) -> None:
        self._behind = behind
        self._page = page.resolve()
        self._s3 = connect(behind.aws_endpoint).s3
        self._session: aiohttp.ClientSession | None = None

    def application(self) -> web.Application:
        """The server."""
        app = web.Application(middlewares=[_guard])
        app.cleanup_ctx.append(self._connect)
        app.router.add_route("*", "/api/{path:.*}", self.api)
        app.router.add_get("/media/{kind}/{name}", self.media)
        app.router.add_post(f"/{self._behind.images_bucket}", self.signed)
        app.router.add_get(f"/{self._behind.images_bucket}/{{key:(?s:.+)}}", self.signed)  # line breaks are keys, too
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
        _check_body(request, API_BYTES)
        target = URL(self._behind.api_gateway + _raw_path(request).removeprefix("/api"), encoded=True)
        async with self._ask(request, target) as answer:
            if answer.status == 403 and answer.headers.get("x-amzn-ErrorType", "").startswith("MissingAuthentication"):
                # API Gateway's way to say that there is no such route; template.yaml words it so on AWS.
                raise problems.RouteNotFound(f"There is no {request.method} {request.path}.")
            return await _relay(request, answer)

    async def media(self, request: web.Request) -> web.StreamResponse:
        """A thumbnail or a preview."""
        kind, name = request.match_info["kind"], request.match_info["name"]
        if kind not in MEDIA_KINDS:
            raise problems.RouteNotFound(f"There is no {request.path}.")
        address = self._s3.generate_presigned_url(
            "head_object" if request.method == "HEAD" else "get_object",
            Params={"Bucket": self._behind.media_bucket, "Key": f"{kind}/{name}"},
            ExpiresIn=60,
        )
        async with self._ask(request, URL(address, encoded=True)) as answer:
            if answer.status == 404:
                raise problems.RouteNotFound("This file is not there any more.")
            return await _relay(request, answer, {"Content-Security-Policy": FILE_POLICY})

    async def signed(self, request: web.Request) -> web.StreamResponse:
        """An address that the API signed: a form posted to the images bucket, or a file of it."""
        _check_body(request, FORM_BYTES)
        if request.method != "POST" and "X-Amz-Signature" not in request.query:
            raise problems.RouteNotFound(f"There is no {request.path}.")
        target = URL(self._behind.aws_endpoint + _raw_path(request), encoded=True)
        async with self._ask(request, target, keep_host=True) as answer:
            return await _relay(request, answer, {"Content-Security-Policy": FILE_POLICY})

    async def page(self, request: web.Request) -> web.StreamResponse:
        """A file of the page; the page itself for any path without an ending."""
        site = URL(self._behind.site)
        if request.host == f"localhost:{site.port}":
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

    def _ask(
        self, request: web.Request, target: URL, *, keep_host: bool = False
    ) -> aiohttp.client._RequestContextManager:
        """The same request, of what is behind."""
        assert self._session is not None
        headers = [
            (name, value)
            for name, value in request.headers.items()
            if name.lower() not in HOP_BY_HOP and (keep_host or name.lower() != "host")
        ]
        return self._session.request(
            request.method,
            target,
            headers=headers,
            skip_auto_headers=("Content-Type",),  # a request without a type is one without a type behind, too
            data=request.content if request.body_exists else None,
            allow_redirects=False,
        )


async def _relay(
    request: web.Request, answer: aiohttp.ClientResponse, more: dict[str, str] | None = None
) -> web.StreamResponse:
    """Give an answer on, as it comes. Where it breaks off, so does what is given on."""
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for name, value in answer.headers.items():
        if name.lower() not in HOP_BY_HOP:
            response.headers.add(name, value)
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


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away what other sites send through a browser, and answer failures as problem details."""
    try:
        _check_site(request)
        response = await handler(request)
    except problems.Problem as problem:
        return _refusal(problem)
    except web.HTTPRedirection:
        raise
    except web.HTTPException:
        return _refusal(problems.RouteNotFound(f"There is no {request.method} {request.path}."))
    except (aiohttp.ClientError, TimeoutError):
        return _refusal(problems.Unavailable("The local cloud does not answer; it may be starting. Try again soon."))
    except ConnectionError:
        raise  # it is the browser that is gone
    except Exception:
        logging.getLogger(__name__).exception("%s %s", request.method, request.path)
        return _refusal(problems.internal())
    if not response.prepared:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
    return response


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


def _check_site(request: web.Request) -> None:
    """Only requests to this machine by its own name, and changes only from pages that came from it.

    Guards against DNS rebinding (a foreign name that points here) and cross-site posts.
    """
    if not _is_loopback(_host_of(f"http://{request.host}")):
        raise WrongHost(f"This gallery is not {request.host}. Open it at its own address, on this machine.")
    origin = request.headers.get("Origin")
    if request.method not in SAFE_METHODS and origin is not None and not _is_loopback(_host_of(origin)):
        raise WrongHost(f"Changes are not taken from pages of {origin}.")


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
        headers={"Content-Type": problems.CONTENT_TYPE, "Cache-Control": "no-store"},
    )


def configuration(behind: Behind) -> str:
    """The second argument of the program."""
    return json.dumps(asdict(behind))


def main() -> None:
    """Serve on 127.0.0.1 until told to stop or left alone."""
    port, behind = int(sys.argv[1]), Behind(**json.loads(sys.argv[2]))
    threading.Thread(target=_hold_lifeline, args=(sys.stdin,), daemon=True).start()
    web.run_app(
        FrontDoor(behind).application(),
        host="127.0.0.1",
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
