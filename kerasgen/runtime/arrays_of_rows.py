"""Rows as Python has them become columns: mappings, data frames, tables, arrays.

Data frames are known by what they can do, so that no library of them is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from kerasgen.runtime.cells import joined_list
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array

ABSENT_TYPES = ("NoneType", "NAType", "NaTType")
"""Types of what stands for a missing value in a cell, beside NaN."""


NUMBERS = (bool, int, float, Decimal, np.number, np.bool_)
"""Types of numbers in a cell."""


def named_columns(rows: Any) -> dict[str, Any] | None:
    """The columns of a mapping, frame, table, structured array or list of mappings.

    None for anything else.

    Raises:
        DataError: two columns have one name.
    """
    if isinstance(rows, Mapping):
        return {str(name): column for name, column in rows.items()}
    if isinstance(rows, np.ndarray):
        return (
            None if rows.dtype.names is None else {n: rows[n] for n in rows.dtype.names}
        )
    if hasattr(rows, "collect") and hasattr(rows, "collect_schema"):  # lazy Polars
        rows = rows.collect()
    if hasattr(rows, "schema") and hasattr(rows, "column"):  # pyarrow
        titles = [*rows.schema.names]
        found = {str(n): rows.column(place) for place, n in enumerate(titles)}
    elif hasattr(rows, "columns") and hasattr(rows, "__getitem__"):
        titles = [*rows.columns]
        found = {str(n): rows[n] for n in titles}
    else:
        return columns_of_mappings(rows)
    if len(found) < len(titles):
        twice = next(name for name in titles if titles.count(name) > 1)
        raise DataError(f"two columns called `{twice}`", about="rows")
    return found


def columns_of_mappings(rows: Any) -> dict[str, Any] | None:
    """The columns of a list of mappings, None for anything else."""
    several = isinstance(rows, Sequence) and not isinstance(rows, str) and len(rows) > 0
    if several and all(isinstance(row, Mapping) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row)
        return {str(name): [row.get(name) for row in rows] for name in names}
    return None


def plain_cells(name: str, column: Any) -> Array:
    """Makes numbers or words of a column; what is missing is NaN, or empty.

    Raises:
        DataError: a cell is neither, or they are of unequal length.
    """
    try:
        values = np.asarray(column)
        if values.dtype.kind == "O" and values.ndim == 1 and has_lists(values):
            values = array_of_lists(values.tolist())
    except ValueError:  # NumPy: rows of unequal length
        values = array_of_lists(list(column))
    if values.ndim == 2 and values.dtype.kind == "U" and column is not values:
        values = array_of_lists(values.tolist())
    if values.dtype.kind == "O" and values.ndim == 1 and has_lists(values):
        raise DataError(f"rows of unequal length as `{name}`", about="rows")
    kind = values.dtype.kind
    if kind == "S":
        return np.char.decode(values, "utf-8", "replace")
    if kind == "M":
        words = np.datetime_as_string(values.astype("datetime64[s]"))
        return np.where(np.isnat(values), "", words)
    if kind == "m":
        seconds = values.astype("timedelta64[us]").astype("float64") / 1e6
        return np.where(np.isnat(values), np.nan, seconds)
    if kind in "biufU":
        return values
    if kind not in "OT":
        raise DataError(f"`{values.dtype}` as `{name}`", about="rows")
    cells = [None if is_absent(cell) else cell for cell in values.ravel().tolist()]
    if all(cell is None or isinstance(cell, NUMBERS) for cell in cells):
        found = [np.nan if cell is None else float(cell) for cell in cells]
        return np.asarray(found, dtype="float64").reshape(values.shape)
    words = np.asarray([word_of(name, cell) for cell in cells], dtype="str")
    return words.reshape(values.shape)


def array_of_lists(cells: Sequence[Any]) -> Array:
    """Lists of numbers as rows of several; of words or unequal length as cells."""
    lists = [plain_list(cell) for cell in cells]
    items = [item for cell in lists if isinstance(cell, list) for item in cell]
    plain = all(item is None or isinstance(item, (str, *NUMBERS)) for item in items)
    flat = plain and all(cell is None or isinstance(cell, list) for cell in lists)
    words = any(isinstance(item, str) for item in items)
    lengths = {-1 if not flat or cell is None else len(cell) for cell in lists}
    if flat and (words or len(lengths) > 1):
        joined = ["" if cell is None else joined_list(cell) for cell in lists]
        return np.asarray(joined, dtype="str")
    try:
        return np.asarray([np.asarray(cell) for cell in cells])
    except ValueError:  # NumPy: lists of unequal length in lists
        return np.asarray([*cells, None], dtype=object)[:-1]


def plain_list(cell: Any) -> Any:
    """A cell that holds several values as a list; None for one without a value."""
    if is_absent(cell):
        return None
    if hasattr(cell, "tolist"):
        return cell.tolist()
    return list(cell) if is_list(cell) else cell


def is_list(cell: Any) -> bool:
    """Whether a cell holds several values."""
    return isinstance(cell, list | tuple | np.ndarray)


def has_lists(values: Array) -> bool:
    """Whether the cells of a column are lists or arrays."""
    return any(map(is_list, values.tolist()))


def is_absent(cell: Any) -> bool:
    """Whether a cell stands for a missing value."""
    if type(cell).__name__ in ABSENT_TYPES:
        return True
    return isinstance(cell, float | np.floating) and bool(cell != cell)


def word_of(name: str, cell: Any) -> str:
    """A cell as a word, as ISO 8601 writes dates; empty for none.

    Raises:
        DataError: it is something else.
    """
    if cell is None:
        return ""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell)).lower()
    if isinstance(cell, str | int | float | Decimal | np.number):
        return str(cell)
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat())
    raise DataError(f"`{type(cell).__name__}` as `{name}`", about="rows")
