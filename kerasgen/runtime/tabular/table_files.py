"""Tables in files become columns: text, Parquet, Arrow, JSON, Excel, databases.

Files are read in pieces, so that no more than the columns is held. The pieces are
frames of Polars; how cells become numbers and words stands in `typed_columns`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Unpack

import numpy as np

from kerasgen.runtime.changed_files import check_unchanged, state_of_file
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.split import PARTS
from kerasgen.runtime.tabular.databases import database_pieces, is_database
from kerasgen.runtime.tabular.exact_numbers import (
    FREE_WIDTH,
    MOST_WIDENING,
    ColumnPieces,
)
from kerasgen.runtime.tabular.excel_sheets import first_line, read_sheet_of
from kerasgen.runtime.tabular.nested_tables import flat_piece, json_pieces
from kerasgen.runtime.tabular.rows_of_files import (
    MOST_REASONS,
    FileRows,
    TableRead,
    rows_of_file,
    settle_dropped,
    without_infinite,
)
from kerasgen.runtime.tabular.text_tables import (
    PIECE_ROWS,
    TableForm,
    TextTable,
    has_bad_rows,
    leave_out_bad_rows,
    line_numbers,
    look_for_numbers,
    open_text,
    text_pieces,
)
from kerasgen.runtime.tabular.typed_columns import read_columns, text_numbers
from kerasgen.runtime.values import Columns

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".data": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".xlsx": "excel",
    ".xls": "excel",
    ".sqlite": "database",
    ".sqlite3": "database",
    ".db": "database",
}
"""Ending of a file to its format."""


def read_table(
    path: str | Sequence[str],
    test_path: str | Sequence[str] | None = None,
    wanted: Collection[str] | None = None,
    **form: Unpack[TableForm],
) -> Columns:
    """Reads one table, or several of the same columns one after the other.

    The rows of the test files are the test part.

    Raises:
        DataError: a file cannot be used.
    """
    found = read_rows_of_files(path, test_path, wanted, form, pieces_of_file)
    return found["columns"], found["given"]


def read_text_table(
    path: str | Sequence[str],
    test_path: str | Sequence[str] | None = None,
    wanted: Collection[str] | None = None,
    **form: Unpack[TableForm],
) -> Columns:
    """Reads one table of text, or several of the same columns, as `read_table` does.

    Raises:
        DataError: a file cannot be used.
    """
    found = read_rows_of_files(path, test_path, wanted, form, pieces_of_text)
    return found["columns"], found["given"]


def read_packed_table(
    path: str | Sequence[str],
    test_path: str | Sequence[str] | None = None,
    wanted: Collection[str] | None = None,
    **form: Unpack[TableForm],
) -> Columns:
    """Reads Parquet and Arrow, as `read_table` does.

    Raises:
        DataError: a file cannot be used.
    """
    found = read_rows_of_files(path, test_path, wanted, form, pieces_of_packed)
    return found["columns"], found["given"]


def read_rows_of_files(
    path: str | Sequence[str],
    test_path: str | Sequence[str] | None,
    wanted: Collection[str] | None,
    form: TableForm,
    read: Callable[[str, TableForm, FileRows], Iterator[Any]],
    column: Callable[[str], Any] = ColumnPieces,
) -> TableRead:
    """Reads tables, and says where each row stands.

    Args:
        path: the files, as `read_table` takes them.
        test_path: the files of the test part.
        wanted: the columns that are made, None for all.
        form: how the files are written.
        read: gives the rows of one file as frames.
        column: takes the pieces of a column.

    Raises:
        DataError: a file cannot be used.
    """
    training = table_files(path)
    test = table_files(test_path) if test_path is not None else []
    found: list[FileRows] = []
    columns, names, unread = read_columns(
        lambda words: pieces_of_files([*training, *test], form, found, read, words),
        form,
        wanted,
        column,
    )
    given = None
    if test_path is not None:
        numbers = [PARTS.index("training")] * len(training)
        numbers += [PARTS.index("test")] * len(test)
        sizes = [file["rows"] for file in found]
        given = np.repeat(np.array(numbers, dtype="int8"), sizes)
    lines = [file["lines"] for file in found if file["lines"] is not None]
    table: TableRead = {
        "columns": columns,
        "names": names,
        "given": given,
        "files": [(file["file"], file["rows"]) for file in found],
        "lines": np.concatenate(lines) if len(lines) == len(found) else None,
        "skipped": sum(file["skipped"] for file in found),
        "reasons": [reason for file in found for reason in file["reasons"]],
        "unread": unread,
    }
    return without_infinite(table) if form.get("bad") == "skip" else table


def table_files(path: str | Sequence[str]) -> list[str]:
    """The files that a path, a pattern or a list of these names; a database is one.

    Raises:
        DataError: a pattern matches none.
    """
    found: list[str] = []
    for item in [path] if isinstance(path, str) else path:
        if is_database(item):
            found.append(item)
            continue
        place = str(Path(item).expanduser())
        several = any(sign in item for sign in "*?[") and not Path(place).exists()
        files = sorted(glob(place, recursive=True)) if several else [place]
        if not files:
            raise DataError(f"no file matches `{item}`", about="path")
        found += files
    return found


def pieces_of_files(
    files: Sequence[str],
    form: TableForm,
    found: list[FileRows],
    read: Callable[[str, TableForm, FileRows], Iterator[Any]],
    words: Collection[str] | None = None,
) -> Iterator[Any]:
    """The rows of several files as frames; what is known of each file is put down.

    Args:
        files: the files.
        form: how they are written.
        found: gets what is known of each.
        read: gives the rows of one file as frames.
        words: columns that are read as words where others may be read as numbers, None
            for all.

    Raises:
        DataError: a file cannot be used, has other columns than the first, or changes
            while it is read.
        NoNumbersError: columns that are read as numbers hold something else.
    """
    found.clear()
    titles: list[str] | None = None
    for file in files:
        before = state_of_file(file)
        rows = rows_of_file(file, words)
        found.append(rows)
        try:
            for whole in read(file, form, rows):
                titles = titles or whole.columns
                same_columns(whole.columns, titles, file)
                whole = whole.select(titles)
                piece = (
                    only_numbers(whole, form, rows) if form.get("numbers") else whole
                )
                rows["rows"] += piece.height
                yield piece
        except (ValueError, OSError):
            check_unchanged(file, before)
            raise
        settle_dropped(rows)
        check_unchanged(file, before)


def only_numbers(piece: Any, form: TableForm, rows: FileRows) -> Any:
    """A frame without the rows that hold words where numbers are wanted."""
    import polars

    first = rows["rows"] + len(rows["dropped"])
    bad = polars.Series([False]).new_from_index(0, piece.height)
    for name in form.get("numbers", ()):
        if name in piece.columns and piece[name].dtype == polars.String:
            _, others = text_numbers(piece[name], form)
            if others is None:
                continue
            bad = bad | others
            for row in others.arg_true().head(MOST_REASONS).to_list():
                rows["strange"].append((first + row, name, piece[name][row].strip()))
    rows["dropped"] += (bad.arg_true() + first).to_list()
    return piece.filter(~bad)


def same_columns(columns: Sequence[str], first: Sequence[str], file: str) -> None:
    """Checks that a further file has the columns of the first, in any order.

    Raises:
        DataError: it has others.
    """
    if other := sorted(set(columns) ^ set(first)):
        what = f"`{other[0]}` is in one of them alone"
        raise DataError(f"`{file}` has other columns: {what}", about="columns")


def format_of(file: str) -> str:
    """The format of a file by its ending; text where nothing else is known."""
    return FORMATS.get(Path(file).suffix.lower(), "csv")


def pieces_of_file(file: str, form: TableForm, rows: FileRows) -> Iterator[Any]:
    """The rows of a file by its ending, an empty frame where there are none.

    Raises:
        DataError: it is no table of that kind.
    """
    import polars

    kind = format_of(file)
    if is_database(file):
        yield from database_pieces(file, form)
    elif kind == "csv":
        yield from pieces_of_text(file, form, rows)
    elif kind in ("parquet", "arrow"):
        yield from pieces_of_packed(file, form, rows)
    elif kind == "excel":
        yield read_sheet_of(file, form)
    else:
        try:
            yield from json_pieces(file, rows, form.get("bad") == "skip")
        except polars.exceptions.PolarsError as error:
            problem = f"`{file}` cannot be read as {kind}: {first_line(error)}"
            raise DataError(problem, about="path") from error


def pieces_of_packed(file: str, form: TableForm, rows: FileRows) -> Iterator[Any]:
    """The rows of a file of Parquet or Arrow.

    Raises:
        DataError: it is none.
    """
    import polars

    packed = Path(file).suffix.lower() in (".parquet", ".pq")
    scan = polars.scan_parquet if packed else polars.scan_ipc
    try:
        frame = scan(file)
        rows_there = frame.select(polars.len()).collect().item()
        least = 4 * rows_there * len(frame.collect_schema())
        if least > FREE_WIDTH + MOST_WIDENING * Path(file).stat().st_size:
            problem = (
                f"`{file}` says that it holds {rows_there:,} rows, and is too small"
            )
            raise DataError(problem, about="wide")
        yield from scanned(frame)
    except polars.exceptions.PolarsError as error:
        kind = "parquet" if packed else "arrow"
        problem = f"`{file}` cannot be read as {kind}: {first_line(error)}"
        raise DataError(problem, about="path") from error


def scanned(frame: Any) -> Iterator[Any]:
    """The pieces of a frame that is not read yet; structs become columns."""
    empty = True
    for piece in frame.collect_batches(chunk_size=PIECE_ROWS, maintain_order=True):
        for part in piece.iter_slices(PIECE_ROWS):
            empty = False
            yield flat_piece(part)
    if empty:
        yield flat_piece(frame.collect())


def pieces_of_text(file: str, form: TableForm, rows: FileRows) -> Iterator[Any]:
    """The rows of a file of text.

    Raises:
        DataError: it cannot be cut into rows.
    """
    with TemporaryDirectory() as folder:
        text = open_whole_text(file, form, Path(folder))
        if rows["words"] is not None:
            look_for_numbers(text, form, rows["words"])
        yield from whole_text_pieces(text)
        rows["lines"] = line_numbers(text)
        rows["skipped"], rows["reasons"] = text["skipped"], text["reasons"]


def open_whole_text(file: str, form: TableForm, folder: Path) -> TextTable:
    """Looks at a file of text, and leaves its bad rows out where that is said.

    Raises:
        DataError: it cannot be cut into rows.
    """
    text = open_text(file, form, folder)
    if form.get("bad") == "skip" and has_bad_rows(text):
        leave_out_bad_rows(text, folder)
    return text


def whole_text_pieces(text: TextTable) -> Iterator[Any]:
    """The rows of a file of text, an empty frame where there are none.

    Raises:
        DataError: it cannot be cut into rows.
    """
    import polars

    empty = True
    for piece in text_pieces(text):
        empty = False
        yield piece
    if empty:
        yield polars.DataFrame(schema=dict.fromkeys(text["titles"], polars.String))
