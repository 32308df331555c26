"""Opening the data: a config's data group becomes columns, facts, a fingerprint, a description.

This room owns the order of the checks on what a source gives: columns there, rows there, labels
that are labels, numbers that are numbers, facts that are true. How rows are divided and prepared
comes later.

Decisions:
- Only the columns that are used are kept, checked and counted in the fingerprint.
- The target of a classification becomes class indices here, before `data.prepare`, unless a step
  other than `CategoryEncoding` makes the target out of it, or it is one-hot already.
- A column of one number in a row of its own, `(rows, 1)`, is held as `(rows,)`; truth values as 0
  and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kerasgen.data.columns.hidden_forms import tell_hidden_forms
from kerasgen.data.columns.names import check_columns
from kerasgen.data.columns.rows import tidy_table
from kerasgen.data.columns.suspicious import OpenedRows, warn_of_columns
from kerasgen.data.description import describe_data, describe_parts, fingerprint
from kerasgen.data.facts import declared_classes, settle_facts
from kerasgen.data.labels import (
    KnownClasses,
    Labels,
    index_labels,
    known_labels,
    several_labels,
)
from kerasgen.data.large_arrays import ArraySpace, room_told
from kerasgen.data.row_weights import check_weights
from kerasgen.data.schema import observe
from kerasgen.data.series import in_time_order, split_series
from kerasgen.data.settled import TrainingRows, settle_preparation, settle_split, settle_types
from kerasgen.data.sources.source_list import known_sources, source_of
from kerasgen.data.split import Divided, PartRows, split_rows
from kerasgen.data.table import Array, Source, Table, is_number
from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import cut
from kerasgen.ir.data import ColumnDef, DataDef
from kerasgen.ir.schema import Schema
from kerasgen.ir.values import ObjectDef, Tree
from kerasgen.ir.walks import references_in
from kerasgen.passes.columns import (
    column_steps,
    feature_key,
    infer_schema,
    named_classes,
    taken_columns,
    target_key,
)
from kerasgen.passes.known_ahead import check_known_ahead
from kerasgen.runtime.arrays import plain_column

_KNOW_MISSING = ("Impute", "IsMissing")
"""Steps that know what to do with a number that is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedData:
    """Opened data.

    Attributes:
        definition: the data group, with all that was left to the data.
        written: keys of the group to what was left to the data, as plain data.
        learned: written step to arguments that were left to the data.
        parts: the rows of each part.
        columns: the source's columns that are used, rows first; labels are class indices.
        schema: what the source's columns are, and what they are for.
        given: number in `split.PARTS` of each row's part, None where the source says nothing.
        space: where arrays of all rows have their place.
        facts: what configs may refer to (`classes`, `shape`, `samples`, …), as plain data.
        fingerprint: `sha256:…`, equal for equal data.
        description: what the record says of the data, as plain data.
        order: for a forecast, the number of each row in the source; None where it is the row's own.
    """

    definition: DataDef
    written: Mapping[str, Tree]
    learned: Mapping[str, Mapping[str, Tree]]
    parts: PartRows
    columns: Mapping[str, Array]
    schema: Schema
    given: Array | None
    space: ArraySpace
    facts: Mapping[str, Any]
    fingerprint: str
    description: Mapping[str, Any]
    order: Array | None = None

    @property
    def samples(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())))


def open_data(
    definition: DataDef,
    sink: Sink,
    sources: Mapping[str, Callable[..., Source]] | None = None,
    *,
    seed: int = 0,
) -> OpenedData:
    """Opens the data and verifies what the config says of it.

    Args:
        definition: the data group.
        sink: gets every mistake.
        sources: the sources that a config may name, None for all that are known.
        seed: seed of the run, for the division of the rows.

    Returns:
        The opened data.

    Raises:
        CompileError: something is not there or not as it should be.
    """
    source = source_of(definition, known_sources() if sources is None else sources, sink)
    sink.stop_on_errors()
    with room_told(sink):
        return _opened(source, definition, seed, sink)


def _opened(source: Source, definition: DataDef, seed: int, sink: Sink) -> OpenedData:
    wanted = infer_schema(definition).read
    table = source.read(None if wanted is None else frozenset(wanted), sink)
    table = tidy_table(definition, table, sink)
    sink.stop_on_errors()
    tell_hidden_forms(definition, table, sink)
    table = in_time_order(definition, table, sink)
    settled = settle_types(definition, table)
    definition = settled.definition
    schema = infer_schema(definition, table.names)
    check_columns(_before_automatic(definition, table.names), schema, sink)
    sink.stop_on_errors()
    plain = {name: plain_column(array) for name, array in table.columns.items()}
    _check_rows(plain, sink)
    columns, class_names, mapped = _settle_labels(definition, schema, plain, table, sink)
    schema = observe(schema, table.columns, columns, class_names)
    sink.stop_on_errors()
    settled = settle_split(settled, schema, columns)
    divided = Divided(columns=columns, schema=schema, given=table.given, place=table.place)
    parts = (
        split_rows(divided, settled.definition, seed, sink)
        if definition.windows is None
        else split_series(divided, settled.definition, sink)
    )
    written = definition
    training = TrainingRows(columns=columns, rows=parts.training, space=table.space)
    settled = settle_preparation(settled, schema, training, sink)
    definition = settled.definition
    if settled.inputs:
        check_columns(definition, schema, sink)
        sink.stop_on_errors()
        schema = replace(schema, features=definition.features)
    check_known_ahead(replace(definition, features=schema.features), sink)
    _check_numbers(definition, schema, columns, table, sink)
    check_weights(definition, columns, table.place, sink)
    sink.stop_on_errors()
    fed = infer_schema(definition, table.names).columns
    rows = OpenedRows(columns=columns, class_names=class_names, training=parts.training)
    warn_of_columns(written, [n for n, c in fed.items() if "feature" in c.roles], rows, sink)
    facts = settle_facts(definition, schema, columns, sink)
    sink.stop_on_errors()
    if settled.inputs:
        facts["inputs"] = {name: dict(found) for name, found in settled.inputs.items()}
    columns = _used(definition, columns)
    mark = fingerprint(columns, class_names, table.given)
    description = describe_data(definition.source, columns, class_names, table.given)
    return OpenedData(
        definition=definition,
        written=settled.written,
        learned=settled.learned,
        parts=parts,
        columns=columns,
        schema=schema,
        given=table.given,
        space=table.space,
        facts=facts,
        fingerprint=mark,
        order=table.order,
        description={
            **description,
            **mapped,
            **table.notes,
            "fingerprint": mark,
            "parts": describe_parts(parts),
        },
    )


def _used(definition: DataDef, columns: Mapping[str, Array]) -> dict[str, Array]:
    """The columns that the settled group names: those that it reads where it is opened again."""
    named = infer_schema(definition).read
    return {name: array for name, array in columns.items() if named is None or name in named}


def _before_automatic(definition: DataDef, names: tuple[str, ...]) -> DataDef:
    """The group without the written steps that wait for a column of `prepare: auto`."""
    if not definition.automatic:
        return definition
    available, kept, waiting = set(names), [], set()
    for entry in definition.prepare:
        if available.issuperset(taken_columns(entry)):
            kept.append(entry)
            available.add(entry.name)
        else:
            waiting.add(entry.name)
    features = {
        name: tuple(column for column in columns if column not in waiting)
        for name, columns in definition.features.items()
    }
    return replace(definition, prepare=tuple(kept), features=features)


def _taken(definition: DataDef) -> Iterator[tuple[str, str]]:
    """The columns that the steps take, each with the key path of where it was written."""
    for entry in column_steps(definition):
        for reference in references_in(entry.takes):
            yield reference.written, reference.path


def _check_rows(columns: Mapping[str, Array], sink: Sink) -> None:
    if not columns:
        raise sink.fail("KG504", "no column of the source is used", key="data.features")
    if len(next(iter(columns.values()))) == 0:
        raise sink.fail("KG503", "the source has no rows", key="data.source")


def _settle_labels(
    definition: DataDef,
    schema: Schema,
    columns: Mapping[str, Array],
    table: Table,
    sink: Sink,
) -> tuple[dict[str, Array], dict[str, tuple[str, ...]], dict[str, Any]]:
    """The columns with class indices for labels, the classes' names, and what was mapped."""
    settled = dict(columns)
    class_names: dict[str, tuple[str, ...]] = {}
    mapped: dict[str, Any] = {}
    for output, column in definition.target.items():
        task = definition.task.get(output)
        labelled = column in columns and schema.columns[column].type in ("category", "labels")
        if not labelled or column in class_names:
            continue
        names = table.class_names.get(column)
        if names is not None:
            class_names[column] = names
        else:
            labels = _labels_of(definition, output, columns[column], table, sink)
            if labels is None:
                continue
            settled[column] = table.space.held(labels.indices)
            class_names[column] = labels.class_names
            if labels.mapped:
                mapped[column] = list(labels.class_names)
        if task == "classification":
            _check_classes(output, column, class_names[column], len(columns[column]), sink)
    return settled, class_names, {"labels_mapped": mapped} if mapped else {}


def _labels_of(
    definition: DataDef, output: str, values: Array, table: Table, sink: Sink
) -> Labels | None:
    """The labels of a target; None if they are none."""
    column, key = definition.target[output], target_key(output)
    said = definition.columns.get(column, ColumnDef())
    if definition.task.get(output) != "classification":
        return several_labels(column, values, said=said, place=table.place, key=key, sink=sink)
    names = named_classes(definition, column)
    if names is not None:
        known = KnownClasses(target=column, names=names, place=table.place, key=key, sink=sink)
        return known_labels(values, known)
    declared = declared_classes(definition, output)
    return index_labels(column, values, declared=declared, place=table.place, key=key, sink=sink)


def _check_classes(output: str, column: str, names: tuple[str, ...], rows: int, sink: Sink) -> None:
    """Checks that a target has two or more classes, and the data a row for each."""
    if len(names) < 2:
        sink.report(
            "KG505",
            f"the target `{column}` has the one class `{names[0]}`, expected two or more",
            key=target_key(output),
        )
    elif rows < len(names):
        sink.report(
            "KG507",
            f"the data has {rows} rows, and the target `{column}` {len(names)} classes",
            key=target_key(output),
        )


def _check_numbers(
    definition: DataDef,
    schema: Schema,
    columns: Mapping[str, Array],
    table: Table,
    sink: Sink,
) -> None:
    """Checks that what goes into the model is numbers, and that numbers are finite."""
    made = {entry.name for entry in column_steps(definition)}
    uses = {name: key for name, key in _taken(definition) if name in columns}
    features, class_names = schema.features, schema.class_names
    direct = [(c, feature_key(definition, n)) for n, names in features.items() for c in names]
    direct += [(c, target_key(o)) for o, c in definition.target.items()]
    for name, key in direct:
        if name in columns and name not in made:
            uses[name] = key
            if name not in class_names:
                _check_kind(name, columns[name], key, table, sink)
    handled = _handled(definition)
    for name, key in uses.items():
        if name not in class_names:
            _check_finite(name, columns[name], key, table, sink, missing=name in handled)


def _handled(definition: DataDef) -> set[str]:
    """The columns whose missing values the steps take care of: all that take them do."""
    takers: dict[str, set[bool]] = {}
    for entry in column_steps(definition):
        knows = isinstance(entry.definition, ObjectDef) and entry.definition.cls in _KNOW_MISSING
        for reference in references_in(entry.takes):
            takers.setdefault(reference.written, set()).add(knows)
    return {name for name, known in takers.items() if known == {True}}


def _check_kind(name: str, column: Array, key: str, table: Table, sink: Sink) -> None:
    """Checks that a column holds numbers."""
    if column.dtype.kind in "iuf":
        return
    if column.dtype.kind != "U":
        sink.report(
            "KG509", f"the column `{name}` holds `{column.dtype}`, expected numbers", key=key
        )
        return
    row = next((i for i, text in enumerate(column.ravel().tolist()) if not is_number(text)), 0)
    sink.report(
        "KG509",
        f'the column `{name}` holds text, as "{cut(column.ravel()[row])}" in '
        f"{table.place(row)}, expected numbers",
        key=key,
        help=f"encode it under `data.prepare`: `{name}: {{class: StringLookup, "
        f"output_mode: one_hot, from: {name}}}`"
        if key.startswith("data.features")
        else None,
    )


def _check_finite(
    name: str, column: Array, key: str, table: Table, sink: Sink, *, missing: bool = False
) -> None:
    """Checks that a column of numbers holds none that is infinite, or missing where it must not."""
    if column.dtype.kind != "f":
        return
    allowed = np.isnan(column) if missing else np.zeros(column.shape, dtype=bool)
    finite = (np.isfinite(column) | allowed).reshape(len(column), -1).all(axis=1)
    if finite.all():
        return
    row = int(np.argmin(finite))
    count = int((~finite).sum())
    more = f" and {count - 1} further rows" if count > 1 else ""
    values = column[row].ravel()
    value = values[~(np.isfinite(values) | allowed[row].ravel())][0]
    sink.report(
        "KG506",
        f"the column `{name}` is `{value}` in {table.place(row)}{more}, expected finite numbers",
        key=key,
        help="leave such rows out with `data.source.bad=skip`"
        if np.isinf(value) and table.lines is not None
        else None,
    )
