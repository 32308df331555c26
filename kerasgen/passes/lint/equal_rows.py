"""Rows of one part that another part has too, found by one number a row.

This room owns how rows are compared. It must not know what is made of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kerasgen.ir.training import Array

_KEY_COLUMNS = 64
"""Columns by which most rows differ already."""

_LARGEST = 2**31
"""Bytes of a part up to which its rows are compared."""

_PIECE = 65_536
"""Rows whose numbers are computed at a time."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
"""The golden ratio of 2**64, which spreads neighbouring numbers over all bits."""


def flat_rows(inputs: Iterable[Array]) -> Array | None:
    """The rows of all inputs side by side; None where they cannot be compared, or are too many."""
    arrays = [array.reshape(len(array), -1) for array in inputs]
    size = sum(array.nbytes for array in arrays)
    if not arrays or size > _LARGEST or any(array.dtype.kind not in "iuf" for array in arrays):
        return None
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=1)


def is_crowded(rows: Array) -> bool:
    """Whether rows of so few different values must repeat by themselves."""
    columns = rows[:, :: max(1, rows.shape[1] // _KEY_COLUMNS)]
    room = sum(np.log(len(np.unique(columns[:1000, i]))) for i in range(columns.shape[1]))
    return bool(room < np.log(len(rows)) + np.log(100))


def known_rows(rows: Array, training: Array) -> int:
    """How many rows are rows of the training part too."""
    step = max(1, rows.shape[1] // _KEY_COLUMNS)
    # Most rows differ in a few columns already: only those that do not are compared whole.
    first, others = row_keys(rows[:, ::step]), row_keys(training[:, ::step])
    maybe = _among(first, others)
    if step == 1 or not maybe.any():
        return int(maybe.sum())
    likely = _among(others, first[maybe])
    return int(_among(row_keys(rows[maybe]), row_keys(training[likely])).sum())


def row_keys(rows: Array) -> Array:
    """One number a row that is equal for equal rows, and hardly ever for others.

    Args:
        rows: numbers, `(rows, columns)`.

    Returns:
        uint64, `(rows,)`.
    """
    keys = np.empty(len(rows), dtype="uint64")
    for start in range(0, len(rows), _PIECE):
        keys[start : start + _PIECE] = _keys_of(rows[start : start + _PIECE])
    return keys


def _keys_of(rows: Array) -> Array:
    bits = np.ascontiguousarray(rows).view(f"u{rows.dtype.itemsize}")
    keys = np.zeros(len(rows), dtype="uint64")
    for column in np.ascontiguousarray(bits.T):
        keys ^= column.astype("uint64")
        keys *= _ODD
        keys ^= keys >> np.uint64(29)
    return keys


def _among(keys: Array, known: Array) -> Array:
    """Which numbers are among some others."""
    if not len(known):
        return np.zeros(len(keys), dtype=bool)
    ascending = np.sort(known)
    places = np.minimum(np.searchsorted(ascending, keys), len(ascending) - 1)
    return np.asarray(ascending[places] == keys)
