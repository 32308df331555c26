"""What is suspicious in columns: identifiers, constants, copies, and what gives the target away.

This room owns how these are told from the rows of a run, and from the figures of a description.
What is said of them stands in `passes.lint.suspicious_columns`.

Decisions:
- A column that is an identifier, constant or a text is not asked whether it gives the target away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerasgen.data.columns.giveaway import CLASSES_TOLD, NUMBERS_TOLD, class_skill, number_skill
from kerasgen.data.columns.identifiers import (
    CountedValues,
    counted_values,
    identifier_reason,
    may_be_identifier,
)
from kerasgen.data.columns.tally import SAMPLE
from kerasgen.data.table import Array
from kerasgen.ir.column_figures import ColumnFigures, ColumnSigns
from kerasgen.ir.schema import ColumnType
from kerasgen.passes.lint.suspicious_columns import alike_but_for_capitals

MOSTLY = 0.5
"""Share of rows without a value from which on a column is mostly missing."""

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
    earlier: dict[bytes, list[str]] = defaultdict(list)
    for name, kind in types.items():
        if columns[name].ndim > 1 or not len(rows):
            continue
        values = _Looked(values=columns[name], rows=rows)
        constant = _constant(values)
        identifier = None if constant is not None else _identifier(name, kind, values, columns)
        plain = constant is None and identifier is None
        twin = None
        if constant is None:
            begun = earlier[_beginning(values)]
            twin = _twin(values, {one: columns[one] for one in begun})
            begun.append(name)
        found[name] = ColumnSigns(
            type=kind,
            constant=constant,
            identifier=identifier,
            same_as=twin,
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
    if column.unique:
        known = distinct = column.known
    elif column.exact and column.distinct is not None:
        distinct = column.distinct
    else:
        return None
    counted = CountedValues(
        known=known,
        distinct=distinct,
        repeated=known < column.known,
        counts=_counts_rows(column, known),
    )
    return identifier_reason(column.name, column.type, counted)


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


def _identifier(
    name: str, kind: ColumnType, column: _Looked, columns: Mapping[str, Array]
) -> str | None:
    if kind not in ("category", "number"):
        return None
    if not may_be_identifier(kind, counted_values(column.values, column.rows[:_HEAD], columns)):
        return None
    return identifier_reason(name, kind, counted_values(column.values, column.rows, columns))


def _beginning(column: _Looked) -> bytes:
    """What columns with the same values in the first of these rows have in common."""
    values = column.head
    kind: str = values.dtype.kind
    if kind not in "iufb":
        return kind.encode() + "\0".join(map(str, values.tolist())).encode()
    exact = values.astype("float64") + 0.0  # -0.0 equals 0.0
    exact[np.isnan(exact)] = np.nan
    return kind.encode() + exact.tobytes()


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
