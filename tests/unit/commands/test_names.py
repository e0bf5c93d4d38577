from __future__ import annotations

import pytest

from commands.names import numbered, on_terminal, safe_name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("holiday/Käse & Brot.JPG", "Käse & Brot.JPG"),
        ("a/../../etc/passwd", "passwd.jpg"),
        ("..", "photo.jpg"),
        ("/", "photo.jpg"),
        ("a\\..\\b.png", "b.png"),
        ("a\n\0\u202eb\u2028 c.jpg", "ab c.jpg"),
        ('x<>:"|?*.webp', "x_______.webp"),
        ("-rf.jpg", "_-rf.jpg"),
        ("=1+1.jpg", "_=1+1.jpg"),
        ("~root.jpg", "_~root.jpg"),
        ("CON.jpg", "_CON.jpg"),
        ("com1", "_com1.jpg"),
        (".hidden.jpg", "hidden.jpg"),
        ("page.html", "page.html.jpg"),
        ("photo.png", "photo.png"),
        ("é" * 300 + ".jpeg", "é" * 97 + ".jpeg"),
    ],
)
def test_names_are_safe_everywhere(key: str, name: str) -> None:
    assert safe_name(key, "image/jpeg") == name


def test_an_unknown_type_adds_no_ending() -> None:
    assert safe_name("notes.psd") == "notes.psd"


def test_another_name_keeps_its_ending() -> None:
    assert numbered("a.b.jpg", 2) == "a.b (2).jpg"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Käse 日本 🐈.jpg", "Käse 日本 🐈.jpg"),
        ("\x1b[31mred\x1b]0;title\x07", "�[31mred�]0;title�"),
        ("a\r\nb\tc", "a��b�c"),
        ("photo\u202egpj.exe", "photo�gpj.exe"),
        ("\x9b2J", "�2J"),
    ],
)
def test_nothing_steers_the_terminal(text: str, shown: str) -> None:
    assert on_terminal(text) == shown
