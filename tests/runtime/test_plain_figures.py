"""What is computed around training."""

import numpy as np
import pytest

from kerasgen.runtime.columns import channels_first, one_hot, stack
from kerasgen.runtime.training import (
    balance_classes,
    balanced_weights,
    class_numbers,
    largest_difference,
)


def test_rare_classes_weigh_more_whatever_form_labels_have() -> None:
    labels = np.array([0, 0, 0, 2])

    assert balanced_weights(labels) == {0: 4 / 6, 2: 2.0}
    assert balanced_weights(labels[:, np.newaxis]) == {0: 4 / 6, 2: 2.0}
    assert balanced_weights(np.eye(3)[labels]) == {0: 4 / 6, 2: 2.0}


def test_a_difference_is_relative_to_large_values() -> None:
    assert largest_difference(np.array([1000.0, 0.5]), np.array([1001.0, 0.5])) == 0.001


def test_what_is_finite_on_one_side_alone_differs_without_bound() -> None:
    assert largest_difference(np.array([np.nan, 1.0]), np.array([1.0, 1.0])) == float("inf")
    assert largest_difference(np.array([np.nan]), np.array([np.nan])) == 0.0


def test_whole_numbers_join_single_precision_as_single_precision() -> None:
    joined = stack([np.array([1, 2]), np.array([0.5, 1.5], dtype="float32")])

    assert (joined.dtype, joined.tolist()) == (np.float32, [[1.0, 0.5], [2.0, 1.5]])


def test_an_index_beyond_the_classes_becomes_zeros() -> None:
    assert one_hot(np.array([1, 5]), 3).tolist() == [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]


def test_channels_come_first() -> None:
    assert channels_first(np.zeros((2, 4, 5, 3))).shape == (2, 3, 4, 5)


@pytest.mark.parametrize(("way", "size"), [("oversample", 70), ("undersample", 10)])
@pytest.mark.parametrize("form", ["indices", "column", "one_hot"])
def test_classes_are_balanced_by_rows(way: str, size: int, form: str) -> None:
    labels = np.repeat([0, 1, 2], [70, 20, 10])
    targets = {"indices": labels, "column": labels[:, np.newaxis], "one_hot": np.eye(3)[labels]}
    inputs = [np.arange(100), np.arange(100) * 2]
    (first, second), found = balance_classes((inputs, targets[form]), way, 5)
    again, _ = balance_classes((inputs, targets[form]), way, 5)
    other, _ = balance_classes((inputs, targets[form]), way, 6)

    assert np.bincount(class_numbers(found)).tolist() == [size] * 3
    assert np.array_equal(second, first * 2)
    assert np.array_equal(class_numbers(found), labels[first])
    assert (np.diff(first) >= 0).all()
    assert np.array_equal(first, again[0])
    assert not np.array_equal(first, other[0])
    if way == "oversample":
        assert set(first.tolist()) == set(range(100))
    else:
        assert len(set(first.tolist())) == len(first)
