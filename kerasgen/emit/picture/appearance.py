"""What a drawing looks like: colors, where its texts stand, how its lines end.

This room owns colors, sizes and where the texts of a box, a frame or a line stand. The painters
(`svg`, `png`) take them and every other place from here and from the scene, so that their pictures
agree.

No meaning hangs on a color alone, since not all people see the same ones: the class is written in
every box, a repeated call has a dashed edge, and what can be opened lies on a second sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

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

FILLS: Mapping[Tone, tuple[str, str]] = {
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
LINE = "#71717a"
FRAME = ("#fafafa", "#a1a1aa")
"""Fill and stroke of a frame."""

BOX_RADIUS, FRAME_RADIUS = 5.0, 8.0
LINE_WIDTH = 1.2
_TITLE_SIZE = 14.0
_ARROW = (7.0, 3.2)
"""Length and half the width of an arrow's head."""

_SHEET = 3.5
"""How far the sheet below a closed box looks out."""

_DESCENT = 0.35
"""The middle of lower-case letters lies about this share of the size above the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedText:
    """A text with its place and its looks.

    Attributes:
        text: the text, as the scene has it.
        x: its left end, or its middle.
        y: the middle of its lower-case letters.
        size: size of the type, in the unit of the scene.
        ink: its color.
        bold: whether it is bold.
        centered: whether `x` is its middle.
    """

    text: str
    x: float
    y: float
    size: float
    ink: str
    bold: bool = False
    centered: bool = False

    @property
    def baseline(self) -> float:
        """Where the letters stand."""
        return self.y + self.size * _DESCENT


def scene_title(scene: Scene) -> PlacedText:
    """The title of a drawing."""
    return PlacedText(
        text=scene.title, x=MARGIN, y=MARGIN + 6, size=_TITLE_SIZE, ink=_INKS["name"], bold=True
    )


def box_texts(box: Box) -> Iterator[PlacedText]:
    """The lines of a box, below one another and centered."""
    top = box.y + (box.height - len(box.lines) * LINE_HEIGHT) / 2
    x = box.x + box.width / 2
    for number, line in enumerate(box.lines):
        yield _styled(line.text, line.style, (x, top + (number + 0.5) * LINE_HEIGHT), centered=True)


def frame_texts(frame: Frame) -> Iterator[PlacedText]:
    """The texts of a frame's title, side by side."""
    x = frame.x + 12
    for line in frame.title:
        yield _styled(line.text, line.style, (x, frame.y + TITLE_HEIGHT / 2 + 3))
        x += text_width(line.text, TEXT_SIZES[line.style], bold=line.style == "name") + 8


def edge_label(edge: Edge) -> PlacedText | None:
    """What stands beside a line, None for nothing."""
    if edge.place is None or not edge.label:
        return None
    return _styled(edge.label, "label", edge.place)


def box_radius(box: Box) -> float:
    """The radius of a box's corners; what the model takes and gives has round ends."""
    return box.height / 2 if box.tone == "end" else BOX_RADIUS


def sheet_below(box: Box) -> Box | None:
    """What looks out from under a box that holds a drawing of its own; None for the others."""
    if box.kind != "part":
        return None
    return replace(box, x=box.x + _SHEET, y=box.y + _SHEET)


def curve_handles(begin: Point, end: Point) -> tuple[Point, Point]:
    """The control points of a curve that is vertical at both ends."""
    middle = (begin[1] + end[1]) / 2
    return (begin[0], middle), (end[0], middle)


def before_arrow(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The way of a line without the room for the arrow's head."""
    x, y = points[-1]
    return (*points[:-1], (x, y - _ARROW[0] + 1))


def arrow_head(points: tuple[Point, ...]) -> tuple[Point, Point, Point]:
    """The corners of the arrow's head at the end of a line."""
    x, y = points[-1]
    length, half = _ARROW
    return (x, y), (x - half, y - length), (x + half, y - length)


def _styled(text: str, style: Style, place: Point, *, centered: bool = False) -> PlacedText:
    return PlacedText(
        text=text,
        x=place[0],
        y=place[1],
        size=TEXT_SIZES[style],
        ink=_INKS[style],
        bold=style == "name",
        centered=centered,
    )
