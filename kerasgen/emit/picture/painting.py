"""The painters: a scene as SVG text and as a PNG picture.

This room owns colors, fonts and strokes, and that no text of a config can become markup or
mathematics. Both painters take every place from the scene, so that their pictures agree.

No meaning hangs on a color alone, since not all people see the same ones: the class is written in
every box, and a repeated call has a dashed edge.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape, quoteattr

from kerasgen.emit.picture.captions import Tone, text_width
from kerasgen.emit.picture.positions import Point
from kerasgen.emit.picture.scene import (
    LINE_HEIGHT,
    MARGIN,
    TEXT_SIZES,
    TITLE_HEIGHT,
    Box,
    Edge,
    Frame,
    Scene,
    Style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FILLS: Mapping[Tone, tuple[str, str]] = {
    "end": ("#f4f4f5", "#71717a"),
    "dense": ("#dbeafe", "#3b6fb6"),
    "convolution": ("#fdeccd", "#c17d11"),
    "pooling": ("#fbdcd6", "#c0553f"),
    "normalization": ("#e3f1e1", "#5b8f55"),
    "activation": ("#fdf6cf", "#a8962a"),
    "regularization": ("#efe9f7", "#8468ad"),
    "recurrent": ("#d9f0ee", "#2f857d"),
    "attention": ("#fae0ee", "#b44a86"),
    "merging": ("#e4e7ec", "#566176"),
    "reshaping": ("#eeeeea", "#84836f"),
    "plain": ("#ffffff", "#71717a"),
}
"""Fill and stroke of each tone."""

_INKS: Mapping[Style, str] = {
    "name": "#18181b",
    "class": "#27272a",
    "shape": "#52525b",
    "mark": "#7c2d12",
    "label": "#52525b",
}
_LINE = "#71717a"
_FRAME = ("#fafafa", "#a1a1aa")
_TITLE_SIZE = 14.0
_ARROW = (7.0, 3.2)
"""Length and half the width of an arrow's head."""

_FONTS = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"
_SCALE = 2.0
"""Pixels for each unit of the scene."""

_MOST_PIXELS = 48_000_000
_MOST_SIDE = 60_000
"""Limits of a picture: a very deep model is drawn smaller instead of filling the memory."""


def paint_svg(scene: Scene) -> str:
    """A scene as a self-contained SVG document: no scripts, no links, no fonts from elsewhere."""
    size = f'width="{_number(scene.width)}" height="{_number(scene.height)}"'
    box = f'viewBox="0 0 {_number(scene.width)} {_number(scene.height)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} role="img" '
        f"font-family={quoteattr(_FONTS)}>",
        f"<title>{_escaped(scene.title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _svg_text(scene.title, MARGIN, MARGIN + 6, _TITLE_SIZE, _INKS["name"], bold=True),
    ]
    parts += [_svg_frame(frame) for frame in scene.frames]
    parts += [_svg_edge(edge) for edge in scene.edges]
    parts += [_svg_box(box) for box in scene.boxes]
    return "\n".join([*parts, "</svg>", ""])


def paint_png(scene: Scene) -> bytes:
    """A scene as the bytes of a PNG picture, twice as large as the SVG where that is sensible."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    scale = min(
        _SCALE,
        _MOST_SIDE / max(scene.width, scene.height),
        math.sqrt(_MOST_PIXELS / (scene.width * scene.height)),
    )
    figure = Figure(figsize=(scene.width / 72, scene.height / 72), dpi=72 * scale)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0.0, scene.width)
    axes.set_ylim(scene.height, 0.0)
    for frame in scene.frames:
        _png_frame(axes, frame)
    for edge in scene.edges:
        _png_edge(axes, edge)
    for box in scene.boxes:
        _png_box(axes, box)
    _png_text(axes, scene.title, MARGIN, MARGIN + 6, _TITLE_SIZE, _INKS["name"], bold=True)
    stream = io.BytesIO()
    with warnings.catch_warnings():
        # A character that the font lacks becomes an empty box; there is nothing to mend.
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _escaped(text: str) -> str:
    """Text that XML may hold: markup is escaped, and what XML forbids is replaced."""
    allowed = (c if c.isprintable() or c in "\t\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return escape("".join(allowed))


def _svg_text(
    text: str,
    x: float,
    y: float,
    size: float,
    ink: str,
    *,
    bold: bool = False,
    anchor: Literal["start", "middle"] = "start",
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    # The middle of lower-case letters lies about a third of the size above the baseline.
    return (
        f'<text x="{_number(x)}" y="{_number(y + size * 0.35)}" font-size="{_number(size)}" '
        f'fill="{ink}" text-anchor="{anchor}"{weight}>{_escaped(text)}</text>'
    )


def _svg_box(box: Box) -> str:
    fill, stroke = _FILLS[box.tone]
    dash = ' stroke-dasharray="4 3"' if box.kind == "again" else ""
    radius = _radius(box)
    parts = [
        f"<g><title>{_escaped(box.name)}</title>",
        f'<rect x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" '
        f'height="{_number(box.height)}" rx="{_number(radius)}" fill="{fill}" '
        f'stroke="{stroke}"{dash}/>',
    ]
    for text, style, x, y in _box_texts(box):
        bold = style == "name"
        parts.append(
            _svg_text(text, x, y, TEXT_SIZES[style], _INKS[style], bold=bold, anchor="middle")
        )
    return "".join([*parts, "</g>"])


def _svg_frame(frame: Frame) -> str:
    fill, stroke = _FRAME
    parts = [
        f"<g><title>{_escaped(frame.name)}</title>",
        f'<rect x="{_number(frame.x)}" y="{_number(frame.y)}" width="{_number(frame.width)}" '
        f'height="{_number(frame.height)}" rx="8" fill="{fill}" stroke="{stroke}"/>',
    ]
    for text, style, x, y in _frame_texts(frame):
        parts.append(_svg_text(text, x, y, TEXT_SIZES[style], _INKS[style], bold=style == "name"))
    return "".join([*parts, "</g>"])


def _svg_edge(edge: Edge) -> str:
    first, *_ = points = _shortened(edge.points)
    way = [f"M{_number(first[0])} {_number(first[1])}"]
    for begin, end in pairwise(points):
        if begin[0] == end[0]:
            way.append(f"V{_number(end[1])}")
        else:
            numbers = [number for point in (*_handles(begin, end), end) for number in point]
            way.append("C" + " ".join(_number(number) for number in numbers))
    head = " ".join(f"{_number(x)},{_number(y)}" for x, y in _arrow(edge.points))
    parts = [
        f"<g><title>{_escaped(edge.meaning)}</title>",
        f'<path d="{"".join(way)}" fill="none" stroke="{_LINE}" stroke-width="1.2"/>',
        f'<polygon points="{head}" fill="{_LINE}"/>',
    ]
    if edge.place is not None and edge.label:
        parts.append(_svg_text(edge.label, *edge.place, TEXT_SIZES["label"], _INKS["label"]))
    return "".join([*parts, "</g>"])


def _radius(box: Box) -> float:
    return box.height / 2 if box.tone == "end" else 5.0


def _box_texts(box: Box) -> Iterator[tuple[str, Style, float, float]]:
    """The lines of a box with the middle of each."""
    top = box.y + (box.height - len(box.lines) * LINE_HEIGHT) / 2
    for number, line in enumerate(box.lines):
        yield line.text, line.style, box.x + box.width / 2, top + (number + 0.5) * LINE_HEIGHT


def _frame_texts(frame: Frame) -> Iterator[tuple[str, Style, float, float]]:
    """The parts of a frame's title with the left end of each."""
    x = frame.x + 12
    for part in frame.title:
        yield part.text, part.style, x, frame.y + TITLE_HEIGHT / 2 + 3
        x += text_width(part.text, TEXT_SIZES[part.style], bold=part.style == "name") + 8


def _handles(begin: Point, end: Point) -> tuple[Point, Point]:
    """The control points of a curve that is vertical at both ends."""
    middle = (begin[1] + end[1]) / 2
    return (begin[0], middle), (end[0], middle)


def _shortened(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The way of a line without the room for the arrow's head."""
    x, y = points[-1]
    return (*points[:-1], (x, y - _ARROW[0] + 1))


def _arrow(points: tuple[Point, ...]) -> tuple[Point, Point, Point]:
    x, y = points[-1]
    length, half = _ARROW
    return (x, y), (x - half, y - length), (x + half, y - length)


def _png_text(
    axes: Axes,
    text: str,
    x: float,
    y: float,
    size: float,
    ink: str,
    *,
    bold: bool = False,
    anchor: Literal["left", "center"] = "left",
) -> None:
    # matplotlib would read text between dollar signs as mathematics.
    axes.text(
        x,
        y + size * 0.35,
        "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text),
        fontsize=size,
        fontfamily="DejaVu Sans",
        fontweight="bold" if bold else "normal",
        color=ink,
        horizontalalignment=anchor,
        verticalalignment="baseline",
        parse_math=False,
    )


def _png_box(axes: Axes, box: Box) -> None:
    fill, stroke = _FILLS[box.tone]
    line: Literal["solid", "dashed"] = "dashed" if box.kind == "again" else "solid"
    _png_rectangle(axes, box, fill, stroke, _radius(box), line)
    for text, style, x, y in _box_texts(box):
        bold = style == "name"
        size, ink = TEXT_SIZES[style], _INKS[style]
        _png_text(axes, text, x, y, size, ink, bold=bold, anchor="center")


def _png_frame(axes: Axes, frame: Frame) -> None:
    _png_rectangle(axes, frame, *_FRAME, 8.0, "solid")
    for text, style, x, y in _frame_texts(frame):
        _png_text(axes, text, x, y, TEXT_SIZES[style], _INKS[style], bold=style == "name")


def _png_rectangle(
    axes: Axes,
    item: Box | Frame,
    fill: str,
    stroke: str,
    radius: float,
    line: Literal["solid", "dashed"],
) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (item.x, item.y),
            item.width,
            item.height,
            boxstyle=f"round,pad=0,rounding_size={radius}",
            facecolor=fill,
            edgecolor=stroke,
            linewidth=1.0,
            linestyle=line,
        )
    )


def _png_edge(axes: Axes, edge: Edge) -> None:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    points = _shortened(edge.points)
    places, codes = [points[0]], [Path.MOVETO]
    for begin, end in pairwise(points):
        if begin[0] == end[0]:
            places.append(end)
            codes.append(Path.LINETO)
        else:
            places += [*_handles(begin, end), end]
            codes += [Path.CURVE4] * 3
    path = Path(places, codes)
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor=_LINE, linewidth=1.2))
    axes.add_patch(Polygon(_arrow(edge.points), closed=True, facecolor=_LINE, linewidth=0))
    if edge.place is not None and edge.label:
        _png_text(axes, edge.label, *edge.place, TEXT_SIZES["label"], _INKS["label"])
