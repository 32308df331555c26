"""Tables of text become columns: names, numbers, text, missing values.

A column is numbers if every cell is one; it is held as float32, or as int64 or uint64
where float32 would change its whole numbers; those that neither holds stay text.
Cells lose the blanks around them.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.split import PARTS
from kerasgen.runtime.values import Array, Columns

MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null")
"""Cells that stand for a missing value."""

WHOLES = {"int64": range(-(2**63), 2**63), "uint64": range(2**64)}
"""Types of whole numbers, to those that they hold."""


class CsvForm(TypedDict, total=False):
    """How a table is written, and what becomes of missing values."""

    header: bool
    columns: Sequence[str] | None
    delimiter: str
    quote: str | None
    missing: str
    missing_values: Collection[str]


class Sheet(TypedDict):
    """One file: rows that miss a value are left out, and their lines noted."""

    names: tuple[str, ...]
    cells: dict[str, list[str]]
    lines: list[int]
    holes: dict[str, list[int]]
    dropped: int


def read_csv(
    path: str,
    test_path: str | None = None,
    wanted: Collection[str] | None = None,
    **form: Unpack[CsvForm],
) -> Columns:
    """Reads a table of text; the rows of a second file are the test part.

    Raises:
        DataError: a file cannot be used, or misses a value that it must have.
    """
    sheets = []
    for file in [path] if test_path is None else [path, test_path]:
        with Path(file).expanduser().open(encoding="utf-8-sig", newline="") as lines:
            sheets.append(read_sheet(lines, file, wanted, **form))
        for name, holes in sheets[-1]["holes"].items():
            if form.get("missing") != "drop":
                raise DataError(f"`{name}` has no value in line {holes[0]} of `{file}`")
    return join_sheets(sheets)


def read_sheet(
    lines: Iterable[str],
    file: str,
    wanted: Collection[str] | None = None,
    **form: Unpack[CsvForm],
) -> Sheet:
    """Reads the cells of the wanted columns, without the rows that miss a value.

    Raises:
        DataError: it is empty, its columns cannot be named, or a line has too few or
            too many cells.
    """
    missing = frozenset(form.get("missing_values", MISSING))
    rows = read_rows(lines, form.get("delimiter", ","), form.get("quote", '"'))
    first = next(rows, None)
    if first is None:
        raise DataError(f"`{file}` is empty")
    names = column_names(first[1], file, form.get("header", True), form.get("columns"))
    places = {
        name: place
        for place, name in enumerate(names)
        if wanted is None or name in wanted
    }
    cells: dict[str, list[str]] = {name: [] for name in places}
    kept: list[int] = []
    holes: dict[str, list[int]] = {}
    dropped = 0
    filled = (row for row in rows if any(row[1]))  # a line of blanks is no row
    for line, row in filled if form.get("header", True) else chain([first], filled):
        if len(row) != len(names):
            problem = f"line {line} of `{file}` has {len(row)} cells"
            raise DataError(f"{problem}, expected {len(names)}", about="delimiter")
        empty = [name for name, place in places.items() if row[place] in missing]
        dropped += bool(empty)
        for name in empty:
            holes.setdefault(name, []).append(line)
        if not empty:
            kept.append(line)
            for name, place in places.items():
                cells[name].append(row[place])
    return {
        "names": names,
        "cells": cells,
        "lines": kept,
        "holes": holes,
        "dropped": dropped,
    }


def read_rows(
    lines: Iterable[str], delimiter: str, quote: str | None
) -> Iterator[tuple[int, list[str]]]:
    """Yields the cells of each line that has any, with its number."""
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote,
        quoting=csv.QUOTE_NONE if quote is None else csv.QUOTE_MINIMAL,
        skipinitialspace=True,
        strict=quote is not None,
    )
    for row in reader:
        if row:
            yield reader.line_num, [cell.strip() for cell in row]


def column_names(
    first: Sequence[str], file: str, header: bool, columns: Sequence[str] | None
) -> tuple[str, ...]:
    """The names of all columns, by the first line of a file.

    Raises:
        DataError: names are too few, too many, or not distinct.
    """
    if columns is not None and len(columns) != len(first):
        problem = f"`columns` names {len(columns)}, and `{file}` has {len(first)}"
        raise DataError(f"{problem} columns", about="columns")
    if columns is None and not header:
        return tuple(f"c{index}" for index in range(len(first)))
    named = [name or f"c{index}" for index, name in enumerate(first)]
    names = tuple(named if columns is None else columns)
    distinct_names(names, file)
    return names


def distinct_names(names: Sequence[str], file: str) -> None:
    """Checks that no two columns have one name.

    Raises:
        DataError: two have.
    """
    twice, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise DataError(f"two columns of `{file}` are called `{twice}`", about="header")


def join_sheets(sheets: Sequence[Sheet]) -> Columns:
    """Makes columns of the cells of one file, or of two that are parts.

    Raises:
        DataError: the two have different columns.
    """
    if any(sheet["names"] != sheets[0]["names"] for sheet in sheets):
        raise DataError("the test file has other columns", about="test_path")
    cells = {
        name: [cell for sheet in sheets for cell in sheet["cells"][name]]
        for name in sheets[0]["cells"]
    }
    columns = {name: parse_cells(column) for name, column in cells.items()}
    if len(sheets) == 1:
        return columns, None
    numbers = np.array([PARTS.index("training"), PARTS.index("test")], dtype="int8")
    return columns, np.repeat(numbers, [len(sheet["lines"]) for sheet in sheets])


def parse_cells(cells: Sequence[str]) -> Array:
    """Makes a column: float32, int64 or uint64 for whole numbers beyond it, or text."""
    text = np.array(cells, dtype="str")
    try:
        exact = text.astype("float64")
    except ValueError:
        return text
    largest = np.abs(exact).max(initial=0)
    if 2**53 <= largest < np.inf and all(map(is_digits, cells)):
        wholes = [int(cell) for cell in cells]
        for kind in ("int64", "uint64"):
            if all(cell in WHOLES[kind] for cell in (min(wholes), max(wholes))):
                return np.array(wholes, dtype=kind)
        return text
    with np.errstate(over="ignore"):
        narrow = exact.astype("float32")
    whole = np.isfinite(exact).all() and (exact == np.rint(exact)).all()
    if whole and not np.array_equal(narrow, exact) and largest < 2**53:
        return exact.astype("int64")
    return narrow


def is_digits(cell: str) -> bool:
    """Whether a cell is a whole number, written with nothing but digits and a sign."""
    return cell.removeprefix("-").removeprefix("+").isdecimal()
