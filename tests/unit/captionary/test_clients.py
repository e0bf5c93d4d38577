from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from mypy_boto3_s3 import S3Client

from captionary import clients
from captionary.settings import Settings

KEYS = {"s3_access_key_id": "gallery", "s3_secret_access_key": "secret-key"}


@pytest.fixture(autouse=True)
def role(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Lambda gives a function, and the address of another S3 server."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAROLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-role")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-of-the-role")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://minio:9000")


def signed(client: S3Client) -> tuple[str, dict[str, list[str]]]:
    address = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": "images", "Key": "a.jpg"}))
    return f"{address.scheme}://{address.netloc}{address.path}", parse_qs(address.query)


def test_another_s3_is_asked_by_its_own_keys_and_never_told_the_role_s() -> None:
    settings = Settings(public_s3_endpoint="https://photos.example.com", **KEYS)
    for client, expected in (
        (clients.s3(settings, clients.config()), "http://minio:9000/images/a.jpg"),
        (clients.browsers_s3(settings), "https://photos.example.com/images/a.jpg"),
    ):
        address, query = signed(client)
        assert address == expected
        assert "gallery" in str(query)
        assert "ROLE" not in str(query)
        assert "token-of-the-role" not in str(query)


def test_without_keys_a_function_signs_as_its_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    address, query = signed(clients.s3(Settings(), clients.config()))
    assert address == "https://images.s3.amazonaws.com/a.jpg"
    assert "ASIAROLE" in str(query)


def test_secrets_do_not_show() -> None:
    assert "secret-key" not in repr(Settings(**KEYS))
