from __future__ import annotations

from datetime import UTC, datetime

import pytest

from captionary import identity


def test_an_id_follows_from_the_key_alone() -> None:
    assert identity.image_id("a/b.jpg") == identity.image_id("a/b.jpg")
    assert identity.image_id("a/b.jpg") != identity.image_id("a/B.jpg")
    assert identity.is_image_id(identity.image_id("ключ с пробелом+%2F.jpg"))


@pytest.mark.parametrize("text", ["", "abc", "A" * 16, "0" * 16, "a" * 17, "../../../../etc/", "aaaaaaaaaaaaaaa\n"])
def test_other_texts_are_no_ids(text: str) -> None:
    assert not identity.is_image_id(text)


@pytest.mark.parametrize(
    ("key", "name"),
    [("a.jpg", "a.jpg"), ("x/y/a b.jpg", "a b.jpg"), ("folder/", "folder"), ("/", "/")],
)
def test_filename_of_key(key: str, name: str) -> None:
    assert identity.filename_of(key) == name


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("cat.jpg", "cat.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\cat.jpg", "cat.jpg"),
        ("a\0b\nc\u202e.jpg", "abc.jpg"),
        ("  .hidden. ", "hidden"),
        ("", "photo"),
        ("...", "photo"),
        ("Cafe\u0301.jpg", "Café.jpg"),
        ("<b>&\"'.svg", "<b>&\"'.svg"),
        ("${filename}", "_{filename}"),
    ],
)
def test_filenames_from_outside_become_one_harmless_segment(name: str, clean: str) -> None:
    assert identity.clean_filename(name) == clean


def test_long_filenames_keep_their_ending() -> None:
    clean = identity.clean_filename("ж" * 500 + ".jpeg")
    assert len(clean.encode()) <= 200
    assert clean.endswith("ж.jpeg")


def test_upload_keys_sort_by_time_and_never_repeat() -> None:
    now = datetime(2026, 11, 21, 8, tzinfo=UTC)
    first, second = identity.upload_key("a.jpg", now), identity.upload_key("a.jpg", now)
    assert first != second
    assert first.startswith("uploads/2026/11/21/")
    assert first.endswith("/a.jpg")
    assert first < identity.upload_key("a.jpg", now.replace(minute=1))
