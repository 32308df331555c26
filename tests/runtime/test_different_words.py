"""The few different words of a column are found as NumPy finds them."""

import numpy as np
import pytest

from kerasgen.runtime import different_words as module
from kerasgen.runtime.category_steps import Categories, count_words
from kerasgen.runtime.different_words import different_words


def column(kinds, rows=20_000, seed=0):
    random = np.random.default_rng(seed)
    signs = np.array(list("abcdefgh äöü𝄞Ω0123456789"))
    words = ["".join(random.choice(signs, random.integers(0, 14))) for _ in range(kinds)]
    return np.array(words)[random.integers(0, kinds, rows)]


@pytest.mark.parametrize("kinds", [1, 2, 30, 700, 3_000])
def test_numbers_lead_back_to_the_words_in_the_order_in_which_they_come(kinds) -> None:
    words = column(kinds)
    numbers, found = different_words(words)

    assert found.tolist() == list(dict.fromkeys(words.tolist()))
    assert np.array_equal(found[numbers], words)


def test_of_many_words_there_are_none(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_WORDS", 50)

    assert different_words(column(700)) is None
    assert different_words(column(20)) is not None


def test_no_rows_have_no_words() -> None:
    numbers, found = different_words(np.zeros(0, dtype="<U4"))

    assert (len(numbers), len(found)) == (0, 0)


def test_words_are_counted_as_python_counts_them(monkeypatch) -> None:
    words = column(300)
    few = count_words(words)
    monkeypatch.setattr("kerasgen.runtime.category_steps.different_words", lambda _: None)

    assert few == count_words(words)
    assert list(few) == list(count_words(words))


@pytest.mark.parametrize("output", ["index", "one_hot"])
def test_categories_of_few_words_are_those_of_each_word(output, monkeypatch) -> None:
    words = column(40)
    step = Categories(output=output, most=30)
    step.adapt(words)
    found = step(words)
    monkeypatch.setattr("kerasgen.runtime.category_steps.different_words", lambda _: None)

    assert np.array_equal(found, step(words))
    assert found.dtype == step(words).dtype


def test_two_words_of_one_hash_are_not_taken_for_one(monkeypatch) -> None:
    monkeypatch.setattr(module, "hash_words", lambda words: np.ones(len(words), "uint64"))
    assert different_words(np.array(["same", "same"])) is not None
    assert different_words(np.array(["one", "two"])) is None
