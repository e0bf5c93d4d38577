from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from captionary.beam import Found, Search, Step, beam_search
from captionary.words import END, PAD, START, UNKNOWN

A, B, C = 4, 5, 6
WORDS = 7
Table = Callable[[tuple[int, ...]], dict[int, float]]


def decoder(table: Table, pictures: int, width: int) -> Step:
    """A decoder that knows, for each beginning of a sentence, how probable each next word is."""
    sentences: list[tuple[int, ...]] = [()] * (pictures * width)

    def step(last: NDArray[np.int32], position: int, order: NDArray[np.intp]) -> NDArray[np.float32]:
        nonlocal sentences
        sentences = [
            (*sentences[source], int(word)) if position else () for source, word in zip(order, last, strict=True)
        ]
        logarithms = np.full((len(sentences), WORDS), -30, np.float32)
        for i, sentence in enumerate(sentences):
            for word, probability in table(sentence).items():
                logarithms[i, word] = np.log(probability)
        return logarithms

    return step


def search(table: Table, settings: Search, pictures: int = 1) -> list[Found]:
    return beam_search(decoder(table, pictures, settings.width), pictures, settings)


def garden_path(sentence: tuple[int, ...]) -> dict[int, float]:
    """The likeliest first word leads to a sentence that is less likely than the other."""
    if not sentence:
        return {A: 0.6, B: 0.4}
    if len(sentence) == 1:
        return {A: {C: 0.5, B: 0.5}, B: {C: 0.99}}[sentence[0]]
    return {END: 1.0}


def test_a_wide_search_finds_what_a_greedy_one_misses() -> None:
    assert search(garden_path, Search(width=1))[0].numbers[0] == A
    assert search(garden_path, Search(width=2))[0].numbers == (B, C)


def test_the_score_is_the_log_probability_by_length() -> None:
    [found] = search(garden_path, Search(width=2, length_penalty=0.7))
    assert found.score == pytest.approx(np.log(0.4 * 0.99) / ((5 + 3) / 6) ** 0.7, abs=1e-4)


def test_the_best_of_all_sentences_is_found_if_the_search_is_wide_enough() -> None:
    random = np.random.default_rng(3)
    tables = {
        beginning: random.dirichlet(np.ones(4))
        for length in range(4)
        for beginning in itertools.product((A, B, C), repeat=length)
    }

    def table(sentence: tuple[int, ...]) -> dict[int, float]:
        return dict(zip((A, B, C, END), tables[sentence[:3]], strict=True))

    def score(sentence: tuple[int, ...]) -> float:
        total = float(sum(np.log(table(sentence[:i])[word]) for i, word in enumerate((*sentence, END))))
        return total / float(((5 + len(sentence) + 1) / 6) ** 0.7)

    candidates = [
        sentence
        for length in (1, 2, 3)
        for sentence in itertools.product((A, B, C), repeat=length)
        if all(first != second for first, second in itertools.pairwise(sentence))
    ]
    [found] = search(table, Search(width=30, longest=4))
    assert found.numbers == max(candidates, key=score)
    assert found.score == pytest.approx(score(found.numbers), abs=1e-4)


def test_nothing_comes_twice() -> None:
    def stutterer(sentence: tuple[int, ...]) -> dict[int, float]:
        return {A: 0.5, B: 0.4, C: 0.09, END: 0.01}

    [found] = search(stutterer, Search(width=2, longest=12, no_repeat=3))
    trigrams = [found.numbers[i : i + 3] for i in range(len(found.numbers) - 2)]
    assert len(trigrams) == len(set(trigrams))
    assert all(first != second for first, second in itertools.pairwise(found.numbers))


@pytest.mark.parametrize("banned", [PAD, START, UNKNOWN])
def test_what_is_no_word_is_never_said(banned: int) -> None:
    def table(sentence: tuple[int, ...]) -> dict[int, float]:
        return {banned: 0.9, A: 0.06, B: 0.04} if len(sentence) < 2 else {banned: 0.9, END: 0.1}

    [found] = search(table, Search(width=2))
    assert set(found.numbers) <= {A, B}


def test_a_sentence_has_a_word_at_least_and_ends_somewhere() -> None:
    assert search(lambda sentence: {END: 0.98, A: 0.02}, Search(width=2))[0].numbers == (A,)
    [endless] = search(lambda sentence: {A: 0.5, B: 0.3, C: 0.2}, Search(width=2, longest=5))
    assert len(endless.numbers) == 5


def test_pictures_do_not_mix() -> None:
    def table(sentence: tuple[int, ...]) -> dict[int, float]:
        return garden_path(sentence)

    assert search(table, Search(width=2), pictures=3) == search(table, Search(width=2)) * 3
