"""Figures of Matplotlib: their style, and the files and texts that they become.

This room owns fonts, colors of lines, and that equal results make equal bytes. It must not know
what is drawn. Matplotlib is imported when something is drawn; neither pyplot nor a display is
touched, and the user's own Matplotlib settings do not change a picture.

Decisions:
- Blue and vermilion of Okabe and Ito's palette (https://jfly.uni-koeln.de/color/) tell training
  from validation also for color-blind readers; line style and marker tell them apart in gray.
- In a page, where fonts are the reader's own, letters stay letters; in a file they are outlines
  that look the same everywhere.
"""

from __future__ import annotations

import contextlib
import io
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kerasgen.record.files import atomic_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE = "#0072B2"
VERMILION = "#D55E00"
GRAY = "#555555"

_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": GRAY,
    "axes.grid": True,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "figure.titlesize": 13,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.8,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "svg.hashsalt": "kerasgen",  # else each file has names of its own
    "text.parse_math": False,  # a class may be called `$x`
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
}

_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Micro Hei",
    "PingFang SC",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Noto Sans",
)
"""Asked, where installed, for characters that Matplotlib's own font lacks."""


def short_text(text: str, most: int, tail: int = 0) -> str:
    """A text on one line; a long one is cut before its last `tail` characters."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in str(text)).split())
    if len(line) <= most:
        return line
    return line[: most - 1 - tail].rstrip() + "…" + line[len(line) - tail :].lstrip()


@contextlib.contextmanager
def styled_figure(size: tuple[float, float]) -> Iterator[Figure]:
    """A figure of a size in inches, in the style of all of them while the block runs."""
    import matplotlib.style
    from matplotlib.figure import Figure
    from matplotlib.font_manager import get_font_names

    installed = set(get_font_names())
    fonts = ["DejaVu Sans", *(font for font in _FONTS if font in installed)]
    with (
        matplotlib.style.context(["default", {**_STYLE, "font.family": fonts}]),
        warnings.catch_warnings(),
    ):
        # No font knows all of Unicode: such a character becomes a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield Figure(figsize=size, layout="constrained")


@contextlib.contextmanager
def written_figure(path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    """A figure of a size in inches, written to `path` when the block ends well.

    It is a picture in SVG where the name ends so, else a PNG.
    """
    with styled_figure(size) as figure:
        yield figure
        form = "svg" if path.suffix.lower() == ".svg" else "png"
        # Without the version of Matplotlib and the time, equal results make equal files.
        left_out = ("Creator", "Date") if form == "svg" else ("Software",)
        with atomic_file(path) as file:
            figure.savefig(
                file,
                format=form,
                dpi=120,
                bbox_inches="tight",
                pad_inches=0.15,
                metadata=dict.fromkeys(left_out),
            )


def svg_text(figure: Figure, name: str) -> str:
    """A figure as an SVG element for a page, in which several may stand.

    Args:
        figure: the figure, while its block runs.
        name: what leads the ids in it, letters and digits.

    Returns:
        The element alone: no declaration, no names of namespaces, no style, no background.
    """
    import matplotlib

    file = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(
            file,
            format="svg",
            bbox_inches="tight",
            pad_inches=0.08,
            transparent=True,
            metadata={"Creator": None, "Date": None},
        )
    root = ElementTree.fromstring(file.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {
            key.rpartition("}")[2]: _own_ids(key.rpartition("}")[2], value, name)
            for key, value in element.attrib.items()
        }
    return ElementTree.tostring(root, encoding="unicode")


def _own_ids(key: str, value: str, name: str) -> str:
    """The value of an attribute in which ids begin with the name of the figure."""
    if key == "id":
        return f"{name}-{value}"
    if key == "href" and value.startswith("#"):
        return f"#{name}-{value[1:]}"
    return value.replace("url(#", f"url(#{name}-")
