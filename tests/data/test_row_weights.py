"""A column of weights holds a number from 0 up for each row."""

import numpy as np
import pytest

from kerasgen.data.row_weights import weights_of

ROWS = {"x": np.arange(12.0).reshape(6, 2), "y": [0, 1, 0, 1, 0, 1]}


def test_weights_are_read_and_are_no_feature(table, open_text) -> None:
    text = table("task: classification, weights: w", **ROWS, w=[1, 2, 3, 4, 5, 0.5])
    opened = open_text(text)
    assert opened.schema.columns["w"].roles == ("weight",)
    weights = weights_of(opened.definition, opened.columns, np.array([5, 0]))
    assert weights.tolist() == [0.5, 1.0]
    assert weights.dtype == "float32"


@pytest.mark.parametrize(
    ("weights", "code", "words"),
    [
        ([1, 2, -1, 4, 5, 6], "KG506", "the weight `w` is `-1` in row 3"),
        ([1, 2, 3, np.nan, 5, 6], "KG506", "the weight `w` is `nan` in row 4"),
        ([0] * 6, "KG506", "are 0 in all rows"),
        (list("abcdef"), "KG509", "holds no numbers"),
    ],
)
def test_what_is_no_weight_is_told(weights, code, words, table, refused) -> None:
    (found,) = refused(table("task: classification, weights: w", **ROWS, w=weights))
    assert (found.code, found.location.key) == (code, "data.weights")
    assert words in found.message


def test_a_column_of_weights_that_is_not_there_is_told(table, refused) -> None:
    (found,) = refused(table("task: classification, weights: worth", **ROWS))
    assert (found.code, found.location.key) == ("KG504", "data.weights")
