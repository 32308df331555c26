"""Rows are divided by plain functions, which say what they cannot do."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
from sklearn.model_selection import StratifiedShuffleSplit

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.split import draw_rows, draw_stratified, last_rows, split_rows


def test_parts_are_disjoint_and_complete_and_named_in_their_order() -> None:
    parts = split_rows(20, 3, {"test": 0.2, "validation": 5}, draw_rows)

    assert list(parts) == ["training", "validation", "test"]
    assert [len(rows) for rows in parts.values()] == [11, 5, 4]
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(20))


def test_the_test_part_does_not_depend_on_the_wish_for_another() -> None:
    alone = split_rows(20, 3, {"test": 4, "validation": None}, draw_rows)
    beside = split_rows(20, 3, {"test": 4, "validation": 5}, draw_rows)

    assert alone["test"].tolist() == beside["test"].tolist()


def test_rows_of_many_pieces_are_divided_as_those_of_one(monkeypatch) -> None:
    labels = np.random.default_rng(0).integers(0, 60, 5_000)
    sizes = {"test": 0.2, "validation": 400}
    whole = split_rows(5_000, 0, sizes, partial(draw_stratified, labels=labels))
    monkeypatch.setattr("kerasgen.runtime.split.TAKEN_ROWS", 300)
    monkeypatch.setattr("kerasgen.runtime.split.FEW_CLASSES", 1_000)
    pieces = split_rows(5_000, 0, sizes, partial(draw_stratified, labels=labels))

    assert all(np.array_equal(whole[part], pieces[part]) for part in whole)
    assert {rows.dtype.str for rows in pieces.values()} == {"<i4"}


def test_a_seed_below_zero_draws_other_rows() -> None:
    above = split_rows(50, 3, {"test": 9}, draw_rows)
    below = split_rows(50, -3, {"test": 9}, draw_rows)

    assert above["test"].tolist() != below["test"].tolist()


def test_given_rows_are_taken_as_they_are() -> None:
    given = np.array([0, 2, 0, 1, 2], dtype="int8")
    parts = split_rows(5, 0, {"test": "given", "validation": "given"}, draw_rows, given)

    assert {part: rows.tolist() for part, rows in parts.items()} == {
        "training": [0, 2],
        "validation": [3],
        "test": [1, 4],
    }


def test_the_last_rows_are_taken_without_drawing() -> None:
    parts = split_rows(5, 0, {"test": 2}, last_rows)

    assert parts["test"].tolist() == [3, 4]


def test_each_class_keeps_its_share() -> None:
    labels = np.repeat([0, 1], [30, 10])
    parts = split_rows(40, 0, {"test": 0.5}, partial(draw_stratified, labels=labels))

    assert np.bincount(labels[parts["test"]]).tolist() == [15, 5]


@pytest.mark.parametrize("seed", range(25))
def test_the_rows_of_each_class_are_those_that_scikit_learn_draws(seed: int) -> None:
    random = np.random.default_rng(seed)
    kinds = int(random.integers(2, 40))
    weights = random.random(kinds) + 0.05
    drawn = random.choice(kinds, 400, p=weights / weights.sum())
    numbers = np.concatenate([drawn, np.repeat(np.arange(kinds), 2 + seed % 3)])
    labels = numbers if seed % 2 else np.array([f"kind {n}" for n in numbers])
    rows = np.flatnonzero(random.random(len(labels)) < 0.9) if seed % 5 else np.arange(len(labels))
    rows = rows[
        np.isin(labels[rows], [n for n, m in Counter(labels[rows].tolist()).items() if m > 1])
    ]
    count = int(random.integers(kinds, len(rows) - kinds))

    state = int(np.random.default_rng([1, seed]).integers(2**32))
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=count, random_state=state)
    _, taken = next(splitter.split(rows[:, np.newaxis], labels[rows]))
    for kind in ("int32", "int64"):
        found = draw_stratified("test", rows.astype(kind), count, [1, seed], labels)
        assert found.tolist() == np.sort(rows[taken]).tolist()


@pytest.mark.parametrize(
    ("size", "labels", "about", "message"),
    [
        (4, [0, 0, 1, 1], "test", "`test` asks for 4 rows, and 4 are there to share with training"),
        (0.99, [0, 0, 1, 1], "test", "`test` asks for 0.99 of 4 rows"),
        (2, [0, 1, 1, 1], "stratify", "class 0 has one row, which cannot be divided"),
        (1, [0, 0, 1, 1], "stratified test", "`test` has 1 rows of 4, and each side needs one for"),
    ],
)
def test_what_cannot_be_divided_is_refused(
    size: float, labels: list[int], about: str, message: str
) -> None:
    draw = partial(draw_stratified, labels=np.array(labels))

    with pytest.raises(DataError) as caught:
        split_rows(4, 0, {"test": size}, draw)

    assert caught.value.about == about
    assert str(caught.value).startswith(message)
