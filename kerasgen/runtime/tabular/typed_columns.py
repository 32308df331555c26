"""Pieces of a table become columns: numbers, words, lists of equally many.

A column is numbers if every cell is one, and words otherwise; a number that is missing
is NaN, a word that is missing is empty. Words lose the blanks around them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

import numpy as np

from kerasgen.runtime.cells import BETWEEN_NUMBERS, BETWEEN_WORDS
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tabular.exact_numbers import (
    ALL_MISSING,
    FREE_WIDTH,
    ColumnPieces,
    check_width,
    may_be_large,
    narrow_numbers,
    whole_piece,
)
from kerasgen.runtime.tabular.number_columns import NoNumbersError
from kerasgen.runtime.tabular.text_tables import TableForm, missing_marks
from kerasgen.runtime.values import Array

MANY = 2_000
"""Cells that tell whether a column repeats a few words."""

DATE_FORMS = {"Date": "%Y-%m-%d", "Time": "%H:%M:%S", "Datetime": "%Y-%m-%dT%H:%M:%S"}
"""How a date or a time is written."""


def read_columns(
    pieces: Callable[[Collection[str]], Iterable[Any]],
    form: TableForm,
    wanted: Collection[str] | None = None,
    column: Callable[[str], Any] = ColumnPieces,
) -> tuple[dict[str, Array], list[str], dict[str, str]]:
    """Makes columns of the pieces of a table, and gives the names of all that it has.

    Where nobody asks for columns, those that can be none are left out, and told.

    What is taken for numbers until a word comes is read a second time.

    Args:
        pieces: reads the table anew, as frames of Polars; it is told which columns must
            come as they are written.
        form: how it is written.
        wanted: the columns that are made, None for all.
        column: takes the pieces of a column.

    Raises:
        DataError: a column that is wanted, or each of them, holds what is neither
            numbers nor words.
    """
    unread: dict[str, str] = {}
    texts: set[str] = set()
    words: set[str] = set()
    while True:
        found: dict[str, Any] = {}
        names: list[str] = []
        rows, late = 0, False
        try:
            for frame in pieces(texts | words):
                names = frame.columns
                for name in names:
                    if name in unread or (wanted is not None and name not in wanted):
                        continue
                    before = len(words)
                    try:
                        part = column_piece(frame[name], form, words)
                    except DataError as error:
                        if wanted is not None or len(unread) + 1 == len(names):
                            raise
                        if error.about != "cells":
                            raise
                        unread[name] = str(error)
                        found.pop(name, None)
                        continue
                    late = late or (len(words) > before and rows > 0)
                    if name not in found:
                        found[name] = column(name)
                    if not late:
                        found[name].append(part)
                rows += frame.height
        except NoNumbersError as error:
            texts |= {*error.columns}
            continue
        inexact = [name for name, made in found.items() if made.needs_words()]
        words |= {*inexact}
        if not late and not inexact:
            columns = {name: made.array() for name, made in found.items()}
            return columns, names, unread


def column_piece(series: Any, form: TableForm, words: set[str]) -> Array:
    """A piece of a column; one that holds words is put down as such.

    Raises:
        DataError: it holds what is neither numbers nor words.
    """
    part = None if series.name in words else number_piece(series, form)
    if part is None:
        words.add(series.name)
        part = word_piece(series, form)
    return part


def number_piece(series: Any, form: TableForm) -> Array | None:
    """A piece of a column as numbers; None if it holds words.

    Whole numbers that no type of numbers tells apart are words, too.
    """
    import polars

    kind = series.dtype
    if kind == polars.String:
        return digits_piece(series, form)
    if kind.is_integer() or (kind.is_decimal() and kind.scale == 0):
        return whole_piece(series, series.cast(polars.Float64))
    if kind.is_numeric():
        return narrow_numbers(series.cast(polars.Float64))
    if kind == polars.Duration:
        seconds = series.dt.total_microseconds().cast(polars.Float64) / 1e6
        return narrow_numbers(seconds)
    if kind in (polars.List, polars.Array) and kind.inner.is_numeric():
        return list_piece(series)
    return None


def digits_piece(series: Any, form: TableForm) -> Array | None:
    """A piece of a column of text as numbers; None if a cell is a word."""
    numbers, others = text_numbers(series, form)
    if others is not None:
        return None
    if numbers.null_count() == len(numbers):
        return np.full(len(numbers), np.nan, dtype=ALL_MISSING)
    if may_be_large(numbers):
        digits = plain_digits(series, form)
        if digits.filter(numbers.is_not_null()).str.contains(r"^[-+]?\d+$").all():
            return whole_piece(digits.set(numbers.is_null(), None), numbers)
    return narrow_numbers(numbers)


def text_numbers(series: Any, form: TableForm) -> tuple[Any, Any]:
    """The numbers of cells of text, and which cells are words, None where none is."""
    import polars

    marks = missing_marks(form, series.name)
    number_marks = [mark for mark in marks if re.fullmatch(r"[-+]?[\d.]+", mark)]
    # An empty cell that stands for no missing value is a word.
    texts = series if "" in marks else series.fill_null("-")
    if number_marks:
        texts = texts.set(texts.str.strip_chars().is_in(number_marks), None)
    plain = (form.get("decimal") or ".") == "." and not form.get("thousands")
    numbers = texts.cast(polars.Float64, strict=False)
    if not plain or form.get("symbols") or numbers.null_count() > texts.null_count():
        numbers = plain_digits(texts, form).cast(polars.Float64, strict=False)
    if numbers.null_count() == texts.null_count():
        return numbers, None
    others = numbers.is_null() & texts.is_not_null()
    words = texts.filter(others).str.strip_chars()
    if words.is_in([*marks]).all():
        return numbers, None
    strange = ~texts.str.strip_chars().is_in([*marks]).fill_null(True)
    return numbers, others & strange


def plain_digits(texts: Any, form: TableForm) -> Any:
    """Cells of text, numbers among them with a point and without signs."""
    decimal, thousands = form.get("decimal") or ".", form.get("thousands")
    digits = texts.str.strip_chars(f"{form.get('symbols', '')} \t\r\n\u00a0")
    if thousands:
        point, sign = re.escape(decimal), re.escape(thousands)
        grouped = digits.str.contains(rf"^[-+]?\d{{1,3}}({sign}\d{{3}})+({point}\d*)?$")
        without = digits.str.replace_all(thousands, "", literal=True)
        digits = digits.zip_with(~grouped.fill_null(False), without)
    if decimal != ".":
        pointed = digits.str.contains(".", literal=True).fill_null(False)
        commas = digits.str.replace(decimal, ".", literal=True)
        digits = commas.set(pointed, "-")
    return digits


def list_piece(series: Any) -> Array | None:
    """A piece of a column of lists of numbers; None if they are not equally many."""
    import polars

    lists = series.cast(polars.List(polars.Float64))
    lengths = lists.list.len()
    if lengths.null_count() or lengths.n_unique() > 1:
        return None
    values = lists.explode().fill_null(float("nan")).to_numpy()
    return narrow_numbers(polars.Series(values)).reshape(len(series), -1)


def word_piece(series: Any, form: TableForm) -> Array:
    """A piece of a column as words, empty where one is missing.

    Raises:
        DataError: it holds things that are neither numbers nor words.
    """
    if is_repeating(series) and not form.get("dates"):
        import polars

        different = series.drop_nulls().unique()
        words = np.append(word_array(known_words(different, form)), "")
        if words.dtype.itemsize * len(series) < FREE_WIDTH:
            places = series.cast(polars.Enum(different)).to_physical()
            return np.asarray(words[places.fill_null(len(different)).to_numpy()])
    return word_array(known_words(series, form))


def is_repeating(series: Any) -> bool:
    """Whether a long piece of a column of text holds few words, by its first ones."""
    import polars

    if series.dtype != polars.String or len(series) < MANY:
        return False
    return bool(series.head(MANY).n_unique() < MANY / 4)


def known_words(series: Any, form: TableForm) -> Any:
    """The cells of a column as words, none where one is missing.

    Raises:
        DataError: it holds things that are neither numbers nor words.
    """
    import polars

    kind = series.dtype
    if kind in (polars.List, polars.Array) and kind.inner == polars.String:
        return series.cast(polars.List(polars.String)).list.join(BETWEEN_WORDS)
    if kind in (polars.List, polars.Array) and kind.inner.is_numeric():
        whole = kind.inner.is_integer()
        numbers = series.cast(polars.List(polars.Int64 if whole else polars.Float64))
        return numbers.cast(polars.List(polars.String)).list.join(BETWEEN_NUMBERS)
    if kind.is_nested() or kind in (polars.Binary, polars.Object):
        what = "bytes" if kind == polars.Binary else kind
        problem = f"`{series.name}` holds {what}, neither numbers nor words"
        raise DataError(problem, about="cells")
    if kind.is_temporal():
        return series.dt.strftime(DATE_FORMS[str(kind).partition("(")[0]])
    if kind != polars.String:
        return series.cast(polars.String)
    words = series.str.strip_chars()
    absent = words.is_in([*missing_marks(form, series.name)])
    if absent.any():
        words = words.set(absent, None)
    if dates := form.get("dates"):
        moments = words.str.to_datetime(dates, strict=False)
        if moments.null_count() == words.null_count():
            day = not any(sign in dates for sign in ("%H", "%I", "%T", "%M", "%S"))
            return moments.dt.strftime(DATE_FORMS["Date" if day else "Datetime"])
    return words


def word_array(words: Any) -> Array:
    """Words as an array; a missing one is empty.

    Raises:
        DataError: one of them makes all others too wide.
    """
    lengths = words.str.len_chars()
    width = max(1, lengths.max() or 0)
    check_width(words.name, 4 * width, len(words), lengths.sum())
    # An array of words is their characters, each word filled up to the longest.
    known = words if words.null_count() == 0 else words.fill_null("")
    signs = known.str.pad_end(width, "\0").str.join("").item().encode("utf-32-le")
    return np.frombuffer(signs, dtype=f"<U{width}") if signs else np.zeros(0, "<U1")
