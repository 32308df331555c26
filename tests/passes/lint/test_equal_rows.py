"""Rows of one part are found again among those of another."""

import numpy as np
import pytest

from kerasgen.passes.lint.equal_rows import Rows, known_rows, row_keys

ROWS = np.random.default_rng(0).normal(size=(3000, 5))


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int32"])
@pytest.mark.parametrize("columns", [1, 5, 300])
def test_as_many_rows_are_known_as_a_set_of_them_says(dtype, columns):
    rng = np.random.default_rng(1)
    rows = (rng.normal(size=(400, columns)) * 9).astype(dtype)
    training = np.concatenate([(rng.normal(size=(900, columns)) * 9).astype(dtype), rows[::7]])
    known = {row.tobytes() for row in training}
    assert known_rows(Rows([rows]), Rows([training])) == sum(row.tobytes() in known for row in rows)


def test_different_rows_have_different_keys():
    swapped = ROWS[:, ::-1]
    assert len(np.unique(row_keys(Rows([np.concatenate([ROWS, swapped])])))) == 6000


def test_rows_of_several_inputs_are_compared_side_by_side():
    more = np.arange(3000).reshape(-1, 1)
    rows = Rows([ROWS[:100], more[:100]])
    assert known_rows(rows, Rows([ROWS, more])) == 100
    assert known_rows(rows, Rows([ROWS, more[::-1]])) == 0
