"""Cells of columns as they are read: lists, holes, what does not count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from kerasgen.runtime.values import Array

BETWEEN_WORDS = ","
"""What stands between the words of a list in a cell."""

BETWEEN_NUMBERS = " "
"""What stands between the numbers of a list in a cell."""


def strip_words(values: Array, characters: str) -> Array:
    """Takes characters off the ends of words; numbers stay as they are."""
    return np.char.strip(values, characters) if values.dtype.kind == "U" else values


def missing_in(values: Array) -> Array:
    """Which rows have no value, where a row has one."""
    if values.ndim > 1 or values.dtype.kind not in "fU":
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values == "" if values.dtype.kind == "U" else np.isnan(values))


def full_rows(columns: Mapping[str, Array], names: Collection[str]) -> Array:
    """The numbers of the rows that have a value in each of some columns."""
    holes = [missing_in(columns[name]) for name in names]
    return np.flatnonzero(~np.logical_or.reduce(holes))


def joined_list(values: Sequence[Any]) -> str:
    """A list as a cell of words: its words, or its numbers, one after the other."""
    words = any(isinstance(value, str) for value in values)
    between = BETWEEN_WORDS if words else BETWEEN_NUMBERS
    return between.join("" if value is None else str(value) for value in values)
