"""Marks of 64 bits: equal for equal values, and spread evenly for different ones.

This room owns how marks are made of numbers and words, and which of them are different. What is
counted by them stands in `tally`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasgen.data.table import Array
from kerasgen.runtime.tabular.exact_numbers import holds_beyond


def marks_of(values: Array) -> Array:
    """A mark for each row of an array."""
    if values.dtype.kind == "U" or values.ndim > 1:
        rows: Any = values.tolist() if values.ndim == 1 else (row.tobytes() for row in values)
        return mixed(np.fromiter(map(hash, rows), dtype="int64", count=len(values)).view("uint64"))
    if values.dtype.kind in "iu" and holds_beyond(values):
        return mixed(values.view("uint64"))
    return mixed((values.astype("float64") + 0.0).view("uint64"))


def mixed(bits: Array) -> Array:
    """Bits spread evenly (the finalizer of SplitMix64)."""
    moved = bits >> np.uint64(30)
    made: Array = bits ^ moved
    for factor, places in ((0xBF58476D1CE4E5B9, 27), (0x94D049BB133111EB, 31)):
        made *= np.uint64(factor)
        made ^= np.right_shift(made, np.uint64(places), out=moved)
    return made


def different(marks: Array) -> Array:
    """The different marks, the smallest first; sorting is faster here than NumPy's `unique`."""
    ordered = np.sort(marks)
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered if first.all() else np.asarray(ordered[first])


def repeated(marks: Array) -> Array:
    """The marks that stand there again, once for each time."""
    ordered = np.sort(marks)
    return np.asarray(ordered[1:][ordered[1:] == ordered[:-1]])
