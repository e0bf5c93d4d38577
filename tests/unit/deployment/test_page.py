from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from deployment.page import KEPT_DAYS, invalidate, upload

TODAY = date(2026, 11, 22)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        for bucket in ("site", "notes"):
            client.create_bucket(Bucket=bucket)
        yield client


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("first")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "index-1.js").write_text("one")
    (tmp_path / "assets" / "cat-1.jpg").write_bytes(b"\xff\xd8\xff")
    return tmp_path


def change(page: Path, number: int) -> None:
    """Another version of the page."""
    for old in (page / "assets").glob("*.js"):
        old.unlink()
    (page / "assets" / f"index-{number}.js").write_text(str(number))
    (page / "index.html").write_text(f"version {number}")


def names(s3: Any) -> set[str]:
    return {entry["Key"] for entry in s3.list_objects_v2(Bucket="site")["Contents"]}


@pytest.mark.parametrize(
    ("name", "kind", "cache"),
    [
        ("index.html", "text/html; charset=utf-8", "no-cache"),
        ("favicon.svg", "image/svg+xml", "no-cache"),
        ("assets/index-1.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("assets/cat-1.jpg", "image/jpeg", "public, max-age=31536000, immutable"),
    ],
)
def test_each_file_has_its_type_and_its_time(s3: Any, page: Path, name: str, kind: str, cache: str) -> None:
    upload(s3, "site", "notes", page, TODAY)
    found = s3.head_object(Bucket="site", Key=name)
    assert (found["ContentType"], found["CacheControl"]) == (kind, cache)


def test_the_way_in_comes_last(s3: Any, page: Path) -> None:
    """Whoever opens the page meanwhile finds what it names."""
    put: list[str] = []
    s3.meta.events.register("before-call.s3.PutObject", lambda params, **_: put.append(params["url_path"]))
    upload(s3, "site", "notes", page, TODAY)
    assert [name.rpartition("/")[2] for name in put[-3:-1]] == ["favicon.svg", "index.html"]
    assert all(name.startswith("/assets/") for name in put[:-3])


def test_only_what_changed_is_uploaded_and_told(s3: Any, page: Path) -> None:
    assert upload(s3, "site", "notes", page, TODAY) == ["favicon.svg", "index.html"]
    assert upload(s3, "site", "notes", page, TODAY) == []
    change(page, 2)
    assert upload(s3, "site", "notes", page, TODAY) == ["index.html"]


def test_old_assets_stay_for_some_weeks_after_they_were_last_in_use(s3: Any, page: Path) -> None:
    upload(s3, "site", "notes", page, TODAY)
    later = TODAY + timedelta(days=100)  # in use all that time
    change(page, 2)
    upload(s3, "site", "notes", page, later)
    assert {"assets/index-1.js", "assets/index-2.js"} <= names(s3)
    upload(s3, "site", "notes", page, later + timedelta(days=KEPT_DAYS))
    assert "assets/index-1.js" in names(s3)
    upload(s3, "site", "notes", page, later + timedelta(days=KEPT_DAYS + 1))
    assert "assets/index-1.js" not in names(s3)
    assert {"assets/index-2.js", "index.html"} <= names(s3)


def test_an_asset_that_comes_back_is_no_longer_old(s3: Any, page: Path) -> None:
    upload(s3, "site", "notes", page, TODAY)
    for day, number in ((1, 2), (2, 1), (50, 3)):
        change(page, number)
        (page / "assets" / "index-1.js").write_text("1") if number == 1 else None
        upload(s3, "site", "notes", page, TODAY + timedelta(days=day))
    assert "assets/index-1.js" in names(s3)


def test_the_edge_forgets_what_changed() -> None:
    calls: list[Any] = []

    class Edge:
        def create_invalidation(self, **arguments: Any) -> None:
            calls.append(arguments)

    invalidate(Edge(), "E1", ["favicon.svg", "index.html"])
    assert calls[0]["DistributionId"] == "E1"
    assert calls[0]["InvalidationBatch"]["Paths"] == {"Quantity": 2, "Items": ["/favicon.svg", "/index.html"]}
