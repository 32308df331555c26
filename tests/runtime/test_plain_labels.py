"""Labels become class indices by a plain function."""

from typing import Any

import numpy as np
import pytest

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.labels import index_labels, is_one_hot, ordered_labels

FORMS: list[tuple[list[Any], int | None, list[Any], list[str]]] = [
    (["b", "a", "b"], None, [1, 0, 1], ["a", "b"]),
    ([0, 1, 2, 1], None, [0, 1, 2, 1], ["0", "1", "2"]),
    ([0.0, 1.0], None, [0, 1], ["0", "1"]),
    ([0, 2], 3, [0, 2], ["0", "1", "2"]),
    ([0, 2], None, [0, 1], ["0", "2"]),
    ([-1, 1], None, [0, 1], ["-1", "1"]),
    ([1, 2, 3], 3, [0, 1, 2], ["1", "2", "3"]),
    ([[0, 1], [255, 1]], 2, [[0, 1], [255, 1]], ["0", "1"]),
    ([[0, 1], [1, 0]], None, [[0, 1], [1, 0]], ["0", "1"]),
]


@pytest.mark.parametrize(("values", "classes", "indices", "names"), FORMS)
def test_labels_become_indices_and_names(
    values: list[Any], classes: int | None, indices: list[Any], names: list[str]
) -> None:
    found = index_labels(np.array(values), classes)

    assert (found[0].tolist(), found[1]) == (indices, names)
    assert found[0].dtype == np.int64


def test_numbers_that_are_not_whole_are_no_labels() -> None:
    with pytest.raises(DataError, match="expected whole numbers or text"):
        index_labels(np.array([0.0, 0.5]))


def test_rows_with_two_ones_are_not_one_hot() -> None:
    assert not is_one_hot(np.array([[1, 1, 0], [0, 1, 0]]), None)


def test_labels_have_their_place_in_an_order():
    assert ordered_labels(np.array([3.0, 1.0, 10.0]), ["10", "1", "3"]).tolist() == [2, 1, 0]
    with pytest.raises(DataError, match='"2" in row 2 is no class'):
        ordered_labels(np.array([1, 2]), ["1", "3"])
