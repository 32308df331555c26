"""What is suspicious in columns, by rows and by figures: both say the same."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from kerasgen.data.columns.row_chunks import chunks_of_table
from kerasgen.data.columns.signs import signs_of_figures, signs_of_rows
from kerasgen.data.columns.tally import TableTally
from kerasgen.data.columns.types import infer_type
from kerasgen.data.table import Table
from kerasgen.ir.column_figures import ColumnSigns

ROWS = 300
RANDOM = np.random.default_rng(0)
LABELS = RANDOM.choice(["spam", "ham"], ROWS)


def both(target: Any = None, **columns: Any) -> tuple[dict[str, ColumnSigns], ...]:
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    types = {name: infer_type(values) for name, values in arrays.items()}
    table = dict(arrays) if target is None else {**arrays, "y": target}
    targets = {} if target is None else {"y": target.dtype.kind == "U"}
    by_rows = signs_of_rows(table, np.arange(ROWS), types, targets)
    tally = TableTally(list(table))
    for chunk in chunks_of_table(Table(columns=table, names=tuple(table))):
        tally.add(chunk)
    told = tally.figures()
    twins, repeated = tally.twins(), told.repeated
    by_figures = signs_of_figures(told.columns, tally.sample, twins, targets, repeated)
    return by_rows, {name: by_figures[name] for name in arrays}


def found(field: str, **columns: Any) -> Mapping[str, Any]:
    by_rows, by_figures = (
        {name: getattr(signs, field) for name, signs in one.items() if getattr(signs, field)}
        for one in both(**columns)
    )
    assert by_rows == by_figures
    return by_rows


def test_words_that_never_repeat_are_an_identifier() -> None:
    unique = [f"u{i}" for i in range(ROWS)]
    most, half = [*unique[1:], "u1"], [*unique[150:], *unique[150:]]
    assert found("identifier", a=unique, b=most, c=half) == {
        "a": "no word stands twice",
        "b": "nearly all its words are different",
    }


@pytest.mark.parametrize("name", ["id", "PassengerId", "customer_id", "row", "user-id", "UUID"])
def test_whole_numbers_that_never_repeat_are_one_where_their_name_says_so(name: str) -> None:
    numbers = RANDOM.permutation(np.arange(ROWS) * 7.0)
    assert name in found("identifier", **{name: numbers, "paid": numbers + 1})
    assert "paid" not in found("identifier", **{name: numbers, "paid": numbers + 1})


def test_numbers_that_count_the_rows_are_an_identifier_and_fractions_are_none() -> None:
    counting = RANDOM.permutation(np.arange(ROWS) + 1000.0)
    columns = {"a": counting, "b": counting + 0.5, "c": np.append(counting[1:], np.nan)}
    assert found("identifier", **columns) == {"a": "its numbers count the rows"}


def test_an_identifier_of_rows_that_are_sorted_by_class_gives_nothing_away() -> None:
    target = np.sort(LABELS)
    by_rows, by_figures = both(target, number=np.arange(ROWS) * 1.0, x=RANDOM.normal(size=ROWS))
    assert by_rows == by_figures
    assert by_rows["number"].identifier
    assert by_rows["number"].gives_away == {}


def test_repeated_rows_make_an_identifier_no_less_of_one() -> None:
    again = np.append(np.arange(ROWS - 20), np.arange(20))
    code, number = np.array([f"u{i}" for i in range(ROWS)])[again], again * 7.0
    columns = {
        "code": code,
        "id": number,
        "row": again + 3.0,
        "paid": RANDOM.normal(size=ROWS)[again],
    }
    named = "no number stands twice, and its name is that of an identifier, repeated rows left out"
    assert found("identifier", **columns) == {
        **{"code": "no word stands twice, repeated rows left out", "id": named, "row": named}
    }


def test_values_that_stand_again_in_other_rows_are_no_identifier() -> None:
    again = np.append(np.arange(ROWS - 20), np.arange(20))
    assert found("identifier", id=again * 7.0, paid=RANDOM.normal(size=ROWS)) == {}


def test_an_identifier_may_have_no_value_in_some_rows() -> None:
    numbers = np.where(np.arange(ROWS) % 9, RANDOM.permutation(np.arange(ROWS) * 7.0), np.nan)
    assert found("identifier", id=numbers, paid=numbers + 0.5).keys() == {"id"}


def test_texts_and_dates_are_no_identifiers() -> None:
    notes = [f"this is note {i} about it" for i in range(ROWS)]
    days = [f"{1700 + i}-01-02" for i in range(ROWS)]
    assert found("identifier", notes=notes, days=days) == {}


def test_constants_are_told_with_their_value() -> None:
    none = np.full(ROWS, np.nan)
    by_rows, by_figures = both(a=np.full(ROWS, "x"), b=none, c=[*["x"] * (ROWS - 1), "y"])
    assert [by_rows[name].constant for name in "abc"] == ["x", "", None]
    assert [by_figures[name].constant for name in "abc"] == ["x", "", None]


def test_a_column_that_stands_there_again_is_told_with_the_first() -> None:
    values = RANDOM.normal(size=ROWS)
    holes = np.where(values > 1, np.nan, values)
    columns = {"a": values, "b": holes, "c": values, "d": holes, "e": -values}
    assert found("same_as", **columns) == {"c": "a", "d": "b"}


def test_columns_that_begin_alike_or_with_another_zero_are_compared() -> None:
    zeros = np.arange(ROWS) % 7.0
    other = np.where(zeros == 0, -0.0, zeros)
    late = np.where(np.arange(ROWS) == ROWS - 1, 50.0, zeros)
    assert found("same_as", zeros=zeros, late=late, other=other) == {"other": "zeros"}


def test_what_gives_the_target_away_is_told() -> None:
    noise = RANDOM.normal(size=ROWS)
    by_rows, by_figures = both(LABELS, copy=(LABELS == "spam") * 1.0, noise=noise)
    assert by_rows["copy"].gives_away.keys() == by_figures["copy"].gives_away.keys() == {"y"}
    assert not by_rows["noise"].gives_away
    assert not by_figures["noise"].gives_away


def test_columns_that_are_mostly_missing_are_told_by_figures() -> None:
    _, by_figures = both(a=np.where(np.arange(ROWS) % 3, np.nan, 1.5), b=RANDOM.normal(size=ROWS))
    assert by_figures["a"].mostly_missing == pytest.approx(2 / 3)
    assert by_figures["b"].mostly_missing is None


def test_words_that_differ_in_capitals_alone_are_alike() -> None:
    kinds = RANDOM.choice(["Yes", "yes", "no"], ROWS)
    towns = RANDOM.choice(["Rome", "Oslo"], ROWS)
    assert found("alike", kind=kinds, town=towns) == {"kind": ("Yes", "yes")}
