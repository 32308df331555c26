"""How a piece is cut out of a model: what goes into it, what leaves it, which layers are its own.

This room owns the tensors that cross the border of a piece, and what they are called beyond it. It
must not know which pieces are cut out, nor how they are drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from kerasgen.emit.picture.pieces import Piece
from kerasgen.ir.graph import Call, ModelGraph
from kerasgen.ir.model import Operand, TensorRef
from kerasgen.ir.values import ObjectDef
from kerasgen.ir.walks import output_refs, references_in

Tensor: TypeAlias = tuple[str, int | None]
"""A tensor of a graph by the name of its call, and which of its outputs it is."""

Ends: TypeAlias = TensorRef | tuple[TensorRef, ...] | Mapping[str, TensorRef]
"""What comes out of a graph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A graph of the sketch, of which one drawing is made, or several inside one another.

    Attributes:
        graph: the graph.
        users: name of a tensor to who takes it, and which of its outputs; the graph itself is "".
        whole: pieces that share no layer with what is no copy of them.
        before: what leads the names of its tensors in the sketch.
        after: what leads them in the drawing.
    """

    graph: ModelGraph
    users: Mapping[str, Sequence[tuple[str, Tensor]]]
    whole: frozenset[str]
    before: str
    after: str

    def leaving(self, piece: Piece) -> list[Tensor]:
        """The tensors of a piece that are taken outside of it; the last one where none is."""
        own = [call.name for call in piece.calls]
        inside = set(own)
        found = dict.fromkeys(
            tensor
            for name in own
            for user, tensor in self.users.get(name, ())
            if user not in inside
        )
        return list(found) or [(own[-1], None)]

    def coming(self, piece: Piece) -> list[Tensor]:
        """The tensors that a piece takes from outside."""
        inside = {call.name for call in piece.calls}
        found = dict.fromkeys(
            (reference.name, reference.index)
            for call in piece.calls
            for reference in _taken(call)
            if reference.name not in inside
        )
        return list(found)


def whole_pieces(items: Sequence[Call | Piece], graph: ModelGraph) -> frozenset[str]:
    """The pieces whose layers are called in them and in copies of them alone."""
    owned = {piece.name: own_layers(piece, graph) for piece in _pieces(items)}
    copies = Counter(owned.values())
    calls = Counter(call.layer for call in graph.calls)
    return frozenset(
        name
        for name, own in owned.items()
        if all(calls[layer] == count * copies[own] for layer, count in Counter(own).items())
    )


def _pieces(items: Sequence[Call | Piece]) -> Iterator[Piece]:
    for item in items:
        if isinstance(item, Piece):
            yield item
            yield from _pieces(item.items)


def own_layers(piece: Piece, graph: ModelGraph) -> tuple[str, ...]:
    """The layers that a piece calls, in order; an op is made anew for each call."""
    return tuple(call.layer for call in piece.calls if not _is_op(graph, call))


def _is_op(graph: ModelGraph, call: Call) -> bool:
    definition = graph.layers[call.layer].definition
    return isinstance(definition, ObjectDef) and definition.cls.startswith("ops.")


def users_of(graph: ModelGraph) -> dict[str, list[tuple[str, Tensor]]]:
    """Each tensor's name to who takes it, and which of its outputs; the graph itself is ""."""
    users: dict[str, list[tuple[str, Tensor]]] = {}
    for call in graph.calls:
        for found in _taken(call):
            users.setdefault(found.name, []).append((call.name, (found.name, found.index)))
    for found in output_refs(graph.outputs):
        users.setdefault(found.name, []).append(("", (found.name, found.index)))
    return users


def _taken(call: Call) -> Iterator[TensorRef]:
    yield from references_in(call.operands)
    yield from references_in(call.keyword_operands)


def reference_to(name: str, index: int | None) -> TensorRef:
    """A reference that is written nowhere."""
    return TensorRef(name=name, index=index)


def renamed(call: Call, names: Mapping[Tensor, TensorRef]) -> Call:
    """A call that takes tensors by the names that they have in a drawing."""
    if not any((found.name, found.index) in names for found in _taken(call)):
        return call
    return replace(
        call,
        operands=tuple(_renamed_operand(operand, names) for operand in call.operands),
        keyword_operands={
            key: _renamed_operand(operand, names) for key, operand in call.keyword_operands.items()
        },
    )


def _renamed_operand(operand: Operand, names: Mapping[Tensor, TensorRef]) -> Operand:
    if isinstance(operand, tuple):
        return tuple(_renamed_operand(item, names) for item in operand)
    if isinstance(operand, TensorRef):
        return names.get((operand.name, operand.index), operand)
    return operand


def renamed_ends(outputs: Ends, names: Mapping[Tensor, TensorRef]) -> Ends:
    """The outputs of a model by the names that their tensors have in a drawing."""
    if not any((found.name, found.index) in names for found in output_refs(outputs)):
        return outputs
    named = outputs
    if not isinstance(named, Mapping):  # They keep the names that they have by themselves.
        named = {found.written: found for found in output_refs(outputs)}
    return {key: names.get((found.name, found.index), found) for key, found in named.items()}
