"""Other data on which a finished run is measured: all its rows, as those of the run were held.

This room owns how columns of other data become those of the run: with its vocabulary, its classes
and its statistics. What is measured on them stands in `evaluate`.

Decisions:
- Labels of other data are those of the run, by name: a label that the run does not know is a
  mistake, and a class without rows is none.
- Columns that the model does not use, those of the run's split among them, may be absent.
- Of other series every window counts, of each that is long enough for one; a shorter one is a
  mistake. What the split of the run says is of its own rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kerasgen.data.columns.rows import tidy_table
from kerasgen.data.fitted_preparation import FittedPreparation
from kerasgen.data.kept_preparation import KeptPreparation, fitted_samples, needed_columns
from kerasgen.data.labels import KnownClasses, known_flags, known_labels
from kerasgen.data.prepared_parts import PreparedPart, in_windows
from kerasgen.data.series import every_window, in_time_order
from kerasgen.data.sources.source_list import known_sources, source_of
from kerasgen.data.table import Table
from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import cut
from kerasgen.ir.data import ColumnDef, DataDef
from kerasgen.ir.schema import Column, Schema
from kerasgen.ir.training import Samples
from kerasgen.passes.columns import target_key
from kerasgen.run.forecasts import SeriesRows, series_rows
from kerasgen.run.samples import fitting_samples
from kerasgen.runtime.arrays import plain_column
from kerasgen.runtime.category_steps import as_words
from kerasgen.runtime.values import Array
from kerasgen.session.session import Session
from kerasgen.verbs.answers.list_cells import joined_cells, several_numbers

OTHER = "data"
"""What stands for the rows of other data, where a part of the run's own has a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptData:
    """What a run has kept of its data.

    Attributes:
        schema: its columns.
        fitted: what its steps have learned.
    """

    schema: Schema
    fitted: FittedPreparation


def other_rows(session: Session, kept: KeptData, sink: Sink) -> tuple[Samples, SeriesRows | None]:
    """All rows of other data, or all windows over them; and the rows of a forecast.

    Args:
        session: the run's, with the other source in its config.
        kept: what the run has kept.
        sink: gets what is wrong with the data, and what is odd about it.

    Raises:
        CompileError: it cannot be read, or is not as that of the run.
    """
    definition, compiled = session.data, session.compiled.program
    preparation = KeptPreparation(
        fitted=kept.fitted, schema=kept.schema, definition=definition, started=session.engine
    )
    wanted = needed_columns(preparation)
    source = source_of(definition, known_sources(), sink)
    sink.stop_on_errors()
    table = source.read(frozenset(wanted), sink)
    said = {name: column for name, column in definition.columns.items() if name in wanted}
    table = tidy_table(replace(definition, columns=said), table, sink)
    sink.stop_on_errors()
    table = in_time_order(definition, table, sink)
    columns = _columns(table, wanted, definition, kept.schema, sink)
    sink.stop_on_errors()
    prepared: PreparedPart = fitted_samples(preparation, columns)
    for name, values in prepared.x.items():
        _check_finite(name, values, table, sink)
    sink.stop_on_errors()
    series = None
    if definition.windows is not None:
        parts = every_window(OTHER, columns, definition, sink)
        series = series_rows(definition, columns, prepared, parts)
        prepared = in_windows(prepared, parts, definition)[OTHER]
    return fitting_samples(compiled, prepared.x, prepared.y), series


def _columns(
    table: Table, wanted: Sequence[str], definition: DataDef, schema: Schema, sink: Sink
) -> dict[str, Array]:
    """The columns of other data as those of the run were held."""
    targets = {column: output for output, column in definition.target.items()}
    found: dict[str, Array] = {}
    for name in wanted:
        if name not in table.columns:
            sink.report("KG504", f"the data has no column `{name}`", key="data.source")
            continue
        values = plain_column(table.columns[name])
        column = schema.columns[name]
        if column.vocabulary is not None and name in targets:
            classes = KnownClasses(
                target=name,
                names=column.vocabulary,
                place=table.place,
                key=target_key(targets[name]),
                sink=sink,
            )
            said = definition.columns.get(name, ColumnDef())
            values = _labels(values, table, said, column.type, classes)
        else:
            said = definition.columns.get(name, ColumnDef())
            values = _typed(values, column, said, table, sink)
        found[name] = values
    return found


def _labels(
    values: Array, table: Table, said: ColumnDef, kind: str | None, classes: KnownClasses
) -> Array:
    """Labels as they are held in the run; reports the first that it does not know."""
    if values.ndim > 1:
        return values
    own = table.class_names.get(classes.target)
    words = values if own is None else np.asarray(own, dtype="str")[values.astype(int)]
    labels = (
        known_flags(words, said.separator or ",", classes)
        if kind == "labels"
        else known_labels(words, classes)
    )
    return values if labels is None else labels.indices


def _typed(values: Array, column: Column, said: ColumnDef, table: Table, sink: Sink) -> Array:
    """A column in the type that it had; reports words in the place of numbers."""
    held, shape = column.dtype, column.shape or ()
    if said.type == "sequence" and len(shape) < 2:
        return values
    if held in (None, "text"):
        return as_words(values) if values.ndim == 1 else np.asarray(joined_cells(values), "str")
    if len(shape) == 1 and (values.dtype.kind == "U" or values.shape[1:] != shape):
        values, wrong = several_numbers(values, shape[0] or 0)
        if wrong:
            row = min(wrong)
            sink.report(
                "KG509",
                f"the column `{column.name}` in {table.place(row)} holds {wrong[row]}",
                key="data.source",
            )
    elif values.dtype.kind == "U":
        values = _numbers(column.name, values, table, sink)
    return values if values.dtype.kind == "f" and held[0] in "iu" else values.astype(held)


def _numbers(name: str, values: Array, table: Table, sink: Sink) -> Array:
    """Words as numbers, NaN where one is missing; reports the first that is none."""
    words = values.tolist()
    exact = np.full(len(words), np.nan)
    for row, word in enumerate(words):
        try:
            exact[row] = float(word) if word else np.nan
        except (TypeError, ValueError):
            sink.report(
                "KG509",
                f'the column `{name}` holds "{cut(str(word))}" in {table.place(row)}, '
                "expected a number",
                key="data.source",
            )
            break
    return exact


def _check_finite(name: str, values: Array, table: Table, sink: Sink) -> None:
    if values.dtype.kind != "f":
        return
    good = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if not good.all():
        sink.report(
            "KG506",
            f"{table.place(int(np.argmin(good)))} has no finite value for the input `{name}`, and "
            "the training had none without one",
            key="data.source",
        )
