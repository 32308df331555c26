"""Rows that a run is asked from Python: columns by name.

This room owns which values of Python are rows. What the columns are it must not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasgen.diagnostics import Sink
from kerasgen.runtime.arrays_of_rows import rows_as_columns
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


def columns_of_rows(rows: Any, needed: Sequence[str], sink: Sink) -> dict[str, Array]:
    """Rows as columns.

    Args:
        rows: columns by name, a list of mappings, a data frame of pandas or Polars, or a NumPy
            array for a model of a single column.
        needed: the columns that the model takes.
        sink: gets what is no row.

    Raises:
        CompileError: KG503, they are something else.
    """
    _check_list(rows, sink)
    try:
        columns = rows_as_columns(rows, needed)
    except DataError as error:
        raise sink.fail("KG503", str(error)) from error
    if single := next((name for name, cells in columns.items() if not cells.ndim), None):
        raise sink.fail(
            "KG503",
            f"the column `{single}` is a single value, expected a list of them",
            help="a row is asked for as a list of one mapping",
        )
    return columns


def _check_list(rows: Any, sink: Sink) -> None:
    """Refuses a list without rows, or of something else than mappings."""
    if not isinstance(rows, list | tuple):
        return
    if not rows:
        raise sink.fail("KG503", "there are no rows to answer for")
    odd = next((row for row in rows if not isinstance(row, Mapping)), None)
    if odd is not None:
        raise sink.fail("KG503", f"a row is `{type(odd).__name__}`, expected a mapping")
