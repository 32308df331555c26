"""Tables of any kind: text with its warts, Parquet, Arrow, JSON, Excel, databases.

This room owns what may be asked of such tables, and what is said where they are not as they must
be. How they become columns stands in `runtime.tabular`, which reads them with Polars, an extra.

Decisions:
- What stands between the cells of a file of text is told by its first line, where nobody says it.
- A value that is missing is no mistake here: what becomes of it the columns say.
- The password of a database comes from the environment when the rows are read, and stands nowhere
  else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

from kerasgen.data.large_arrays import LIMIT, ArraySpace, room_told
from kerasgen.data.sources.decimal_point import told_decimal
from kerasgen.data.sources.files import check_encoding, find_file, readable
from kerasgen.data.sources.list_columns import lists_of_file
from kerasgen.data.sources.plain_functions import Told, call_with_fields, telling
from kerasgen.data.sources.table_stream import stream_table
from kerasgen.data.table import Table, argument_key, chosen
from kerasgen.diagnostics import Sink
from kerasgen.foreign.regular_files import TOO_MUCH
from kerasgen.frontend.compose.resolvers import with_environment
from kerasgen.ir.data import ColumnDef
from kerasgen.process.machine_memory import device_memory
from kerasgen.process.packages import is_installed
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.source_call import SourceCall
from kerasgen.runtime.tables import MISSING
from kerasgen.runtime.tabular.databases import MOST_ROWS, is_database, sqlite_file
from kerasgen.runtime.tabular.excel_sheets import sheets_of
from kerasgen.runtime.tabular.table_files import (
    FORMATS,
    format_of,
    read_packed_table,
    read_table,
    read_text_table,
    table_files,
)
from kerasgen.runtime.tabular.text_tables import SEPARATORS, TableForm

_COPIES = 5
"""What a file of text takes in memory while it is read, by its own size: text, cells, numbers."""

_PACKED = 8
"""The same of a file that is packed."""

_OF_TEXT = ("separator", "quote", "encoding", "skip_lines", "thousands")
"""Arguments by which a file of text is cut into cells."""

_ONE_CHARACTER = ("separator", "quote", "decimal", "thousands", "comment")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A table: text, Parquet, Arrow, JSON, Excel, SQLite by its ending, or a database by its URL.

    Attributes:
        path: the file, a pattern (`parts/*.csv`), a list of files of the same columns, or the URL
            of a database.
        test_path: files of the same columns that are the given test part, or None.
        header: whether the first line of a file of text names the columns.
        names: names of all columns of a file of text; None for those of the header, or `c0`, ….
        separator: what stands between two cells; None for what the first line tells.
        quote: what stands around a cell that holds separators; None for nothing.
        comment: the sign at the beginning of lines that do not count, or None.
        skip_lines: lines at the top of a file of text that do not count.
        decimal: the decimal point; None for what the first lines of a file of text tell.
        thousands: what stands between thousands in numbers, or None.
        symbols: signs beside numbers that do not count, as in `$%`.
        dates: how dates are written, as in `%d.%m.%Y`; None for ISO 8601.
        encoding: the encoding of a file of text.
        missing_values: cells that stand for a missing value; or by column, beside the usual ones.
        numbers: columns whose rows are bad where they hold a word; with `bad: skip` also those that
            `data.columns` calls numbers.
        sheet: the sheet of an Excel file, None for the first.
        query: the SELECT whose rows are read; None for all of the one table of a SQLite file.
        most_rows: rows that the query gives at most; more are refused, since it may be one without
            end.
        password: the password of the database, as `${oc.env:NAME}`.
        bad: what becomes of rows that cannot be read: `error`, or `skip` to leave them out.
        stream: whether large columns lie in files; `auto` where reading it would take more than a
            quarter of the memory.
    """

    path: str | tuple[str, ...]
    test_path: str | tuple[str, ...] | None = None
    header: bool = True
    names: tuple[str, ...] | None = None
    separator: str | None = None
    quote: str | None = '"'
    comment: str | None = None
    skip_lines: int = 0
    decimal: str | None = None
    thousands: str | None = None
    symbols: str = ""
    dates: str | None = None
    encoding: str = "utf-8"
    missing_values: tuple[str, ...] | Mapping[str, tuple[str, ...]] = MISSING
    numbers: tuple[str, ...] = ()
    sheet: str | None = None
    query: str | None = None
    most_rows: int = MOST_ROWS
    password: str | None = None
    bad: Literal["error", "skip"] = "error"
    stream: bool | Literal["auto"] = "auto"

    PATHS: ClassVar[tuple[str, ...]] = ("path", "test_path")

    def told(self, columns: Mapping[str, ColumnDef]) -> TableFile:
        """The same, where rows that do not fit to what is said of the columns are bad ones."""
        if self.bad != "skip":
            return replace(self, numbers=())
        said = [name for name, column in columns.items() if column.type == "number"]
        return replace(self, numbers=tuple(dict.fromkeys([*self.numbers, *said])))

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments: no more than its format needs."""
        paths = [path for path in (self.path, self.test_path) if path is not None]
        named = [item for path in paths for item in ([path] if isinstance(path, str) else path)]
        kinds = {"database" if is_database(name) else format_of(name) for name in named}
        function = read_table
        if kinds == {"csv"}:
            function = read_text_table
        elif kinds <= {"parquet", "arrow"}:
            function = read_packed_table
        decimal = self._decimal() if "csv" in kinds else "."
        told = replace(self, stream="auto", decimal=None if decimal == "." else decimal)
        return call_with_fields(function, told)

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG204, an argument is not as it should be; KG603, a package is not
                installed; or with a code of its own, a file cannot be read, or holds what cannot be
                used.
        """
        self._check_packages(sink)
        self.check_arguments(sink)
        sink.stop_on_errors()
        self._tell_sheets(sink)
        with room_told(sink), telling(sink, _forms(self)):
            streams = self._streams()
            for argument in self.PATHS:
                value = getattr(self, argument)
                for file in table_files(value) if value is not None else ():
                    _find(file, argument, sink, held=not streams)
            space = ArraySpace(limit=LIMIT) if streams else ArraySpace()
            with readable(str(self.path), "path", sink):
                paths = (self.path, self.test_path)
                found = stream_table(paths, wanted, self.form(), space)
        skipped = {"skipped": found["skipped"], "skipped_rows": found["reasons"]}
        columns = {name: found["columns"][name] for name in chosen((*found["columns"],), wanted)}
        return Table(
            columns=columns,
            lists=lists_of_file(table_files(self.path)[0], columns),
            names=tuple(found["names"]),
            given=found["given"],
            lines=found["lines"],
            files=tuple(found["files"]),
            notes=skipped if found["skipped"] else {},
            unread=found["unread"],
            space=space,
        )

    def _tell_sheets(self, sink: Sink) -> None:
        """Warns where an Excel file has several sheets, and nobody says which is read."""
        if self.sheet is not None or not isinstance(self.path, str) or not is_workbook(self.path):
            return
        sheets = sheets_of(self.path)
        if len(sheets) > 1:
            listed = ", ".join(f"`{name}`" for name in sheets[:20])
            sink.warn(
                "KG502",
                f"`{self.path}` has the sheets {listed}, and the first is read",
                key=argument_key("path"),
                help=f"say which one with `'data.source.sheet=\"{sheets[0]}\"'`",
            )

    def _streams(self) -> bool:
        """Whether large columns lie in files.

        Raises:
            DataError: a pattern matches no file.
        """
        if self.stream != "auto":
            return self.stream
        memory = device_memory(None)
        paths = [self.path, *([] if self.test_path is None else [self.test_path])]
        size = sum(_unpacked(file) for path in paths for file in table_files(path))
        return memory is not None and size > memory.size / 4

    def check_arguments(self, sink: Sink) -> None:
        """Reports arguments that no file could go with; see `table.ChecksArguments`."""
        for name in _ONE_CHARACTER:
            value = getattr(self, name)
            if value is not None and (len(value.encode()) != 1 or value in "\r\n\0"):
                sink.report(
                    "KG204",
                    f'`{name}` is the string "{value}", expected one ASCII character',
                    key=argument_key(name),
                )
        for name, least in (("skip_lines", 0), ("most_rows", 1)):
            if getattr(self, name) < least:
                sink.report(
                    "KG204",
                    f"`{name}` is {getattr(self, name)}, expected {least} or more",
                    key=argument_key(name),
                )
        check_encoding(self.encoding, sink)
        if self.thousands is not None and self.thousands == self.decimal:
            sink.report(
                "KG204",
                f"`thousands` and `decimal` are both `{self.decimal}`",
                key=argument_key("thousands"),
            )
        if self.dates is not None and "%" not in self.dates:
            sink.report(
                "KG204",
                f'`dates` is the string "{self.dates}", expected how dates are written',
                key=argument_key("dates"),
                help="days, months and years are marks, as in `%d.%m.%Y`",
            )
        paths = [self.path] if isinstance(self.path, str) else [*self.path]
        for name, is_one, kind in (
            ("query", is_database, "database"),
            ("sheet", is_workbook, "Excel file"),
        ):
            if getattr(self, name) is not None and not any(is_one(path) for path in paths):
                sink.report(
                    "KG204",
                    f"`{name}` is given, and `{paths[0]}` is no {kind}",
                    key=argument_key(name),
                )

    def _check_packages(self, sink: Sink) -> None:
        if not is_installed("polars"):
            raise sink.fail(
                "KG603",
                "the source `Table` needs the package `polars`",
                key="data.source.class",
                help="pip install 'kerasgen[tables]'",
            )
        paths = [self.path] if isinstance(self.path, str) else [*self.path]
        bases = [path for path in paths if is_database(path)]
        if any(sqlite_file(base) is None for base in bases) and not is_installed("sqlalchemy"):
            raise sink.fail(
                "KG603",
                "a database is read with the package `sqlalchemy`",
                key=argument_key("path"),
                help="pip install 'kerasgen[sql]'",
            )

    def _decimal(self) -> str:
        """The decimal point.

        Raises:
            DataError: a pattern matches no file.
        """
        form: Any = {name: getattr(self, name) for name in ("decimal", *_OF_TEXT)}
        return told_decimal(table_files(self.path), cast(TableForm, form))

    def form(self) -> TableForm:
        """How it is written, with the password of the environment.

        Raises:
            DataError: the environment has none.
        """
        form: Any = {name: getattr(self, name) for name in TableForm.__annotations__}
        form["decimal"] = self._decimal()
        try:
            form["password"] = with_environment(self.password, os.environ)
        except KeyError as error:
            problem = f"the environment has no {error}, the password of the database"
            raise DataError(problem.replace("'", "`"), about="variable") from None
        return cast(TableForm, form)


def is_workbook(path: str) -> bool:
    """Whether a path is an Excel file, by its ending."""
    return FORMATS.get(Path(path).suffix.lower()) == "excel"


def _several(path: str | tuple[str, ...]) -> bool:
    """Whether a path may name several files."""
    return not isinstance(path, str) or any(sign in path for sign in "*?[")


def _unpacked(file: str) -> int:
    """Bytes that a table takes in memory while it is read, as a rule."""
    place = Path(file)
    if not place.is_file():
        return 0
    packed = place.suffix.lower() in (".parquet", ".pq")
    return place.stat().st_size * (_PACKED if packed else _COPIES)


def _find(file: str, argument: str, sink: Sink, *, held: bool) -> None:
    """Looks for a file, before any of them is read."""
    place = sqlite_file(file) if is_database(file) else file
    if place is not None:
        find_file(place, argument, sink, held=held)


def _forms(source: TableFile) -> dict[str, Told]:
    """What an error of reading is about, to how it is told."""
    listed = ", ".join(repr(one) for one in SEPARATORS)
    return {
        "cells": Told(
            "KG502" if source.query is None else "KG519",
            "path" if source.query is None else "query",
            "leave such a column out: `data.columns.NAME=ignore`, or use others alone",
        ),
        "columns": Told(
            argument="path" if source.test_path is None or _several(source.path) else "test_path",
            help="all files of a table have the columns of the first, in any order",
        ),
        "packed": Told(argument="path", help="unpack it first, as with `gunzip -k FILE`"),
        "utf16": Told(argument="encoding", help="write `data.source.encoding=utf-16`"),
        "zero": Told(argument="path", help="`bad: skip` leaves such lines out"),
        "sheet": Told(argument="sheet"),
        "empty": Told("KG503", "path"),
        "path": Told(argument="path"),
        "names": Told("KG204"),
        "encoding": Told(help="write the file's own, as in `data.source.encoding=latin-1`"),
        "header": Told(
            argument="path" if source.names is None else "names",
            help="write `data.source.header=false` if the first line holds no names",
        ),
        "separator": Told(
            argument="path",
            help=f"cells are told apart by `separator` (one of {listed} by itself) and `quote`; "
            "if quotes are part of the text, write `quote: null`; `bad: skip` leaves such rows out",
        ),
        "json": Told(argument="path", help="`bad: skip` leaves such lines out"),
        "wide": Told(TOO_MUCH, "path", "shorten that cell, or take its column out of the file"),
        "room": Told("KG605", "path", "make room there, or name another folder as `TMPDIR`"),
        "changed": Told("KG517", "path", "start again when nothing writes to it"),
        "absent": Told("KG501", "path"),
        "endless": Told(
            "KG519",
            "query" if source.query is not None else "path",
            "let it give fewer (`LIMIT 1000`), or raise `data.source.most_rows`",
        ),
        "query": Told(
            "KG519",
            None if source.query is not None else "path",
            None
            if source.query is not None
            else "write one, as in `'data.source.query=\"SELECT * FROM birds\"'`",
        ),
        "locked": Told("KG518", "path", "try again when nobody writes to it"),
        "password": Told(
            "KG518",
            "path" if source.password is None else "password",
            "name the variable that holds it: `data.source.password='${oc.env:NAME}'`",
        ),
        "variable": Told("KG518", "password"),
        "address": Told(
            "KG518",
            "path",
            "a file of the web is to be downloaded first; a database is named as SQLAlchemy does, "
            "`postgresql://USER@HOST/DATABASE`",
        ),
        "driver": Told("KG603", "path", "install what SQLAlchemy needs for this database"),
        "database": Told("KG518", "path"),
    }
