from __future__ import annotations

import pytest

from captionary.words import END, PAD, START, UNKNOWN, Vocabulary, sentence, tokenise


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        (
            "A black dog is running after a white dog in the snow .",
            "a black dog is running after a white dog in the snow",
        ),
        ("The man's hat, a black-and-white one!", "the man 's hat a black-and-white one"),
        ("The dog\N{RIGHT SINGLE QUOTATION MARK}s 2 balls", "the dog 's 2 balls"),
        ("  ", ""),
        ("<b>Café</b> - & co", "b café b co"),
    ],
)
def test_words_of_a_caption(caption: str, words: str) -> None:
    assert tokenise(caption) == words.split()


def test_a_sentence() -> None:
    assert sentence(["the", "man", "'s", "hat"]) == "The man's hat."
    assert sentence([]) == ""


def test_words_become_numbers_and_words_again() -> None:
    vocabulary = Vocabulary.of(["A dog.", "A cat and a dog", "a bird"], least=2)
    assert vocabulary.words == ["a", "dog"], "frequent ones first; rare ones are not known"
    assert len(vocabulary) == 6
    numbers = vocabulary.encode("A dog and a bird", 10)
    assert numbers == [START, 4, 5, UNKNOWN, 4, UNKNOWN, END, PAD, PAD, PAD]
    assert vocabulary.decode(numbers) == ["a", "dog", "a"]
    assert vocabulary.encode("A dog and a bird", 4) == [START, 4, 5, UNKNOWN]
