"""Identifiers: columns that name rows, of which new rows have others.

This room owns the one judgement of what is such a column, by how many of its values there are and
how many of them differ, and how these are counted in rows. Descriptions count otherwise, and ask
the same.

Decisions:
- Words of which hardly any stands twice are an identifier, and so are whole numbers of which none
  does, if their name says so or they count the rows without a gap. A price is none.
- Rows that stand there again in all columns do not make an identifier less of one: they count once.
- In rows only those are compared in which the column itself has a value again: of an identifier
  there are few, and a column of which the first rows have many is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerasgen.data.table import Array
from kerasgen.ir.schema import ColumnType
from kerasgen.runtime.cells import missing_in

_LEAST_ROWS, _COUNTING_ROWS = 20, 50
"""Rows from which on values that never repeat are an identifier, and numbers without a gap are."""

_NEARLY_ALL = 0.99
"""Share of words that are different from which on they are an identifier all the same."""

_ID_NAME = re.compile(r"(?:^|_)(?:ids?|uuid|guid|index|idx|nr|no|num|number|key|row|rownum)_?\Z")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedValues:
    """How often the values of a column stand in rows, repeated rows counted once.

    Attributes:
        known: rows that have a value.
        distinct: values that differ.
        repeated: whether rows that stand there again were left out.
        counts: whether its numbers count the rows without a gap; None for what is no whole number.
    """

    known: int
    distinct: int
    repeated: bool = False
    counts: bool | None = None


def identifier_reason(name: str, kind: ColumnType, values: CountedValues) -> str | None:
    """Why a column is an identifier; None where it is none.

    Args:
        name: its name.
        kind: what its values are.
        values: how often they stand there.
    """
    if values.distinct == values.known:
        why = _reason_of_no_repeats(name, kind, values)
        return f"{why}, repeated rows left out" if why and values.repeated else why
    many = values.known >= _COUNTING_ROWS and values.distinct >= values.known * _NEARLY_ALL
    return "nearly all its words are different" if many and kind == "category" else None


def _reason_of_no_repeats(name: str, kind: ColumnType, values: CountedValues) -> str | None:
    if values.known < _LEAST_ROWS:
        return None
    if kind == "category":
        return "no word stands twice"
    if kind != "number" or values.counts is None:
        return None
    if _ID_NAME.search(_CAMEL.sub("_", name).lower().replace(" ", "_").replace("-", "_")):
        return "no number stands twice, and its name is that of an identifier"
    return (
        "its numbers count the rows" if values.counts and values.known >= _COUNTING_ROWS else None
    )


def may_be_identifier(kind: ColumnType, first: CountedValues) -> bool:
    """Whether a column may be an identifier, by how often its values stand in the first rows."""
    differ = first.distinct >= first.known * _NEARLY_ALL
    return differ and (kind == "category" or not first.known or first.counts is not None)


def counted_values(values: Array, rows: Array, columns: Mapping[str, Array]) -> CountedValues:
    """How often the values of a column stand in rows.

    Args:
        values: the column.
        rows: the rows that are looked at.
        columns: all columns: rows that are equal in all of them count once.
    """
    held = rows[~missing_in(values[rows])]
    known = values[held]
    order = np.argsort(known, kind="stable")
    again = known[order[1:]] == known[order[:-1]]
    repeated = _equal_rows(held[order[:-1][again]], held[order[1:][again]], columns)
    count = len(held) - repeated
    counts = None
    if len(held) and known.dtype.kind != "U" and bool((known == np.rint(known)).all()):
        span = float(known[order[-1]]) - float(known[order[0]]) + 1
        counts = len(held) == len(rows) and span == count
    return CountedValues(
        known=count,
        distinct=len(held) - int(again.sum()),
        repeated=repeated > 0,
        counts=counts,
    )


def _equal_rows(one: Array, other: Array, columns: Mapping[str, Array]) -> int:
    """How many of two lists of rows are equal in all columns, in pairs."""
    for values in columns.values():
        if not len(one):
            break
        first, second = values[one], values[other]
        same = first == second
        if values.dtype.kind == "f":
            same |= np.isnan(first) & np.isnan(second)
        same = same.reshape(len(one), -1).all(axis=1)
        one, other = one[same], other[same]
    return len(one)
