"""Numbers that every machine draws alike, by what Python's own library says of them."""

import hashlib
import math
import statistics

import numpy as np

from kerasgen.runtime.portable_numbers import (
    NUMBERS_AT_ONCE,
    key_of_words,
    middle_quantile,
    normal_quantile,
    portable_logarithm,
    portable_numbers,
)

BETWEEN = np.concatenate([np.linspace(1e-3, 1 - 1e-3, 999), [1e-16, 1e-12, 1e-7, 1 - 1e-12]])


def test_the_quantiles_are_those_of_the_normal_distribution() -> None:
    normal = statistics.NormalDist()
    wanted = [normal.inv_cdf(value) for value in BETWEEN]
    np.testing.assert_allclose(normal_quantile(BETWEEN), wanted, rtol=2e-15, atol=1e-15)


def test_the_logarithms_are_those_of_the_mathematics_library() -> None:
    wanted = [math.log(value) for value in BETWEEN]
    np.testing.assert_allclose(portable_logarithm(BETWEEN), wanted, rtol=1e-15)


def test_a_normal_number_that_is_cut_off_lies_within_two_deviations() -> None:
    found = portable_numbers(key_of_words(["cut"]), (40_000,), middle_quantile)
    assert 1.99 < np.abs(found).max() <= 2
    assert abs(found.std() - 0.87962566103423978) < 0.01  # Keras's constant for it


def test_numbers_do_not_depend_on_how_many_follow() -> None:
    several = portable_numbers(5, (NUMBERS_AT_ONCE + 7,), normal_quantile)
    assert np.array_equal(portable_numbers(5, (9,), normal_quantile), several[:9])
    assert len(np.unique(several)) == len(several)
    assert abs(several.mean()) < 0.02
    assert abs(several.std() - 1) < 0.02


def test_another_word_gives_other_numbers() -> None:
    keys = [key_of_words(words) for words in (["a", "b"], ["ab"], ["a", "b", 0], ["b", "a"])]
    drawn = {float(portable_numbers(key, (), normal_quantile)) for key in keys}
    assert len(drawn) == 4


def test_the_numbers_of_a_key_stay_for_good() -> None:
    found = portable_numbers(key_of_words(["stay", 7]), (1000,), normal_quantile, (0.5, 2.0))
    assert hashlib.sha256(found.tobytes()).hexdigest()[:16] == "eb92126740d3d714"
