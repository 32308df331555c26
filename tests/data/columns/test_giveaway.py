"""Columns that give a target away: told where they do, and never where they do not."""

import numpy as np
import pytest

from kerasgen.data.columns.giveaway import (
    CLASSES_TOLD,
    NUMBERS_TOLD,
    class_skill,
    number_skill,
)

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_planted_leak_is_told_whatever_its_form(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = int(random.integers(200, 3000))
    labels = random.integers(0, int(random.integers(2, 6)), rows)
    other_words = np.array(["alpha", "beta", "gamma", "delta", "eps", "zeta"])[labels]
    assert class_skill(other_words, labels) >= CLASSES_TOLD
    assert class_skill(labels * 3.7 + random.normal(0, 0.01, rows), other_words) >= CLASSES_TOLD
    filled_later = np.where(labels == 0, np.nan, random.normal(size=rows))
    assert class_skill(filled_later, labels == 0) >= CLASSES_TOLD
    amounts = np.exp(random.normal(size=rows))
    assert number_skill(amounts * 2.54 + 1, amounts) >= NUMBERS_TOLD
    assert number_skill(np.log(amounts), amounts) >= NUMBERS_TOLD - 0.03
    assert number_skill(np.array([f"{a:.0f}" for a in amounts * 0 + labels]), labels * 1.0) > 0.99


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_and_identifiers_give_nothing_away(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = int(random.integers(50, 2000))
    labels = random.integers(0, 2, rows)
    unique = np.array([f"id{i}" for i in random.permutation(rows)])
    assert class_skill(unique, labels) <= 0.05
    assert class_skill(random.normal(size=rows), labels) < 0.5
    assert class_skill(random.choice(["a", "b", "c"], rows), labels) < 0.5
    assert number_skill(unique, random.normal(size=rows)) <= 0.05
    assert number_skill(random.normal(size=rows), random.normal(size=rows)) < 0.5


def test_a_rare_class_is_not_told_by_the_majority() -> None:
    labels = np.zeros(5000, dtype=int)
    labels[::100] = 1
    assert class_skill(np.arange(5000.0) % 7, labels) < 0.5


def test_a_leak_with_mistakes_is_told_and_a_strong_feature_is_not() -> None:
    random = np.random.default_rng(3)
    labels = random.integers(0, 2, 4000)
    nearly = np.where(random.random(4000) < 0.005, 1 - labels, labels)
    strong = np.where(random.random(4000) < 0.05, 1 - labels, labels)
    assert class_skill(nearly * 1.0, labels) >= CLASSES_TOLD
    assert class_skill(strong * 1.0, labels) < CLASSES_TOLD


def test_too_few_rows_tell_nothing() -> None:
    labels = np.arange(20) % 2
    assert class_skill(labels * 1.0, labels) == 0
    assert number_skill(labels * 1.0, labels * 1.0) == 0


def test_a_target_of_one_value_is_told_by_nothing() -> None:
    assert class_skill(np.arange(100.0), np.zeros(100)) == 0
    assert number_skill(np.arange(100.0), np.full(100, 3.0)) == 0
    assert number_skill(np.arange(100.0), np.full(100, np.nan)) == 0
