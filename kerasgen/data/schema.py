"""The schema of opened data: what the rows say of the columns, added to what the config says.

This room owns how the type of a column is told from its values. It must not infer roles.

Decisions:
- What a config says a column is stays so. Else words are text, truth values boolean, arrays with
  height, width and channels images, arrays with one axis less sequences, and all others numbers.
- A number is missing where it is NaN, a word where it is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kerasgen.data.table import Array
from kerasgen.ir.schema import Column, ColumnType, Schema


def observe(
    schema: Schema,
    given: Mapping[str, Array],
    columns: Mapping[str, Array],
    class_names: Mapping[str, tuple[str, ...]],
) -> Schema:
    """Adds what the rows say.

    Args:
        schema: the columns of the source, with their roles.
        given: the columns that were read, as the source gives them.
        columns: the same, in the form in which they are held.
        class_names: label column to the names of its classes.
    """
    seen = {
        name: _observed(column, given[name], columns[name], class_names.get(name))
        if name in columns
        else column
        for name, column in schema.columns.items()
    }
    return replace(schema, columns=seen, rows=len(next(iter(columns.values()))))


def _observed(
    column: Column, given: Array, held: Array, vocabulary: tuple[str, ...] | None
) -> Column:
    return replace(
        column,
        type=column.type or _type(given),
        shape=held.shape[1:],
        dtype="text" if held.dtype.kind == "U" else str(held.dtype),
        vocabulary=vocabulary,
        missing=_missing(held),
    )


def _type(values: Array) -> ColumnType:
    if values.dtype.kind == "U":
        return "text"
    if values.dtype.kind == "b":
        return "boolean"
    if values.ndim == 4:
        return "image"
    return "sequence" if values.ndim == 3 else "number"


def _missing(values: Array) -> int:
    """Rows without a value."""
    if values.dtype.kind not in "fU":
        return 0
    absent = values == "" if values.dtype.kind == "U" else np.isnan(values)
    return int(absent.reshape(len(values), -1).any(axis=1).sum())
