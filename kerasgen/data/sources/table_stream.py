"""Tables in files that memory would not hold: read twice, piece by piece, with Polars.

This room owns how such a table becomes arrays, large ones in files. It gives what
`runtime.table_files` gives of the same files, which an ejected script reads at once.

Decisions:
- A column is numbers until a word comes; then it is read again, as words.
- Lines of a wrong length are looked for before anything is kept. Where quotes hide what stands
  between the cells, the lines are read once more, as exactly as it is slow.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np

from kerasgen.data.large_arrays import PIECE, ArraySpace, ArrayWriter
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.split import PARTS
from kerasgen.runtime.table_files import (
    FORMATS,
    TableForm,
    column_titles,
    column_words,
    exact_numbers,
    first_line,
    likely_separator,
    same_columns,
    table_files,
    wrong_line,
)
from kerasgen.runtime.values import Array, Columns

Paths: TypeAlias = "str | Sequence[str]"
"""A file, a pattern, or several."""

STREAMED = ("csv", "parquet", "arrow", "json")
"""Formats that can be read piece by piece."""

_HEAD = 2**20
"""Bytes in which the first line of a file of text must end."""


def can_stream(path: Paths, form: TableForm) -> bool:
    """Whether files are of formats and encodings that are read piece by piece.

    Raises:
        DataError: a pattern matches no file.
    """
    files = table_files(path)
    if not {_kind(file) for file in files} <= set(STREAMED):
        return False
    texts = [file for file in files if _kind(file) == "csv"]
    return not texts or (
        _is_utf8(form.get("encoding", "utf-8")) and all(b"\n" in _head(file) for file in texts)
    )


def stream_table(
    paths: tuple[Paths, Paths | None],
    wanted: Collection[str] | None,
    form: TableForm,
    space: ArraySpace,
) -> tuple[Columns, tuple[str, ...]]:
    """Reads one table, or several of the same columns one after the other.

    Args:
        paths: the files as `read_table` takes them, and those whose rows are the test part.
        wanted: the columns that are read, None for all.
        form: how the files are written.
        space: where the columns have their place.

    Returns:
        The columns with the part of each row, and the names of all columns that there are.

    Raises:
        DataError: a file cannot be used.
        OSError: the disk has no room for the columns.
    """
    import polars

    path, test_path = paths
    files = [(file, 0) for file in table_files(path)]
    if test_path is not None:
        files += [(file, PARTS.index("test")) for file in table_files(test_path)]
    try:
        frames = [scan_file(file, form) for file, _ in files]
        heads = [frame.head(0).collect() for frame in frames]
        for head, (file, _) in zip(heads, files, strict=True):
            same_columns(head, heads[0], file)
        names = tuple(heads[0].columns)
        asked = [name for name in names if wanted is None or name in wanted]
        columns, sizes = _read(frames, asked, form, space)
    except polars.exceptions.PolarsError as error:
        listed = ", ".join(f"`{file}`" for file, _ in files[:3])
        raise DataError(f"{listed}: {first_line(error)}", about="separator") from error
    given = None
    if test_path is not None:
        given = np.repeat(np.array([part for _, part in files], dtype="int8"), sizes)
    return (columns, given), names


def _read(
    frames: Sequence[Any], names: Sequence[str], form: TableForm, space: ArraySpace
) -> tuple[dict[str, Array], list[int]]:
    """The columns of files one after the other, and how many rows each file has."""
    sizes = [0] * len(frames)
    with ExitStack() as opened:
        columns = {name: opened.enter_context(_Column(form, space)) for name in names}
        for number, frame in enumerate(frames):
            for batch in frame.select(names).collect_batches(chunk_size=PIECE):
                sizes[number] += batch.height
                for name, column in columns.items():
                    column.append(batch[name])
        for name in [name for name, column in columns.items() if column.mixed]:
            # A word came after numbers: all of them are words.
            columns[name] = opened.enter_context(_Column(form, space, words=True))
            for frame in frames:
                for batch in frame.select(name).collect_batches(chunk_size=PIECE):
                    columns[name].append(batch[name])
        return {name: column.array() for name, column in columns.items()}, sizes


class _Column:
    """A column that is read piece by piece: numbers, as long as all its cells are.

    Args:
        form: how the files are written.
        space: where its array has its place.
        words: whether its cells are words, whatever they look like.
    """

    def __init__(self, form: TableForm, space: ArraySpace, *, words: bool = False) -> None:
        self._form, self._space = form, space
        self._writer = ArrayWriter(space)
        self._words: bool | None = words or None
        self._whole = self._same = True
        self._largest = 0.0
        self.mixed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.close()

    def append(self, series: Any) -> None:
        """Adds cells.

        Raises:
            DataError: they are neither numbers nor words.
            OSError: the disk has no room for them.
        """
        exact = None if self._words or self.mixed else exact_numbers(series, self._form)
        if exact is not None:
            self._words = False
            self._look_at(exact)
            self._writer.append(exact)
            return
        words = column_words(series, self._form)
        if self._words or (self._words is None and self._writer.rows == 0 and (words != "").any()):
            self._words = True
            self._writer.append(words)
        elif (words != "").any():
            self.mixed = True
        else:  # Nothing is there: it tells nothing of the column.
            self._whole = False
            self._writer.append(np.full(len(words), np.nan))

    def _look_at(self, exact: Array) -> None:
        with np.errstate(over="ignore"):
            self._same &= bool(np.array_equal(exact.astype("float32"), exact))
        self._whole &= bool(np.isfinite(exact).all() and (exact == np.rint(exact)).all())
        if self._whole and not self._same:
            self._largest = max(self._largest, float(np.abs(exact).max()))

    def array(self) -> Array:
        """The whole column, as `runtime.table_files.frame_column` would give it."""
        rows = self._writer.array()
        if self._words:
            return rows
        if self._words is None:
            return np.zeros(len(rows), dtype="<U1")
        wide = self._whole and not self._same and self._largest < 2**53
        return self._space.applied(partial(_as_type, dtype="int64" if wide else "float32"), [rows])


def _as_type(values: Array, dtype: str) -> Array:
    with np.errstate(over="ignore"):
        return values.astype(dtype)


def _kind(file: str) -> str:
    return FORMATS.get(Path(file).suffix.lower(), "csv")


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name in ("utf-8", "ascii")
    except LookupError:
        return False


def scan_file(file: str, form: TableForm) -> Any:
    """A file as a lazy frame of Polars; all cells of a file of text are words, empty for none.

    Raises:
        DataError: it is no such table.
    """
    import polars

    kind = _kind(file)
    if kind == "parquet":
        return polars.scan_parquet(file)
    if kind == "arrow":
        return polars.scan_ipc(file)
    if kind == "json":
        return polars.scan_ndjson(file, infer_schema_length=None)
    header, quote = form.get("header", True), form.get("quote", '"')
    between, cells = _first_cells(file, form)
    titles = column_titles(cells, file, header, form.get("names"))
    _check_lengths(file, between, quote, len(titles))
    frame = polars.scan_csv(
        file,
        separator=between,
        quote_char=quote,
        has_header=header,
        new_columns=titles,
        infer_schema=False,
        empty_string_is_null=False,
    )
    words = frame.with_columns(polars.all().str.strip_chars())
    return words.filter(polars.any_horizontal(polars.all() != ""))


def _head(file: str) -> bytes:
    with open(file, "rb") as opened:
        return opened.read(_HEAD)


def _first_cells(file: str, form: TableForm) -> tuple[str, list[str]]:
    """What stands between the cells, and the cells of the first line.

    Raises:
        DataError: the file is empty or is no text.
    """
    raw = _head(file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(raw) - 4:
            line = raw.count(b"\n", 0, error.start) + 1
            problem = f"line {line} of `{file}` is not utf-8 text"
            raise DataError(problem, about="encoding") from error
        text = raw[: error.start].decode("utf-8-sig")
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise DataError(f"`{file}` is empty", about="empty")
    quote = form.get("quote", '"')
    tabbed = Path(file).suffix.lower() in (".tsv", ".tab")
    between = form.get("separator")
    between = between or ("\t" if tabbed else likely_separator(first, quote))
    return between, next(csv.reader([first], delimiter=between, quotechar=quote or None), [])


def _check_lengths(file: str, between: str, quote: str | None, cells: int) -> None:
    """Checks that each line has as many cells as the first.

    Polars takes the cells that a short line lacks for empty ones.

    Raises:
        DataError: a line has more or fewer.
    """
    import polars

    lines = polars.scan_csv(
        file,
        has_header=False,
        separator="\x01",
        quote_char=None,
        infer_schema=False,
        new_columns=["line"],
        empty_string_is_null=False,
    ).select(polars.col("line").str.strip_chars())
    plain = polars.col("line")
    if quote:
        sign = re.escape(quote)
        plain = plain.str.replace_all(f"{sign}[^{sign}]*{sign}", "")
    odd = (plain.str.count_matches(between, literal=True) != cells - 1) & (plain != "")
    if lines.filter(odd).head(1).collect(engine="streaming").height == 0:
        return
    with open(file, encoding="utf-8-sig", newline="") as opened:
        if problem := wrong_line(opened, file, between, quote):
            raise DataError(problem, about="separator")
