"""The lines of a drawing before they have a place: what is taken from where, and what they say.

This room owns which boxes a line joins, and its label. It must not know where the boxes stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kerasgen.emit.picture.captions import shown_spec
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import Operand, TensorRef
from kerasgen.ir.walks import references_in
from kerasgen.passes.shapes import Specs


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The tensors that one node takes from another: node indices, arguments, references."""

    source: int
    target: int
    taken: tuple[tuple[str, TensorRef], ...]


def wires_of(graph: ModelGraph, ends: Sequence[tuple[str, TensorRef]]) -> Iterator[Wire]:
    """The lines by node index: inputs first, then calls, then outputs."""
    count = len(graph.inputs)
    index = {item.name: position for position, item in enumerate(graph.inputs)}
    for position, call in enumerate(graph.calls, count):
        taken: dict[int, list[tuple[str, TensorRef]]] = {}
        named: list[tuple[str, Operand]] = [("", call.operands), *call.keyword_operands.items()]
        for name, operand in named:
            for reference in references_in(operand):
                taken.setdefault(index[reference.name], []).append((name, reference))
        for source, references in taken.items():
            yield Wire(source=source, target=position, taken=tuple(references))
        index[call.name] = position
    for position, (_, reference) in enumerate(ends, count + len(graph.calls)):
        source = index[reference.name]
        yield Wire(source=source, target=position, taken=(("", reference),))


def wire_label(wire: Wire, specs: Specs, prefix: str) -> str:
    """What a line says: argument, which output, and shape; tensors of one shape share it."""
    chosen: dict[str, list[str]] = {}
    for argument, reference in wire.taken:
        indices = chosen.setdefault(argument, [])
        if reference.index is not None:
            indices.append(f".{reference.index}")
    heads = (" ".join([argument, *indices]).strip() for argument, indices in chosen.items())
    shapes = dict.fromkeys(tensor_shape(reference, specs, prefix) for _, reference in wire.taken)
    return " ".join(filter(None, (", ".join(filter(None, heads)), *shapes)))


def tensor_shape(reference: TensorRef, specs: Specs, prefix: str) -> str:
    """The shape of one output of a tensor; empty where it is not known."""
    outputs = specs.get(prefix + reference.name, ())
    index = reference.index or 0
    return shown_spec(outputs[index]) if index < len(outputs) else ""
