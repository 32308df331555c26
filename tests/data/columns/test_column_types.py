"""Types of columns: what words and numbers are taken for, whatever their order and number."""

from datetime import date, timedelta

import numpy as np
import pytest

from kerasgen.data.columns.types import (
    TRUTHS,
    infer_task,
    infer_type,
    is_date,
    type_of_words,
)

SEEDS = range(20)


def words(*cells: str) -> np.ndarray:
    return np.array(cells, dtype="U")


@pytest.mark.parametrize("pair", TRUTHS)
def test_a_pair_of_truths_is_boolean_in_any_case(pair: tuple[str, str]) -> None:
    for change in (str.lower, str.upper, str.capitalize):
        cells = [change(pair[i % 2]) for i in range(9)]
        assert infer_type(words(*cells, "")) == "boolean"


def test_words_of_two_pairs_are_a_category() -> None:
    assert infer_type(words("yes", "t", "no")) == "category"
    assert infer_type(words(*["yes", "no"] * 200, "maybe")) == "category"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_type_does_not_depend_on_the_order_of_the_rows(seed: int) -> None:
    random = np.random.default_rng(seed)
    pools = (
        [str(date(2000, 1, 1) + timedelta(days=int(d))) for d in random.integers(0, 9000, 200)],
        random.choice(["red", "green", "light blue"], 200).tolist(),
        [f"row {i} of the notes, with {i} words" for i in range(200)],
        random.choice(["Yes", "no"], 200).tolist(),
        [f"k{i}" for i in range(200)],
    )
    expected = ("date", "category", "text", "boolean", "category")
    for cells, kind in zip(pools, expected, strict=True):
        shuffled = np.array(cells, dtype="U")
        random.shuffle(shuffled)
        holes = shuffled.copy()
        holes[random.random(200) < 0.3] = ""
        assert infer_type(shuffled) == infer_type(holes) == kind


@pytest.mark.parametrize("seed", SEEDS)
def test_any_day_is_a_date_and_no_day_that_is_not_there(seed: int) -> None:
    random = np.random.default_rng(seed)
    day = date(1700, 1, 1) + timedelta(days=int(random.integers(0, 150_000)))
    assert is_date(day.isoformat())
    assert is_date(f"{day.isoformat()}T{random.integers(0, 24):02d}:30")
    assert not is_date(f"{day.year}-{day.month:02d}-{random.integers(32, 99)}")


def test_a_column_is_dates_only_where_every_cell_is_one() -> None:
    days = [f"2020-01-{i:02d}" for i in range(1, 29)] * 500
    assert infer_type(words(*days)) == "date"
    assert infer_type(words(*days, "soon")) == "category"


def test_few_long_rows_that_all_differ_are_a_text() -> None:
    reviews = [f"this is review number {i} of a film" for i in range(12)]
    assert infer_type(words(*reviews)) == "text"
    assert infer_type(words(*reviews[:3] * 8)) == "category"


def test_many_places_of_two_words_are_a_category() -> None:
    assert infer_type(words(*["New York", "San Jose", "Los Angeles"] * 100)) == "category"


def test_a_column_without_a_value_is_told_to_be_one() -> None:
    found = type_of_words(words(), dates=True, truths=True)
    assert (found.type, found.why) == ("category", "no cell has a value")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_target_of_few_whole_numbers_is_classes_and_of_fractions_none(seed: int) -> None:
    random = np.random.default_rng(seed)
    classes = int(random.integers(2, 11))
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, 40)])
    assert infer_task(labels.astype("float32"), "number") == "classification"
    assert infer_task(labels + 0.5, "number") == "regression"
    assert infer_task(np.append(labels, np.arange(20, 31)), "number") == "regression"


def test_counts_of_which_none_repeats_are_no_classes() -> None:
    assert infer_task(np.array([3.0, 5.0, 8.0, 1.0, 9.0, 7.0]), "number") == "regression"
