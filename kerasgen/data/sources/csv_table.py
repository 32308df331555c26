"""Tables in text files: comma-separated values and the like.

This room owns how lines become columns: names, numbers, text, missing values. What a column is
used for is decided elsewhere.

Decisions:
- A column is numbers if every cell is one; it is held as float32, or as int64 where float32
  would change its whole numbers. Any other column is text.
- Cells lose the blanks around them; a row is left out, or reported, for a missing value in a
  column that is used, never for one in another.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np

from kerasgen.data.sources.files import FREE_BYTES, check_expansion, find_file, readable
from kerasgen.data.table import PARTS, Array, Table, argument_key, chosen, is_number
from kerasgen.diagnostics import CompileError, Sink

MOST_LINE = 16 * 2**20
"""Characters of a line; a file of zeros is one line."""

_CHARACTER = 4
"""Bytes of a character in NumPy's arrays of text."""

MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null")
"""Cells that stand for a missing value, unless the config names others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Csv:
    """A table in a text file, UTF-8, one line a sample.

    Attributes:
        path: the file.
        test_path: a file of the same columns that is the given test part, or None.
        header: whether the first line names the columns.
        columns: names of all columns; None for those of the header, or `c0`, `c1`, ….
        delimiter: what stands between two cells, one character.
        quote: what stands around a cell that holds delimiters; None for nothing.
        missing: `error`, or `drop` to leave out rows with missing values in used columns.
        missing_values: cells that stand for a missing value.
    """

    path: str
    test_path: str | None = None
    header: bool = True
    columns: tuple[str, ...] | None = None
    delimiter: str = ","
    quote: str | None = '"'
    missing: Literal["error", "drop"] = "error"
    missing_values: tuple[str, ...] = MISSING

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`."""
        for name in ("delimiter", "quote"):
            value = getattr(self, name)
            if value is not None and (len(value) != 1 or value in "\r\n"):
                raise sink.fail(
                    "KG204",
                    f'`{name}` is the string "{value}", expected one character',
                    key=argument_key(name),
                )
        sheets = [self._read_file(self.path, "path", wanted, sink)]
        if self.test_path is not None:
            sheets.append(self._read_file(self.test_path, "test_path", wanted, sink))
            if sheets[0].names != sheets[1].names:
                raise sink.fail(
                    "KG502",
                    f"`{self.test_path}` has other columns than `{self.path}`",
                    key=argument_key("test_path"),
                )
        if self.missing == "error":
            for sheet in sheets:
                self._report_missing(sheet, sink)
            sink.stop_on_errors()
        for sheet in sheets:
            _check_width(sheet, sink)
        return _table(sheets, self.test_path is not None)

    def column_names(self, sink: Sink) -> tuple[str, ...] | None:
        """The names of the columns, read off the first line; None where that is no line of cells.

        Raises:
            CompileError: the file cannot be read, or names its columns in a way that is refused.
        """
        if any(value is not None and len(value) != 1 for value in (self.delimiter, self.quote)):
            return None
        file = find_file(self.path, "path", sink)
        with _refusing(file, "path", sink), file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(
                _bounded(stream),
                delimiter=self.delimiter,
                quotechar=self.quote,
                quoting=csv.QUOTE_NONE if self.quote is None else csv.QUOTE_MINIMAL,
                skipinitialspace=True,
                strict=self.quote is not None,
            )
            first = next((row for row in reader if row), None)
        if first is None:
            return None
        return self._names([cell.strip() for cell in first], file, "path", sink)

    def _read_file(
        self, path: str, argument: str, wanted: frozenset[str] | None, sink: Sink
    ) -> _Sheet:
        file = find_file(path, argument, sink)
        with _refusing(file, argument, sink), file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(
                _bounded(stream),
                delimiter=self.delimiter,
                quotechar=self.quote,
                quoting=csv.QUOTE_NONE if self.quote is None else csv.QUOTE_MINIMAL,
                skipinitialspace=True,
                strict=self.quote is not None,
            )
            rows = ((reader.line_num, [cell.strip() for cell in row]) for row in reader if row)
            return self._read_rows(rows, file, argument, wanted, sink)

    def _read_rows(
        self,
        rows: Iterator[tuple[int, list[str]]],
        file: Path,
        argument: str,
        wanted: frozenset[str] | None,
        sink: Sink,
    ) -> _Sheet:
        first = next(rows, None)
        if first is None:
            raise sink.fail("KG503", f"`{file}` is empty", key=argument_key(argument))
        names = self._names(first[1], file, argument, sink)
        kept = chosen(names, wanted)
        at = {name: place for place, name in enumerate(names)}
        places = [at[name] for name in kept]
        cells: list[list[str]] = [[] for _ in kept]
        lines: list[int] = []
        holes: dict[str, list[int]] = {}
        dropped = 0
        for line, row in _data_rows(first, rows, self.header):
            if len(row) != len(names):
                raise sink.fail(
                    "KG502",
                    f"line {line} of `{file}` has {len(row)} cells, expected {len(names)}",
                    key=argument_key(argument),
                    help=f"cells are told apart by `delimiter`, here `{self.delimiter!r}`",
                )
            empty = [n for n, p in zip(kept, places, strict=True) if row[p] in self.missing_values]
            if empty:
                dropped += 1
                for name in empty:
                    holes.setdefault(name, []).append(line)
                continue
            lines.append(line)
            for column, place in zip(cells, places, strict=True):
                column.append(row[place])
        return _Sheet(
            file=file.name,
            argument=argument,
            names=names,
            cells=dict(zip(kept, cells, strict=True)),
            lines=lines,
            holes=holes,
            dropped=dropped,
        )

    def _names(
        self, first: Sequence[str], file: Path, argument: str, sink: Sink
    ) -> tuple[str, ...]:
        if self.columns is not None:
            if len(self.columns) != len(first):
                raise sink.fail(
                    "KG204",
                    f"`columns` names {len(self.columns)}, and `{file}` has {len(first)} columns",
                    key=argument_key("columns"),
                )
            return self._distinct(self.columns, file, "columns", sink)
        if not self.header:
            return tuple(f"c{index}" for index in range(len(first)))
        names = tuple(name or f"c{index}" for index, name in enumerate(first))
        if all(is_number(name) for name in names):
            sink.warn(
                "KG502",
                f"the first line of `{file}` holds numbers, and is taken for the columns' names",
                key=argument_key("header"),
                help="write `header: false` if the file has no line of names",
            )
        return self._distinct(names, file, argument, sink)

    def _distinct(
        self, names: tuple[str, ...], file: Path, argument: str, sink: Sink
    ) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            twice, _ = Counter(names).most_common(1)[0]
            raise sink.fail(
                "KG502",
                f"two columns of `{file}` are called `{twice}`",
                key=argument_key(argument),
                help="write `header: false` if the first line holds no names, "
                "or name all columns under `columns`",
            )
        return names

    def _report_missing(self, sheet: _Sheet, sink: Sink) -> None:
        for name, lines in sheet.holes.items():
            more = f" and {len(lines) - 1} further lines" if len(lines) > 1 else ""
            sink.report(
                "KG506",
                f"the column `{name}` has no value in line {lines[0]}{more} of `{sheet.file}`",
                key=argument_key("missing"),
                help="leave such rows out with `data.source.missing=drop`",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """One file, read.

    Attributes:
        file: its name.
        argument: the argument that named it.
        names: all its columns.
        cells: used column to its cells, without the rows that miss a value.
        lines: line of each row that is kept.
        holes: column to the lines in which its value is missing.
        dropped: number of rows that miss a value.
    """

    file: str
    argument: str
    names: tuple[str, ...]
    cells: dict[str, list[str]]
    lines: list[int]
    holes: dict[str, list[int]]
    dropped: int


def _data_rows(
    first: tuple[int, list[str]], rows: Iterator[tuple[int, list[str]]], header: bool
) -> Iterator[tuple[int, list[str]]]:
    if not header:
        yield first
    for line, row in rows:
        if any(row):  # a line of blanks is no row
            yield line, row


def _bounded(stream: TextIO) -> Iterator[str]:
    """The lines of a file, none so long that it would fill the memory.

    Raises:
        csv.Error: there is a longer one.
    """
    for line in iter(partial(stream.readline, MOST_LINE + 1), ""):
        if len(line) > MOST_LINE:
            raise csv.Error(f"a line has more than {MOST_LINE:,} characters")
        yield line


def _check_width(sheet: _Sheet, sink: Sink) -> None:
    """Refuses a column in which one long cell makes all the others as wide."""
    for name, cells in sheet.cells.items():
        size = len(cells) * max(map(len, cells), default=0) * _CHARACTER
        if size > FREE_BYTES:
            what = f"the column `{name}`, as wide as its longest cell in each row,"
            check_expansion(size, sum(map(len, cells)), Path(sheet.file), sink, what)


@contextmanager
def _refusing(file: Path, argument: str, sink: Sink) -> Iterator[None]:
    """Turns what reading text raises into diagnostics."""
    try:
        with readable(file, argument, sink):
            yield
    except CompileError:
        raise
    except UnicodeDecodeError as error:
        raise sink.fail(
            "KG502", f"`{file}` is not UTF-8 text: {error.reason}", key=argument_key(argument)
        ) from error
    except csv.Error as error:
        raise sink.fail(
            "KG502",
            f"`{file}` cannot be read as a table: {error}",
            key=argument_key(argument),
            help="if quotes are part of the text, write `quote: null`",
        ) from error


def _table(sheets: Sequence[_Sheet], parts: bool) -> Table:
    cells = {
        name: [cell for sheet in sheets for cell in sheet.cells[name]] for name in sheets[0].cells
    }
    rows = [len(sheet.lines) for sheet in sheets]
    numbers = [PARTS.index("training"), PARTS.index("test")]
    dropped = sum(sheet.dropped for sheet in sheets)
    return Table(
        columns={name: _column(column) for name, column in cells.items()},
        names=sheets[0].names,
        given=np.repeat(np.array(numbers, dtype="int8"), rows) if parts else None,
        lines=np.array([line for sheet in sheets for line in sheet.lines], dtype="int64"),
        files=tuple((sheet.file, len(sheet.lines)) for sheet in sheets),
        notes={"rows_dropped": dropped} if dropped else {},
    )


def _column(cells: list[str]) -> Array:
    text = np.array(cells, dtype="str")
    try:
        exact = text.astype("float64")
    except ValueError:
        return text
    whole: Any = bool(np.all(np.isfinite(exact)) and np.all(exact == np.rint(exact)))
    with np.errstate(over="ignore"):
        narrow = exact.astype("float32")
    if whole and not np.array_equal(narrow, exact) and np.abs(exact).max() < 2**53:
        return exact.astype("int64")
    return narrow
