"""A model with its blocks and nested models closed: as large as a person takes in at a glance.

This room owns which part of a model is drawn as one box, and what the drawing of such a part holds.
It must not know how a box looks.

Decisions:
- A part that is closed is a nested model of the graph that is drawn, be it one of the model or not:
  a painter draws it as one box, and who wants to see into it draws it alone.
- A block that is opened stands in the drawing as if it had been written out; a nested model keeps
  its frame.
- A block that is used again with the layers it made before is one more call of the same part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from kerasgen.diagnostics import SourceMap
from kerasgen.diagnostics.source_map import NOWHERE
from kerasgen.emit.picture.cuts import (
    Level,
    Tensor,
    own_layers,
    reference_to,
    renamed,
    renamed_ends,
    users_of,
    whole_pieces,
)
from kerasgen.emit.picture.pieces import Piece, pieces_of
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import InputDef, TensorRef
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.ir.walks import output_refs
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.shapes import Specs

MOST_BOXES = 48
"""Boxes up to which blocks are opened where nobody says how many levels of them."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What stands in the box of a part that is closed.

    Attributes:
        label: what it is: `block residual`, `3 x block residual`, `Functional`.
        layers: how many calls are in it, None where that is not known.
        parameters: how many weights, None where nobody has counted them.
    """

    label: str
    layers: int | None
    parameters: int | None

    @property
    def counts(self) -> str:
        """How large it is: `12 layers, 14,016 parameters`; empty where nothing is known."""
        told = []
        if self.layers is not None:
            told.append(f"{self.layers} layers" if self.layers != 1 else "1 layer")
        if self.parameters is not None:
            told.append(f"{self.parameters:,} parameters")
        return ", ".join(told)


EVERYTHING_OPEN: Mapping[str, Closed] = {}
"""No part of a model is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A model to be drawn, and what is known of it.

    Attributes:
        graph: the model.
        specs: the specs of its tensors.
        parameters: full name of a call to how many weights it has.
        source_map: where its entries were written.
        closed: full name of a call that is drawn as one box to what stands in it.
    """

    graph: ModelGraph
    specs: Specs
    parameters: Mapping[str, int] = field(default_factory=dict)
    source_map: SourceMap = NOWHERE
    closed: Mapping[str, Closed] = field(default_factory=lambda: EVERYTHING_OPEN)

    @property
    def can_be_opened(self) -> bool:
        """Whether a part of it is closed whose layers are known."""
        return any(part.layers is not None for part in self.closed.values())

    def inside(self, call: Call) -> Sketch:
        """The part that a call of the graph is, to be drawn alone."""
        definition = self.graph.layers[call.layer].definition
        assert isinstance(definition, ModelGraph), "an object has nothing inside"
        return Sketch(
            graph=definition,
            specs=dict(_below(self.specs, f"{call.layer}/")),
            closed=dict(_below(self.closed, f"{call.layer}/")),
        )


def sketch_of(program: CompiledProgram, source_map: SourceMap) -> Sketch:
    """A compiled model to be drawn, nothing of it closed."""
    return Sketch(
        graph=program.graph,
        specs=program.specs,
        parameters={layer.name: layer.parameters for layer in program.cost.layers},
        source_map=source_map,
    )


def folded(sketch: Sketch, depth: int) -> Sketch:
    """A model in which so many levels of blocks and nested models are open.

    Args:
        sketch: the model, nothing of it closed.
        depth: how many levels; 0 for none.
    """
    folding = _Folding(sketch)
    graph = folding.model(sketch.graph, "", "", depth)
    return replace(sketch, graph=graph, specs=folding.specs, closed=folding.closed)


def folded_to_read(sketch: Sketch) -> Sketch:
    """A model with as many levels open as a drawing of `MOST_BOXES` boxes has room for."""
    found, depth = folded(sketch, 0), 0
    while found.can_be_opened:
        depth += 1
        wider = folded(sketch, depth)
        if _boxes(wider.graph, wider.closed, "") > MOST_BOXES:
            break
        found = wider
    return found


def _boxes(graph: ModelGraph, closed: Mapping[str, Closed], prefix: str) -> int:
    """How many boxes a drawing has; `prefix` leads the names of the graph's tensors."""
    count = len(graph.inputs) + (0 if prefix else len(output_refs(graph.outputs)))
    met: set[str] = set()
    for call in graph.calls:
        definition = graph.layers[call.layer].definition
        if (
            isinstance(definition, ModelGraph)
            and call.layer not in met
            and f"{prefix}{call.name}" not in closed
        ):
            count += _boxes(definition, closed, f"{prefix}{call.layer}/")
        met.add(call.layer)
        count += 1
    return count


def _below(found: Mapping[str, _Value], prefix: str) -> Iterator[tuple[str, _Value]]:
    for name, value in found.items():
        if name.startswith(prefix):
            yield name.removeprefix(prefix), value


@dataclass(slots=True)
class _Layout:
    """What stands in one drawing so far.

    Attributes:
        layers: its layers.
        calls: its calls, tensors as the graph names them.
        renamed: tensors that leave a closed part to what they are called in the drawing.
        parts: the layers of a closed part to the name under which it was met first.
    """

    layers: dict[str, LayerDef] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    renamed: dict[Tensor, TensorRef] = field(default_factory=dict)
    parts: dict[tuple[str, ...], str] = field(default_factory=dict)


@dataclass(slots=True)
class _Folding:
    """The work of one folding, and what it has found so far: specs and closed parts."""

    sketch: Sketch
    specs: Specs = field(default_factory=dict)
    closed: dict[str, Closed] = field(default_factory=dict)

    def model(self, graph: ModelGraph, before: str, after: str, depth: int) -> ModelGraph:
        """A model of the sketch, folded.

        Args:
            graph: the model.
            before: what leads the names of its tensors in the sketch.
            after: what leads them in the drawing.
            depth: how many levels are open.
        """
        taken = {item.name for item in graph.inputs} | set(graph.layers)
        items = pieces_of(graph.calls, self.sketch.source_map, taken)
        level = Level(
            graph=graph,
            users=users_of(graph),
            whole=whole_pieces(items, graph),
            before=before,
            after=after,
        )
        for item in graph.inputs:
            self._keep(item.name, level)
        made = self._laid_out(items, level, depth)
        return replace(
            graph,
            layers=made.layers,
            calls=tuple(renamed(call, made.renamed) for call in made.calls),
            outputs=renamed_ends(graph.outputs, made.renamed),
        )

    def _laid_out(self, items: Sequence[Call | Piece], level: Level, depth: int) -> _Layout:
        made = _Layout()
        for item, left in _opened(items, depth, level.whole):
            if isinstance(item, Piece):
                self._add_piece(item, made, level)
            else:
                self._add_call(item, made, level, left)
        return made

    def _add_call(self, call: Call, made: _Layout, level: Level, depth: int) -> None:
        layer = level.graph.layers[call.layer]
        definition = layer.definition
        if isinstance(definition, ModelGraph) and call.layer not in made.layers:
            before, after = (f"{lead}{call.layer}/" for lead in (level.before, level.after))
            inner = self.model(definition, before, after, max(depth - 1, 0))
            layer = replace(layer, definition=inner)
        made.layers.setdefault(call.layer, layer)
        made.calls.append(call)
        self._keep(call.name, level)
        if isinstance(definition, ModelGraph):
            if depth <= 0:
                self._close(call.name, definition.kind, [call], level)
        elif definition.cls.startswith("applications."):
            self._close(call.name, definition.cls, [call], level)

    def _add_piece(self, piece: Piece, made: _Layout, level: Level) -> None:
        own = own_layers(piece, level.graph)
        ends, coming = level.leaving(piece), level.coming(piece)
        for place, end in enumerate(ends):
            made.renamed[end] = reference_to(piece.name, place if len(ends) > 1 else None)
        first = made.parts.setdefault(own, piece.name) if own else piece.name
        if first == piece.name:
            made.layers[first] = LayerDef(name=first, definition=self._part(piece, level))
        made.calls.append(
            Call(
                name=piece.name,
                layer=first,
                operands=tuple(reference_to(*tensor) for tensor in coming),
            )
        )
        specs = [self._spec(end, level) for end in ends]
        self.specs[level.after + piece.name] = tuple(spec for spec in specs if spec is not None)
        self._close(piece.name, _label(piece, level.graph), piece.calls, level)

    def _part(self, piece: Piece, level: Level) -> ModelGraph:
        """A piece as a model of its own, everything in it closed."""
        inner = replace(level, after=f"{level.after}{piece.name}/")
        made = self._laid_out(piece.items, inner, 0)
        inputs: dict[Tensor, TensorRef] = {}
        for tensor in level.coming(piece):
            inputs[tensor] = entering = TensorRef(name=reference_to(*tensor).written)
            if (spec := self._spec(tensor, level)) is not None:
                self.specs[inner.after + entering.name] = (spec,)
        ends = tuple(made.renamed.get(end, reference_to(*end)) for end in level.leaving(piece))
        return ModelGraph(
            name=piece.name,
            kind="Functional",
            inputs=tuple(InputDef(name=entering.name) for entering in inputs.values()),
            layers=made.layers,
            calls=tuple(renamed(call, {**made.renamed, **inputs}) for call in made.calls),
            outputs=ends[0] if len(ends) == 1 else ends,
        )

    def _keep(self, name: str, level: Level) -> None:
        """Keeps the specs of an input or call that stands in the drawing as it is."""
        known = self.sketch.specs.get(level.before + name)
        if known is not None:
            self.specs[level.after + name] = known

    def _spec(self, tensor: Tensor, level: Level) -> TensorSpec | None:
        specs = self.sketch.specs.get(level.before + tensor[0], ())
        place = tensor[1] or 0
        return specs[place] if place < len(specs) else None

    def _close(self, name: str, label: str, calls: Sequence[Call], level: Level) -> None:
        counts = [self.sketch.parameters.get(level.before + call.name) for call in calls]
        sizes = [_size(level.graph, call) for call in calls]
        self.closed[level.after + name] = Closed(
            label=label,
            layers=None if None in sizes else sum(size or 0 for size in sizes),
            parameters=None if None in counts else sum(count or 0 for count in counts),
        )


def _opened(
    items: Sequence[Call | Piece], depth: int, whole: frozenset[str]
) -> Iterator[tuple[Call | Piece, int]]:
    """What stands in a drawing, and how many levels are open in each of it."""
    for item in items:
        if isinstance(item, Piece) and (depth > 0 or item.name not in whole):
            left = depth - 1 if item.name in whole else depth
            yield from _opened(item.items, left, whole)
        else:
            yield item, depth


def _size(graph: ModelGraph, call: Call) -> int | None:
    """How many layers a call is; None for a ready model, whose layers nobody has counted."""
    definition = graph.layers[call.layer].definition
    if isinstance(definition, ObjectDef):
        return None if definition.cls.startswith("applications.") else 1
    sizes = [_size(definition, inner) for inner in definition.calls]
    return None if None in sizes else sum(size or 0 for size in sizes)


def _label(piece: Piece, graph: ModelGraph) -> str:
    """What a piece is: the use of a block, or how often something was repeated."""
    if piece.block is not None:
        return f"block {piece.block}"
    kinds = {
        _class(graph, item) if isinstance(item, Call) else f"block {item.block}"
        for item in piece.items
    }
    return f"{len(piece.items)} x {kinds.pop() if len(kinds) == 1 else 'entries'}"


def _class(graph: ModelGraph, call: Call) -> str:
    definition = graph.layers[call.layer].definition
    return definition.kind if isinstance(definition, ModelGraph) else definition.cls
