"""The rows of a table, some at a time, in the form in which they are counted.

This room owns how arrays and large files become chunks. What is counted stands in `tally`.

Decisions:
- A file is streamed with Polars where it is large and in a form that streams; of others the source
  reads the table whole.
- Cells are words until all of them were tried as numbers, as for a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.data.columns.tally import Chunk
from kerasgen.data.columns.types import LOOK
from kerasgen.data.sources.list_columns import list_type
from kerasgen.data.sources.table_file import TableFile
from kerasgen.data.table import Array, Table, is_number
from kerasgen.ir.column_figures import Stray
from kerasgen.process.packages import is_installed
from kerasgen.runtime.cells import missing_in
from kerasgen.runtime.tabular.databases import is_database
from kerasgen.runtime.tabular.exact_numbers import EXACT, holds_beyond
from kerasgen.runtime.tabular.table_files import pieces_of_file, pieces_of_files, table_files
from kerasgen.runtime.tabular.text_tables import TableForm
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
        marks=_marks(flat),
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


def _marks(values: Array) -> Array:
    """A number of 64 bits for each row, equal for equal values."""
    if values.dtype.kind == "U" or values.ndim > 1:
        rows: Any = values.tolist() if values.ndim == 1 else (row.tobytes() for row in values)
        return _mixed(np.fromiter(map(hash, rows), dtype="int64", count=len(values)).view("uint64"))
    if values.dtype.kind in "iu" and holds_beyond(values):
        return _mixed(values.view("uint64"))
    return _mixed((values.astype("float64") + 0.0).view("uint64"))


def _mixed(bits: Array) -> Array:
    """Bits spread evenly (the finalizer of SplitMix64)."""
    with np.errstate(over="ignore"):
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(bits ^ (bits >> np.uint64(31)))


def streamed(source: TableFile) -> Iterator[dict[str, Chunk]] | None:
    """The rows of large files, in bounded memory; None for files that are read whole.

    Raises:
        DataError: by a step of it, a file is no such table, or has other columns.
    """
    if source.test_path is not None or not is_installed("polars"):
        return None
    form = source.form()
    files = table_files(source.path)
    if any(map(is_database, files)) or sum(Path(f).stat().st_size for f in files) < LARGE:
        return None
    return _batches(files, form)


def _batches(files: Sequence[str], form: TableForm) -> Iterator[dict[str, Chunk]]:
    for piece in pieces_of_files(files, form, [], pieces_of_file):
        for part in piece.iter_slices(CHUNK):
            yield {series.name: _chunk_of_series(series, form) for series in part}


def _chunk_of_series(series: Any, form: TableForm) -> Chunk:
    """A chunk of a column of Polars."""
    import polars

    if series.dtype.is_numeric():
        values = series.cast(polars.Float64).fill_null(float("nan")).to_numpy()
        return Chunk(
            marks=_mixed(series.hash().to_numpy())
            if series.dtype in (polars.Int64, polars.UInt64, polars.Int128)
            else _marks(values),
            absent=np.isnan(values),
            numbers=values,
            words=lambda rows: _listed(series, rows),
            counted=lambda: _counted_series(series),
        )
    texts = known_words(series, form)
    absent = texts.is_null().to_numpy()
    numbers, stray = None, None
    if series.dtype == polars.String:
        numbers, others = text_numbers(series, form)
        numbers = None if numbers.null_count() == len(numbers) else numbers
        if numbers is not None and others is not None:
            row = int(others.arg_max() or 0)
            stray = Stray(cells=int(others.sum()), row=row, cell=str(texts[row]))
    return Chunk(
        marks=_mixed(texts.hash().to_numpy()),
        absent=absent,
        numbers=None if numbers is None else numbers.fill_null(float("nan")).to_numpy(),
        words=lambda rows: _listed(texts, rows),
        counted=lambda: _counted_series(texts),
        stray=stray,
        lists=list_type(series.dtype),
    )


def _listed(series: Any, rows: Array | slice) -> list[str]:
    chosen = series if isinstance(rows, slice) else series.gather(rows)
    return ["" if cell is None else str(cell) for cell in chosen.to_list()]


def _counted_series(series: Any) -> tuple[list[tuple[str, int]], int]:
    known = series.drop_nulls().alias("value")
    table = known.value_counts(name="rows")
    top = table.top_k(MOST_COUNTED, by="rows")
    pairs: Mapping[str, list[Any]] = top.to_dict(as_series=False)
    counted = zip(map(_word, pairs["value"]), pairs["rows"], strict=True)
    return list(counted), table.height
