"""The pass that makes a graph of `data.prepare`.

It owns which forms of an entry a step may have, and how the steps become the entries of a model
that `wire` can wire: what the tensors are called, which columns are stacked to a model input, and
where each input and target comes out. It must not know shapes or arrays.

Decisions:
- The inputs of the graph are the source's columns, and a tensor of the graph is a column. Column
  steps come first, in order, whatever stands between them; then the columns of each model input
  are stacked; then the steps without `from` act on every model input, each with a layer of its own.
- A single column with several numbers a row is stacked with nothing. All others are joined along
  their last axis, where a column with one number a row counts as one.
- As long as the columns of a source are not all known, those that go into a model input as they
  are stand together as one.
- Tensors are called by what the config calls them; where that name is taken, a number follows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import Entry, InputDef, ModelDef, Operand, TensorRef
from kerasgen.ir.schema import ALL, Schema
from kerasgen.ir.values import ObjectDef, Shape
from kerasgen.ir.walks import references_in
from kerasgen.passes.columns import (
    column_steps,
    declared_columns,
    declared_shape,
    feature_key,
    input_steps,
    source_columns,
    stacked_widths,
    step_operands,
    taken_columns,
)
from kerasgen.passes.wire import ENTRY_KINDS, wire

LEARNED = ("mean", "variance", "vocabulary", "bin_boundaries")
"""Arguments that give a layer what it would learn from data. None that is given one adapts: its
`adapt` refuses to work. Signatures do not say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """The graph of what is done with columns, from the source's to what a model takes.

    Attributes:
        graph: the columns of the source are its inputs; each call is a step or a stack.
        inputs: model input to the tensor that goes into it.
        targets: output name to the tensor that it is trained on; empty without targets.
        steps: call to the entry of `data.prepare` that it carries out.
        stacks: call that stacks columns, to the model input that they make.
    """

    graph: ModelGraph
    inputs: Mapping[str, TensorRef]
    targets: Mapping[str, TensorRef]
    steps: Mapping[str, Entry]
    stacks: Mapping[str, str]


def check_preparation(data: DataDef, sink: Sink) -> None:
    """Reports the forms of an entry that only a model can have.

    Args:
        data: the data group.
        sink: gets every mistake.
    """
    targets = set(data.target.values())
    for entry in data.prepare:
        if entry.reuses is not None or not isinstance(entry.definition, ObjectDef | None):
            what = "calls another entry again" if entry.reuses else "is a model"
            sink.report(
                "KG307",
                f"`{entry.name}` {what}, expected a preprocessing layer or an op",
                key=entry.path,
                at="key",
            )
        elif isinstance(entry.takes, Mapping) or any(
            isinstance(operand, tuple) for operand in step_operands(entry)
        ):
            sink.report(
                "KG307",
                f"`{entry.name}` takes columns by argument or in nested lists, "
                "expected one name or a list",
                key=f"{entry.path}.from",
                help="write the columns as a list, in the order of the arguments",
            )
        elif entry.takes is not None and not list(references_in(entry.takes)):
            sink.report("KG307", f"`{entry.name}` takes no column", key=f"{entry.path}.from")
        elif entry.takes is None and entry.name in targets:
            sink.report(
                "KG307",
                f"`{entry.name}` is a target, and a step without `from` acts on the inputs",
                key=entry.path,
                at="key",
                help=f"write `from: {entry.name}`, or give the step another name",
            )


def wire_preparation(
    data: DataDef, schema: Schema, catalog: Catalog, sink: Sink
) -> Preparation | None:
    """Makes the graph of `data.prepare`.

    Args:
        data: the data group, without mistakes in the form of its steps.
        schema: its columns.
        catalog: asked how a layer's call takes its tensors.
        sink: gets every mistake that `wire` finds.

    Returns:
        The graph with its ends, or None if something is wrong.
    """
    wiring = _Wiring(taken=set(schema.columns))
    for entry in column_steps(data):
        takes = tuple(_renamed(operand, schema, wiring) for operand in step_operands(entry))
        made = wiring.add(entry, entry.name, takes if len(takes) > 1 else takes[0])
        wiring.columns[entry.name] = made
    inputs = {}
    for name, columns in schema.features.items():
        pieces = (
            [_column(column, schema, wiring) for column in columns]
            if schema.complete
            else _pieces(name, data, schema, wiring)
        )
        inputs[name] = _stack(name, pieces, data, wiring)
    for entry in input_steps(data):
        for name in inputs:
            title = entry.name if len(inputs) == 1 else f"{entry.name}_{name}"
            inputs[name] = wiring.add(entry, title, inputs[name])
    targets = {name: _column(column, schema, wiring) for name, column in data.target.items()}
    graph = _wired(wiring, _outputs(inputs, targets, data, wiring), catalog, sink)
    if graph is None:
        return None
    return Preparation(
        graph=graph, inputs=inputs, targets=targets, steps=wiring.steps, stacks=wiring.stacks
    )


def without_idle(preparation: Preparation, idle: Collection[str]) -> Preparation:
    """A preparation without stacks of a single column that they leave as it is.

    Args:
        preparation: the preparation.
        idle: the calls that go.
    """
    graph = preparation.graph
    gone = {
        call.name: next(references_in(call.operands)) for call in graph.calls if call.name in idle
    }

    def kept(operand: Operand) -> Operand:
        if isinstance(operand, TensorRef):
            return gone.get(operand.name, operand)
        return tuple(map(kept, operand)) if isinstance(operand, tuple) else operand

    def ends(references: Mapping[str, TensorRef]) -> dict[str, TensorRef]:
        return {name: gone.get(ref.name, ref) for name, ref in references.items()}

    assert isinstance(graph.outputs, Mapping)
    return replace(
        preparation,
        graph=replace(
            graph,
            layers={name: layer for name, layer in graph.layers.items() if name not in gone},
            calls=tuple(
                replace(call, operands=tuple(map(kept, call.operands)))
                for call in graph.calls
                if call.name not in gone
            ),
            outputs=ends(graph.outputs),
        ),
        inputs=ends(preparation.inputs),
        stacks={call: name for call, name in preparation.stacks.items() if call not in gone},
    )


def learns(definition: ObjectDef, catalog: Catalog) -> bool:
    """Whether a step learns from data what it was not given."""
    entry = catalog.find(definition.cls, ENTRY_KINDS)
    given = any(definition.arguments.get(name) is not None for name in LEARNED)
    return entry is not None and entry.adapts and not given


def learned_definition(
    definition: ObjectDef, learned: Mapping[str, Sequence[Any] | float]
) -> ObjectDef:
    """A step that is given what it has learned, so that it need not learn it again.

    Args:
        definition: the step as the config has it.
        learned: argument to numbers or words, in lists.
    """
    arguments = dict(definition.arguments)
    if "bin_boundaries" in learned:
        arguments.pop("num_bins", None)  # Keras takes one of the two.
    arguments |= {name: _as_tuples(value) for name, value in learned.items()}
    return replace(definition, arguments=arguments)


def channels_last(definition: ObjectDef, catalog: Catalog) -> ObjectDef:
    """A step that works channels last, as data is prepared whatever the global setting says."""
    entry = catalog.find(definition.cls, ENTRY_KINDS)
    if entry is None or "data_format" not in entry.parameters:
        return definition
    if definition.arguments.get("data_format") is not None:
        return definition
    return replace(definition, arguments={**definition.arguments, "data_format": "channels_last"})


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list) else value


@dataclass(slots=True, kw_only=True)
class _Wiring:
    """The graph while it is written.

    Attributes:
        taken: the names that are used up.
        inputs: the columns of the source that something takes.
        entries: the steps and stacks, in order.
        columns: column to the tensor that holds it after the steps so far.
        steps: as in `Preparation`.
        stacks: as in `Preparation`.
    """

    taken: set[str]
    inputs: dict[str, InputDef] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    columns: dict[str, TensorRef] = field(default_factory=dict)
    steps: dict[str, Entry] = field(default_factory=dict)
    stacks: dict[str, str] = field(default_factory=dict)

    def free(self, name: str) -> str:
        """The name, or the next of `name_1`, `name_2`, … that is not taken."""
        found, number = name, 0
        while found in self.taken:
            number += 1
            found = f"{name}_{number}"
        self.taken.add(found)
        return found

    def enter(self, name: str, shape: Shape | None) -> TensorRef:
        """A column of the source, or several that stand together, by the name of the tensor."""
        self.inputs.setdefault(name, InputDef(name=name, shape=shape, path="data.source"))
        return TensorRef(name=name, path="data.source")

    def add(self, entry: Entry, title: str, takes: Operand) -> TensorRef:
        """A step, which may be carried out for one model input of several."""
        name = self.free(title)
        self.entries.append(replace(entry, name=name, takes=takes))
        self.steps[name] = entry
        return TensorRef(name=name, path=entry.path)


def _renamed(operand: Operand, schema: Schema, wiring: _Wiring) -> Operand:
    if not isinstance(operand, TensorRef):
        return operand
    found = _column(operand.written, schema, wiring)
    return replace(found, path=operand.path)


def _column(name: str, schema: Schema, wiring: _Wiring) -> TensorRef:
    """The tensor of a column after the steps so far."""
    if name in wiring.columns:
        return wiring.columns[name]
    known = schema.columns.get(name)
    return wiring.enter(name, None if known is None else known.shape)


def _pieces(name: str, data: DataDef, schema: Schema, wiring: _Wiring) -> list[TensorRef]:
    """What a model input stacks of a source whose columns are not all known."""
    names, declared = schema.features[name], declared_shape(data, name)
    if ALL in names:
        listed = [column for column in names if column != ALL]
        replaced = [
            entry.name
            for entry in column_steps(data)
            if entry.name in taken_columns(entry) and entry.name not in data.target.values()
        ]
        apart = [_column(column, schema, wiring) for column in (*replaced, *listed)]
        several = declared_columns(data)
        beside = [several.get(c, ()) for c in source_columns((*replaced, *listed), data)]
        return [*_rest(declared, beside, wiring), *apart]
    if wiring.columns.keys().isdisjoint(names) and len(names) > 1:
        return [_together(names, declared, wiring)]
    pieces: list[TensorRef] = []
    run: list[str] = []
    for column in names:
        if column not in wiring.columns:
            run.append(column)
            continue
        pieces += [*_run(run, schema, wiring), wiring.columns[column]]
        run = []
    return [*pieces, *_run(run, schema, wiring)]


def _rest(declared: Shape | None, apart: Sequence[Shape], wiring: _Wiring) -> list[TensorRef]:
    """The columns that `all` stands for, without those of some shapes that stand apart."""
    shape: Shape | None = declared if not apart else None
    beside = stacked_widths(apart)
    if declared is not None and len(declared) == 1 and declared[0] is not None:
        width = -1 if beside is None else declared[0] - beside
        if width == 0:
            return []
        shape = (width,) if width > 0 else None
    return [wiring.enter(wiring.free(ALL), shape)]


def _run(names: Sequence[str], schema: Schema, wiring: _Wiring) -> list[TensorRef]:
    """Columns in a row that go in as they are."""
    if len(names) < 2:
        return [_column(name, schema, wiring) for name in names]
    shapes = [schema.columns[name].shape for name in names]
    width = stacked_widths([shape for shape in shapes if shape is not None])
    known = None if width is None or None in shapes else (width,)
    return [_together(names, known, wiring)]


def _together(names: Sequence[str], shape: Shape | None, wiring: _Wiring) -> TensorRef:
    return wiring.enter(wiring.free(f"{names[0]} … {names[-1]}"), shape)


def _stack(name: str, pieces: Sequence[TensorRef], data: DataDef, wiring: _Wiring) -> TensorRef:
    """The tensor of a model input before the steps on inputs."""
    if len(pieces) == 1 and pieces[0].name in wiring.inputs and wiring.inputs[pieces[0].name].shape:
        return pieces[0]
    call, key = wiring.free(name), feature_key(data, name)
    stack = ObjectDef(cls="Concatenate", arguments={"axis": -1}, path=key)
    wiring.entries.append(Entry(name=call, definition=stack, takes=tuple(pieces), path=key))
    wiring.stacks[call] = name
    return TensorRef(name=call, path=key)


def _outputs(
    inputs: Mapping[str, TensorRef],
    targets: Mapping[str, TensorRef],
    data: DataDef,
    wiring: _Wiring,
) -> dict[str, TensorRef]:
    """What comes out: inputs by their names, targets by theirs, and steps that nothing takes."""
    ends = dict(inputs)
    for output, reference in targets.items():
        title = output or data.target[output]
        ends[title if title not in ends else f"target {title}"] = reference
    taken = {reference.name for entry in wiring.entries for reference in references_in(entry.takes)}
    taken |= {reference.name for reference in ends.values()}
    return ends | {name: TensorRef(name=name) for name in wiring.steps if name not in taken}


def _wired(
    wiring: _Wiring, outputs: Mapping[str, TensorRef], catalog: Catalog, sink: Sink
) -> ModelGraph | None:
    inputs = tuple(wiring.inputs.values())
    if not wiring.entries:  # The columns go in as they are.
        return ModelGraph(
            name="prepare",
            kind="Functional",
            inputs=inputs,
            layers={},
            calls=(),
            outputs=outputs,
            path="data.prepare",
        )
    model = ModelDef(
        name="prepare",
        inputs=inputs,
        entries=tuple(wiring.entries),
        outputs=outputs,
        path="data.prepare",
    )
    return wire(model, catalog, sink)
