"""The rows of a table, some at a time, in the form in which they are counted.

This room owns how arrays and large files become chunks. What is counted stands in `tally`.

Decisions:
- A file is streamed with Polars where it is large and in a form that streams; of others the source
  reads the table whole.
- Columns of text that their first cells show to be numbers are read as such, as for a run. What
  else is found later there is no number, and the rows are read once more with these as words.
- Other cells are words until all of them were tried as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from kerasgen.data.columns.marks import marks_of, mixed
from kerasgen.data.columns.tally import Chunk
from kerasgen.data.columns.types import LOOK
from kerasgen.data.columns.written_numbers import WrittenNumbers, check_finite, word_of
from kerasgen.data.sources.list_columns import list_type
from kerasgen.data.sources.table_file import TableFile
from kerasgen.data.table import Array, Table, is_number
from kerasgen.ir.column_figures import Stray
from kerasgen.process.packages import is_installed
from kerasgen.runtime.cells import missing_in
from kerasgen.runtime.tabular.databases import is_database
from kerasgen.runtime.tabular.exact_numbers import EXACT
from kerasgen.runtime.tabular.rows_of_files import FileRows
from kerasgen.runtime.tabular.table_files import (
    format_of,
    open_whole_text,
    pieces_of_file,
    pieces_of_files,
    table_files,
    whole_text_pieces,
)
from kerasgen.runtime.tabular.text_tables import TableForm, look_for_numbers
from kerasgen.runtime.tabular.typed_columns import known_words, text_numbers

LARGE = 32 * 2**20
"""Bytes of a file from which on it is streamed."""

CHUNK = 250_000
"""Rows that are counted at a time."""

_NEARLY = 0.9
"""Share of numbers from which on other words of a column are strays."""

MOST_COUNTED = 1_000
"""Values of a chunk whose rows are counted, the most frequent ones."""


def chunks_of_table(table: Table) -> Iterator[dict[str, Chunk]]:
    """The rows of a table that was read whole, as one chunk."""
    yield {
        name: replace(_chunk_of(values, table.class_names.get(name)), lists=table.lists.get(name))
        for name, values in table.columns.items()
    }


def _chunk_of(values: Array, classes: tuple[str, ...] | None) -> Chunk:
    if classes is not None and values.ndim == 1:
        values = np.asarray(classes, dtype="U")[values]
    flat = values.reshape(len(values), -1) if values.ndim > 1 else values
    shape = values.shape[1:] if values.shape[1:] != (1,) else ()
    flat = flat[:, 0] if values.ndim > 1 and not shape else flat
    absent = missing_in(flat) if flat.ndim == 1 else np.zeros(len(flat), dtype=bool)
    numbers, stray = (flat, None) if flat.dtype.kind != "U" else _numbers_among(flat, absent)
    return Chunk(
        marks=marks_of(flat),
        absent=absent,
        numbers=numbers,
        stray=stray,
        words=lambda rows: [_word(cell) for cell in flat[rows].tolist()] if not shape else [],
        counted=lambda: ([], 0) if shape else _counted(flat[~absent]),
        dtype=flat.dtype.str if numbers is flat else "f8",
        shape=tuple(shape),
    )


def _numbers_among(words: Array, absent: Array) -> tuple[Array | None, Stray | None]:
    """The numbers of a column of words of which nearly all are numbers, and what is none."""
    look = words[~absent][:LOOK].tolist()
    if sum(map(is_number, look)) < len(look) * _NEARLY or not look:
        return None, None
    right = np.fromiter(map(is_number, words.tolist()), dtype=bool, count=len(words))
    numbers = np.full(len(words), np.nan)
    numbers[right] = words[right].astype("float64")
    wrong = ~right & ~absent
    if not wrong.any():  # words that are said to be none of numbers
        return None, None
    row = int(np.argmax(wrong))
    return numbers, Stray(cells=int(wrong.sum()), row=row, cell=str(words[row]))


def _counted(known: Array) -> tuple[list[tuple[str, int]], int]:
    different, first, counts = np.unique(known, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))[:MOST_COUNTED]
    return [(_word(different[i].item()), int(counts[i])) for i in order], len(different)


def _word(cell: object) -> str:
    """A cell as people write it."""
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < EXACT:
            return str(int(cell))
        return "" if cell != cell else f"{cell:.7g}"
    return str(cell)


def streamed(
    source: TableFile, words: Collection[str] | None = None
) -> Iterator[dict[str, Chunk]] | None:
    """The rows of large files, in bounded memory; None for files that are read whole.

    Args:
        source: the files.
        words: columns of text that are read as words where others may be read as numbers, None
            for all.

    Raises:
        DataError: by a step of it, a file is no such table, or has other columns.
        NoNumbersError: by a step of it, columns that are read as numbers hold something else.
    """
    if source.test_path is not None or not is_installed("polars"):
        return None
    form = source.form()
    files = table_files(source.path)
    if any(map(is_database, files)) or sum(Path(f).stat().st_size for f in files) < LARGE:
        return None
    return _batches(files, form, words if _is_alike(form) else None)


def _is_alike(form: TableForm) -> bool:
    """Whether columns with the same cells are read alike, so that it is told that they are."""
    marks = form.get("missing_values")
    return not (form.get("dates") or form.get("numbers") or isinstance(marks, Mapping))


def _batches(
    files: Sequence[str], form: TableForm, words: Collection[str] | None
) -> Iterator[dict[str, Chunk]]:
    written = WrittenNumbers()
    read = pieces_of_file if words is None else partial(_typed_pieces, written=written)
    for piece in pieces_of_files(files, form, [], read, words):
        for part in piece.iter_slices(CHUNK):
            yield {series.name: _chunk_of_series(series, form, written) for series in part}


def _typed_pieces(
    file: str, form: TableForm, rows: FileRows, written: WrittenNumbers
) -> Iterator[Any]:
    """The rows of a file; where it is text, with numbers in the columns that are written so."""
    if format_of(file) != "csv":
        yield from pieces_of_file(file, form, rows)
        return
    with TemporaryDirectory() as folder:
        text = open_whole_text(file, form, Path(folder))
        look_for_numbers(text, form, rows["words"] or ())
        written.settle(text)
        for piece in whole_text_pieces(text):
            check_finite(piece, text["numbers"])
            yield piece


def _chunk_of_series(series: Any, form: TableForm, written: WrittenNumbers) -> Chunk:
    """A chunk of a column of Polars."""
    import polars

    if series.dtype.is_numeric():
        values = series.cast(polars.Float64).fill_null(float("nan")).to_numpy()
        decimals = written.decimals.get(series.name)
        word = _word if decimals is None else partial(word_of, decimals=decimals)
        return Chunk(
            marks=mixed(series.hash().to_numpy())
            if series.dtype in (polars.Int64, polars.UInt64, polars.Int128)
            else marks_of(values),
            absent=np.isnan(values),
            numbers=values,
            words=lambda rows: _listed(series, rows),
            counted=lambda: _counted_series(series, word),
        )
    texts = known_words(series, form)
    absent = texts.is_null().to_numpy()
    numbers, stray = None, None
    if series.dtype == polars.String and _may_hold_numbers(texts, form):
        numbers, others = text_numbers(series, form)
        numbers = None if numbers.null_count() == len(numbers) else numbers
        if numbers is not None and others is not None:
            row = int(others.arg_max() or 0)
            stray = Stray(cells=int(others.sum()), row=row, cell=str(texts[row]))
    return Chunk(
        marks=mixed(texts.hash().to_numpy()),
        absent=absent,
        numbers=None if numbers is None else numbers.fill_null(float("nan")).to_numpy(),
        words=lambda rows: _listed(texts, rows),
        counted=lambda: _counted_series(texts),
        stray=stray,
        lists=list_type(series.dtype),
    )


def _may_hold_numbers(texts: Any, form: TableForm) -> bool:
    """Whether words may be numbers; without blanks around them and marks, plain ones tell."""
    import polars

    if form.get("decimal") not in (None, ".") or form.get("thousands") or form.get("symbols"):
        return True
    return bool(texts.cast(polars.Float64, strict=False).null_count() < len(texts))


def _listed(series: Any, rows: Array | slice) -> list[str]:
    chosen = series if isinstance(rows, slice) else series.gather(rows)
    return ["" if cell is None else str(cell) for cell in chosen.to_list()]


def _counted_series(
    series: Any, word: Callable[[Any], str] = str
) -> tuple[list[tuple[str, int]], int]:
    known = series.drop_nulls().alias("value")
    table = known.value_counts(name="rows")
    top = table.top_k(MOST_COUNTED, by="rows")
    pairs: Mapping[str, list[Any]] = top.to_dict(as_series=False)
    counted = zip(map(word, pairs["value"]), pairs["rows"], strict=True)
    return list(counted), table.height
