"""Rows of the horizon are told from those that were by what is missing in them."""

import numpy as np
import pytest

from kerasgen.ir.data import DataDef, WindowsDef
from kerasgen.ir.values import ObjectDef
from kerasgen.verbs.answers.pieces import Piece
from kerasgen.verbs.rows_to_come import rows_to_come

NEEDED = ("day", "shop", "sold", "price")


def _data(*known):
    return DataDef(
        source=ObjectDef(cls="Table"),
        features={"past": ("sold",), "known": ("price",)},
        target={"": "sold"},
        task={"": "forecasting"},
        time="day",
        series="shop",
        windows=WindowsDef(length=2, horizon=1, known=known),
    )


def _piece(sold):
    cells = {"day": [1, 2, 3], "shop": ["a"] * 3, "sold": sold, "price": ["1", "2", ""]}
    return Piece(cells=cells, first=1, rows=3)


@pytest.mark.parametrize(
    "sold", [["5", " ", "7"], ["5", "NA", "7"], [5.0, None, 7.0], np.array([5.0, np.nan, 7.0])]
)
def test_a_row_without_a_value_of_what_is_not_known_is_to_come(sold):
    told = rows_to_come(_data("price"), NEEDED, _piece(sold), {})
    assert told.coming.tolist() == [False, True, False]
    assert told.piece.cells["sold"][1] == sold[0]
    assert told.piece.cells["price"] == ["1", "2", ""]


def test_where_nothing_is_known_ahead_no_row_is_to_come():
    piece = _piece(["5", "", "7"])
    told = rows_to_come(_data(), NEEDED, piece, {})
    assert told.coming is None
    assert told.piece is piece


def test_the_target_tells_where_the_model_does_not_look_at_its_past():
    told = rows_to_come(_data("price"), ("day", "shop", "price"), _piece(["", "6", "7"]), {})
    assert told.coming.tolist() == [True, False, False]
