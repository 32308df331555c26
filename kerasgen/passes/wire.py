"""The pass that resolves references: a model as written becomes a graph of calls.

It owns default wiring, the way a `from` list goes into a call, the choice between Sequential and
Functional, and what is reported of references: unknown, forward, cyclic, dead, doubled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from kerasgen.catalog.entries import Catalog, ClassEntry, Kind
from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import INPUT, Entry, InputDef, ModelDef, Operand, TensorRef
from kerasgen.ir.values import ObjectDef
from kerasgen.ir.walks import models_in, output_refs, references_in

ENTRY_KINDS: tuple[Kind, ...] = ("layer", "op", "application")
"""What an entry of `layers` may be."""

STEP_KINDS: tuple[Kind, ...] = (*ENTRY_KINDS, "step")
"""What an entry of `data.prepare` may be."""


def wire(model: ModelDef, catalog: Catalog, sink: Sink) -> ModelGraph | None:
    """Resolves the references of a model and of the models inside it.

    Args:
        model: the model as written.
        catalog: asked how a layer's call takes its tensors.
        sink: gets every mistake.

    Returns:
        The graph, its calls in the order of the entries; None if something is wrong.
    """
    known = len(sink.errors)
    inputs = model.inputs or (InputDef(name=INPUT, path=model.path),)
    _check_names(inputs, model.entries, sink)
    takes = _default_takes(inputs, model.entries, sink)
    _check_references(model, inputs, takes, sink)
    for entry in model.entries:
        _check_argument_models(entry.definition, catalog, sink)
    if len(sink.errors) > known:
        return None
    layers = _definitions(model.entries, catalog, sink)
    if len(sink.errors) > known:
        return None
    calls = tuple(_call(entry, takes[entry.name], layers, catalog) for entry in model.entries)
    last = model.entries[-1]
    outputs = model.outputs or TensorRef(name=last.name, path=last.path)
    _check_alive(model, inputs, takes, output_refs(outputs), sink)
    kind = _kind(model, inputs, sink)
    if len(sink.errors) > known:
        return None
    return ModelGraph(
        name=model.name,
        kind=kind,
        inputs=inputs,
        layers=layers,
        calls=calls,
        outputs=outputs,
        arguments=model.arguments,
        path=model.path,
    )


def _check_names(inputs: Sequence[InputDef], entries: Sequence[Entry], sink: Sink) -> None:
    names = {item.name for item in inputs}
    for entry in entries:
        if entry.name in names:
            sink.report(
                "KG305",
                f"`{entry.name}` is the name of an input or of another entry",
                key=entry.path,
                at="key",
                help="give the entry another name",
            )
        names.add(entry.name)


Takes: TypeAlias = "Operand | Mapping[str, Operand]"


def _default_takes(
    inputs: Sequence[InputDef], entries: Sequence[Entry], sink: Sink
) -> dict[str, Takes]:
    """What each entry takes: what it says, else the entry above, else the only input."""
    takes: dict[str, Takes] = {}
    above = inputs[0].name
    for position, entry in enumerate(entries):
        if entry.takes is None and position == 0 and len(inputs) > 1:
            names = ", ".join(f"`{item.name}`" for item in inputs)
            sink.report(
                "KG306",
                f"`{entry.name}` is the first entry of a model with the inputs {names}",
                key=entry.path,
                at="key",
                help=f"say which it takes, as in `from: {inputs[0].name}`",
            )
        default = TensorRef(name=above, path=entry.path)
        takes[entry.name] = default if entry.takes is None else entry.takes
        above = entry.name
    return takes


def _check_references(
    model: ModelDef, inputs: Sequence[InputDef], takes: Mapping[str, Takes], sink: Sink
) -> None:
    seen = {item.name for item in inputs}
    all_names = seen | {entry.name for entry in model.entries}
    order = {entry.name: position for position, entry in enumerate(model.entries)}
    makers = {entry.name for entry in model.entries if entry.definition is not None}
    cycles: set[frozenset[str]] = set()
    for entry in model.entries:
        for reference in references_in(takes[entry.name]):
            if reference.name not in all_names:
                _report_unknown(reference, all_names, sink)
            elif reference.name not in seen:
                _report_forward(entry, reference, takes, cycles, sink)
        seen.add(entry.name)
        if entry.reuses is not None:
            _check_reuse(entry, entry.reuses, order, makers, sink)
    for reference in output_refs(model.outputs):
        if reference.name not in all_names:
            _report_unknown(reference, all_names, sink)


def _report_unknown(reference: TensorRef, names: set[str], sink: Sink) -> None:
    sink.report(
        "KG301",
        f"there is no entry or input `{reference.name}`",
        key=reference.path,
        help=did_you_mean(reference.name, names),
    )


def _report_forward(
    entry: Entry,
    reference: TensorRef,
    takes: Mapping[str, Takes],
    cycles: set[frozenset[str]],
    sink: Sink,
) -> None:
    """Reports a reference to a later entry, each circle of them once."""
    if any(entry.name in cycle and reference.name in cycle for cycle in cycles):
        return  # Reported where the cycle was entered first.
    chain = _path_between(reference.name, entry.name, takes)
    if chain is not None:
        cycles.add(frozenset(chain))
        circle = " -> ".join(f"`{name}`" for name in [entry.name, *chain])
        sink.report("KG303", f"the entries take each other: {circle}", key=reference.path)
    else:
        sink.report(
            "KG302",
            f"`{entry.name}` takes `{reference.name}`, which comes later",
            key=reference.path,
            help=f"put `{reference.name}` above `{entry.name}`",
        )


def _path_between(start: str, goal: str, takes: Mapping[str, Takes]) -> list[str] | None:
    """The references that lead from one entry to another, both included, or None."""
    trail: dict[str, str | None] = {start: None}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            path: list[str] = []
            step: str | None = name
            while step is not None:
                path.append(step)
                step = trail[step]
            return path[::-1]
        for reference in references_in(takes.get(name)):
            if reference.name not in trail:
                trail[reference.name] = name
                waiting.append(reference.name)
    return None


def _check_reuse(
    entry: Entry, reused: str, order: Mapping[str, int], makers: set[str], sink: Sink
) -> None:
    """Checks that `is` names an entry above that has a layer of its own."""
    key = f"{entry.path}.is"
    if reused not in order:
        sink.report(
            "KG301",
            f"there is no entry `{reused}`",
            key=key,
            help=did_you_mean(reused, makers),
        )
    elif reused not in makers:
        sink.report(
            "KG307",
            f"`{reused}` makes no layer of its own",
            key=key,
            help="name the entry that makes the shared layer",
        )
    elif order[reused] > order[entry.name]:
        sink.report(
            "KG302",
            f"`{entry.name}` calls `{reused}`, which comes later",
            key=key,
            help=f"put `{reused}` above `{entry.name}`",
        )


def _check_argument_models(
    definition: ObjectDef | ModelDef | None, catalog: Catalog, sink: Sink
) -> None:
    """Wires the models that stand as arguments (`TimeDistributed(layer=…)`), for their mistakes."""
    for model in models_in(definition) if isinstance(definition, ObjectDef) else ():
        graph = wire(model, catalog, sink)
        if graph is not None and not _is_chain(graph):
            sink.report(
                "KG307",
                "a model that is an argument must be a plain chain of layers",
                key=model.path,
                at="key",
                help="write it without `from`, `is`, `with`, `outputs` and ops",
            )


def _is_chain(graph: ModelGraph) -> bool:
    inner = [
        layer.definition
        for layer in graph.layers.values()
        if isinstance(layer.definition, ModelGraph)
    ]
    return graph.kind == "Sequential" and all(_is_chain(model) for model in inner)


def _definitions(entries: Sequence[Entry], catalog: Catalog, sink: Sink) -> dict[str, LayerDef]:
    layers = {}
    for entry in entries:
        if isinstance(entry.definition, ModelDef):
            inner = wire(entry.definition, catalog, sink)
            if inner is not None:
                layers[entry.name] = LayerDef(name=entry.name, definition=inner, path=entry.path)
        elif entry.definition is not None:
            layers[entry.name] = LayerDef(
                name=entry.name, definition=entry.definition, path=entry.path
            )
    return layers


def _call(entry: Entry, takes: Takes, layers: Mapping[str, LayerDef], catalog: Catalog) -> Call:
    layer = layers[entry.reuses or entry.name]
    call = Call(
        name=entry.name,
        layer=layer.name,
        arguments=entry.call_arguments,
        path=entry.path,
    )
    if isinstance(layer.definition, ModelGraph):
        if isinstance(takes, Mapping):
            named = takes
            takes = tuple(
                named[item.name] for item in layer.definition.inputs if item.name in named
            )
        return replace(call, operands=(takes,))
    if isinstance(takes, Mapping):
        return replace(call, keyword_operands=takes)
    if isinstance(takes, tuple) and _spreads(layer.definition, catalog):
        return replace(call, operands=takes)
    return replace(call, operands=(takes,))


def _spreads(definition: ObjectDef, catalog: Catalog) -> bool:
    """Whether a list goes in as several arguments: where several are required, or `*args`."""
    entry: ClassEntry | None = catalog.find(definition.cls, STEP_KINDS)
    if entry is None:
        return False
    required = [p for p in entry.call.values() if p.required and p.tensor]
    return len(required) > 1 or any(p.variadic for p in entry.call.values())


def _check_alive(
    model: ModelDef,
    inputs: Sequence[InputDef],
    takes: Mapping[str, Takes],
    outputs: Sequence[TensorRef],
    sink: Sink,
) -> None:
    """Reports inputs and entries that no output of the model comes from."""
    alive: set[str] = set()
    waiting = [reference.name for reference in outputs]
    while waiting:
        name = waiting.pop()
        if name not in alive:
            alive.add(name)
            waiting += [reference.name for reference in references_in(takes.get(name))]
    for entry in model.entries:
        if entry.name not in alive:
            sink.report(
                "KG304",
                f"nothing takes `{entry.name}`, and it is no output",
                key=entry.path,
                at="key",
                help=f"name it under `outputs`, or take it out with `{_taking_out(entry, sink)}`",
            )
    for item in inputs:
        if item.name not in alive:
            sink.report("KG304", f"nothing takes the input `{item.name}`", key=item.path, at="key")


def _taking_out(entry: Entry, sink: Sink) -> str:
    """The override that takes an entry out: one that was expanded has no key of its own."""
    if sink.locate(entry.path, "key").key == entry.path:
        return f"~{entry.path}"
    return f"'~{entry.path.partition('.')[0]}.layers[{entry.name}]'"


def _kind(
    model: ModelDef, inputs: Sequence[InputDef], sink: Sink
) -> Literal["Sequential", "Functional"]:
    chain = len(inputs) == 1 and not any(
        entry.takes is not None
        or entry.reuses is not None
        or entry.call_arguments
        or (isinstance(entry.definition, ObjectDef) and entry.definition.cls.startswith("ops."))
        for entry in model.entries
    )
    last = model.entries[-1].name
    chain = chain and (
        model.outputs is None
        or (isinstance(model.outputs, TensorRef) and model.outputs.name == last)
    )
    if model.kind == "Sequential" and not chain:
        sink.report(
            "KG307",
            "a Sequential model is a plain chain of layers with one input",
            key=f"{model.path}.class",
            help="take `class: Sequential` out, or `from`, `is`, `with`, ops and `outputs`",
        )
    return model.kind or ("Sequential" if chain else "Functional")
