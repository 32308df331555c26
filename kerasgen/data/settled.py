"""Settling: what a data group leaves to its data becomes what a person would have written.

This room owns the order of that: types of columns, then the task, then whether the split is
stratified, and last, when the rows are divided, the steps of `prepare: auto` by the training rows
alone. What a column of a type gets stands in `passes.automatic.written_out`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from kerasgen.data.columns.types import infer_joined_task, infer_task, infer_type
from kerasgen.data.large_arrays import ArraySpace
from kerasgen.data.own_steps import fit_own
from kerasgen.data.table import Array, Table
from kerasgen.diagnostics import Sink
from kerasgen.frontend.grammar import join
from kerasgen.frontend.parse.columns import IGNORE
from kerasgen.frontend.parse.data import parse_prepare
from kerasgen.ir.data import AUTO, ColumnDef, DataDef
from kerasgen.ir.model import Entry
from kerasgen.ir.schema import ColumnType, Schema
from kerasgen.ir.values import ObjectDef, Tree
from kerasgen.passes.automatic.column_steps import TrainingColumn
from kerasgen.passes.automatic.forecaster import series_kinds
from kerasgen.passes.automatic.written_out import WrittenOut, write_out, written_by_hand
from kerasgen.passes.columns import taken_columns
from kerasgen.passes.known_ahead import ahead_columns, window_rows
from kerasgen.passes.step_shapes import has_open_width
from kerasgen.runtime.category_steps import count_words, frequent_words
from kerasgen.runtime.cells import missing_in
from kerasgen.runtime.label_steps import MultiHot
from kerasgen.runtime.sequence_steps import numbers_of_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledData:
    """A data group with nothing left open.

    Attributes:
        definition: the group.
        written: keys of the group to what settling has written in their place, as plain data.
        inputs: model input to what it is, where `prepare: auto` made it.
        learned: written step to the arguments that it was given.
    """

    definition: DataDef
    written: Mapping[str, Tree] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    learned: Mapping[str, Mapping[str, Tree]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRows:
    """The rows that may tell what a preparation is made of.

    Attributes:
        columns: the columns, all their rows.
        rows: the numbers of the rows of the training part.
        space: where arrays of all rows have their place.
    """

    columns: Mapping[str, Array]
    rows: Array
    space: ArraySpace

    def column(self, name: str) -> Array:
        """The values of a column in these rows."""
        return self.space.take(self.columns[name], self.rows)


def settle_types(definition: DataDef, table: Table) -> SettledData:
    """Settles the types of the columns and the task.

    Args:
        definition: the data group.
        table: what its source gave.
    """
    if not definition.unsettled:
        return SettledData(definition=definition)
    columns = {
        name: _typed(
            definition.columns.get(name, ColumnDef()),
            table.types.get(name) or table.lists.get(name),
            values,
        )
        for name, values in table.columns.items()
    }
    # What a source says of a column it says each time; nobody need write it.
    untold = [n for n in columns if n in definition.columns or n not in table.types]
    written: dict[str, Tree] = {"columns": {n: _as_written(columns[n]) for n in untold}}
    task = dict(definition.task)
    for output, column in definition.target.items():
        several = definition.joined.get(column, ())
        if task.get(output) == AUTO and several and table.columns.keys() >= set(several):
            task[output] = infer_joined_task([table.columns[name] for name in several])
        if task.get(output) == AUTO and column in table.columns:
            labelled = column in table.class_names
            kind = columns[column].type
            task[output] = (
                "classification"
                if labelled
                else infer_task(table.columns[column], _known_type(kind))
            )
    written["task"] = dict(task) if any(task) else task.get("", AUTO)
    return SettledData(
        definition=replace(definition, columns={**definition.columns, **columns}, task=task),
        written=written,
    )


def settle_split(settled: SettledData, schema: Schema, columns: Mapping[str, Array]) -> SettledData:
    """Settles whether the parts keep the shares of the classes: where each class can be divided."""
    split = settled.definition.split
    if split.stratify != AUTO:
        return settled
    drawn = split.shuffle and split.time is None
    stratify = drawn and any(
        columns[column].ndim == 1 and np.unique(columns[column], return_counts=True)[1].min() >= 3
        for column in settled.definition.target.values()
        if column in schema.class_names
    )
    split = replace(split, stratify=stratify)
    said: Tree = {
        item.name: getattr(split, item.name)
        for item in fields(split)
        if getattr(split, item.name) != item.default
    }
    return replace(
        settled,
        definition=replace(settled.definition, split=split),
        written={**settled.written, "split": said},
    )


def settle_preparation(
    settled: SettledData,
    schema: Schema,
    training: TrainingRows,
    sink: Sink,
) -> SettledData:
    """Writes `prepare: auto` out, by what the training rows say of each column.

    Args:
        settled: the group with its types.
        schema: the columns and their roles.
        training: the rows of the training part.
        sink: gets what goes in nowhere: KG528.

    Raises:
        CompileError: KG504, there are no features; KG529, a column cannot share an input.
    """
    settled = _with_vocabularies(settled, training)
    definition = settled.definition
    if not definition.automatic:
        return settled
    listed = {c: None for names in schema.features.values() for c in names if c in schema.columns}
    by_hand = written_by_hand(definition, listed)
    facts = {
        name: replace(
            _training_column(training.column(name), definition.columns[name]),
            missing_elsewhere=bool(missing_in(training.columns[name]).any()),
        )
        for name in listed
        if definition.columns[name].type != IGNORE and name not in by_hand
    }
    targets = _encoding_targets(definition, schema, training.columns)
    _check_encodings(definition, facts, targets, sink)
    ahead = ahead_columns(definition)
    found = write_out(facts, definition.columns, schema.features, by_hand, targets, ahead)
    _tell(found, definition, sink)
    _, entries = parse_prepare(dict(found.prepare), sink)
    sink.stop_on_errors()
    ours = {e.name: _placed(e, definition.columns[found.sources[e.name]]) for e in entries}
    features = {name: tuple(names) for name, names in found.features.items()}
    tree: Tree = {name: [*names] for name, names in features.items()}
    definition = replace(
        definition,
        features=features,
        prepare=tuple((ours | {entry.name: entry for entry in definition.prepare}).values()),
        automatic=False,
    )
    windows, inputs = definition.windows, found.inputs
    if windows is not None:
        inputs = series_kinds(inputs, windows, window_rows(definition))
    return replace(
        settled,
        definition=definition,
        written={**settled.written, "features": tree, "prepare": found.prepare},
        inputs=inputs,
    )


def _encoding_targets(
    definition: DataDef, schema: Schema, columns: Mapping[str, Array]
) -> dict[str, int | None]:
    """The targets that words may be encoded by: classes and numbers, one a row."""
    found: dict[str, int | None] = {}
    for column in definition.target.values():
        for name in definition.joined.get(column, (column,)):
            values = columns.get(name)
            if values is not None and values.ndim == 1 and values.dtype.kind in "iuf":
                classes = len(schema.class_names.get(name, ()))
                found[name] = classes if classes > 2 else None
    return found


def _check_encodings(
    definition: DataDef,
    facts: Mapping[str, TrainingColumn],
    targets: Mapping[str, int | None],
    sink: Sink,
) -> None:
    """Refuses words that are to be encoded by a target where there is none: KG530.

    Raises:
        CompileError: there are such words.
    """
    for name in facts if not targets else ():
        said = definition.columns[name]
        if said.encode == "target":
            sink.report(
                "KG530",
                f"`{name}` cannot be encoded by a target: there is none that is a class or a "
                "number a row",
                key=said.path,
                help="write `encode: one_hot` or `encode: embedding`",
            )
    sink.stop_on_errors()


def _tell(found: WrittenOut, definition: DataDef, sink: Sink) -> None:
    """Tells what goes in nowhere, and what cannot go in where it is wanted.

    Raises:
        CompileError: KG504, there are no features; KG529, a column cannot share an input.
    """
    for name, reason in found.left_out.items():
        sink.warn(
            "KG528",
            f"`prepare: auto` leaves the column `{name}` out: {reason}",
            key=definition.columns[name].path or "data.prepare",
            help=f"write `data.columns.{name}=ignore`, or prepare it by hand under `data.prepare`",
        )
    for name, title in found.apart.items():
        kind = definition.columns[name].type if name in definition.columns else "index"
        sink.report(
            "KG529",
            f"`{name}` ({kind}) cannot be stacked with other columns in the input `{title}`",
            key=join("data.features", title),
            help=f"give it an input of its own: `data.features.{name}: {name}`",
        )
    sink.stop_on_errors()
    if not found.features:
        raise sink.fail(
            "KG504",
            "no column is left for the features",
            key="data.features",
            help="the source has none beside the target, or all are ignored",
        )


def _with_vocabularies(settled: SettledData, training: TrainingRows) -> SettledData:
    """Gives written steps the words of which each is to have a place: a model must know how many.

    Words that an earlier step makes are not known before it works.
    """
    definition = settled.definition
    made: set[str] = set()
    steps: dict[str, Entry] = {}
    learned: dict[str, Mapping[str, Tree]] = {}
    for entry in definition.prepare:
        step, taken = entry.definition, taken_columns(entry)
        known = all(name in training.columns and name not in made for name in taken)
        if isinstance(step, ObjectDef) and has_open_width(step) and known:
            fitted = fit_own(step, {name: training.column(name) for name in taken})
            words = tuple(fitted.learned["vocabulary"].tolist())
            arguments = {**step.arguments, "vocabulary": words}
            steps[entry.name] = replace(entry, definition=replace(step, arguments=arguments))
            learned[entry.name] = {"vocabulary": [*words]}
        made.add(entry.name)
    if not steps:
        return settled
    prepare = tuple(steps.get(entry.name, entry) for entry in definition.prepare)
    return replace(settled, definition=replace(definition, prepare=prepare), learned=learned)


def _placed(entry: Entry, said: ColumnDef) -> Entry:
    """A step at the place where something is said of its column: there its mistakes are mended."""
    if not said.path or not isinstance(entry.definition, ObjectDef):
        return entry
    return replace(entry, path=said.path, definition=replace(entry.definition, path=said.path))


def _typed(said: ColumnDef, told: ColumnType | None, values: Array) -> ColumnDef:
    """A column with its type: as the config says, as the source says, as the values are."""
    return said if said.type is not None else replace(said, type=told or infer_type(values))


def _known_type(kind: str | None) -> ColumnType:
    return "number" if kind is None or kind == IGNORE else kind  # type: ignore[return-value]


def _as_written(column: ColumnDef) -> Tree:
    """A column as a config says it; a bare word where its type is all."""
    said: dict[str, Tree] = {}
    for item in fields(ColumnDef):
        value = getattr(column, item.name)
        if item.name != "path" and value is not None:
            said[item.name] = list(value) if isinstance(value, tuple) else value
    return str(column.type) if set(said) == {"type"} else said


def _training_column(values: Array, said: ColumnDef) -> TrainingColumn:
    kind = _known_type(said.type)
    if kind == "number" and values.dtype.kind != "U":
        known = values[np.isfinite(values)]
        low, high = (known.min(), known.max()) if known.size else (None, None)
        return TrainingColumn(
            type=kind,
            missing=bool(np.isnan(values).any()) if values.dtype.kind == "f" else False,
            rows=len(known) if values.ndim == 1 else None,
            low=None if low is None else float(low),
            high=None if high is None else float(high),
            alike=bool(low != high and np.float32(low) == np.float32(high)),
        )
    if kind == "audio":
        return TrainingColumn(type=kind, longest=values.shape[1] if values.ndim == 2 else None)
    absent = missing_in(values)
    rows = int(len(values) - absent.sum())
    if kind in ("date", "text"):  # their words are many, and nobody asks for them here
        return TrainingColumn(type=kind, missing=rows < len(values), rows=rows)
    if values.ndim > 2:
        return TrainingColumn(type=kind, low=float(values.min()), high=float(values.max()))
    if kind == "sequence":
        longest = values.shape[1] if values.ndim > 1 else max(map(len, numbers_of_rows(values)))
        return TrainingColumn(type=kind, rows=rows if longest else 0, longest=longest)
    if kind == "labels":
        step = MultiHot(separator=said.separator or ",", rare=said.rare or 0)
        step.adapt(values)
        return TrainingColumn(type=kind, rows=rows, words=tuple(step.vocabulary or ()))
    counts = count_words(values)
    kept = frequent_words(counts, said.rare or 0)
    return TrainingColumn(type=kind, missing="" in counts, rows=rows, words=tuple(kept))
