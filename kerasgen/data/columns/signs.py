"""What is suspicious in columns: identifiers, constants, copies, and what gives the target away.

This room owns how these are told from the rows of a run, and from the figures of a description.
What is said of them stands in `passes.lint.suspicious_columns`.

Decisions:
- Words of which hardly any stands twice are an identifier, and so are whole numbers of which none
  does, if their name says so or they count the rows without a gap. A price is none.
- Rows that stand in a file again do not make an identifier less of one: a description counts them
  once.
- A column that is an identifier, constant or a text is not asked whether it gives the target away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerasgen.data.columns.giveaway import CLASSES_TOLD, NUMBERS_TOLD, class_skill, number_skill
from kerasgen.data.columns.tally import SAMPLE
from kerasgen.data.table import Array
from kerasgen.ir.column_figures import ColumnFigures, ColumnSigns
from kerasgen.ir.schema import ColumnType
from kerasgen.passes.lint.suspicious_columns import alike_but_for_capitals
from kerasgen.runtime.cells import missing_in

MOSTLY = 0.5
"""Share of rows without a value from which on a column is mostly missing."""

_LEAST_ROWS, _COUNTING_ROWS = 20, 50
"""Rows from which on values that never repeat are an identifier, and numbers without a gap are."""

_NEARLY_ALL = 0.99
"""Share of words that are different from which on they are an identifier all the same."""

_ID_NAME = re.compile(r"(?:^|_)(?:ids?|uuid|guid|index|idx|nr|no|num|number|key|row|rownum)_?\Z")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_CELLS = 2_000_000
"""Cells that are compared with the target: of many columns fewer rows each."""

_WORDS = ("category", "boolean", "ordinal")
"""Types of columns whose words are compared with each other."""

_HEAD = 1_000
"""Rows that are looked at before all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A target, as columns are compared with it.

    Attributes:
        values: its values in the rows that are compared.
        classes: whether they are classes.
    """

    values: Array
    classes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A column and the rows of it that may be looked at: the first ones tell of most columns.

    Attributes:
        values: the column.
        rows: the rows.
    """

    values: Array
    rows: Array

    @property
    def head(self) -> Array:
        """The first of these rows."""
        return np.asarray(self.values[self.rows[:_HEAD]])

    def all(self) -> Array:
        """These rows."""
        return np.asarray(self.values[self.rows])


def signs_of_rows(
    columns: Mapping[str, Array],
    rows: Array,
    types: Mapping[str, ColumnType],
    targets: Mapping[str, bool],
) -> dict[str, ColumnSigns]:
    """What is suspicious in columns, by some rows; cheap where nothing is, a column at a time.

    Args:
        columns: all columns, rows first.
        rows: the rows that may be looked at.
        types: the feature columns, to what they are.
        targets: target column to whether it holds classes.
    """
    chosen = rows[_chosen(len(rows), len(types))]
    aims = {n: Aim(values=columns[n][chosen], classes=c) for n, c in targets.items()}
    found: dict[str, ColumnSigns] = {}
    for name, kind in types.items():
        if columns[name].ndim > 1 or not len(rows):
            continue
        values = _Looked(values=columns[name], rows=rows)
        constant = _constant(values)
        identifier = None if constant is not None else _identifier(name, kind, values)
        plain = constant is None and identifier is None
        earlier = {n: columns[n] for n, other in found.items() if other.constant is None}
        found[name] = ColumnSigns(
            type=kind,
            constant=constant,
            identifier=identifier,
            same_as=None if constant is not None else _twin(values, earlier),
            alike=_alike(columns[name][chosen], kind) if identifier is None else (),
            gives_away=_given_away(columns[name][chosen], kind, aims) if plain else {},
        )
    return found


def signs_of_figures(
    figures: Mapping[str, ColumnFigures],
    sample: Mapping[str, Array],
    twins: Mapping[str, str],
    targets: Mapping[str, bool],
    repeated: int = 0,
) -> dict[str, ColumnSigns]:
    """What is suspicious in columns, by their figures and some rows.

    Args:
        figures: column to its figures.
        sample: column to its values in some rows.
        twins: column to an earlier one that is the same.
        targets: target column to whether it holds classes.
        repeated: rows that an earlier row equals in all columns.
    """
    aims = {n: Aim(values=sample[n], classes=c) for n, c in targets.items() if n in sample}
    found = {}
    for name, column in figures.items():
        constant = None
        if not column.known:
            constant = ""
        elif column.distinct == 1 and not column.missing:
            constant = next(iter(column.examples), "")
        share = column.missing / column.rows if column.rows else 0.0
        misread = column.stray is not None or column.hidden is not None
        identifier = None if misread or column.shape else _identifier_by(column, repeated)
        plain = constant is None and identifier is None and name not in targets
        plain = plain and not column.shape and name in sample
        found[name] = ColumnSigns(
            type=column.type,
            constant=constant,
            mostly_missing=share if MOSTLY < share < 1 else None,
            identifier=identifier,
            same_as=twins.get(name) if constant is None else None,
            alike=_alike_in(column) if name not in targets else (),
            gives_away=_given_away(sample[name], column.type, aims) if plain else {},
        )
    return found


def _identifier_by(column: ColumnFigures, repeated: int) -> str | None:
    """Why a column is an identifier, by its figures; None where it is none."""
    # Which of the repeated rows have no value nobody counted.
    known = column.known if column.missing else column.known - repeated
    unique = column.unique or (column.exact and column.distinct == known)
    if unique:
        why = identifier_reason(column.name, column.type, known, _counts_rows(column, known))
        return why if why is None or column.unique else f"{why}, repeated rows left out"
    if column.type == "category" and column.exact:
        return _nearly_all_different(column.distinct or 0, known)
    return None


def identifier_reason(name: str, kind: ColumnType, known: int, counts: bool | None) -> str | None:
    """Why a column whose values never repeat is an identifier; None where it is none.

    Args:
        name: its name.
        kind: what its values are.
        known: rows that have a value.
        counts: whether its numbers count the rows without a gap; None for numbers that are not
            whole.
    """
    if known < _LEAST_ROWS:
        return None
    if kind == "category":
        return "no word stands twice"
    if kind != "number" or counts is None:
        return None
    if _ID_NAME.search(_CAMEL.sub("_", name).lower().replace(" ", "_").replace("-", "_")):
        return "no number stands twice, and its name is that of an identifier"
    return "its numbers count the rows" if counts and known >= _COUNTING_ROWS else None


def _nearly_all_different(distinct: int, known: int) -> str | None:
    many = known >= _COUNTING_ROWS and distinct >= known * _NEARLY_ALL
    return "nearly all its words are different" if many else None


def _counts_rows(column: ColumnFigures, known: int) -> bool | None:
    if not column.whole or column.low is None or column.high is None:
        return None
    return not column.missing and column.high - column.low + 1 == known


def _alike(values: Array, kind: ColumnType) -> tuple[str, ...]:
    if kind not in _WORDS or values.dtype.kind != "U":
        return ()
    return alike_but_for_capitals(np.unique(values).tolist())


def _alike_in(column: ColumnFigures) -> tuple[str, ...]:
    words = (word for word, _ in column.frequent) if column.type in _WORDS else ()
    return alike_but_for_capitals(words)


def _constant(column: _Looked) -> str | None:
    first = column.head[0]
    if column.head.dtype.kind == "f" and np.isnan(first):
        return "" if np.isnan(column.head).all() and np.isnan(column.all()).all() else None
    if not bool((column.head == first).all()):
        return None
    return str(first) if bool((column.all() == first).all()) else None


def _identifier(name: str, kind: ColumnType, column: _Looked) -> str | None:
    head = column.head
    if kind not in ("category", "number") or len(np.unique(head)) < len(head) * _NEARLY_ALL:
        return None
    values = column.all()
    absent = missing_in(values)
    known = values[~absent]
    ordered = np.sort(known)
    again = int((ordered[1:] == ordered[:-1]).sum())
    if len(known) < _LEAST_ROWS or again:
        words = kind == "category" and again
        return _nearly_all_different(len(known) - again, len(known)) if words else None
    counts = None
    if values.dtype.kind != "U" and bool((known == np.rint(known)).all()):
        counts = not absent.any() and float(ordered[-1]) - float(ordered[0]) + 1 == len(known)
    return identifier_reason(name, kind, len(known), counts)


def _twin(column: _Looked, earlier: Mapping[str, Array]) -> str | None:
    """An earlier column with the same values in these rows."""
    kind, rows = column.head.dtype.kind, column.rows
    for name, other in earlier.items():
        alike = other.dtype.kind == kind and np.array_equal(
            other[rows[:_HEAD]], column.head, equal_nan=kind == "f"
        )
        if alike and np.array_equal(other[rows], column.all(), equal_nan=kind == "f"):
            return name
    return None


def _given_away(values: Array, kind: ColumnType, aims: Mapping[str, Aim]) -> dict[str, float]:
    if kind == "text" or values.ndim > 1:
        return {}
    found = {}
    for name, aim in aims.items():
        skill = (class_skill if aim.classes else number_skill)(values, aim.values)
        if skill >= (CLASSES_TOLD if aim.classes else NUMBERS_TOLD):
            found[name] = skill
    return found


def _chosen(rows: int, columns: int) -> Array:
    """Rows that are compared: all of few, else some that are drawn, the same ones every time."""
    most = max(_HEAD, min(SAMPLE, _CELLS // max(1, columns)))
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
