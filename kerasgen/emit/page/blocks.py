"""What a page is made of: sections of blocks, as plain values.

This room owns the kinds of blocks that there are. It must not know what they tell of, nor how they
become markup.

Decisions:
- Every text is plain: whoever makes a block escapes nothing, and no text becomes markup. Markup is
  a `Svg` alone, which nobody makes but the rooms that draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NewType, TypeAlias

Svg = NewType("Svg", str)
"""An SVG element of this project's own making, in which every foreign text is escaped."""

Tone: TypeAlias = Literal["plain", "good", "bad", "warning"]
"""How something is to be taken; its words say it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A paragraph.

    Attributes:
        text: the paragraph.
        title: what stands before it, in bold.
        tone: how it is to be taken.
    """

    text: str
    title: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names with their values."""

    pairs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what stands in it.
        share: how strongly it is colored, from 0 to 1; None for not at all.
        bold: whether it stands out.
        hint: what is told of it where a pointer rests on it.
        copied: what a button in it copies; empty for no button.
    """

    text: str
    share: float | None = None
    bold: bool = False
    hint: str = ""
    copied: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table.

    Attributes:
        head: the names of its columns.
        rows: its rows; a text is a plain cell.
        caption: what it shows.
        numbers: places of the columns that hold numbers, which stand at the right.
        sortable: whether a click on the name of a column sorts the rows.
        matrix: whether the first cell of each row is a name as well.
        filtered: whether rows can be looked for by their words.
        roomy: whether its texts keep a width of their own in a narrow window.
        keys: what each row is called by the charts of the page; empty for nothing.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    caption: str = ""
    numbers: frozenset[int] = frozenset()
    sortable: bool = False
    matrix: bool = False
    filtered: bool = False
    roomy: bool = False
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture with its caption.

    Attributes:
        svg: the picture.
        caption: what it shows.
        wide: whether it takes the whole width.
    """

    svg: Svg
    caption: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Pictures side by side, where there is room."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A text in type of one width.

    Attributes:
        text: the text.
        comment: what begins a comment in it; empty for none.
        copied: whether a button copies it.
    """

    text: str
    comment: str = ""
    copied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of pixels: a PNG in Base64, and what is told to whoever does not see it."""

    png: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One example among several.

    Attributes:
        title: what it is called.
        facts: names with their values.
        images: its pictures.
        svg: a drawing of it.
        text: a text that it is.
    """

    title: str
    facts: Mapping[str, str] = field(default_factory=dict)
    images: tuple[Image, ...] = ()
    svg: Svg | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """Examples side by side."""

    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A drawing whose boxes hold drawings of their own.

    Attributes:
        svg: the drawing; None where it is told of alone.
        told: what is told of it in the place of a drawing.
        parts: the titles of its boxes that can be opened, and what they hold.
    """

    svg: Svg | None
    told: str = ""
    parts: tuple[tuple[str, Drawing], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Blocks behind a line that opens them."""

    title: str
    blocks: tuple[Block, ...]


ChartKind: TypeAlias = Literal["bars", "spread", "parallel", "points", "strip", "heat", "curves"]
"""What the script of a page can draw."""

PlainData: TypeAlias = "Mapping[str, PlainData] | Sequence[PlainData] | str | float | bool | None"
"""What a script is given: finite numbers, texts, lists and mappings of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart that the reader's browser draws.

    Attributes:
        kind: what is drawn.
        data: of what.
        caption: what it shows; it is read to whoever does not see it.
        height: its height in lines of text.
    """

    kind: ChartKind
    data: Mapping[str, PlainData]
    caption: str
    height: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """Charts side by side, where there is room."""

    charts: tuple[Chart, ...]


Block: TypeAlias = "Note | Facts | Table | Pictures | Code | Cards | Drawing | Folded | Charts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a page with its title; `name` is its address in the page."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page.

    Attributes:
        title: its title.
        subtitle: a line below it.
        made_by: who has made it.
        sections: its sections; one without blocks is left out.
        shared: what several of its charts need.
    """

    title: str
    subtitle: str
    made_by: str
    sections: tuple[Section, ...]
    shared: Mapping[str, PlainData] = field(default_factory=dict)
