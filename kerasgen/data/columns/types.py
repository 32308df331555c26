"""The types of columns: what the values say where the config says nothing.

This room owns the guess of a column's type and of a target's task. It sees the values, and says
nothing of what is made of them.

Decisions:
- Words of a column are a text where a row has several of them and few rows are alike.
- A target of whole numbers is classes where there are no more than ten different ones.
"""

from __future__ import annotations

import re

import numpy as np

from kerasgen.data.table import Array
from kerasgen.ir.schema import ColumnType
from kerasgen.runtime.date_steps import read_date
from kerasgen.runtime.errors import DataError

TRUTHS = frozenset(("true", "false", "yes", "no", "t", "f", "y", "n"))
"""Words for true and false, in lower case."""

_MOST_CLASSES = 10
"""Different whole numbers of a target up to which they are classes."""

_LOOK = 10_000
"""Rows that are looked at for the form of words."""

_DATE = re.compile(
    r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?\Z"
)
"""A date as ISO 8601 writes it: a month, a day, or a moment."""


def infer_type(values: Array) -> ColumnType:
    """What the values of a column are.

    Args:
        values: the column, rows first; missing words are empty, missing numbers NaN.
    """
    if values.dtype.kind == "b":
        return "boolean"
    if values.dtype.kind != "U":
        return "image" if values.ndim == 4 else "sequence" if values.ndim == 3 else "number"
    words = values[values != ""][:_LOOK]
    if len(words) == 0:
        return "category"
    different = np.unique(words)
    if all(word.lower() in TRUTHS for word in different.tolist()):
        return "boolean"
    # All rows are looked at only where the first ones are dates.
    if all(map(_is_date, different.tolist())) and all(map(_is_date, values[values != ""].tolist())):
        return "date"
    spaces = float(np.mean(np.char.count(words, " ")))
    if spaces >= 1 and len(different) > max(50, len(words) / 2):
        return "text"
    return "category"


def _is_date(word: str) -> bool:
    if not _DATE.match(word):
        return False
    try:
        read_date(word, 0)
    except DataError:
        return False
    return True


def infer_task(values: Array, column: ColumnType) -> str:
    """What there is to learn of a target: `classification` or `regression`.

    Args:
        values: the target, rows first.
        column: its type.
    """
    if column in ("category", "boolean", "ordinal") or values.dtype.kind == "U":
        return "classification"
    if values.ndim > 1 and values.shape[-1] > 1:
        return "regression"
    known = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    whole = values.dtype.kind in "iu" or bool((known == np.rint(known)).all())
    few = whole and len(np.unique(known)) <= _MOST_CLASSES
    return "classification" if few else "regression"
