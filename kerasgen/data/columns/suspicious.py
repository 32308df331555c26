"""What a run tells of suspicious columns, by the rows of its training part alone.

This room owns which columns are looked at. How suspicion is told from rows stands in `signs`, and
what is said of it in `passes.lint.suspicious_columns`.

Decisions:
- Only what goes into the model is looked at: what `prepare: auto` leaves out harms nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kerasgen.data.columns.signs import signs_of_rows
from kerasgen.data.columns.types import infer_type
from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.schema import ColumnType
from kerasgen.passes.columns import feature_key
from kerasgen.passes.lint.suspicious_columns import (
    ColumnView,
    alike_but_for_capitals,
    lint_columns,
    warn_of_capitals,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRows:
    """The rows of opened data.

    Attributes:
        columns: name to values, rows first; labels are class indices.
        class_names: label column to the names of its classes.
        training: the rows of the training part.
    """

    columns: Mapping[str, Array]
    class_names: Mapping[str, tuple[str, ...]]
    training: Array


def warn_of_columns(definition: DataDef, fed: Sequence[str], rows: OpenedRows, sink: Sink) -> None:
    """Warns of columns that should not be fed.

    Args:
        definition: the data group, before `prepare: auto` was written out.
        fed: the columns of the source that go into the model.
        rows: the rows.
        sink: gets the warnings.
    """
    names = definition.features.items()
    keys = {column: feature_key(definition, name) for name, made in names for column in made}
    plain = [name for name in fed if name in rows.columns and rows.columns[name].ndim == 1]
    types = {name: _type(name, definition, rows.columns[name]) for name in plain}
    targets = {
        name: name in rows.class_names
        for name in definition.target.values()
        if name in rows.columns and rows.columns[name].ndim == 1 and name not in types
    }
    view = ColumnView(
        data=definition,
        inputs={name: keys.get(name, "data.features") for name in plain},
        signs=signs_of_rows(rows.columns, rows.training, types, targets),
    )
    lint_columns(view, sink)
    for name in definition.target.values():
        classes = rows.class_names.get(name, ())
        warn_of_capitals(name, alike_but_for_capitals(classes), sink)


def _type(name: str, definition: DataDef, values: Array) -> ColumnType:
    said = definition.columns.get(name)
    kind = None if said is None or said.type == "ignore" else said.type
    return infer_type(values) if kind is None else kind
