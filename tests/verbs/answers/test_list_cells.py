"""Cells that hold several values become the columns of a run."""

import numpy as np
import pytest

from kerasgen.verbs.answers.list_cells import joined_cells, several_numbers


@pytest.mark.parametrize(
    "cells",
    [
        [[1, 2], (3, 4.5), None],
        ["1 2", "[3, 4.5]", ""],
        [np.array([1, 2]), np.array([3, 4.5]), float("nan")],
        np.array([[1, 2], [3, 4.5], [np.nan, np.nan]]),
    ],
)
def test_lists_and_words_are_rows_of_numbers(cells):
    found, wrong = several_numbers(cells, 2)
    assert not wrong
    assert np.array_equal(found, [[1, 2], [3, 4.5], [np.nan, np.nan]], equal_nan=True)


def test_cells_of_other_forms_are_told_by_row():
    _, wrong = several_numbers([[1, 2, 3], 4, "1 x", ["a", "b"], [1, None]], 2)
    assert wrong == {
        0: "3 numbers, expected 2",
        1: "1 numbers, expected 2",
        2: '"1 x", expected 2 numbers',
        3: "\"['a', 'b']\", expected 2 numbers",
    }


def test_lists_of_polars_are_as_those_of_python():
    polars = pytest.importorskip("polars")
    found, _ = several_numbers(polars.Series([[1, 2], [3, None], None]), 2)
    assert np.array_equal(found[0], [1, 2])
    assert np.isnan(found[1:]).tolist() == [[False, True], [True, True]]


def test_lists_stand_in_a_cell_as_a_table_has_them():
    assert joined_cells([["a", "b"], [], None, "c,d", [1, 2.5]]) == [
        *("a,b", "", None, "c,d", "1 2.5")
    ]
