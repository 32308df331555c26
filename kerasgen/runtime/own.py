"""What a function of one's own gives as data becomes columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


def take_columns(
    given: Mapping[str, Any], wanted: Collection[str] | None = None
) -> dict[str, Array]:
    """Makes a column of each array: text, or numbers of at most single precision.

    Raises:
        DataError: an array can be no column, or they are not of one length.
    """
    columns = {name: as_plain(name, values) for name, values in given.items()}
    if len({len(column) for column in columns.values()}) > 1:
        sizes = ", ".join(
            f"{len(column)} in `{name}`" for name, column in columns.items()
        )
        raise DataError(f"columns of unequal length: {sizes}")
    return {
        name: column
        for name, column in columns.items()
        if wanted is None or name in wanted
    }


def as_plain(name: str, values: Any) -> Array:
    """Makes an array of values, text of Python's strings and bytes.

    Raises:
        DataError: they are neither numbers nor text, a single value, or rows of unequal
            length.
    """
    try:
        array = np.asarray(values)
    except ValueError:  # NumPy: rows of unequal length
        raise DataError(f"rows of unequal length as `{name}`") from None
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "replace")
    if array.dtype.kind == "O" and all(type(value) is str for value in array.ravel()):
        array = array.astype(str)
    if array.ndim == 0 or array.dtype.kind not in "biufU":
        raise DataError(f"`{array.dtype}` as `{name}`")
    return array.astype("float32") if array.dtype.kind == "f" else array
