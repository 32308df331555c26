"""Rows become the same columns, whatever library holds them."""

import datetime
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from kerasgen.runtime.arrays_of_rows import plain_cells
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.own import take_columns

DAY = datetime.date(2024, 1, 2)
COLUMNS = {
    "size": [1.5, None, 2.5],
    "count": [1, 2, 3],
    "name": ["Anna", None, "Ben"],
    "day": [DAY, DAY, None],
    "pair": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
}


def _polars() -> Any:
    return pytest.importorskip("polars").DataFrame(COLUMNS)


def _lazy() -> Any:
    return _polars().lazy()


def _pandas() -> Any:
    return pytest.importorskip("pandas").DataFrame(COLUMNS)


def _pyarrow() -> Any:
    return pytest.importorskip("pyarrow").table(COLUMNS)


def _structured() -> Any:
    kinds = [("size", "f8"), ("count", "i8"), ("name", "U9"), ("day", "M8[D]"), ("pair", "f8", 2)]
    rows = [
        (1.5, 1, "Anna", DAY, [1, 2]),
        (np.nan, 2, "", DAY, [3, 4]),
        (2.5, 3, "Ben", None, [5, 6]),
    ]
    return np.array(rows, dtype=kinds)


def _mappings() -> Any:
    return [{n: v[row] for n, v in COLUMNS.items() if v[row] is not None} for row in range(3)]


@pytest.mark.parametrize(
    "make", [lambda: COLUMNS, _polars, _lazy, _pandas, _pyarrow, _structured, _mappings]
)
def test_rows_of_any_library_are_the_same_columns(make: Any) -> None:
    columns = take_columns(make())
    assert sorted(columns) == sorted(COLUMNS)
    assert np.array_equal(columns["size"], [1.5, np.nan, 2.5], equal_nan=True)
    assert columns["count"].tolist() == [1, 2, 3]
    assert columns["name"].tolist() == ["Anna", "", "Ben"]
    assert [day.removesuffix("T00:00:00") for day in columns["day"].tolist()] == [
        "2024-01-02",
        "2024-01-02",
        "",
    ]
    assert columns["pair"].tolist() == [[1, 2], [3, 4], [5, 6]]


def test_values_that_pandas_knows_alone_are_read() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "whole": pandas.array([1, None], dtype="Int64"),
            "kind": pandas.Categorical(["a", None]),
            "when": pandas.to_datetime(["2024-01-02 03:04:05", None]),
            "long": pandas.to_timedelta(["1s", None]),
        }
    )
    columns = take_columns(frame)
    assert np.array_equal(columns["whole"], [1, np.nan], equal_nan=True)
    assert columns["kind"].tolist() == ["a", ""]
    assert columns["when"].tolist() == ["2024-01-02T03:04:05", ""]
    assert np.array_equal(columns["long"], [1, np.nan], equal_nan=True)


def test_a_name_that_stands_twice_is_refused() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DataError, match="two columns called `a`"):
        take_columns(pandas.DataFrame([[1, 2]], columns=["a", "a"]))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([True, None], [1.0, np.nan]),
        ([Decimal("1.5"), 2], [1.5, 2.0]),
        ([b"x", b"y"], ["x", "y"]),
        (["x", 3], ["x", "3"]),
        (["x", True], ["x", "True"]),
    ],
)
def test_cells_are_numbers_or_words(cells: list[Any], expected: list[Any]) -> None:
    found = plain_cells("a", cells).tolist()
    assert found == expected or np.array_equal(found, expected, equal_nan=True)


@pytest.mark.parametrize("cells", [[object()], [{"a": 1}], [1j]])
def test_other_cells_are_refused(cells: list[Any]) -> None:
    with pytest.raises(DataError, match="as `a`"):
        plain_cells("a", cells)


def test_nothing_is_imported_to_read_rows() -> None:
    before = {"pandas", "pyarrow"} & set(sys.modules)
    take_columns([{"a": 1}])
    assert {"pandas", "pyarrow"} & set(sys.modules) == before
