"""Columns of a table of text that its first rows show to be numbers: they are read so.

Polars makes numbers of the text as it reads it, for less than half of what words that
become numbers cost. A cell that is none stops it, and the column is read as words.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from kerasgen.runtime.tabular.exact_numbers import may_be_large

PLAIN_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
"""A cell that is a number whoever reads it."""

NUMBER_MARK = re.compile(r"[-+]?[\d.]+")
"""A mark of a missing value that looks like a number."""

FIRST_ROWS = 1_000
"""Rows that tell which columns are numbers."""

FIRST_CELLS = 100_000
"""Cells of a wide table that tell it."""


class NoNumbersError(Exception):
    """Columns that were read as numbers hold something else, or nobody can tell."""

    def __init__(self, columns: Collection[str]) -> None:
        super().__init__(", ".join(columns))
        self.columns = columns


def number_columns(
    rows: Iterable[Sequence[str]], marks: Mapping[str, Collection[str]]
) -> dict[str, str | None]:
    """Columns whose first cells are numbers, to the mark of a missing one there.

    Args:
        rows: the first rows.
        marks: the columns in their order, to cells that stand for a missing value.
    """
    first = []
    try:
        for row in rows:
            first.append(row)
            if len(first) * len(marks) >= FIRST_CELLS or len(first) >= FIRST_ROWS:
                break
    except csv.Error:
        return {}
    if not first or any(len(row) != len(marks) for row in first):
        return {}
    found: dict[str, str | None] = {}
    for name, column in zip(marks, zip(*first, strict=True), strict=True):
        cells = {cell for cell in column if cell}
        others = [cell for cell in cells if not PLAIN_NUMBER.fullmatch(cell)]
        known = marks[name]
        plain = "" in known and not any(map(NUMBER_MARK.fullmatch, known))
        if plain and len(others) < min(2, len(cells)) and {*others} <= {*known}:
            found[name] = others[0] if others else None
    return found


def not_numbers(message: str, columns: Collection[str]) -> NoNumbersError:
    """Which of the columns hold something else, by what Polars says: all, if none."""
    named = [name for name in columns if f"at column '{name}' (" in message]
    return NoNumbersError(named or columns)


def check_exact(piece: Any, numbers: Collection[str]) -> None:
    """Checks that double precision told the numbers of a frame apart.

    Raises:
        NoNumbersError: it may not have told whole ones apart.
    """
    large = [piece[name] for name in numbers if may_be_large(piece[name])]
    names = [
        series.name
        for series in large
        if (series.is_finite() & (series == series.round())).all()
    ]
    if names:
        raise NoNumbersError(names)


def without_blank_lines(piece: Any, numbers: Mapping[str, str | None]) -> Any:
    """A frame of Polars without the lines that hold nothing.

    Args:
        piece: the frame.
        numbers: its columns that were read as numbers, to their marks.

    Raises:
        NoNumbersError: a line holds nothing but marks of missing values, perhaps.
    """
    import polars

    if numbers:
        known = polars.any_horizontal(polars.col(*numbers).is_not_null())
        if piece.select(known).to_series().all():
            return piece
    cells = [
        polars.col(name).is_not_null()
        if name in numbers
        else polars.col(name).str.strip_chars() != ""
        for name in piece.columns
    ]
    kept = piece.filter(polars.any_horizontal(cells))
    marked = [name for name, mark in numbers.items() if mark is not None]
    if marked and kept.height < piece.height:
        raise NoNumbersError(marked)
    return kept
