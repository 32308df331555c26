"""A drawing of a model as a PNG picture, by matplotlib.

This room owns pixels and their limits, and that no text of a config is read as mathematics. It
knows no model beyond handing it to `scene`.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import FancyBboxPatch

_SCALE = 2.0
"""Pixels for each unit of the scene."""

_MOST_PIXELS = 48_000_000
_MOST_SIDE = 60_000
"""Limits of a picture: a very deep model is drawn smaller instead of filling the memory."""


def to_png(
    graph: ModelGraph, specs: Specs, closed: Mapping[str, Closed] = EVERYTHING_OPEN
) -> bytes:
    """Draws a model as the bytes of a PNG picture.

    Args:
        graph: the model.
        specs: the specs of its tensors; what is not there is drawn without a shape.
        closed: full name of a call that is drawn as one box to what stands in it.
    """
    return paint_png(draw_scene(graph, specs, closed))


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
        _frame(axes, frame)
    for edge in scene.edges:
        _edge(axes, edge)
    for box in scene.boxes:
        _box(axes, box)
    _text(axes, scene_title(scene))
    stream = io.BytesIO()
    with warnings.catch_warnings():
        # A character that the font lacks becomes an empty box; there is nothing to mend.
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def _text(axes: Axes, placed: PlacedText) -> None:
    # matplotlib would read text between dollar signs as mathematics.
    axes.text(
        placed.x,
        placed.baseline,
        "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in placed.text),
        fontsize=placed.size,
        fontfamily="DejaVu Sans",
        fontweight="bold" if placed.bold else "normal",
        color=placed.ink,
        horizontalalignment="center" if placed.centered else "left",
        verticalalignment="baseline",
        parse_math=False,
    )


def _box(axes: Axes, box: Box) -> None:
    if (below := sheet_below(box)) is not None:
        axes.add_patch(_rectangle(below, FILLS[box.tone], box_radius(box)))
    patch = _rectangle(box, FILLS[box.tone], box_radius(box))
    if box.kind == "again":
        patch.set_linestyle("dashed")
    axes.add_patch(patch)
    for placed in box_texts(box):
        _text(axes, placed)


def _frame(axes: Axes, frame: Frame) -> None:
    axes.add_patch(_rectangle(frame, FRAME, FRAME_RADIUS))
    for placed in frame_texts(frame):
        _text(axes, placed)


def _rectangle(item: Box | Frame, colors: tuple[str, str], radius: float) -> FancyBboxPatch:
    from matplotlib.patches import FancyBboxPatch

    fill, stroke = colors
    return FancyBboxPatch(
        (item.x, item.y),
        item.width,
        item.height,
        boxstyle=f"round,pad=0,rounding_size={radius}",
        facecolor=fill,
        edgecolor=stroke,
        linewidth=1.0,
    )


def _edge(axes: Axes, edge: Edge) -> None:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    points = before_arrow(edge.points)
    places, codes = [points[0]], [Path.MOVETO]
    for begin, end in pairwise(points):
        if begin[0] == end[0]:
            places.append(end)
            codes.append(Path.LINETO)
        else:
            places += [*curve_handles(begin, end), end]
            codes += [Path.CURVE4] * 3
    path = Path(places, codes)
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor=LINE, linewidth=LINE_WIDTH))
    axes.add_patch(Polygon(arrow_head(edge.points), closed=True, facecolor=LINE, linewidth=0))
    if label := edge_label(edge):
        _text(axes, label)
