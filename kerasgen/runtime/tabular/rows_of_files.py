"""The rows of tables: where each stands, and which are left out as bad ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypedDict

import numpy as np

from kerasgen.runtime.values import Array

MOST_REASONS = 5
"""Rows that are left out of which it is said why."""


class FileRows(TypedDict):
    """What is known of the rows of one file.

    `words` are the columns that are read as words where others may be read as numbers,
    None where all are. `dropped` are the rows that hold words where numbers are wanted,
    `strange` are the first of these words with their rows and columns.
    """

    file: str
    words: Collection[str] | None
    rows: int
    lines: Array | None
    skipped: int
    reasons: list[str]
    dropped: list[int]
    strange: list[tuple[int, str, str]]


def rows_of_file(file: str, words: Collection[str] | None = None) -> FileRows:
    """A file of which nothing was read yet."""
    return {
        "file": file,
        "words": words,
        "rows": 0,
        "lines": None,
        "skipped": 0,
        "reasons": [],
        "dropped": [],
        "strange": [],
    }


def settle_dropped(found: FileRows) -> None:
    """Counts the rows that were dropped, and says why the first ones were."""
    dropped, lines = found["dropped"], found["lines"]
    files = [(found["file"], found["rows"] + len(dropped))]
    for row, name, word in sorted(found["strange"])[:MOST_REASONS]:
        place = place_of_row(files, lines, row)
        found["reasons"].append(f'{place}: `{name}` is "{word[:40]}", and no number')
    found["skipped"] += len(dropped)
    if lines is not None and dropped:
        found["lines"] = np.delete(lines, dropped)


class TableRead(TypedDict):
    """Columns, and where their rows stand."""

    columns: dict[str, Array]
    names: list[str]
    given: Array | None
    files: list[tuple[str, int]]
    lines: Array | None
    skipped: int
    reasons: list[str]
    unread: dict[str, str]


def without_infinite(table: TableRead) -> TableRead:
    """Leaves out the rows that hold a number without an end."""
    rows = sum(rows for _, rows in table["files"])
    kept = np.ones(rows, dtype=bool)
    for name, column in table["columns"].items():
        if column.dtype.kind != "f":
            continue
        bad = np.isinf(column).reshape(rows, -1).any(axis=1)
        for row in np.flatnonzero(bad & kept)[:MOST_REASONS].tolist():
            place = place_of_row(table["files"], table["lines"], row)
            table["reasons"].append(f"{place}: `{name}` is infinite")
        kept &= ~bad
    if kept.all():
        return table
    files = files_of_rows(table["files"], np.flatnonzero(kept))
    given, lines = table["given"], table["lines"]
    return {
        "columns": {name: column[kept] for name, column in table["columns"].items()},
        "names": table["names"],
        "given": None if given is None else given[kept],
        "files": files,
        "lines": None if lines is None else lines[kept],
        "skipped": table["skipped"] + int((~kept).sum()),
        "reasons": table["reasons"],
        "unread": table["unread"],
    }


def files_of_rows(
    files: Sequence[tuple[str, int]], rows: Array
) -> list[tuple[str, int]]:
    """How many of some rows, in their order, come from each file."""
    ends = np.cumsum([rows for _, rows in files])
    counts = np.diff(np.searchsorted(rows, ends), prepend=0)
    return [(file, int(n)) for (file, _), n in zip(files, counts, strict=True)]


def place_of_row(
    files: Sequence[tuple[str, int]], lines: Array | None, row: int
) -> str:
    """Where a row stands in the files that it comes from; rows are counted from 1."""
    before = 0
    for file, rows in files:
        if row < before + rows:
            where = f"row {row - before + 1}" if lines is None else f"line {lines[row]}"
            return f"{where} of `{file}`"
        before += rows
    return f"row {row + 1}" if lines is None else f"line {lines[row]}"
