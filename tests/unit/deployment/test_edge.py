"""CloudFront as template.yaml sets it up: what infra/front_door.py is on one machine."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
from typing import Any

import boto3
import pytest

from captionary.access import Gate
from infra.front_door import FILE_POLICY, PAGE_POLICY
from infra.packages import read_template

TOKEN = "a'token\"of`the$gallery\\"  # of all that could break out of a text
RESOURCES = read_template()["Resources"]
BUCKET = "gallery-images-123456789012-{region}"


def code_of(name: str, token: str = "") -> str:
    """A function's code, as it is with this access token."""
    code = RESOURCES[name]["Properties"]["FunctionCode"]
    if isinstance(code, str):
        return code
    text, _ = code["Fn::Sub"]
    return str(text).replace("${Token}", base64.b64encode(token.encode()).decode())


def run(code: str, event: dict[str, Any]) -> dict[str, Any]:
    """What a function makes of an event. Node knows all that CloudFront's runtime does, and more."""
    program = f"{code}\nconsole.log(JSON.stringify(handler({json.dumps(event)})));"
    done = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def request(uri: str, headers: dict[str, str] | None = None, cookies: dict[str, Any] | None = None) -> dict[str, Any]:
    values = {name: {"value": value} for name, value in (headers or {}).items()}
    return {"request": {"method": "GET", "uri": uri, "querystring": {}, "headers": values, "cookies": cookies or {}}}


def session(token: str = TOKEN, age: float = 0) -> str:
    return Gate(lambda: token, clock=lambda: time.time() - age).sign_in(token)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "/index.html"),
        ("/status", "/index.html"),
        ("/photo/ovxwk43un5zgk3lf", "/index.html"),
        ("/docs.html", "/docs.html"),
        ("/assets/index-1.js", "/assets/index-1.js"),
    ],
)
def test_a_path_without_an_ending_is_the_page(path: str, file: str) -> None:
    assert run(code_of("PageRoutes"), request(path))["uri"] == file


def test_pictures_are_found_beneath_media() -> None:
    code = code_of("MediaRoutes")
    assert run(code, request("/media/thumb/a-1.jpg"))["uri"] == "/thumb/a-1.jpg"
    assert run(code, request("/media/preview/a-1.jpg"))["uri"] == "/preview/a-1.jpg"


@pytest.mark.parametrize(
    "path",
    ["/media/meta/a.json", "/media/people/a.json", "/media/thumb/", "/media/thumb/../meta/a", "/media/thumb/a/b"],
)
def test_nothing_else_of_the_media_bucket_is(path: str) -> None:
    assert run(code_of("MediaRoutes"), request(path))["statusCode"] == 404


@pytest.mark.parametrize(
    ("headers", "cookies"),
    [
        ({"authorization": f"Bearer {TOKEN}"}, {}),
        ({"authorization": f"bearer  {TOKEN} "}, {}),
        ({}, {"captionary": {"value": session()}}),
        ({}, {"captionary": {"value": "old", "multiValue": [{"value": "old"}, {"value": session()}]}}),
    ],
    ids=["token", "token, spelt freely", "session", "one session of several"],
)
def test_who_shows_the_token_sees_pictures(headers: dict[str, str], cookies: dict[str, Any]) -> None:
    found = run(code_of("MediaRoutes", TOKEN), request("/media/thumb/a.jpg", headers, cookies))
    assert found["uri"] == "/thumb/a.jpg"


@pytest.mark.parametrize(
    ("headers", "cookies"),
    [
        ({}, {}),
        ({"authorization": "Bearer another"}, {"captionary": {"value": session()}}),
        ({"authorization": "Basic " + TOKEN}, {}),
        ({}, {"captionary": {"value": session("another-token-of-another")}}),
        ({}, {"captionary": {"value": session(age=31 * 24 * 3600)}}),
        ({}, {"captionary": {"value": "9" * 12 + session()[10:]}}),
        ({}, {"captionary": {"value": ""}}),
    ],
    ids=[
        "nothing",
        "a wrong token",
        "another scheme",
        "another's session",
        "a session that ended",
        "a forged end",
        "none",
    ],
)
def test_nobody_else_does(headers: dict[str, str], cookies: dict[str, Any]) -> None:
    answer = run(code_of("MediaRoutes", TOKEN), request("/media/thumb/a.jpg", headers, cookies))
    assert answer["statusCode"] == 401
    assert answer["headers"]["cache-control"] == {"value": "no-store"}


def test_guarded_pictures_are_not_for_shared_caches() -> None:
    kept = {"value": "public, max-age=31536000, immutable"}
    answer = run(code_of("MediaPrivacy"), {"response": {"headers": {"cache-control": kept}}})
    assert answer["headers"]["cache-control"] == {"value": "private, max-age=31536000, immutable"}


@pytest.mark.parametrize("name", ["PageRoutes", "MediaRoutes", "MediaPrivacy"])
def test_functions_are_as_small_as_cloudfront_wants_them(name: str) -> None:
    assert len(code_of(name, "x" * 512)) < 10_000


def headers_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    return found


def page_policy() -> str:
    return str(headers_of("PageHeaders")["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"])


def test_headers_are_those_of_the_front_door() -> None:
    """Beside it the page may post to the images bucket, which on one machine is behind the same door."""
    buckets = " https://${ImagesBucket.RegionalDomainName} https://${ImagesBucket.DomainName}"
    assert page_policy().replace(buckets, "") == PAGE_POLICY
    assert buckets in page_policy()
    assert headers_of("MediaHeaders")["ContentSecurityPolicy"]["ContentSecurityPolicy"] == FILE_POLICY
    for name in ("PageHeaders", "MediaHeaders", "ApiHeaders"):
        assert headers_of(name)["ContentTypeOptions"] == {"Override": True}
    assert headers_of("PageHeaders")["ReferrerPolicy"]["ReferrerPolicy"] == "same-origin"


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_the_page_may_post_where_forms_are_signed_for(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from captionary.clients import browsers_s3
    from captionary.settings import Settings

    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    bucket = BUCKET.format(region=region)
    address = browsers_s3(Settings()).generate_presigned_post(bucket, "uploads/a.jpg")["url"].rstrip("/")
    policy = page_policy()
    for attribute, host in (
        ("RegionalDomainName", f"{bucket}.s3.{region}.amazonaws.com"),
        ("DomainName", f"{bucket}.s3.amazonaws.com"),
    ):
        policy = policy.replace(f"${{ImagesBucket.{attribute}}}", host)
    sources = re.search(r"connect-src ([^;]+);", policy)
    assert sources is not None
    assert address in sources[1].split()


def test_browsers_may_post_forms_from_any_origin() -> None:
    """The signature lets them, not the origin, and the edge's name is not known when the bucket is made."""
    [rule] = RESOURCES["ImagesBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert (rule["AllowedMethods"], rule["AllowedOrigins"]) == (["POST"], ["*"])


def test_paths_are_those_of_the_front_door() -> None:
    distribution = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]
    behaviors = {each["PathPattern"]: each for each in distribution["CacheBehaviors"]}
    assert behaviors.keys() == {"/api/*", "/media/*"}
    assert set(behaviors["/api/*"]["AllowedMethods"]) >= {"GET", "POST", "PATCH", "DELETE"}
    assert RESOURCES["Api"]["Properties"]["StageName"] == "api", "so that the path goes on as it is"


def test_only_the_edge_reads_buckets_and_only_pictures_of_the_media() -> None:
    [statement] = RESOURCES["MediaBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [each["Fn::Sub"] for each in statement["Resource"]] == [
        "${MediaBucket.Arn}/thumb/*",
        "${MediaBucket.Arn}/preview/*",
    ]
    for name in ("MediaBucketPolicy", "SiteBucketPolicy"):
        [statement] = RESOURCES[name]["Properties"]["PolicyDocument"]["Statement"]
        assert statement["Action"] == "s3:GetObject"
        assert statement["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"].endswith("/${Distribution}")
    for bucket in ("ImagesBucket", "MediaBucket", "SiteBucket"):
        assert all(RESOURCES[bucket]["Properties"]["PublicAccessBlockConfiguration"].values())
