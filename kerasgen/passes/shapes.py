"""The pass that infers the shape of every tensor, and says which layer does not fit and why.

It owns the walk over the graph, the blame for a shape that does not fit, and silence about what
only follows from it. What a call gives is asked of an oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from kerasgen.catalog.entries import ShapeError, ShapeOracle, UnmatchedError
from kerasgen.diagnostics import Anchor, Sink, did_you_mean
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import InputDef, TensorRef
from kerasgen.ir.values import ObjectDef, Shape, TensorSpec
from kerasgen.ir.walks import output_refs, references_in

Specs = dict[str, tuple[TensorSpec, ...]]
"""Tensor name to the specs of its outputs; a nested model's tensors are `outer/inner`."""


Refusal: TypeAlias = Callable[[Call, LayerDef, ShapeError, Specs, Sink], None]
"""Reports a call that cannot be made, with the specs so far."""


def infer_shapes(
    graph: ModelGraph,
    inputs: Mapping[str, TensorSpec],
    oracle: ShapeOracle,
    sink: Sink,
    refuse: Refusal | None = None,
) -> Specs:
    """Infers the specs of all tensors of a graph.

    Args:
        graph: the graph.
        inputs: input name to its spec, batch axis included; what depends on one that is missing
            is passed over.
        oracle: answers what a call gives; afterwards it holds the layers and tensors it made.
        sink: gets every mistake; what depends on a failed call is passed over.
        refuse: reports a call that cannot be made; None for the words of a model.

    Returns:
        Specs by name of input or call, without those that could not be inferred.
    """
    known = [item.name for item in graph.inputs if item.name in inputs]
    for name in known:
        oracle.enter(name, inputs[name])
    specs: Specs = {name: (inputs[name],) for name in known}
    chained = _chain(graph, oracle)
    if chained is not None:
        specs |= chained
    else:
        for call in graph.calls:
            if not _is_ready(call, specs, sink):
                _make_alone(graph.layers[call.layer], oracle, sink)
            elif _enter_nested(call, graph, specs, oracle, sink):
                outcome = _ask(call, graph.layers[call.layer], oracle)
                if isinstance(outcome, ShapeError):
                    (refuse or report_call)(call, graph.layers[call.layer], outcome, specs, sink)
                else:
                    specs[call.name] = outcome
    _check_outputs(graph, specs, sink)
    return specs


def compatible(first: Shape, second: Shape) -> bool:
    """Whether two shapes may be one; a size that is None may be any."""
    return len(first) == len(second) and all(
        a is None or b is None or a == b for a, b in zip(first, second, strict=True)
    )


def shown_shape(shape: Shape) -> str:
    """A shape as Keras prints it: `(None, 28, 28)`."""
    inner = ", ".join(map(str, shape))
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def _chain(graph: ModelGraph, oracle: ShapeOracle) -> Specs | None:
    """The specs of a plain chain, made at once; None if it is none, or some layer does not fit."""
    flat = all(isinstance(layer.definition, ObjectDef) for layer in graph.layers.values())
    if graph.kind != "Sequential" or not flat:
        return None
    try:
        chained = oracle.chain(graph)
    except ShapeError:
        return None  # The walk over the calls finds out which layer it is.
    if chained is None:
        return None
    return dict(zip((call.name for call in graph.calls), chained, strict=True))


def _references(call: Call) -> Iterator[TensorRef]:
    yield from references_in(call.operands)
    yield from references_in(call.keyword_operands)


def _is_ready(call: Call, specs: Specs, sink: Sink) -> bool:
    """Whether all that a call takes is known; what follows from an earlier mistake is not told."""
    references = list(_references(call))
    by_default = [reference.path for reference in references] == [call.path]
    return all(reference.name in specs for reference in references) and all(
        _check_index(reference, specs, sink, "from", at="key" if by_default else "value")
        for reference in references
    )


def _make_alone(layer: LayerDef, oracle: ShapeOracle, sink: Sink) -> None:
    """Makes a layer that cannot be called, so that what is wrong with its arguments is told too."""
    if isinstance(layer.definition, ObjectDef) and not oracle.has(layer.name):
        try:
            oracle.make(layer)
        except ShapeError as error:
            _report_refused(layer, layer.definition, error, sink)


def _check_outputs(graph: ModelGraph, specs: Specs, sink: Sink) -> bool:
    """Whether every output is one tensor; those that are not known are passed over."""
    paths = {call.path for call in graph.calls}
    good = [
        _check_index(
            reference, specs, sink, "outputs", at="key" if reference.path in paths else "value"
        )
        for reference in output_refs(graph.outputs)
        if reference.name in specs
    ]
    return all(good)


def _enter_nested(
    call: Call, graph: ModelGraph, specs: Specs, oracle: ShapeOracle, sink: Sink
) -> bool:
    """Makes the nested model of a call where it is not made yet; False if that fails."""
    definition = graph.layers[call.layer].definition
    if not isinstance(definition, ModelGraph) or oracle.has(call.layer):
        return True
    inner = _infer_nested(call, definition, specs, oracle, sink)
    if inner is None:
        return False
    specs |= {f"{call.layer}/{name}": found for name, found in inner.items()}
    return True


def _check_index(
    reference: TensorRef, specs: Specs, sink: Sink, written: str, *, at: Anchor
) -> bool:
    """Whether a reference chooses a tensor that there is; `written` is the key that holds it."""
    outputs = specs[reference.name]
    if reference.index is None and len(outputs) > 1:
        sink.report(
            "KG306",
            f"`{reference.name}` gives {len(outputs)} tensors, and one must be chosen",
            key=reference.path,
            at=at,
            help=f"write `{written}: {reference.name}.0` for the first",
        )
        return False
    if reference.index is not None and reference.index >= len(outputs):
        given = "one tensor" if len(outputs) == 1 else f"{len(outputs)} tensors, from 0"
        sink.report(
            "KG301",
            f"`{reference.name}.{reference.index}` is not there: `{reference.name}` gives {given}",
            key=reference.path,
            at=at,
        )
        return False
    return True


def _infer_nested(
    call: Call, graph: ModelGraph, specs: Specs, oracle: ShapeOracle, sink: Sink
) -> Specs | None:
    """Infers a nested model on the tensors of its first call, and gives it to the oracle."""
    coming = [_spec_of(reference, specs) for reference in references_in(call.operands)]
    if len(coming) != len(graph.inputs):
        has, given = (_counted(len(graph.inputs), "input"), _counted(len(coming), "tensor"))
        sink.report("KG401", f"`{call.layer}` has {has} and is given {given}", key=_taken_key(call))
        return None
    inputs = {}
    for item, spec in zip(graph.inputs, coming, strict=True):
        if not _fits_declared(item, spec):
            sink.report(
                "KG401",
                f"the input `{item.name}` of `{call.layer}` is declared as "
                f"{shown_shape((None, *(item.shape or ())))} and is given "
                f"{shown_shape(spec.shape)}",
                key=f"{item.path}.shape",
            )
            return None
        rows = item.batch_size or spec.shape[0]
        shape = (rows, *(spec.shape[1:] if item.shape is None else item.shape))
        inputs[item.name] = TensorSpec(shape=shape, dtype=item.dtype or spec.dtype)
    child = oracle.child()
    inner = infer_shapes(graph, inputs, child, sink)
    # Not the number of errors: a second call of a faulty model finds the same ones again.
    complete = all(call.name in inner for call in graph.calls)
    if not complete or not _check_outputs(graph, inner, sink):
        return None
    oracle.adopt(call.layer, graph, child)
    return inner


def _fits_declared(item: InputDef, spec: TensorSpec) -> bool:
    if item.shape is None:
        return True
    pairs = zip(item.shape, spec.shape[1:], strict=False)
    return len(item.shape) == len(spec.shape) - 1 and all(
        a is None or b is None or a == b for a, b in pairs
    )


def _spec_of(reference: TensorRef, specs: Specs) -> TensorSpec:
    return specs[reference.name][reference.index or 0]


def _ask(call: Call, layer: LayerDef, oracle: ShapeOracle) -> tuple[TensorSpec, ...] | ShapeError:
    try:
        return oracle.call(call, layer)
    except ShapeError as error:
        return error


def report_call(
    call: Call,
    layer: LayerDef,
    error: ShapeError,
    specs: Specs,
    sink: Sink,
    hint: str | None = None,
) -> None:
    """Reports a call that has no shape, by what the engine said of it.

    Args:
        call: the call.
        layer: its layer.
        error: what the engine said.
        specs: the specs so far.
        sink: gets the mistake.
        hint: what helps against tensors of unknown width.
    """
    if error.refused and isinstance(layer.definition, ObjectDef):
        _report_refused(layer, layer.definition, error, sink)
        return
    cls = f" ({layer.definition.cls})" if isinstance(layer.definition, ObjectDef) else ""
    if error.unusable:
        sink.report(
            "KG307", f"`{call.name}`{cls} cannot be an entry: {error}", key=call.path, at="key"
        )
        return
    coming = _coming(call, specs)
    unknown = any(None in _spec_of(taken, specs).shape[1:] for taken in _references(call))
    sink.report(
        "KG401",
        f"`{call.name}`{cls} cannot take {_listed(coming)}: {error}",
        key=call.path,
        at="key",
        help=hint if unknown else None,
        notes=[f"`{name}` has shape {shape}" for name, shape in coming] if coming[1:] else (),
    )


def _report_refused(layer: LayerDef, definition: ObjectDef, error: ShapeError, sink: Sink) -> None:
    definition = error.definition or definition
    path = definition.path or layer.path
    if isinstance(error, UnmatchedError):
        for argument, pattern in error.patterns.items():
            sink.report(
                "KG110",
                f"no layer of `{definition.cls}` has the class or the name `{pattern}`",
                key=f"{path}.{argument}",
                at="value" if argument.rpartition(".")[2].isdigit() else "key",
                help=did_you_mean(pattern.strip("*?"), error.known, listed=12),
            )
        return
    inside = error.argument in definition.arguments
    sink.report(
        "KG206",
        f"`{definition.cls}` refuses its arguments: {error}",
        key=f"{path}.{error.argument}" if inside else path,
        at="value" if inside else "key",
    )


def _taken_key(call: Call) -> str:
    """Where it is written what a call takes: at `from`, or nowhere but at the entry."""
    taken = next(_references(call), None)
    return call.path if taken is not None and taken.path == call.path else f"{call.path}.from"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _coming(call: Call, specs: Specs) -> list[tuple[str, str]]:
    references: Sequence[TensorRef] = list(_references(call))
    return [
        (reference.written, shown_shape(_spec_of(reference, specs).shape))
        for reference in references
    ]


def _listed(coming: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{shape} from `{name}`" for name, shape in coming) or "these tensors"
