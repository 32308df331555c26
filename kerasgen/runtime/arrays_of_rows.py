"""Rows as Python has them become columns: mappings, data frames, arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


def rows_as_columns(rows: Any, wanted: Sequence[str]) -> dict[str, Array]:
    """Makes arrays of rows: a mapping of columns, mappings, a data frame, or an array.

    Raises:
        DataError: they are something else.
    """
    if isinstance(rows, np.ndarray) and len(wanted) == 1:
        return {wanted[0]: rows}
    if hasattr(rows, "columns") and hasattr(rows, "__getitem__"):
        return {str(name): plain_cells(rows[name]) for name in rows.columns}
    if isinstance(rows, Mapping):
        return {str(name): plain_cells(column) for name, column in rows.items()}
    if isinstance(rows, Sequence) and rows and isinstance(rows[0], Mapping):
        names = list(dict.fromkeys(name for row in rows for name in row))
        return {str(n): plain_cells([row.get(n) for row in rows]) for n in names}
    raise DataError(f"rows are {type(rows).__name__}, expected columns", about="rows")


def plain_cells(column: Any) -> Array:
    """Makes numbers or words of a column; what is missing is NaN, or empty."""
    values = np.asarray(column)
    if values.dtype.kind in "iufbU":
        return values
    cells = [None if is_absent(cell) else cell for cell in values.tolist()]
    if all(cell is None or isinstance(cell, int | float) for cell in cells):
        return np.asarray([np.nan if c is None else c for c in cells], dtype="float64")
    return np.asarray(["" if c is None else str(c) for c in cells], dtype="str")


def is_absent(cell: Any) -> bool:
    """Whether a cell is None or NaN."""
    return cell is None or cell != cell
