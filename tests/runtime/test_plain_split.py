"""Rows are divided by plain functions, which say what they cannot do."""

from functools import partial

import numpy as np
import pytest

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
