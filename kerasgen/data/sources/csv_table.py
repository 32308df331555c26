"""Tables in text files: comma-separated values and the like.

This room owns what may be asked of such files, and what is said where they are not as they must be.
How lines become columns stands in `runtime.tables`; what a column is used for is decided elsewhere.

Decisions:
- A row is left out, or reported, for a missing value in a column that is used, never for one in
  another.
- The first line is read before all others, so that names are refused before any row is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal, TextIO

import numpy as np

from kerasgen.data.sources.files import FREE_BYTES, check_expansion, find_file, readable
from kerasgen.data.sources.plain_functions import Told, call_with_fields, telling
from kerasgen.data.table import Table, argument_key, is_number
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.runtime.source_call import SourceCall
from kerasgen.runtime.tables import (
    MISSING,
    CsvForm,
    Sheet,
    column_names,
    join_sheets,
    read_csv,
    read_rows,
    read_sheet,
)

MOST_LINE = 16 * 2**20
"""Characters of a line; a file of zeros is one line."""

_CHARACTER = 4
"""Bytes of a character in NumPy's arrays of text."""


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

    PATHS: ClassVar[tuple[str, ...]] = ("path", "test_path")

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        return call_with_fields(read_csv, self)

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG204, an argument is not as it should be; KG506, a value is missing that
                may not be; or with a code of its own, a file cannot be read, or holds what cannot
                be used.
        """
        self.check_arguments(sink)
        sink.stop_on_errors()
        files = {"path": self.path, "test_path": self.test_path}
        sheets: list[tuple[str, Sheet]] = []
        for argument, path in files.items():
            if path is not None:
                file = find_file(path, argument, sink)
                sheets.append((file.name, self._read_file(file, argument, wanted, sink)))
        if sheets[0][1]["names"] != sheets[-1][1]["names"]:
            raise sink.fail(
                "KG502",
                f"`{self.test_path}` has other columns than `{self.path}`",
                key=argument_key("test_path"),
            )
        for name, sheet in sheets:
            _report_missing(name, {} if self.missing == "drop" else sheet["holes"], sink)
        sink.stop_on_errors()
        for name, sheet in sheets:
            _check_width(name, sheet, sink)
        return _table(sheets)

    def check_arguments(self, sink: Sink) -> None:
        """Reports arguments that no file could go with; see `table.ChecksArguments`."""
        for name in ("delimiter", "quote"):
            value = getattr(self, name)
            if value is not None and (len(value) != 1 or value in "\r\n"):
                sink.report(
                    "KG204",
                    f'`{name}` is the string "{value}", expected one character',
                    key=argument_key(name),
                )

    def column_names(self, sink: Sink) -> tuple[str, ...] | None:
        """The names of the columns, read off the first line; None where that is no line of cells.

        Raises:
            CompileError: the file cannot be read, or names its columns in a way that is refused.
        """
        if any(value is not None and len(value) != 1 for value in (self.delimiter, self.quote)):
            return None
        return self._first_names(find_file(self.path, "path", sink), "path", sink)

    def _first_names(self, file: Path, argument: str, sink: Sink) -> tuple[str, ...] | None:
        with _opened(file, argument, sink) as lines:
            first = next(read_rows(lines, self.delimiter, self.quote), None)
        if first is None:
            return None
        cells = [name or f"c{index}" for index, name in enumerate(first[1])]
        if self.header and self.columns is None and all(is_number(name) for name in cells):
            sink.warn(
                "KG502",
                f"the first line of `{file}` holds numbers, and is taken for the columns' names",
                key=argument_key("header"),
                help="write `data.source.header=false` if the file has no line of names",
            )
        with self._telling(argument, sink):
            return column_names(first[1], str(file), self.header, self.columns)

    def _telling(self, argument: str, sink: Sink) -> AbstractContextManager[None]:
        """Tells the errors of a file at the argument that names it."""
        named = argument if self.columns is None else "columns"
        forms = {
            "path": Told("KG503", argument),
            "columns": Told("KG204"),
            "header": Told(
                argument=named,
                help="write `data.source.header=false` if the first line holds no names, "
                "or name all columns under `columns`",
            ),
            "delimiter": Told(
                argument=argument,
                help=f"cells are told apart by `delimiter`, here `{self.delimiter!r}`",
            ),
        }
        return telling(sink, forms)

    def _read_file(
        self, file: Path, argument: str, wanted: frozenset[str] | None, sink: Sink
    ) -> Sheet:
        self._first_names(file, argument, sink)
        form: CsvForm = {
            "header": self.header,
            "columns": self.columns,
            "delimiter": self.delimiter,
            "quote": self.quote,
            "missing_values": self.missing_values,
        }
        with _opened(file, argument, sink) as lines, self._telling(argument, sink):
            return read_sheet(lines, str(file), wanted, **form)


def _bounded(stream: TextIO) -> Iterator[str]:
    """The lines of a file, none so long that it would fill the memory.

    Raises:
        csv.Error: there is a longer one.
    """
    for line in iter(partial(stream.readline, MOST_LINE + 1), ""):
        if len(line) > MOST_LINE:
            raise csv.Error(f"a line has more than {MOST_LINE:,} characters")
        yield line


def _report_missing(file: str, holes: Mapping[str, list[int]], sink: Sink) -> None:
    for name, lines in holes.items():
        more = f" and {len(lines) - 1} further lines" if len(lines) > 1 else ""
        sink.report(
            "KG506",
            f"the column `{name}` has no value in line {lines[0]}{more} of `{file}`",
            key=argument_key("missing"),
            help="leave such rows out with `data.source.missing=drop`",
        )


def _check_width(file: str, sheet: Sheet, sink: Sink) -> None:
    """Refuses a column in which one long cell makes all the others as wide."""
    for name, cells in sheet["cells"].items():
        size = len(cells) * max(map(len, cells), default=0) * _CHARACTER
        if size > FREE_BYTES:
            what = f"the column `{name}`, as wide as its longest cell in each row,"
            check_expansion(size, sum(map(len, cells)), Path(file), sink, what)


@contextmanager
def _opened(file: Path, argument: str, sink: Sink) -> Iterator[Iterator[str]]:
    """The lines of a file; what reading them raises becomes diagnostics."""
    try:
        with (
            readable(file, argument, sink),
            file.open(encoding="utf-8-sig", newline="") as stream,
        ):
            yield _bounded(stream)
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


def _table(sheets: Sequence[tuple[str, Sheet]]) -> Table:
    """The table of one file, or of two that are parts, each with its name."""
    columns, given = join_sheets([sheet for _, sheet in sheets])
    lines = [line for _, sheet in sheets for line in sheet["lines"]]
    dropped = sum(sheet["dropped"] for _, sheet in sheets)
    return Table(
        columns=columns,
        names=sheets[0][1]["names"],
        given=given,
        lines=np.array(lines, dtype="int64"),
        files=tuple((name, len(sheet["lines"])) for name, sheet in sheets),
        notes={"rows_dropped": dropped} if dropped else {},
    )
