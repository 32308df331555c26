"""A drawing of a model as data: boxes, frames and lines with their places.

This room owns what is drawn and where; how it is painted is the business of the painters, which
know no model. A nested model is a frame around a drawing of its own, or one box where it is closed;
the layer of a shared definition is drawn in full at its first call, and each later call is a box
that points back.

The shape of a tensor stands in the box that makes it. A line repeats it where it passes by other
boxes, and where the call gives the tensor a name or takes one output of several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from kerasgen.emit.picture.captions import (
    SUMMARY_LENGTH,
    Tone,
    named_outputs,
    shortened,
    shortened_name,
    shown_spec,
    summarize_call,
    text_width,
    tone_of,
)
from kerasgen.emit.picture.folding import EVERYTHING_OPEN, Closed, Sketch
from kerasgen.emit.picture.positions import Point, Positions, place_boxes
from kerasgen.emit.picture.rows import Link
from kerasgen.emit.picture.wires import Wire, tensor_shape, wire_label, wires_of
from kerasgen.ir.graph import Call, ModelGraph
from kerasgen.ir.model import TensorRef
from kerasgen.passes.shapes import Specs

Style: TypeAlias = Literal["name", "class", "shape", "mark", "label"]
"""What a line of text says, by which a painter chooses its looks."""

TEXT_SIZES: Mapping[Style, float] = {
    "name": 12.0,
    "class": 10.5,
    "shape": 10.0,
    "mark": 10.0,
    "label": 9.5,
}

LINE_HEIGHT = 15.0
TITLE_HEIGHT = 24.0
MARGIN = 20.0
OUTPUT = "output:"
"""What leads the full name of an output, which may be called like the call that makes it."""

_PADDING = 12.0
_LEAST_WIDTH = 96.0
_MOST_SHAPES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One line of text in a box.

    Attributes:
        text: the text.
        style: what it says.
    """

    text: str
    style: Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One input, call or output.

    Attributes:
        name: full name of the tensor, `outer/inner` inside a nested model; an output's begins
            with `OUTPUT`.
        kind: what it is; `again` is a further call of a shared layer, `part` one that is closed.
        tone: which boxes it looks like.
        lines: what stands in it, from top to bottom.
        x: left edge.
        y: upper edge.
        width: its width.
        height: its height.
    """

    name: str
    kind: Literal["input", "call", "part", "again", "output"]
    tone: Tone
    lines: tuple[TextLine, ...]
    x: float = 0.0
    y: float = 0.0
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A nested model, drawn around its boxes.

    Attributes:
        name: full name of the call.
        title: what stands at its upper edge.
        x: left edge.
        y: upper edge.
        width: its width.
        height: its height.
    """

    name: str
    title: tuple[TextLine, ...]
    x: float = 0.0
    y: float = 0.0
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The tensors that go from one box or frame to another.

    Attributes:
        source: full name of where they come from.
        target: full name of where they go.
        points: its way, as in `positions.Route`.
        label: what stands beside it, empty for nothing.
        place: middle of the left edge of the label.
        meaning: the tensors and their shapes in full.
    """

    source: str
    target: str
    points: tuple[Point, ...]
    label: str
    place: Point | None
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A whole drawing.

    Attributes:
        title: what is drawn.
        width: its width, in the unit of the text sizes.
        height: its height.
        boxes: inputs, calls and outputs.
        frames: nested models, outer ones first.
        edges: the lines.
    """

    title: str
    width: float
    height: float
    boxes: tuple[Box, ...]
    frames: tuple[Frame, ...]
    edges: tuple[Edge, ...]


def draw_scene(
    graph: ModelGraph, specs: Specs, closed: Mapping[str, Closed] = EVERYTHING_OPEN
) -> Scene:
    """Draws a model.

    Args:
        graph: the model.
        specs: the specs of its tensors; a tensor that is not there is drawn without a shape.
        closed: full name of a call that is drawn as one box to what stands in it.
    """
    sketch = Sketch(graph=graph, specs=specs, closed=closed)
    title = f"{shortened_name(graph.name)} ({graph.kind})"
    inner = _draw(graph, sketch, "")
    width = max(inner.width, text_width(title, 14.0, bold=True)) + 2 * MARGIN
    moved = _moved(inner, (width - inner.width) / 2, MARGIN + TITLE_HEIGHT)
    return replace(moved, title=title, width=width, height=inner.height + 2 * MARGIN + TITLE_HEIGHT)


def _draw(graph: ModelGraph, sketch: Sketch, prefix: str) -> Scene:
    """A drawing without title and margin; `prefix` leads the names of its tensors."""
    ends = named_outputs(graph)
    if prefix and len(ends) == 1:
        ends = []  # Inside a frame the only output is plain to see, and room is short.
    nodes = list(_nodes(graph, ends, sketch, prefix))
    wires = list(wires_of(graph, ends))
    labels = [wire_label(wire, sketch.specs, prefix) for wire in wires]
    links = [
        Link(
            source=wire.source,
            target=wire.target,
            label=text_width(label, TEXT_SIZES["label"]) + 4 if label else 0.0,
            labelled=any(name or ref.index is not None for name, ref in wire.taken),
        )
        for wire, label in zip(wires, labels, strict=True)
    ]
    positions = place_boxes([(node.width, node.height) for node in nodes], links)
    boxes: list[Box] = []
    frames: list[Frame] = []
    edges = list(_edges(wires, labels, positions, nodes, sketch.specs, prefix))
    for node, (x, y) in zip(nodes, positions.centers, strict=True):
        left, top = x - node.width / 2, y - node.height / 2
        if isinstance(node, Box):
            boxes.append(replace(node, x=left, y=top))
        else:
            placed = _moved(node, left, top)
            boxes += placed.boxes
            frames += placed.frames
            edges += placed.edges
    return Scene(
        title="",
        width=positions.width,
        height=positions.height,
        boxes=tuple(boxes),
        frames=tuple(frames),
        edges=tuple(edges),
    )


def _nodes(
    graph: ModelGraph, ends: Sequence[tuple[str, TensorRef]], sketch: Sketch, prefix: str
) -> Iterator[Box | Scene]:
    """What stands in the drawing: inputs, calls, outputs; an open model is a framed scene."""
    for item in graph.inputs:
        lines = [TextLine(text="input", style="class"), *_shapes(sketch.specs, prefix + item.name)]
        yield _box(prefix + item.name, item.name, "input", "end", lines)
    met: set[str] = set()
    for call in graph.calls:
        definition = graph.layers[call.layer].definition
        shut = prefix + call.name in sketch.closed or call.layer in met
        if isinstance(definition, ModelGraph) and not shut:
            yield _framed(graph, call, definition, sketch, prefix)
        else:
            yield _call_box(graph, call, sketch, prefix, again=call.layer in met)
        met.add(call.layer)
    for name, _ in ends:
        lines = [TextLine(text="output", style="class")]
        yield _box(f"{prefix}{OUTPUT}{name}", name, "output", "end", lines)


def _call_box(graph: ModelGraph, call: Call, sketch: Sketch, prefix: str, *, again: bool) -> Box:
    """The box of a call; `again` is a further call of a shared layer."""
    definition = graph.layers[call.layer].definition
    cls = definition.kind if isinstance(definition, ModelGraph) else definition.cls
    if (part := sketch.closed.get(prefix + call.name)) is not None:
        cls = part.label
    summary = "" if again else summarize_call(definition, call)
    text = f"{cls}  {summary}" if summary else cls
    lines = [TextLine(text=shortened(text, SUMMARY_LENGTH + len(cls)), style="class")]
    lines += _shapes(sketch.specs, prefix + call.name)
    if part is not None and part.counts and not again:
        lines.append(TextLine(text=part.counts, style="shape"))
    if mark := _mark(graph, call, again=again):
        lines.append(mark)
    kind: Literal["again", "part", "call"] = (
        "again" if again else "call" if part is None else "part"
    )
    return _box(prefix + call.name, call.name, kind, tone_of(definition), lines)


def _mark(graph: ModelGraph, call: Call, *, again: bool) -> TextLine | None:
    if again:
        return TextLine(text=f"same layer as {shortened_name(call.layer)}", style="mark")
    calls = sum(other.layer == call.layer for other in graph.calls)
    return TextLine(text=f"shared: {calls} calls", style="mark") if calls > 1 else None


def _framed(
    graph: ModelGraph, call: Call, definition: ModelGraph, sketch: Sketch, prefix: str
) -> Scene:
    """The drawing of a nested model in its frame, which stands where the call would."""
    name = prefix + call.name
    inner = _draw(definition, sketch, f"{prefix}{call.layer}/")
    title = [TextLine(text=shortened_name(call.name), style="name")]
    title.append(TextLine(text=definition.kind, style="class"))
    title += _shapes(sketch.specs, name)
    if mark := _mark(graph, call, again=False):
        title.append(mark)
    needed = sum(_line_width(line) + 8 for line in title) - 8
    width = max(inner.width, needed) + 2 * _PADDING
    height = inner.height + 2 * _PADDING + TITLE_HEIGHT
    placed = _moved(inner, (width - inner.width) / 2, _PADDING + TITLE_HEIGHT)
    frame = Frame(name=name, title=tuple(title), width=width, height=height)
    return replace(placed, title=name, width=width, height=height, frames=(frame, *placed.frames))


def _box(
    name: str,
    shown: str,
    kind: Literal["input", "call", "part", "again", "output"],
    tone: Tone,
    lines: Sequence[TextLine],
) -> Box:
    """A box as large as its texts; where it stands is not known yet."""
    every = (TextLine(text=shortened_name(shown), style="name"), *lines)
    return Box(
        name=name,
        kind=kind,
        tone=tone,
        lines=every,
        width=max(_LEAST_WIDTH, *(_line_width(line) + 2 * _PADDING for line in every)),
        height=len(every) * LINE_HEIGHT + _PADDING,
    )


def _shapes(specs: Specs, name: str) -> list[TextLine]:
    shapes = [shown_spec(spec) for spec in specs.get(name, ())]
    if len(shapes) > _MOST_SHAPES:
        shapes[_MOST_SHAPES - 1 :] = [f"and {len(shapes) - _MOST_SHAPES + 1} more"]
    return [TextLine(text=shape, style="shape") for shape in shapes]


def _line_width(line: TextLine) -> float:
    return text_width(line.text, TEXT_SIZES[line.style], bold=line.style == "name")


def _edges(
    wires: Sequence[Wire],
    labels: Sequence[str],
    positions: Positions,
    nodes: Sequence[Box | Scene],
    specs: Specs,
    prefix: str,
) -> Iterator[Edge]:
    """The lines, with what each says in full; the names are those of the nodes."""
    names = [node.name if isinstance(node, Box) else node.title for node in nodes]
    for wire, label, route in zip(wires, labels, positions.routes, strict=True):
        meanings = []
        for argument, reference in wire.taken:
            index = "" if reference.index is None else f".{reference.index}"
            shape = tensor_shape(reference, specs, prefix)
            tensor = f"{prefix}{reference.name}{index}"
            meanings.append(" ".join(filter(None, (argument, tensor, shape))))
        yield Edge(
            source=names[wire.source],
            target=names[wire.target],
            points=route.points,
            label=label if route.label else "",
            place=route.label,
            meaning=", ".join(meanings),
        )


def _moved(scene: Scene, x: float, y: float) -> Scene:
    """A drawing with everything in it shifted."""

    def shift(point: Point) -> Point:
        return point[0] + x, point[1] + y

    return replace(
        scene,
        boxes=tuple(replace(box, x=box.x + x, y=box.y + y) for box in scene.boxes),
        frames=tuple(replace(frame, x=frame.x + x, y=frame.y + y) for frame in scene.frames),
        edges=tuple(
            replace(
                edge,
                points=tuple(shift(point) for point in edge.points),
                place=shift(edge.place) if edge.place else None,
            )
            for edge in scene.edges
        ),
    )
