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


class Rows:
    """The rows of several inputs side by side, which are joined some at a time.

    Args:
        inputs: arrays of numbers, rows first.
    """

    def __init__(self, inputs: Iterable[Array]) -> None:
        self._arrays = [array.reshape(len(array), -1) for array in inputs]
        self.columns = sum(array.shape[1] for array in self._arrays)

    def __len__(self) -> int:
        return len(self._arrays[0])

    @property
    def comparable(self) -> bool:
        """Whether they are numbers, and not too many."""
        size = sum(array.nbytes for array in self._arrays)
        numbers = all(array.dtype.kind in "iuf" for array in self._arrays)
        return bool(self._arrays) and size <= _LARGEST and numbers

    def some(self, rows: slice | Array) -> Array:
        """Some of the rows, `(rows, columns)`."""
        pieces = [array[rows] for array in self._arrays]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)


def is_crowded(rows: Rows) -> bool:
    """Whether rows of so few different values must repeat by themselves."""
    first = rows.some(slice(1000))[:, :: _step(rows)]
    room = sum(np.log(len(np.unique(first[:, i]))) for i in range(first.shape[1]))
    return bool(room < np.log(len(rows)) + np.log(100))


def known_rows(rows: Rows, training: Rows) -> int:
    """How many rows are rows of the training part too."""
    step = _step(rows)
    # Most rows differ in a few columns already: only those that do not are compared whole.
    first, others = row_keys(rows, step), row_keys(training, step)
    maybe = _among(first, others)
    if step == 1 or not maybe.any():
        return int(maybe.sum())
    likely = _among(others, first[maybe])
    whole = [Rows([part.some(found)]) for part, found in ((rows, maybe), (training, likely))]
    return int(_among(row_keys(whole[0]), row_keys(whole[1])).sum())


def _step(rows: Rows) -> int:
    return max(1, rows.columns // _KEY_COLUMNS)


def row_keys(rows: Rows, step: int = 1) -> Array:
    """One number a row that is equal for equal rows, and hardly ever for others.

    Args:
        rows: the rows.
        step: every which column counts.

    Returns:
        uint64, `(rows,)`.
    """
    keys = np.empty(len(rows), dtype="uint64")
    for start in range(0, len(rows), _PIECE):
        piece = slice(start, start + _PIECE)
        keys[piece] = _keys_of(rows.some(piece)[:, ::step])
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
