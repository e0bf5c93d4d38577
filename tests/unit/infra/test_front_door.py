from __future__ import annotations

import asyncio
import gzip
import io
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from infra.backends import Backends
from infra.deploy import ROOT
from infra.front_door import API_AT_ONCE, FILE_POLICY, PAGE_POLICY, Behind, FrontDoor, configuration

SITE = "http://127.0.0.1:8080/"
TOKEN = "the-token-of-a-gallery"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SIGNED = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIA1%2F20261121%2Fus-east-1&X-Amz-Signature=s"

Door = TestClient[web.Request, web.Application]


class Cloud:
    """What stands behind the door: notes what it is asked, and answers."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.has_secret = True
        self.at_work = self.most_at_work = 0
        self.has_queue = True

    def application(self) -> web.Application:
        app = web.Application(client_max_size=100_000_000)
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(
            {
                "method": request.method,
                "path": request.raw_path.partition("?")[0],
                "query": request.raw_path.partition("?")[2],
                "host": request.host,
                "body": await request.read(),
                "headers": dict(request.headers),
            }
        )
        if request.headers.get("X-Amz-Target") == "secretsmanager.GetSecretValue":
            return web.json_response({"SecretString": TOKEN}) if self.has_secret else web.Response(status=404)
        if "takes-time" in request.path:
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
            await asyncio.sleep(0.01)
            self.at_work -= 1
        if request.headers.get("X-Amz-Target") == "AmazonSQS.SendMessage" and self.has_queue:
            return web.json_response({"MessageId": "m"})
        if "missing-route" in request.path:
            headers = {"x-amzn-ErrorType": "MissingAuthenticationTokenException"}
            return web.Response(status=403, text='{"message":"Missing Authentication Token"}', headers=headers)
        if "breaks-off" in request.path:
            response = web.StreamResponse(headers={"Content-Length": "1000", "Cache-Control": "immutable"})
            await response.prepare(request)
            await response.write(b"J" * 100)
            assert request.transport is not None
            request.transport.abort()
            return response
        if "gone" in request.path:
            return web.Response(status=404)
        if not self.has_queue:
            return web.json_response({"__type": "QueueDoesNotExist", "message": "gone"}, status=400)
        if request.headers.get("Range"):
            return web.Response(status=206, body=b"part", headers={"Content-Range": "bytes 0-3/8"})
        if request.path.endswith("original"):
            return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"})
        return web.Response(body=b"answer", headers={"ETag": '"e"', "Cache-Control": "public, max-age=5"})


@pytest.fixture
def page(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Captionary</title>")
    (folder / "assets" / "index-abc.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def at_the_door(page: Path) -> Stage:
    """Runs a test's story between a browser at the door and a cloud behind it."""

    def run(story: Callable[[Door, Cloud], Awaitable[None]], site: str = SITE, **more: Any) -> None:
        async def play() -> None:
            cloud = Cloud()
            async with TestServer(cloud.application()) as server:
                address = f"http://127.0.0.1:{server.port}"
                behind = Behind(site, f"{address}/restapis/x/api/_user_request_", address, "images", "media", **more)
                async with TestClient(TestServer(FrontDoor(behind, page).application())) as door:
                    await story(door, cloud)

        asyncio.run(play())

    return run


Stage = Callable[..., None]


async def problem_of(answer: aiohttp.ClientResponse) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(await answer.text())
    assert problem["status"] == answer.status
    return answer.status, problem["type"]


def test_the_page(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        for path in ("/", "/index.html", "/some/view"):
            answer = await door.get(path)
            assert (answer.status, await answer.text()) == (200, "<title>Captionary</title>")
            assert answer.headers["Cache-Control"] == "no-cache"
            assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        answer = await door.get("/assets/index-abc.js")
        assert "immutable" in answer.headers["Cache-Control"]
        assert await problem_of(await door.get("/assets/other.js")) == (404, "/problems/not-found")
        assert cloud.asked == []

    at_the_door(story)


def test_no_script_but_the_page_s_own_runs_here() -> None:
    policy = dict(part.split(" ", 1) for part in PAGE_POLICY.split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert FILE_POLICY == "default-src 'none'; sandbox", "a file of the gallery runs none at all"
    for page in ("index.html", "docs.html"):
        html = (ROOT / "frontend" / page).read_text()
        assert re.findall(r"<script(?![^>]*src=)|<style|style=|\son\w+=|javascript:", html) == []


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"])
def test_nothing_beside_the_page(at_the_door: Stage, path: str) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answer = await door.get(URL(path, encoded=True))
        assert "secret" not in await answer.text() or answer.status == 404

    at_the_door(story)


def test_the_api_gets_the_request_as_it_was(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answer = await door.post("/api/images?x=a%20b", data=b"\0\xff", headers={"X-Filename": "a%2Fb"})
        assert (answer.status, await answer.read()) == (200, b"answer")
        [asked] = cloud.asked
        assert (asked["method"], asked["path"]) == ("POST", "/restapis/x/api/_user_request_/images")
        assert (asked["query"], asked["body"]) == ("x=a%20b", b"\0\xff")
        assert asked["headers"]["X-Filename"] == "a%2Fb"

    at_the_door(story)


def test_many_requests_of_the_api_take_turns(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answers = await asyncio.gather(*(door.get("/api/takes-time") for _ in range(10 * API_AT_ONCE)))
        assert {answer.status for answer in answers} == {200}
        assert cloud.most_at_work == API_AT_ONCE

    at_the_door(story)


def test_who_sends_slowly_keeps_nobody_waiting(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        goes_on = asyncio.Event()

        async def photo() -> AsyncIterator[bytes]:
            yield b"p"
            await goes_on.wait()
            yield b"hoto"

        slow = [
            asyncio.create_task(door.post("/api/images", data=photo(), headers={"Content-Length": "5"}))
            for _ in range(2 * API_AT_ONCE)
        ]
        async with asyncio.timeout(20):
            assert (await door.get("/api/images")).status == 200
            goes_on.set()
            assert {(await answer).status for answer in slow} == {200}
        assert {asked["body"] for asked in cloud.asked} == {b"", b"photo"}

    at_the_door(story)


def test_who_tries_tokens_keeps_nobody_waiting(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        guesses = [asyncio.create_task(door.post("/api/session", data=b"{}")) for _ in range(100)]
        await guesses[0]
        assert (await door.get("/api/images", headers=BEARER)).status == 200
        assert not all(guess.done() for guess in guesses)
        assert {(await guess).status for guess in guesses} == {200}

    at_the_door(story, access_token_secret="arn")


def test_redirects_go_to_the_browser(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answer = await door.get("/api/images/x/original", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.1:1/elsewhere")

    at_the_door(story)


def test_routes_that_api_gateway_does_not_know(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        assert await problem_of(await door.get("/api/missing-route")) == (404, "/problems/not-found")

    at_the_door(story)


def test_media(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answer = await door.get("/media/thumb/a-1.jpg")
        assert (answer.status, answer.headers["ETag"], answer.headers["Cache-Control"]) == (
            200,
            '"e"',
            "public, max-age=5",
        )
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert cloud.asked[0]["path"] == "/media/thumb/a-1.jpg"
        assert "Signature" in cloud.asked[0]["query"]
        answer = await door.get("/media/preview/a-1.jpg", headers={"Range": "bytes=0-3"})
        assert (answer.status, await answer.read()) == (206, b"part")
        assert await problem_of(await door.get("/media/thumb/gone.jpg")) == (404, "/problems/not-found")

    at_the_door(story)


@pytest.mark.parametrize("path", ["/media/meta/a.json", "/media/meta%2Fa.json/x", "/media/a", "/media/"])
def test_sidecars_are_not_for_the_browser(at_the_door: Stage, path: str) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        await door.get(path)
        assert cloud.asked == []

    at_the_door(story)


def test_signed_addresses(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answer = await door.get(URL(f"/images/a%2520b.jpg?{SIGNED}", encoded=True), headers={"Range": "bytes=0-3"})
        assert answer.status == 206
        assert cloud.asked[0]["host"] == f"{door.host}:{door.port}", "the host is part of the signature"
        assert (cloud.asked[0]["path"], cloud.asked[0]["query"]) == ("/images/a%2520b.jpg", SIGNED)
        await door.post("/images", data={"key": "k", "file": io.BytesIO(b"photo")})
        assert b"photo" in cloud.asked[1]["body"]
        assert len(cloud.asked) == 2

    at_the_door(story)


FORM = {"Content-Type": "multipart/form-data; boundary=b"}
UNSIGNED: dict[str, tuple[str, str, dict[str, str]]] = {
    "unsigned": ("GET", "/images/a.jpg", {}),
    "a list": ("GET", "/images?list-type=2", {}),
    "a signed list": ("GET", f"/images?list-type=2&{SIGNED}", {}),
    "a key of the local cloud": ("GET", f"/images/a.jpg?{SIGNED.replace('ASIA1', 'test')}", {}),
    "two keys": ("GET", f"/images/a.jpg?{SIGNED}&X-Amz-Credential=test", {}),
    "two keys, one in small letters": ("GET", f"/images/a.jpg?{SIGNED}&x-amz-credential=test", {}),
    "another algorithm": ("GET", f"/images/a.jpg?{SIGNED.replace('AWS4-HMAC-SHA256', 'NONE')}", {}),
    "an old signature": ("GET", "/images/a.jpg?AWSAccessKeyId=test&Signature=s&Expires=99", {}),
    "an old signature beside": ("GET", f"/images/a.jpg?{SIGNED}&AWSAccessKeyId=test&Signature=s", {}),
    "a signed header": ("GET", "/images/a.jpg", {"Authorization": "AWS4-HMAC-SHA256 Credential=test/1"}),
    "another bucket": ("GET", f"/media/?{SIGNED}", {}),
    "another file of another bucket": ("GET", f"/media?{SIGNED}", {}),
    "a signed change": ("PUT", f"/images/a.jpg?{SIGNED}", {}),
    "a signed deletion": ("DELETE", f"/images/a.jpg?{SIGNED}", {}),
    "a deletion of many": ("POST", "/images?delete", FORM),
    "a form for one file": ("POST", "/images/a.jpg", FORM),
    "no form": ("POST", "/images", {"Content-Type": "application/xml"}),
}


@pytest.mark.parametrize(("method", "path", "headers"), UNSIGNED.values(), ids=UNSIGNED)
def test_what_the_api_did_not_sign(at_the_door: Stage, method: str, path: str, headers: dict[str, str]) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answer = await door.request(method, URL(path, encoded=True), headers=headers)
        assert await problem_of(answer) == (403, "/problems/not-signed")
        assert cloud.asked == []

    at_the_door(story)


def test_what_is_behind_is_told_no_more_than_it_needs(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        signed = {
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/1",
            "X-Amz-Target": "DynamoDB_20120810.DeleteTable",
        }
        host = f"http://{door.host}:{door.port}"
        await door.post("/api/images/known", data=b"{}", headers={**signed, "Origin": host})
        await door.get("/api/images", headers={**BEARER, "Cookie": "captionary=c", "Sec-Fetch-Site": "same-origin"})
        await door.post("/images", data={"file": io.BytesIO(b"photo")}, headers=signed)
        await door.get("/media/thumb/a.jpg", headers={**signed, **BEARER})
        for asked in cloud.asked:
            names = {name.lower() for name in asked["headers"]}
            assert not {name for name in names if name.startswith(("x-amz", "origin", "sec-"))}
        assert [asked["headers"].get("Authorization") for asked in cloud.asked] == [None, f"Bearer {TOKEN}", None, None]
        assert cloud.asked[1]["headers"]["Cookie"] == "captionary=c"

    at_the_door(story)


def test_other_sites_are_kept_out(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        for headers in ({"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example:80"}):
            assert (await problem_of(await door.get("/api/status", headers=headers)))[0] == 421
        own = f"http://{door.host}:{door.port}"
        others = ("https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1:1", f"{own}0")
        for path, data in (("/api/images/delete", b"{}"), ("/images", {"file": io.BytesIO(b"photo")})):
            for origin in others:
                answer = await door.post(path, data=data, headers={"Origin": origin})
                assert await problem_of(answer) == (403, "/problems/cross-site")
            answer = await door.post(path, data=data, headers={"Sec-Fetch-Site": "same-site"})
            assert await problem_of(answer) == (403, "/problems/cross-site")
        assert cloud.asked == []
        through_a_tunnel = {"Host": "localhost:9000", "Origin": "http://localhost:9000"}
        for headers in (through_a_tunnel, {"Host": "[::1]:8080"}, {"Origin": own, "Sec-Fetch-Site": "same-origin"}):
            assert (await door.post("/api/images/delete", data=b"{}", headers=headers)).status == 200

    at_the_door(story)


def test_the_name_that_other_machines_know(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        there = {"Host": "photos.lan:8080"}
        assert (await door.get("/", headers=there)).status == 200
        answer = await door.post("/api/images/delete", data=b"", headers={**there, "Origin": "http://photos.lan:8080"})
        assert answer.status == 200
        answer = await door.post("/api/images/delete", data=b"", headers={**there, "Origin": "http://photos.lan"})
        assert answer.status == 403
        assert (await door.get("/", headers={"Host": "lan:8080"})).status == 421
        answer = await door.get("/x", headers={"Host": "127.0.0.1:8080"}, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (302, "http://photos.lan:8080/x")

    at_the_door(story, site="http://photos.lan:8080/")


GUARDED = (
    *(("GET", "/api/images"), ("GET", "/api/session?x=1"), ("GET", "/api/session/"), ("GET", "/api/Session")),
    *(("POST", "/api/images"), ("PUT", "/api/nowhere"), ("OPTIONS", "/api/images"), ("GET", "/api/")),
    *(("GET", "/media/thumb/a.jpg"), ("HEAD", "/media/preview/a.jpg"), ("GET", "/media/meta/a.json")),
    *(("POST", "/media/thumb/a.jpg"), ("GET", "/api/session/../images"), ("GET", "/api/%73ession")),
)


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_a_token_is_needed(at_the_door: Stage, method: str, path: str) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "captionary=1.0"}):
            answer = await door.request(method, URL(path, encoded=True), headers=headers)
            assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert {asked["path"] for asked in cloud.asked} <= {"/"}, "it asks for the token alone"
        answer = await door.request(method, URL(path, encoded=True), headers=BEARER)
        assert answer.status in (200, 404)

    at_the_door(story, access_token_secret="arn")


def test_the_way_in_is_open(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        for method in ("GET", "POST", "DELETE"):
            assert (await door.request(method, "/api/session")).status == 200
        assert (await door.get("/")).status == 200, "the page asks for the token"
        assert (await door.post("/api/session", data=b"x" * 8193)).status == 413
        answer = await door.get("/media/thumb/a.jpg", headers=BEARER)
        assert answer.headers["Cache-Control"] == "private, max-age=5"

    at_the_door(story, access_token_secret="arn")


def test_with_public_read_everyone_may_look(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        assert (await door.get("/api/images")).status == 200
        answer = await door.get("/media/thumb/a.jpg")
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "public, max-age=5")
        for method in ("POST", "DELETE", "PATCH", "OPTIONS"):
            assert (await door.request(method, "/api/images/a")).status == 401
            assert (await door.request(method, "/api/images/a", headers=BEARER)).status == 200

    at_the_door(story, access_token_secret="arn", public_read=True)


def test_a_token_that_can_not_be_read_lets_nobody_in(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        cloud.has_secret = False
        for path in ("/api/images", "/media/thumb/a.jpg"):
            assert await problem_of(await door.get(path, headers=BEARER)) == (503, "/problems/unavailable")

    at_the_door(story, access_token_secret="arn")


OTHER_S3 = Backends(
    s3="http://127.0.0.1:1",
    s3_access_key_id="gallery",
    s3_secret_access_key="secret-key",
    s3_events_token="token-of-the-events",
)
EVENT = b'{"Records": [{"eventName": "s3:ObjectCreated:Put", "s3": {"object": {"key": "a+b.jpg"}}}]}'


def test_events_of_another_s3_go_into_the_queue(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        shown = {"Authorization": "Bearer token-of-the-events"}
        assert (await door.post("/events/s3", data=EVENT, headers=shown)).status == 204
        [sent] = cloud.asked
        assert json.loads(sent["body"]) == {"QueueUrl": "http://127.0.0.1/q", "MessageBody": EVENT.decode()}
        assert await problem_of(await door.post("/events/s3", data=b"{}", headers=shown)) == (
            400,
            "/problems/bad-request",
        )
        assert len(cloud.asked) == 1
        cloud.has_queue = False
        answer = await door.post("/events/s3", data=EVENT, headers=shown)
        assert await problem_of(answer) == (503, "/problems/unavailable"), "so that the server keeps it, and asks again"

    at_the_door(story, backends=OTHER_S3, ingest_queue="http://127.0.0.1/q")


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer token-of-the-event", "token-of-the-events", BEARER["Authorization"]]
)
def test_events_of_who_knows_where(at_the_door: Stage, shown: str) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answer = await door.post("/events/s3", data=EVENT, headers={"Authorization": shown})
        assert await problem_of(answer) == (401, "/problems/not-the-server")
        assert cloud.asked == []

    at_the_door(story, backends=OTHER_S3, ingest_queue="http://127.0.0.1/q")


def test_the_local_cloud_s_own_s3_tells_its_events_itself(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answer = await door.post("/events/s3", data=EVENT, headers={"Authorization": "Bearer "})
        assert answer.status == 404
        assert cloud.asked == []

    at_the_door(story)


def test_another_s3_has_keys_of_its_own(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        assert (await door.get(f"/images/a.jpg?{SIGNED}")).status == 403, "signed by a role of the local cloud"
        longer = SIGNED.replace("ASIA1", "gallery-2")
        assert (await door.get(f"/images/a.jpg?{longer}")).status == 403
        own = SIGNED.replace("ASIA1", "gallery")
        assert (await door.get(f"/images/a.jpg?{own}")).status == 503, "it is passed on to that server, which is away"
        assert cloud.asked == []

    at_the_door(story, backends=OTHER_S3)


def test_secrets_are_not_among_the_arguments() -> None:
    behind = Behind(SITE, "http://api", "http://cloud", "images", "media", backends=OTHER_S3)
    assert "secret-key" not in configuration(behind)
    assert "token-of-the-events" not in configuration(behind)
    assert Behind(**json.loads(configuration(behind)), backends=OTHER_S3) == behind


def test_the_page_has_one_address(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answer = await door.get("/view?q=a%20b", headers={"Host": "localhost:8080"}, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.1:8080/view?q=a%20b")
        assert (await door.get("/", headers={"Host": "localhost:9000"})).status == 200, "through a tunnel"

    at_the_door(story)


def test_requests_that_are_too_large(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        assert await problem_of(await door.post("/api/images", data=io.BytesIO(b"x" * 10_000_001))) == (
            413,
            "/problems/too-large",
        )
        assert cloud.asked == []

    at_the_door(story)


def test_an_answer_that_breaks_off_behind_breaks_off_in_front(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        answer = await door.get("/media/thumb/breaks-off.jpg")
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()

    at_the_door(story)


@pytest.mark.parametrize(
    ("request_line", "host", "status"),
    [
        ("GET /", "[", 421),
        ("GET /", "127.0.0.1:99999", 421),
        ("GET /%00", "127.0.0.1", 200),
        ("GET /" + "a" * 5000, "127.0.0.1", 200),
        ("GET /" + "a" * 300 + ".png", "127.0.0.1", 404),
        ("GET http://127.0.0.1/api/status", "127.0.0.1", 200),
        (f"GET http://127.0.0.1/images/a.jpg?{SIGNED}", "127.0.0.1", 200),
        ("POST /api/images/delete", "127.0.0.1", 200),
        ("BREW /", "127.0.0.1", 400),
    ],
)
def test_odd_requests_get_an_answer(at_the_door: Stage, request_line: str, host: str, status: int) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        assert door.port is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(f"{request_line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert answer.decode().split()[1] == str(status)

    at_the_door(story)


def test_a_body_of_unknown_length_is_refused(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        async def parts() -> AsyncIterator[bytes]:
            yield b"x"

        assert await problem_of(await door.post("/api/images", data=parts())) == (400, "/problems/bad-request")

    at_the_door(story)


def test_a_packed_body_is_refused(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        for body in (gzip.compress(b"{}"), b"{}"):
            answer = await door.post(
                "/api/uploads", data=body, headers={"Content-Encoding": "gzip", "Connection": "close"}
            )
            assert await problem_of(answer) == (415, "/problems/unsupported-media-type")
        assert cloud.asked == []
        assert (await door.post("/api/uploads", data=b"{}", headers={"Content-Encoding": "identity"})).status == 200

    at_the_door(story)


def test_a_body_without_a_type_has_none_behind(at_the_door: Stage) -> None:
    async def story(door: Door, cloud: Cloud) -> None:
        await door.post("/api/uploads", data=b"{}", skip_auto_headers=("Content-Type",))
        assert "Content-Type" not in cloud.asked[0]["headers"]

    at_the_door(story)


def test_when_the_cloud_is_down(page: Path) -> None:
    async def play() -> None:
        behind = Behind("http://127.0.0.1:8080/", "http://127.0.0.1:1/x", "http://127.0.0.1:1", "images", "media")
        async with TestClient(TestServer(FrontDoor(behind, page).application())) as door:
            assert (await door.get("/")).status == 200
            assert await problem_of(await door.get("/api/status")) == (503, "/problems/unavailable")
            assert await problem_of(await door.get("/media/thumb/a.jpg")) == (503, "/problems/unavailable")

    asyncio.run(play())
