"""A gallery with an access token answers nobody without it: each route of the description, each address, each port."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from infra.clients import ACCESS_KEY, REGION, SECRET_KEY
from infra.deploy import ROOT, read_template
from infra.sandbox import Answer, RunningGallery, eventually
from tests.description import DESCRIPTION, METHODS, operations
from tests.running import PHOTOS, TOKEN

pytestmark = pytest.mark.integration

OTHER = "another-token-of-its"
METHODS_ASKED = [method.upper() for method in METHODS if method != "trace"]
WAY_IN = "/session"


@pytest.fixture(scope="module")
def photo(guarded: RunningGallery) -> dict[str, Any]:
    return guarded.settled(guarded.put("a/cat.jpg", (PHOTOS / "cat.jpg").read_bytes()))


def ask(address: str, method: str, path: str, body: bytes | None = None, /, **headers: str) -> Answer:
    """A raw request, with nothing of its own."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return Answer(answer.status, dict(answer.getheaders()), content)


def signed_headers(method: str, address: str, service: str) -> dict[str, str]:
    """Headers signed with the credentials of the local cloud, which everyone knows."""
    request = AWSRequest(method, address, headers={"Host": urlsplit(address).netloc})
    request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
    SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), service, REGION).add_auth(request)
    return dict(request.headers.items())


def known_credentials(address: str) -> Any:
    """S3, by credentials that everyone knows."""
    return boto3.client(
        "s3",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


def routes() -> list[tuple[str, str]]:
    """Each path of the description with every method, described or not."""
    return [(method, path) for path in DESCRIPTION["paths"] for method in METHODS_ASKED]


def guesses() -> list[dict[str, str]]:
    later = str(int(time.time()) + 1000)
    return [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Basic YTphLXRva2VuLW9mLXRoZS1nYWxsZXJ5"},
        {"Cookie": f"captionary={later}.{'0' * 64}"},
        {"Cookie": f"captionary={TOKEN}", "X-Access-Token": TOKEN},
    ]


def test_the_routes_of_the_description_are_those_that_are_deployed(guarded: RunningGallery) -> None:
    functions = [each for each in read_template()["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    events = [event["Properties"] for each in functions for event in each["Properties"]["Events"].values()]
    declared = {(event["Method"], event["Path"]) for event in events if "Path" in event}
    assert declared == {(method, path) for method, path, _ in operations()}


@pytest.mark.parametrize(("method", "path"), routes())
def test_no_route_answers_without_the_token(guarded: RunningGallery, photo: Any, method: str, path: str) -> None:
    if path == WAY_IN:
        return
    filled = path.replace("{id}", photo["id"])
    body = b"{}" if method in ("POST", "PUT", "PATCH") else None
    gateway = gateway_of(guarded)
    for guess in guesses():
        answer = ask(guarded.endpoints["site"], method, f"/api{filled}", body, **guess)
        assert answer.status == 401, guess
        straight = ask(guarded.endpoints["aws_endpoint"], method, f"{gateway}{filled}", body, **guess)
        assert straight.status in (401, 403), guess
    signed = signed_headers(method, f"{guarded.endpoints['site']}api{filled}", "execute-api")
    assert ask(guarded.endpoints["site"], method, f"/api{filled}", body, **signed).status == 401
    assert guarded.image(photo["id"]) == photo, "nothing has changed"


def gateway_of(gallery: RunningGallery) -> str:
    """The path of the REST API at the local cloud."""
    stack = gallery.clients.cloudformation.describe_stacks(StackName="captionary")["Stacks"][0]
    [api] = [output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == "ApiId"]
    return f"/restapis/{api}/api/_user_request_"


@pytest.mark.parametrize("path", ["/api/nowhere", "/api/", "/api/session/x", "/api/session?a=1", "/api/%73ession"])
def test_what_is_no_route_says_no_more(guarded: RunningGallery, path: str) -> None:
    assert ask(guarded.endpoints["site"], "GET", path).status == 401


def test_pictures_are_not_shown_without_the_token(guarded: RunningGallery, photo: dict[str, Any]) -> None:
    for path in (photo["thumb_url"], photo["preview_url"], "/media/thumb/none.jpg", f"/media/meta/{photo['id']}.json"):
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            for guess in guesses():
                assert ask(guarded.endpoints["site"], method, path, **guess).status == 401, (method, path)
    for path in (photo["thumb_url"], photo["preview_url"]):
        answer = guarded.request("GET", path)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
        assert answer.headers["Cache-Control"].startswith("private, ")


@pytest.mark.parametrize("path", ["", "/", "?list-type=2", "?delete", "/a/cat.jpg", "/thumb/a.jpg"])
@pytest.mark.parametrize("bucket", ["images_bucket", "media_bucket"])
def test_the_buckets_are_closed(guarded: RunningGallery, photo: dict[str, Any], bucket: str, path: str) -> None:
    for address in (guarded.endpoints["site"], guarded.endpoints["aws_endpoint"]):
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            guesses_here: list[dict[str, str]] = [{}, {"Authorization": f"Bearer {TOKEN}"}]
            for guess in guesses_here:
                body = b"x" if method in ("POST", "PUT") else None
                answer = ask(address, method, f"/{guarded.endpoints[bucket]}{path}", body, **guess)
                assert answer.status == 403, (address, method, guess)
    assert guarded.image(photo["id"]) == photo


def test_what_everyone_can_sign_is_not_signed(guarded: RunningGallery) -> None:
    site, bucket = guarded.endpoints["site"], guarded.endpoints["images_bucket"]
    s3 = known_credentials(site)
    for operation, method in (("get_object", "GET"), ("put_object", "PUT"), ("delete_object", "DELETE")):
        url = s3.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": "a/cat.jpg"})
        assert ask(site, method, url.removeprefix(site.rstrip("/"))).status == 403
    for path in (f"/{bucket}/a/cat.jpg", f"/{bucket}?list-type=2"):
        assert ask(site, "GET", path, **signed_headers("GET", site.rstrip("/") + path, "s3")).status == 403
    form = s3.generate_presigned_post(bucket, "uploads/own.jpg")
    for address in (site, guarded.endpoints["aws_endpoint"]):
        assert post_form(address, bucket, form["fields"]).status == 403
    assert "Contents" not in guarded.clients.s3.list_objects_v2(Bucket=bucket, Prefix="uploads/")


def post_form(address: str, bucket: str, fields: dict[str, str], more: dict[str, str] | None = None) -> Answer:
    boundary = uuid.uuid4().hex
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="'
    body = "".join(f'{part}{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    body += f'{part}file"; filename="f"\r\n\r\nabcde\r\n'
    body += "".join(f'{part}{name}"\r\n\r\n{value}\r\n' for name, value in (more or {}).items())
    content_type = f"multipart/form-data; boundary={boundary}"
    return ask(address, "POST", f"/{bucket}", f"{body}--{boundary}--\r\n".encode(), Content_Type=content_type)


def test_a_form_counts_by_its_signature(guarded: RunningGallery) -> None:
    site, bucket = guarded.endpoints["site"], guarded.endpoints["images_bucket"]
    wish = json.dumps({"filename": "a.jpg", "content_type": "image/jpeg", "size": 5}).encode()
    fields = guarded.request("POST", "/api/uploads", wish, Content_Type="application/json").json["fields"]
    own = known_credentials(site).generate_presigned_post(bucket, "uploads/own.jpg")["fields"]
    unsigned = {name: value for name, value in fields.items() if not name.lower().startswith("x-amz")}
    forged: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}),
        ({"key": "uploads/own.jpg"}, {}),
        (unsigned, {}),
        ({**fields, "x-amz-signature": "0" * 64}, {}),
        ({**fields, "x-amz-credential": own["x-amz-credential"]}, {}),
        ({**fields, "x-amz-security-token": "other"}, {}),
        ({**fields, "policy": own["policy"]}, {}),
        (fields, own),  # what follows the file counts, too, in the local cloud
        (fields, {"key": "uploads/own.jpg"}),
        ({**fields, "key": "uploads/own.jpg"}, {}),
    ]
    for address in (site, guarded.endpoints["aws_endpoint"]):
        for before, after in forged:
            assert post_form(address, bucket, before, after).status in (400, 403), (before, after)
    assert "Contents" not in guarded.clients.s3.list_objects_v2(Bucket=bucket, Prefix="uploads/")
    assert post_form(site, bucket, fields).status == 204, "the signature is all the leave that it needs, as on AWS"


def test_a_download_counts_by_its_signature(guarded: RunningGallery, photo: dict[str, Any]) -> None:
    site = guarded.endpoints["site"]
    answer = guarded.request("GET", photo["original_url"], redirect=False)
    address = answer.headers["Location"].removeprefix(site.rstrip("/"))
    assert (answer.status, address[0]) == (302, "/")
    found = ask(site, "GET", address)
    assert (found.status, found.body) == (200, (PHOTOS / "cat.jpg").read_bytes())
    changes = [("cat.jpg?", "dog.jpg?"), ("X-Amz-Expires=300", "X-Amz-Expires=3000"), ("Signature=", "Signature=0")]
    for old, new in changes:
        assert old in address
        assert ask(site, "GET", address.replace(old, new)).status in (400, 403)
    assert ask(site, "DELETE", address).status == 403
    assert ask(site, "PUT", address, b"x").status == 403


JSON_1_0 = "application/x-amz-json-1.0"
CALLS: dict[str, tuple[str, str, bytes | None, dict[str, str]]] = {
    "list buckets": ("GET", "/", None, {}),
    "read a queue": ("GET", "/000000000000/captionary-ingest?Action=ReceiveMessage", None, {}),
    "read a queue, newer": ("POST", "/", b"{}", {"X-Amz-Target": "AmazonSQS.ReceiveMessage", "Content-Type": JSON_1_0}),
    "read the table": ("POST", "/", b"{}", {"X-Amz-Target": "DynamoDB_20120810.Scan", "Content-Type": JSON_1_0}),
    "read the token": ("POST", "/", b"{}", {"X-Amz-Target": "secretsmanager.GetSecretValue", "Content-Type": JSON_1_0}),
    "call a function": ("POST", "/2015-03-31/functions/captionary-api/invocations", b"{}", {}),
    "delete everything": ("POST", "/_ministack/reset", None, {}),
    "show messages": ("GET", "/_ministack/sqs/messages", None, {}),
    "show services": ("GET", "/_localstack/health", None, {}),
}


@pytest.mark.parametrize(("method", "path", "body", "headers"), CALLS.values(), ids=CALLS)
def test_the_local_cloud_refuses_who_shows_no_credentials(
    guarded: RunningGallery, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> None:
    assert ask(guarded.endpoints["aws_endpoint"], method, path, body, **headers).status == 403


@pytest.mark.parametrize(
    "sign", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}], ids=str
)
def test_the_local_cloud_refuses_browsers(guarded: RunningGallery, sign: dict[str, str]) -> None:
    """To the page of any site, the credentials of the local cloud are no secret."""
    address = guarded.endpoints["aws_endpoint"]
    path = f"/{guarded.endpoints['images_bucket']}/a/cat.jpg"
    good = signed_headers("GET", address + path, "s3")
    assert ask(address, "GET", path, **good, **sign).status == 403
    assert ask(address, "GET", f"{gateway_of(guarded)}/session", **sign).status == 403


def test_the_local_cloud_refuses_other_names(guarded: RunningGallery) -> None:
    """A foreign name that points here (DNS rebinding)."""
    address, path = guarded.endpoints["aws_endpoint"], f"/{guarded.endpoints['images_bucket']}?list-type=2"
    good = signed_headers("GET", address + path, "s3")
    assert ask(address, "GET", path, **good).status in (200, 403)
    elsewhere = f"http://evil.example:{urlsplit(address).port}"
    assert ask(address, "GET", path, **signed_headers("GET", elsewhere + path, "s3")).status == 403
    assert ask(guarded.endpoints["site"], "GET", "/", Host="evil.example").status == 421


def test_a_browser_signs_in_and_out(guarded: RunningGallery, photo: dict[str, Any]) -> None:
    site = guarded.endpoints["site"]
    own = {"Origin": site.rstrip("/"), "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}

    def session(**headers: str) -> Any:
        return ask(site, "GET", "/api/session", **headers).json

    assert session() == {"required": True, "public_read": False, "signed_in": False}
    assert ask(site, "POST", "/api/session", b'{"token": "wrong"}', **own).status == 401
    assert ask(site, "POST", "/api/session", b"{" * 9000, **own).status == 413
    body = json.dumps({"token": TOKEN}).encode()
    assert ask(site, "POST", "/api/session", body, **{**own, "Origin": "http://127.0.0.1:1"}).status == 403
    answer = ask(site, "POST", "/api/session", body, **own)
    assert answer.status == 204
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    assert session(Cookie=cookie)["signed_in"]
    for path in ("/api/images", photo["thumb_url"], "/api/openapi.json"):
        assert ask(site, "GET", path, Cookie=cookie).status == 200
    retry = f"/api/images/{photo['id']}/retry"
    assert ask(site, "POST", retry, Cookie=cookie, Origin="http://evil.example").status == 403
    assert ask(site, "POST", retry, Cookie=cookie, Sec_Fetch_Site="same-site").status == 403
    assert ask(site, "POST", retry, Cookie=cookie, **own).status == 202
    answer = ask(site, "DELETE", "/api/session", Cookie=cookie, **own)
    assert (answer.status, answer.headers["Set-Cookie"].partition(";")[0]) == (204, "captionary=")
    assert guarded.settled(photo["id"])["status"] == "ready"


def test_the_command_line_has_the_token_and_nobody_else(guarded: RunningGallery) -> None:
    paths = (ROOT, ROOT / "layers/core/python", ROOT / "layers", ROOT / "scripts")
    result = subprocess.run(
        [sys.executable, "-m", "commands", "status", "--data", str(guarded.data), "--json"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["counts"]["ready"] >= 1
    assert TOKEN not in (guarded.data / "endpoints.json").read_text()
    assert TOKEN not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    for path in guarded.data.rglob("*"):
        if path.is_file() and TOKEN.encode() in path.read_bytes():
            is_in_state = guarded.data / "cloud" / "state" in path.parents
            folder = guarded.data / "cloud" / "state" if is_in_state else path
            assert folder.stat().st_mode & 0o077 == 0, path
            assert is_in_state or path.name == "token", path


def test_a_token_is_changed_without_a_start(guarded: RunningGallery) -> None:
    stack = guarded.clients.cloudformation.describe_stacks(StackName="captionary")["Stacks"][0]
    [secret] = [each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == "AccessTokenSecretArn"]
    shown = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert shown["AccessToken"] == "****"
    guarded.clients.secretsmanager.put_secret_value(SecretId=secret, SecretString=OTHER)
    try:
        time.sleep(6)  # what seems wrong is looked up again after 5 seconds
        answer = guarded.request("GET", "/api/images", Authorization=f"Bearer {OTHER}")
        assert answer.status == 200
    finally:
        guarded.clients.secretsmanager.put_secret_value(SecretId=secret, SecretString=TOKEN)
        time.sleep(6)
        assert guarded.request("GET", "/api/images").status == 200


def test_everyone_may_look_and_nobody_change(own_gallery: RunningGallery) -> None:
    own_gallery.token, own_gallery.options = TOKEN, ("--public-read",)
    own_gallery.start()
    image = own_gallery.settled(own_gallery.put("cat.jpg", (PHOTOS / "cat.jpg").read_bytes()))
    eventually(own_gallery.is_idle)  # what comes as a gallery is put in order may be looked at twice, by other URLs
    image = own_gallery.settled(image["id"])
    site = own_gallery.endpoints["site"]
    for method, path, _ in operations():
        if path != WAY_IN:
            answer = ask(site, method, f"/api{path.replace('{id}', image['id'])}", b"{}" if method != "GET" else None)
            assert answer.status in ((200, 302) if method == "GET" else (401,)), (method, path)
    assert ask(site, "GET", image["thumb_url"]).status == 200
    assert ask(site, "GET", f"/{own_gallery.endpoints['images_bucket']}/cat.jpg").status == 403
    assert ask(site, "GET", "/api/session").json == {"required": True, "public_read": True, "signed_in": False}
    assert own_gallery.request("DELETE", f"/api/images/{image['id']}").status == 204


def test_another_start_another_token(own_gallery: RunningGallery) -> None:
    own_gallery.token = TOKEN
    own_gallery.start()
    own_gallery.settled(own_gallery.put("cat.jpg", (PHOTOS / "cat.jpg").read_bytes()))
    body = json.dumps({"token": TOKEN}).encode()
    answer = own_gallery.request("POST", "/api/session", body, Content_Type="application/json")
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    own_gallery.stop()
    own_gallery.token = OTHER
    own_gallery.start()
    assert len(own_gallery.all_images()) == 1
    site = own_gallery.endpoints["site"]
    for old in ({"Authorization": f"Bearer {TOKEN}"}, {"Cookie": cookie}):
        assert ask(site, "GET", "/api/images", **old).status == 401
    own_gallery.kill_all()
    own_gallery.token = ""
    own_gallery.start()
    assert ask(own_gallery.endpoints["site"], "GET", "/api/images").status == 200, "open again"
    assert not (own_gallery.data / "token").exists()


def own_address() -> str:
    """The address of this machine in its network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # of no machine; nothing is sent
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def test_other_machines_come_in_by_the_address_that_is_given(own_gallery: RunningGallery) -> None:
    own = own_address()
    if own.startswith("127."):
        pytest.skip("this machine has no address but its own loopback")
    own_gallery.token, own_gallery.options = TOKEN, ("--host", own)
    own_gallery.start()
    site = f"http://{own}:{own_gallery.port}/"
    assert own_gallery.endpoints["site"] == site
    cloud_port = int(own_gallery.endpoints["aws_endpoint"].rpartition(":")[2])
    with pytest.raises(OSError, match=r".+"):
        socket.create_connection((own, cloud_port), timeout=2)
    assert ask(site, "GET", "/").status == 200
    assert ask(site, "GET", "/api/images").status == 401
    assert ask(site, "GET", "/", Host="evil.example").status == 421
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    wish = json.dumps({"filename": "a.jpg", "content_type": "image/jpeg", "size": 5}).encode()
    form = ask(site, "POST", "/api/uploads", wish, **bearer, Content_Type="application/json", Origin=site[:-1]).json
    assert form["url"].startswith(site)
    assert post_form(site, own_gallery.endpoints["images_bucket"], form["fields"]).status == 204
    other_origin = f"http://127.0.0.1:{own_gallery.port}"
    assert ask(site, "POST", "/api/uploads", wish, **bearer, Origin=other_origin).status == 403
    assert ask(other_origin, "GET", "/api/images", **bearer).status == 200, "for programs of this machine"
    answer = ask(other_origin, "GET", "/")
    assert (answer.status, answer.headers["Location"]) == (302, site)


def test_behind_a_server_that_speaks_tls(own_gallery: RunningGallery) -> None:
    own_gallery.token, own_gallery.options = TOKEN, ("--site", "https://photos.example.com")
    own_gallery.start()
    door = f"http://127.0.0.1:{own_gallery.port}"
    passed_on = {"Host": "photos.example.com", "X-Forwarded-Proto": "https", "Content-Type": "application/json"}
    body = json.dumps({"token": TOKEN}).encode()
    answer = ask(door, "POST", "/api/session", body, **passed_on, Origin="https://photos.example.com")
    assert (answer.status, answer.headers["Set-Cookie"].endswith("; Secure")) == (204, True)
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    wish = json.dumps({"filename": "a.jpg", "content_type": "image/jpeg", "size": 5}).encode()
    form = ask(door, "POST", "/api/uploads", wish, **passed_on, Cookie=cookie).json
    assert form["url"].startswith("https://photos.example.com/")
    image_id = own_gallery.put("cat.jpg", (PHOTOS / "cat.jpg").read_bytes())
    own_gallery.settled(image_id)
    answer = ask(door, "GET", f"/api/images/{image_id}/original", **passed_on, Cookie=cookie)
    address = answer.headers.get("Location", "")
    assert address.startswith("https://photos.example.com/"), answer
    assert ask(door, "GET", address.removeprefix("https://photos.example.com"), **passed_on).status == 200
