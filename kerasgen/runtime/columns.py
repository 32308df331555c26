"""Columns become what a model takes: joined, cast, one-hot, channels first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasgen.runtime.values import Array


def as_rows(column: Array) -> Array:
    """Gives a column of single numbers an axis of features, as layers want it."""
    return column[:, np.newaxis] if column.ndim == 1 else column


def stack(columns: Sequence[Array]) -> Array:
    """Joins columns along their last axis; whole numbers join float32 as float32."""
    pieces = [as_rows(column) for column in columns]
    kinds = {piece.dtype for piece in pieces}
    dtype = np.result_type(*kinds)
    if dtype == np.float64 and dtype not in kinds:
        dtype = np.dtype("float32")
    return np.concatenate(pieces, axis=-1, dtype=dtype)


def in_batches(
    function: Callable[..., Any], *columns: Array, size: int = 4096
) -> Array:
    """Applies a layer or function to all rows, some at a time."""
    return np.concatenate(list(each_batch(function, *columns, size=size)))


def each_batch(
    function: Callable[..., Any], *columns: Array, size: int = 4096
) -> Iterator[Array]:
    """Applies a layer or function to rows, some at a time."""
    from keras import ops

    for start in range(0, len(columns[0]), size):
        batch = [column[start : start + size] for column in columns]
        values = ops.convert_to_numpy(function(*batch))
        # NumPy shows bfloat16 as bytes without a meaning.
        yield values.astype("float32") if values.dtype.kind == "V" else values


def transform(layer: Callable[..., Any], *columns: Array) -> Array:
    """Applies a layer to columns; single numbers stay so if it keeps them."""
    return as_single(in_batches(layer, *map(as_rows, columns)), columns)


def as_single(result: Array, columns: Sequence[Array]) -> Array:
    """Takes the axis of features off again, where single numbers were made of such."""
    single = all(column.ndim == 1 for column in columns)
    return result[:, 0] if single and result.shape[1:] == (1,) else result


def with_rows(column: Array, rows: Array, values: Array) -> Array:
    """A column with other values in some of its rows."""
    changed = np.array(column)
    changed[rows] = values
    return changed


def as_targets(values: Array) -> Array:
    """Makes targets of values: whole numbers as int32, all that is wider as float32."""
    if values.dtype.kind in "iu":
        bounds = np.iinfo("int32")
        fits = values.size == 0 or (
            values.min() >= bounds.min and values.max() <= bounds.max
        )
        return values.astype("int32" if fits else "float32")
    return values.astype("float32") if values.dtype == np.float64 else values


def one_hot(indices: Array, classes: int) -> Array:
    """Makes a row of zeros and a single one of each class index."""
    return np.asarray(indices[..., np.newaxis] == np.arange(classes), dtype="float32")


def channels_first(values: Array) -> Array:
    """Moves the channels of images from the last axis to the first."""
    return np.ascontiguousarray(np.moveaxis(values, -1, 1))
