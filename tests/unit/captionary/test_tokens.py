from __future__ import annotations

import pytest

from captionary.tokens import WORD_LENGTH, same_words, telling, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A dog's ball, red.", ["a", "dog", "s", "ball", "red"]),
        ("DSC01234.JPG", ["dsc", "01234", "jpg"]),
        ("IMG_20260102_101112.heic", ["img", "20260102", "101112", "heic"]),
        ("a3f9c2.png", ["a3f9c2", "png"]),
        ("t-shirt", ["t", "shirt"]),
        ("Crème Brûlée, Straße, İstanbul", ["creme", "brulee", "strasse", "istanbul"]),
        ("Cre\u0301me", ["creme"]),
        ("東京の写真 Tokyo", ["東京", "京の", "の写", "写真", "tokyo"]),
        ("猫", ["猫"]),
        ("สวัสดี", ["สว", "วส", "สด"]),
        ("한국어 사진", ["한국어", "사진"]),
        ("Кошка", ["кошка"]),
        ("x" * 100, ["x" * WORD_LENGTH]),
        ("", []),
        ("?! … 🐶", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected
    assert words(text.upper()) == expected


def test_words_that_tell_nothing() -> None:
    assert telling(words("A dog is on the beach with it")) == ["dog", "beach"]


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("dog", "dogs"),
        ("berry", "berries"),
        ("toy", "toys"),
        ("box", "boxes"),
        ("bus", "buses"),
        ("glass", "glasses"),
        ("church", "churches"),
        ("tomato", "tomatoes"),
        ("horse", "horses"),
        ("shoe", "shoes"),
        ("man", "men"),
        ("person", "people"),
    ],
)
def test_one_and_many_are_the_same(singular: str, plural: str) -> None:
    assert plural in same_words(singular)
    assert singular in same_words(plural)


@pytest.mark.parametrize("word", ["bus", "glass", "tennis", "gas", "is", "日本", "1234s", "x"])
def test_an_s_that_makes_no_plural(word: str) -> None:
    assert word[:-1] not in same_words(word) or word == "gas"
