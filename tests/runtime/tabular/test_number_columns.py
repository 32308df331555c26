"""Columns of numbers are read as such from text, and give what reading them as words gives."""

import numpy as np
import pytest

pytest.importorskip("polars")

import kerasgen.runtime.tabular.table_files
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tables import MISSING
from kerasgen.runtime.tabular.number_columns import number_columns
from kerasgen.runtime.tabular.table_files import read_table

MARKS = {"a": MISSING, "b": MISSING}

NUMBERED = [f"{row},{row / 8}" for row in range(2_500)]

RANDOM = np.random.default_rng(3)
SIZES = 10.0 ** RANDOM.integers(-320, 300, 2_500)
FRACTIONS = (RANDOM.normal(size=2_500) * SIZES).tolist()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["1", "2.5e-3"], ["-.5", ""], ["+7.", ""]], {"a": None, "b": None}),
        ([["1", "?"], ["2", "3"], ["", "?"]], {"a": None, "b": "?"}),
        ([["1", "?"], ["2", "NA"], ["", "3"]], {"a": None}),
        ([["1", "?"], ["2", ""]], {"a": None}),
        ([["1", "word"], ["1_000", " 3"]], {}),
        ([["1", "2"], ["1"]], {}),
        ([], {}),
    ],
)
def test_first_rows_tell_which_columns_are_numbers_and_their_mark(rows, expected) -> None:
    assert number_columns(rows, MARKS) == expected


def test_marks_that_are_numbers_must_be_read_as_they_are_written() -> None:
    rows = [["1", "2"], ["3", "4"]]

    assert number_columns(rows, {"a": ("", "-99"), "b": ("?",)}) == {}


@pytest.mark.parametrize(
    "lines",
    [
        NUMBERED,
        [f"{number!r},{row}" for row, number in enumerate(FRACTIONS)],
        [f"{row * 40_000},{2**53 + row}" for row in range(2_500)],
        [*NUMBERED, "word,1", "2,3"],
        [*NUMBERED, " 7 , 8", "9,NA", "inf,nan", "1e400,-1e-400"],
        [*NUMBERED, ",", "", "  ", " ,5", "?,?", "6,7"],
        [f"{row},{'?' if row % 7 else 1.5}" for row in range(2_500)] + ["?,?", ",", "", "5, 6 "],
        [f'"{row}","{row}.25"' for row in range(2_500)] + ['"3",""', '"",""'],
        [f",{row}" for row in range(2_500)] + ["5,", ",", "x,4"],
    ],
    ids=["plain", "wide", "large", "late word", "odd", "blank", "marks", "quoted", "empty"],
)
def test_numbers_are_those_that_words_would_become(lines, tmp_path, monkeypatch) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("\n".join(["a,b", *lines]) + "\n")
    found, _ = read_table(str(file))
    monkeypatch.setattr(kerasgen.runtime.tabular.table_files, "look_for_numbers", lambda *_: None)
    expected, _ = read_table(str(file))

    for name in ("a", "b"):
        assert found[name].dtype == expected[name].dtype
        numbers = found[name].dtype.kind == "f"
        assert np.array_equal(found[name], expected[name], equal_nan=numbers)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"1,2,3", "line 2502 of `{}` has 3 cells, expected 2"),
        (b"1", "line 2502 of `{}` has 1 cell, expected 2"),
        (b"1,\xff", "line 2502 of `{}` is not utf-8 text"),
    ],
)
def test_a_wrong_line_among_numbers_is_told_with_its_place(line, message, tmp_path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes("\n".join(["a,b", *NUMBERED, ""]).encode() + line + b"\n")

    with pytest.raises(DataError) as caught:
        read_table(str(file))

    assert str(caught.value) == message.format(file)


def test_a_column_of_a_few_words_is_that_of_many(tmp_path) -> None:
    words = ["Rome", " Oslo", "", "?", "Ålesund  "]
    many = [f"{row},{words[row % 5]}" for row in range(5_000)]
    file = tmp_path / "rows.csv"
    file.write_text("\n".join(["a,b", *many]) + "\n")
    found, _ = read_table(str(file))

    known = [word.strip() if word != "?" else "" for word in words]
    assert found["b"].tolist() == known * 1_000
    assert found["b"].dtype == np.array(known).dtype
