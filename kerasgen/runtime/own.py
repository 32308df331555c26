"""What a function of one's own gives as data becomes columns."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from kerasgen.runtime.arrays_of_rows import named_columns, plain_cells
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


def take_columns(given: Any, wanted: Collection[str] | None = None) -> dict[str, Array]:
    """Makes columns of a mapping of arrays, a data frame or the like.

    They are text, or numbers of at most single precision.

    Raises:
        DataError: they are no columns, or not of one length.
    """
    named = named_columns(given)
    if not named:
        raise DataError(f"`{type(given).__name__}`")
    columns = {name: as_plain(name, values) for name, values in named.items()}
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
    """Makes an array of values.

    Raises:
        DataError: they are neither numbers nor text, or a single value.
    """
    array = plain_cells(name, values)
    if array.ndim == 0:
        raise DataError(f"`{array.dtype}` as `{name}`")
    return array.astype("float32") if array.dtype.kind == "f" else array
