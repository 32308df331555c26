"""Rows of the horizon among those that a forecast is asked for: what is known ahead stands in them.

This room owns how they are told from rows that were, and what stands in the place of what nobody
knows yet. What is made of them says `forecast`.

Decisions:
- A row is to come if no column has a value in it but the time, the series and what is known ahead;
  the target counts where the model does not look at its past.
- Its empty cells get those of a row that was, so that the steps have something to work on: no
  window of what is not known ahead reaches that far.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from kerasgen.ir.data import DataDef
from kerasgen.runtime.arrays_of_rows import is_absent, is_list
from kerasgen.runtime.tabular.text_tables import TableForm, missing_marks
from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.pieces import Cells, Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldApart:
    """Rows, with those to come told from the others.

    Attributes:
        piece: the rows, without an empty cell in those to come.
        coming: which of them are to come; None where nothing is known ahead.
    """

    piece: Piece
    coming: Array | None = None


def rows_to_come(
    data: DataDef, needed: Collection[str], piece: Piece, form: TableForm
) -> ToldApart:
    """Finds the rows that are to come.

    Args:
        data: the data group, a forecast.
        needed: the columns that the model takes.
        piece: the rows, in any order.
        form: how missing cells are written.
    """
    windows = data.windows
    if windows is None or not windows.known:
        return ToldApart(piece=piece)
    apart = {data.time, data.series, *windows.known}
    open_columns = [name for name in needed if name not in apart and name in piece.cells]
    targets = [c for column in data.target.values() for c in data.joined.get(column, (column,))]
    coming = np.ones(piece.rows, dtype=bool)
    for name in dict.fromkeys([*open_columns, *(t for t in targets if t in piece.cells)]):
        coming &= _empty(piece.cells[name], missing_marks(form, name))
    was = np.flatnonzero(~coming)
    if not len(was) or len(was) == piece.rows:
        return ToldApart(piece=piece, coming=coming)
    filled = {name: _filled(piece.cells[name], coming, int(was[0])) for name in open_columns}
    return ToldApart(piece=replace(piece, cells={**piece.cells, **filled}), coming=coming)


def _empty(cells: Cells, absent: frozenset[str]) -> Array:
    """Which cells have no value."""
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "iufb":
        return np.isnan(cells) if cells.dtype.kind == "f" else np.zeros(len(cells), dtype=bool)
    found = []
    for cell in list(cells):
        word = cell.strip() if isinstance(cell, str) else cell
        found.append(is_absent(word) or (not is_list(word) and (word in absent or word == "")))
    return np.asarray(found, dtype=bool)


def _filled(cells: Cells, coming: Array, row: int) -> Cells:
    """Cells with that of a row in the place of those to come."""
    if isinstance(cells, np.ndarray):
        return np.where(coming, cells[row], cells)
    listed = list(cells)
    return [listed[row] if empty else cell for cell, empty in zip(listed, coming, strict=True)]
