"""The types of columns: what the values say where the config says nothing, and why.

This room owns the guess of a column's type and of a target's task. It sees the values, and says
nothing of what is made of them.

Decisions:
- The form of words is told by the first ones, but a column is true and false, or dates, only where
  every word is.
- Words are a text where a row has several of them and few rows are alike. Of few rows that is
  certain only where each has four words or more.
- Numbers are numbers, however few they are: whether 1, 2 and 3 are amounts or names nobody can
  tell from them. A target of whole numbers is classes where there are no more than ten different
  ones, and two rows for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kerasgen.data.large_arrays import pieces_of
from kerasgen.data.table import Array
from kerasgen.ir.schema import ColumnType
from kerasgen.runtime.date_steps import read_date
from kerasgen.runtime.errors import DataError

TRUTHS = (("true", "false"), ("yes", "no"), ("t", "f"), ("y", "n"))
"""Pairs of words for true and false, in lower case."""

LOOK = 10_000
"""Rows that are looked at for the form of words."""

_MOST_CLASSES = 10
"""Different whole numbers of a target up to which they are classes."""

_MANY_TEXTS = 50
"""Different words beyond which a column of several words a row may be a text."""

_FEW_TEXTS, _SURE_SPACES, _SURE_SHARE = 8, 3.0, 0.9
"""Fewest rows of a text; blanks a row, and share of different rows, for which few rows are enough.
"""

_DATE = re.compile(
    r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?\Z"
)
"""A date as ISO 8601 writes it: a month, a day, or a moment."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """A guess.

    Attributes:
        type: what the values are.
        why: what says so, as the end of a sentence.
    """

    type: ColumnType
    why: str


def infer_type(values: Array) -> ColumnType:
    """What the values of a column are.

    Args:
        values: the column, rows first; missing words are empty, missing numbers NaN.
    """
    if values.dtype.kind != "U" or values.ndim > 1:
        return type_of_numbers(values).type
    first = _first_known(values)
    # All rows are looked at only where the first ones are of that form.
    dates = all(map(is_date, first[:100].tolist()))
    truths = are_truths(np.unique(first[:100]))
    if dates or truths:
        known = values[values != ""]
        dates = dates and all(map(is_date, known.tolist()))
        truths = truths and are_truths(np.unique(known))
    return type_of_words(first, dates=dates, truths=truths).type


def _first_known(words: Array) -> Array:
    """The first words of a column, `LOOK` of them if there are as many; missing ones left out."""
    found, count = [words[:0]], 0
    for (piece,) in pieces_of(words):
        found.append(piece[piece != ""])
        count += len(found[-1])
        if count >= LOOK:
            break
    return np.concatenate(found)[:LOOK]


def type_of_numbers(values: Array) -> Inferred:
    """What a column is whose cells are no words."""
    if values.dtype.kind == "b":
        return Inferred("boolean", "all values are true or false")
    if values.ndim == 4:
        return Inferred("image", "arrays with height, width and channels")
    if values.ndim == 3:
        return Inferred("sequence", "arrays with steps and features")
    return Inferred("number", "all cells are numbers")


def type_of_words(first: Array, *, dates: bool, truths: bool) -> Inferred:
    """What a column of words is.

    Args:
        first: the first words, missing ones left out.
        dates: whether all words of the column are dates as ISO 8601 writes them.
        truths: whether all of them are words for true and false.
    """
    if len(first) == 0:
        return Inferred("category", "no cell has a value")
    if truths:
        return Inferred("boolean", "all cells are words for true and false")
    if dates:
        return Inferred("date", "all cells are dates as ISO 8601 writes them")
    different, count = len(np.unique(first)), len(first)
    spaces = float(np.mean(np.char.count(first, " ")))
    many = different > max(_MANY_TEXTS, count / 2)
    sure = count >= _FEW_TEXTS and spaces >= _SURE_SPACES and different > count * _SURE_SHARE
    if spaces >= 1 and (many or sure):
        return Inferred("text", f"{spaces + 1:.0f} words a row, and few rows alike")
    if spaces >= 1:
        return Inferred("category", "words, and many rows alike" if count > 1 else "words")
    return Inferred("category", "one word a row")


def is_date(word: str) -> bool:
    """Whether a word is a date as ISO 8601 writes it, and there is such a day."""
    if not _DATE.match(word):
        return False
    try:
        read_date(word, 0)
    except DataError:
        return False
    return True


def are_truths(words: Iterable[str]) -> bool:
    """Whether words are of one pair for true and false, and there are any."""
    found = {str(word).lower() for word in words}
    return bool(found) and any(found <= set(pair) for pair in TRUTHS)


def infer_task(values: Array, column: ColumnType) -> str:
    """What there is to learn of a target: `classification` or `regression`.

    Args:
        values: the target, rows first.
        column: its type.
    """
    if column == "labels":
        return "multilabel"
    if column in ("category", "boolean", "ordinal") or values.dtype.kind == "U":
        return "classification"
    if values.ndim > 1 and values.shape[-1] > 1:
        return "regression"
    known = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    whole = values.dtype.kind in "iu" or bool((known == np.rint(known)).all())
    different = len(np.unique(known)) if whole else 0
    few = whole and different <= min(_MOST_CLASSES, max(2, known.size / 2))
    return "classification" if few else "regression"


def infer_joined_task(columns: Sequence[Array]) -> str:
    """What there is to learn of several columns: labels where all are 0 or 1, else numbers."""
    flags = all(c.dtype.kind in "iufb" and bool(np.isin(c, (0, 1)).all()) for c in columns)
    return "multilabel" if flags else "regression"
