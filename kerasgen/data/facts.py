"""Facts of the data: what other configs may refer to, and what `check` goes by.

This room owns which facts there are and how declared ones are held against the data. A fact of a
target that `data.prepare` makes is taken as declared, and verified when it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink, closest, did_you_mean
from kerasgen.frontend.parse.data import frozen_facts
from kerasgen.ir.data import FACTS, DataDef
from kerasgen.ir.schema import Schema
from kerasgen.ir.values import Shape, Value
from kerasgen.passes.automatic.written_out import words_of_step
from kerasgen.passes.columns import (
    column_steps,
    declared_columns,
    declared_fact,
    feature_key,
    infer_schema,
    joins_columns,
    source_column,
    source_columns,
    taken_columns,
)
from kerasgen.passes.known_ahead import window_rows
from kerasgen.passes.prepared_shapes import stacked_shape


def declared_classes(definition: DataDef, output: str) -> int | None:
    """The number of classes that the config declares for an output, None for none."""
    declared = definition.facts.get("classes")
    value = declared.get(output) if isinstance(declared, Mapping) else declared
    return value if type(value) is int else None


def names_of_classes(definition: DataDef, schema: Schema) -> dict[str, tuple[str, ...]]:
    """The names of the classes of each output, as the opened data has them.

    Args:
        definition: the data group.
        schema: the columns of the opened data.
    """
    class_names = schema.class_names
    return {
        output: class_names[column]
        for output, column in definition.target.items()
        if column in class_names
    } | _joined_labels(definition, schema)


def settle_facts(
    definition: DataDef, schema: Schema, columns: Mapping[str, Array], sink: Sink
) -> dict[str, Any]:
    """The facts of the data, after the declared ones were held against it.

    Args:
        definition: the data group.
        schema: the columns of the opened data, and the names of their classes.
        columns: their values.
        sink: gets what does not agree: KG508.

    Returns:
        Plain data: `samples`; `shape`, a list without the row axis, or lists by input name where
        they differ; `target_shape` likewise, where a target holds several numbers a row;
        `column_shape`, by column, where columns of one number and of several are one input; for
        classifications `classes` and `class_names`, by output name where there are several
        targets; `vocabulary`, by column the number of words that it may become; and what else the
        config declares.
    """
    shapes = {
        name: _raw_shape(definition, names, columns, name, sink)
        for name, names in schema.features.items()
    }
    facts = {name: _thawed(value) for name, value in definition.facts.items()}
    facts["samples"] = len(next(iter(columns.values())))
    steps = window_rows(definition, schema.features)
    if steps:
        shapes = {n: None if row is None else (steps[n], *row) for n, row in shapes.items()}
    known = [list(shape) for shape in shapes.values() if shape is not None]
    if len(known) == len(shapes):
        same = all(shape == known[0] for shape in known)
        facts["shape"] = known[0] if same else dict(zip(shapes, known, strict=True))
    facts |= _target_shape(definition, columns)
    _verify_columns(definition, columns, sink)
    facts |= _column_shape(definition, facts, columns)
    declared = facts.get("vocabulary", {})  # a number, where someone has a use for one
    if isinstance(declared, Mapping) and (words := {**declared, **_vocabulary(definition)}):
        facts["vocabulary"] = words
    names_by_output = names_of_classes(definition, schema)
    _add_classes(facts, definition, names_by_output)
    _verify(definition, facts, shapes, names_by_output, sink)
    return facts


def _target_shape(definition: DataDef, columns: Mapping[str, Array]) -> dict[str, Any]:
    """The fact `target_shape`; targets of one number a row need none, made ones say their own."""
    shapes: dict[str, list[int]] = {}
    horizon = [] if definition.windows is None else [definition.windows.horizon]
    for output, column in definition.target.items():
        source = source_column(column, definition)
        if source in columns and not joins_columns(column, definition):
            shapes[output] = [*horizon, *columns[source].shape[1:]]
        elif horizon and column in definition.joined:
            shapes[output] = [*horizon, len(definition.joined[column])]
    if not any(shapes.values()):
        return {}
    return {"target_shape": next(iter(shapes.values())) if len(definition.target) == 1 else shapes}


def _column_shape(
    definition: DataDef, facts: Mapping[str, Any], columns: Mapping[str, Array]
) -> dict[str, Any]:
    """The fact `column_shape`: columns of several numbers a row of which no other fact tells."""
    told = infer_schema(replace(definition, facts=frozen_facts(facts)), tuple(columns))
    shapes = {
        name: list(values.shape[1:])
        for name, values in columns.items()
        if values.ndim > 1 and told.columns[name].shape != values.shape[1:]
    }
    declared = facts.get("column_shape")
    known = declared if isinstance(declared, Mapping) else {}
    return {"column_shape": {**known, **shapes}} if shapes else {}


def _vocabulary(definition: DataDef) -> dict[str, int]:
    """The number of words of each column that a step turns into indices or places."""
    found: dict[str, int] = {}
    for entry in column_steps(definition):
        _, words = words_of_step(entry)
        taken = [*taken_columns(entry)]
        if words is not None and len(taken) == 1:
            found[taken[0]] = words
    return dict(zip(source_columns(found, definition), found.values(), strict=True))


def _joined_labels(definition: DataDef, schema: Schema) -> dict[str, tuple[str, ...]]:
    """Output to the columns that are its labels, where a step joins one column for each."""
    found = {}
    for output, column in definition.target.items():
        taken = [
            name
            for entry in column_steps(definition)
            if entry.name == column and joins_columns(column, definition)
            for name in taken_columns(entry)
        ]
        known = [schema.columns.get(name) for name in taken]
        single = all(column is not None and column.shape == () for column in known)
        if taken and single and definition.task.get(output) == "multilabel":
            found[output] = tuple(taken)
    return found


def _raw_shape(
    definition: DataDef,
    names: tuple[str, ...],
    columns: Mapping[str, Array],
    name: str,
    sink: Sink,
) -> Shape | None:
    """The shape of an input's rows as the columns have them; reports columns that do not stack."""
    shapes = [columns[column].shape[1:] for column in source_columns(names, definition)]
    stacked = stacked_shape(shapes)
    if stacked is None:
        shown = ", ".join(
            f"`{column}` {list(shape)}" for column, shape in zip(names, shapes, strict=True)
        )
        sink.report(
            "KG401",
            f"the columns of the input `{name}` cannot be stacked, their rows have the shapes "
            f"{shown}",
            key=feature_key(definition, name),
        )
    return stacked


def _add_classes(
    facts: dict[str, Any], definition: DataDef, names: Mapping[str, tuple[str, ...]]
) -> None:
    if len(definition.target) <= 1:
        for found in names.values():
            facts["classes"], facts["class_names"] = len(found), list(found)
        return
    for fact, values in (
        ("classes", {output: len(found) for output, found in names.items()}),
        ("class_names", {output: list(found) for output, found in names.items()}),
    ):
        declared = definition.facts.get(fact)
        whole = declared if isinstance(declared, Mapping) else {}
        if values or whole:
            facts[fact] = {k: _thawed(v) for k, v in whole.items()} | values


def _verify(
    definition: DataDef,
    facts: Mapping[str, Any],
    shapes: Mapping[str, Shape | None],
    names: Mapping[str, tuple[str, ...]],
    sink: Sink,
) -> None:
    """Reports declared facts that the data contradicts, and warns of those nobody knows."""
    for fact in definition.facts:
        near = closest(fact, FACTS)
        if fact not in FACTS and near is not None:
            sink.warn(
                "KG107",
                f"`{fact}` is no fact that is known, and cannot be verified",
                key=f"data.facts.{fact}",
                at="key",
                help=f"did you mean `{near}`?",
            )
    samples = definition.facts.get("samples")
    if samples is not None and samples != facts["samples"]:
        _contradict("samples", samples, facts["samples"], sink)
    if "shape" in definition.facts:
        _verify_shapes(definition, shapes, sink)
    target_shape = _thawed(definition.facts.get("target_shape"))
    if target_shape is not None and target_shape != facts["target_shape"]:
        _contradict("target_shape", target_shape, facts["target_shape"], sink)
    vocabulary = definition.facts.get("vocabulary")
    for name, words in vocabulary.items() if isinstance(vocabulary, Mapping) else ():
        if words != facts["vocabulary"][name]:
            _contradict(f"vocabulary.{name}", words, facts["vocabulary"][name], sink)
    for output, found in names.items():
        for fact, value in (("classes", len(found)), ("class_names", list(found))):
            declared = definition.facts.get(fact)
            by_output = isinstance(declared, Mapping)
            wanted = declared.get(output) if isinstance(declared, Mapping) else declared
            if wanted is not None and _thawed(wanted) != value:
                name = f"{fact}.{output}" if by_output else fact
                _contradict(name, _thawed(wanted), value, sink)


def _verify_shapes(definition: DataDef, shapes: Mapping[str, Shape | None], sink: Sink) -> None:
    by_input = isinstance(definition.facts["shape"], Mapping)
    for name, shape in shapes.items():
        declared = declared_fact(definition, name)
        key = f"shape.{name}" if by_input else "shape"
        if declared is None and not by_input:
            _contradict(key, _thawed(definition.facts["shape"]), list(shape or ()), sink)
        elif declared is not None and shape is not None and not _agrees(declared, shape):
            _contradict(key, list(declared), list(shape), sink)


def _verify_columns(definition: DataDef, columns: Mapping[str, Array], sink: Sink) -> None:
    """Reports shapes that are declared of columns, and columns that are not there."""
    for name, declared in declared_columns(definition).items():
        key = f"column_shape.{name}"
        if name not in columns:
            sink.report(
                "KG504",
                f"there is no column `{name}` among those that are used",
                key=f"data.facts.{key}",
                at="key",
                help=did_you_mean(name, columns, listed=40),
            )
        elif not _agrees(declared, columns[name].shape[1:]):
            _contradict(key, list(declared), list(columns[name].shape[1:]), sink)


def _agrees(declared: Shape, shape: Shape) -> bool:
    return len(declared) == len(shape) and all(
        size is None or size == found for size, found in zip(declared, shape, strict=True)
    )


def _contradict(fact: str, declared: Any, found: Any, sink: Sink) -> None:
    sink.report(
        "KG508",
        f"`{fact}` is declared as {_shown(declared)}, and the data has {_shown(found)}",
        key=f"data.facts.{fact}",
        help=f"write `{fact.rpartition('.')[2]}: {_shown(found, bare=True)}`",
    )


def _shown(value: Any, *, bare: bool = False) -> str:
    text = "null" if value is None else str(value).replace("'", "")
    text = text if len(text) <= 80 else text[:77] + "..."
    return text if bare else f"`{text}`"


def _thawed(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {key: _thawed(item) for key, item in value.items()}
    return [_thawed(item) for item in value] if isinstance(value, tuple) else value
