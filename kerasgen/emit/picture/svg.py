"""A drawing of a model as SVG text.

This room owns the markup, and that no text of a config can become any. It knows no model beyond
handing it to `scene`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from kerasgen.emit.picture.appearance import (
    FILLS,
    FRAME,
    FRAME_RADIUS,
    LINE,
    LINE_WIDTH,
    PlacedText,
    arrow_head,
    before_arrow,
    box_radius,
    box_texts,
    curve_handles,
    edge_label,
    frame_texts,
    scene_title,
    sheet_below,
)
from kerasgen.emit.picture.folding import EVERYTHING_OPEN, Closed
from kerasgen.emit.picture.scene import Box, Edge, Frame, Scene, draw_scene
from kerasgen.ir.graph import ModelGraph
from kerasgen.passes.shapes import Specs

_FONTS = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"


def to_svg(graph: ModelGraph, specs: Specs, closed: Mapping[str, Closed] = EVERYTHING_OPEN) -> str:
    """Draws a model as a self-contained SVG document.

    Args:
        graph: the model.
        specs: the specs of its tensors; what is not there is drawn without a shape.
        closed: full name of a call that is drawn as one box to what stands in it.
    """
    return paint_svg(draw_scene(graph, specs, closed))


def paint_svg(scene: Scene) -> str:
    """A scene as a self-contained SVG document: no scripts, no links, no fonts from elsewhere."""
    size = f'width="{_number(scene.width)}" height="{_number(scene.height)}"'
    box = f'viewBox="0 0 {_number(scene.width)} {_number(scene.height)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} role="img" '
        f"font-family={quoteattr(_FONTS)}>",
        f"<title>{_escaped(scene.title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(scene_title(scene)),
    ]
    parts += [_frame(frame) for frame in scene.frames]
    parts += [_edge(edge) for edge in scene.edges]
    parts += [_box(box) for box in scene.boxes]
    return "\n".join([*parts, "</svg>", ""])


def _text(placed: PlacedText) -> str:
    weight = ' font-weight="bold"' if placed.bold else ""
    anchor = "middle" if placed.centered else "start"
    return (
        f'<text x="{_number(placed.x)}" y="{_number(placed.baseline)}" '
        f'font-size="{_number(placed.size)}" fill="{placed.ink}" text-anchor="{anchor}"{weight}>'
        f"{_escaped(placed.text)}</text>"
    )


def _box(box: Box) -> str:
    dash = ' stroke-dasharray="4 3"' if box.kind == "again" else ""
    below = sheet_below(box)
    sheets = [box] if below is None else [below, box]
    return _group(
        box.name,
        *(_rectangle(sheet, FILLS[box.tone], box_radius(box), dash) for sheet in sheets),
        *map(_text, box_texts(box)),
    )


def _frame(frame: Frame) -> str:
    return _group(
        frame.name, _rectangle(frame, FRAME, FRAME_RADIUS), *map(_text, frame_texts(frame))
    )


def _rectangle(item: Box | Frame, colors: tuple[str, str], radius: float, dash: str = "") -> str:
    fill, stroke = colors
    return (
        f'<rect x="{_number(item.x)}" y="{_number(item.y)}" width="{_number(item.width)}" '
        f'height="{_number(item.height)}" rx="{_number(radius)}" fill="{fill}" '
        f'stroke="{stroke}"{dash}/>'
    )


def _group(title: str, *parts: str) -> str:
    """What belongs together, with the title that a reader sees above it."""
    return f"<g><title>{_escaped(title)}</title>{''.join(parts)}</g>"


def _edge(edge: Edge) -> str:
    first, *_ = points = before_arrow(edge.points)
    way = [f"M{_number(first[0])} {_number(first[1])}"]
    for begin, end in pairwise(points):
        if begin[0] == end[0]:
            way.append(f"V{_number(end[1])}")
        else:
            numbers = [number for point in (*curve_handles(begin, end), end) for number in point]
            way.append("C" + " ".join(_number(number) for number in numbers))
    head = " ".join(f"{_number(x)},{_number(y)}" for x, y in arrow_head(edge.points))
    parts = [
        f'<path d="{"".join(way)}" fill="none" stroke="{LINE}" stroke-width="{LINE_WIDTH}"/>',
        f'<polygon points="{head}" fill="{LINE}"/>',
    ]
    if label := edge_label(edge):
        parts.append(_text(label))
    return _group(edge.meaning, *parts)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _escaped(text: str) -> str:
    """Text that XML may hold: markup is escaped, and what XML forbids is replaced."""
    allowed = (c if c.isprintable() or c in "\t\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return escape("".join(allowed))
