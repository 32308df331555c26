"""Rows that a run is asked from Python: columns by name, of the form that they had in the training.

This room owns which values of Python are rows, and which shape a column of them may have. What
files hold whose paths stand in them says `path_cells`.

Decisions:
- Only the columns that the model takes are looked at: whatever else a row has does not matter.
- One array of the shape of a row is that row. An axis of one channel may be there or not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasgen.diagnostics import Sink
from kerasgen.ir.schema import Column
from kerasgen.ir.values import Shape
from kerasgen.runtime.arrays_of_rows import is_absent, named_columns, plain_cells
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.path_cells import file_columns, with_file_cells
from kerasgen.verbs.answers.pieces import Piece
from kerasgen.verbs.answers.row_places import RowPlaces

if TYPE_CHECKING:
    from kerasgen.verbs.trained_run import TrainedRun

_COLOURS = (3, 4)
"""Numbers of channels of an image that has colours."""


def whole_piece(run: TrainedRun, rows: Any, places: RowPlaces) -> Piece:
    """Rows of Python as one piece, with the columns that the model takes.

    Args:
        run: the run.
        rows: columns by name, a list of mappings, a data frame of pandas or Polars, or, for a model
            of a single column, a NumPy array, or a list of what its rows hold.
        places: whose sink gets what is no row.

    Raises:
        CompileError: KG503, they are something else, or of another shape than in the training;
            KG504, a column is not there.
    """
    sink, given = places.sink, _given(rows, run.needed, places.sink)
    _check_lists(given, run.needed, sink)
    run.check_columns(tuple(given), places)
    columns = {}
    for name in dict.fromkeys([*run.needed, *(name for name in _targets(run) if name in given)]):
        column = run.schema.columns.get(name)
        said = run.data.columns.get(name)
        if column is not None and said is not None and said.type == "sequence":
            column = replace(column, type="sequence")
        values = _cells(name, given[name], column, sink)
        of_files = name in file_columns(run) and values.dtype.kind == "U"
        columns[name] = values if of_files else _of_its_shape(name, values, column, sink)
    count = len(columns[run.needed[0]])
    if not count:
        raise sink.fail("KG503", "there are no rows to answer for")
    if odd := next((name for name, cells in columns.items() if len(cells) != count), None):
        raise sink.fail("KG503", f"the column `{odd}` has another number of rows than others")
    return Piece(cells=columns, first=1, rows=count)


def cut_piece(run: TrainedRun, whole: Piece, start: int, size: int) -> Piece:
    """Some rows of a piece, with what their files hold; paths start from the current folder."""
    cells = {name: values[start : start + size] for name, values in whole.cells.items()}
    piece = Piece(cells=cells, first=start + 1, rows=min(size, whole.rows - start))
    return with_file_cells(run, piece, "")


def _targets(run: TrainedRun) -> list[str]:
    """The columns beside those of the model that tell which rows of a forecast are to come."""
    data = run.data
    joined = [data.joined.get(column, (column,)) for column in data.target.values()]
    return [] if data.windows is None else [name for names in joined for name in names]


def _given(rows: Any, needed: Sequence[str], sink: Sink) -> Mapping[str, Any]:
    """The columns of rows as they are."""
    if isinstance(rows, list | tuple) and not rows:
        raise sink.fail("KG503", "there are no rows to answer for")
    if isinstance(rows, str | os.PathLike):
        rows = [rows]
    plain = isinstance(rows, np.ndarray) and rows.dtype.names is None
    try:
        named = None if plain else named_columns(rows)
    except DataError as error:
        raise sink.fail("KG503", f"the rows have {error}") from error
    if named is not None:
        return named
    listed = isinstance(rows, list | tuple) and not any(isinstance(row, Mapping) for row in rows)
    if len(needed) == 1 and (plain or listed or hasattr(rows, "__array__")):
        return {needed[0]: rows}
    told = f"rows are `{type(rows).__name__}`, expected columns by name or a list of mappings"
    if isinstance(rows, list | tuple):
        odd = next(row for row in rows if not isinstance(row, Mapping))
        told = f"a row is `{type(odd).__name__}`, expected a mapping"
    shown = ", ".join(f"{name!r}: …" for name in needed[:8])
    raise sink.fail("KG503", told, help=f"the model takes `{{{shown}}}`")


def _cells(name: str, cells: Any, column: Column | None, sink: Sink) -> Array:
    """The cells of a column as an array."""
    if isinstance(cells, list | tuple):
        cells = [os.fspath(cell) if isinstance(cell, os.PathLike) else cell for cell in cells]
    try:
        values = plain_cells(name, cells)
        several = column is not None and column.shape and column.type != "sequence"
        if several and values.dtype.kind == "U" and values.ndim == 1 and not _are_words(cells):
            raise DataError(f"rows of unequal length as `{name}`", about="rows")
    except DataError as error:
        shape = None if column is None else column.shape
        wanted = f", expected {_told(shape)}" if shape else ""
        raise sink.fail("KG503", f"the rows have {error}{wanted}") from error
    if not values.ndim:
        _check_lists({name: values.item()}, (name,), sink)
    return values


def _are_words(cells: Any) -> bool:
    """Whether all cells that have a value are words."""
    return all(isinstance(cell, str) or is_absent(cell) for cell in cells)


def _check_lists(given: Mapping[str, Any], needed: Sequence[str], sink: Sink) -> None:
    """Refuses a column that is no list of cells."""
    single = (str, bytes, bool, int, float)
    for name in needed:
        if name in given and isinstance(given[name], single):
            raise sink.fail(
                "KG503",
                f"the column `{name}` is a single value, expected a list of them",
                help="a row is asked for as a list of one mapping",
            )


def _of_its_shape(name: str, values: Array, column: Column | None, sink: Sink) -> Array:
    """Values with the shape that a row had in the training."""
    if column is None or column.shape is None:
        return values
    shape, given = column.shape, values.shape[1:]
    if column.dtype in (None, "text") or column.type == "sequence":
        return values
    if len(shape) == 1 and values.ndim == 1 and values.dtype.kind == "U":
        return values  # cells with numbers one after the other
    if _fits(given, shape):
        return values
    if shape and _fits(values.shape, shape):
        return values[None]
    if given[-1:] == (1,) and _fits(given[:-1], shape):
        return values.reshape(values.shape[:-1])
    if shape[-1:] == (1,) and _fits(given, shape[:-1]):
        return values[..., None]
    if shape[-1:] == (1,) and _fits(values.shape, shape[:-1]):
        return values[None, ..., None]
    raise sink.fail(
        "KG503",
        f"the column `{name}` has the shape {values.shape}, expected {_told(shape)}",
        help=_help(given, shape),
    )


def _fits(given: Sequence[int], shape: Shape) -> bool:
    return len(given) == len(shape) and all(
        size is None or size == found for found, size in zip(given, shape, strict=True)
    )


def _told(shape: Shape) -> str:
    """The shape of rows, as NumPy writes it."""
    sizes = ["rows", *("any" if size is None else str(size) for size in shape)]
    return f"({', '.join(sizes)})" if shape else "(rows,)"


def _help(given: Sequence[int], shape: Shape) -> str | None:
    """How images become those of the training, where they differ in their colours or their size."""
    if len(shape) not in (2, 3):
        return None
    if len(shape) == 3 and shape[-1] in _COLOURS:
        if _fits(given, shape[:2]):
            return f"of grey images: `numpy.repeat(images[..., None], {shape[-1]}, axis=-1)`"
        if given[-1:] == (1,) and _fits(given[:2], shape[:2]):
            return f"of grey images: `numpy.repeat(images, {shape[-1]}, axis=-1)`"
    return None
