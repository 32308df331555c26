"""Markdown as a terminal shows it: the manual's pages, and what is said of a class.

This room owns the layout: paragraphs and lists are wrapped, code is indented, tables are aligned,
links are their text. Of Markdown it reads what the manual writes, and no more.

Decisions:
- Text stays as it is where it may be copied: blocks of code are never wrapped.
- Backticks stay, as in diagnostics. Only titles are marked further, and only on a terminal.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence

WIDTH = 100
"""Columns of a page that goes into a pipe, and at most of one on a terminal."""

_LEAST = 40
"""Columns below which a page is not squeezed."""

_BOLD = "\033[1m{}\033[0m"

_ITEM = re.compile(r"(\s*)([-*]|\d+\.) (.*)")
_PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")
_STRONG = re.compile(r"\*\*(.+?)\*\*")
_FENCE = re.compile(r"\s*```")
_ROW = re.compile(r"\s*\|.*\|\s*\Z")


def page_text(markdown: str, *, width: int = WIDTH, bold: bool = False) -> str:
    """A page of Markdown as text.

    Args:
        markdown: the page.
        width: columns of the terminal.
        bold: whether titles are shown in bold.

    Returns:
        The text, without a newline at the end.
    """
    width = max(_LEAST, min(width, WIDTH))
    lines = markdown.splitlines()
    shown: list[str] = []
    while lines:
        line = lines[0]
        if _FENCE.match(line):
            closing = (i for i, other in enumerate(lines[1:], 1) if _FENCE.match(other))
            end = next(closing, len(lines))
            shown.append(textwrap.indent(textwrap.dedent("\n".join(lines[1:end])), "  "))
            del lines[: end + 1]
        elif not line.strip():
            del lines[0]
        elif line.startswith("#"):
            title = _inline(line.lstrip("#").strip())
            shown.append(_BOLD.format(title) if bold else title)
            del lines[0]
        elif _ROW.match(line):
            count = _while(lines, lambda other: bool(_ROW.match(other)))
            shown.append(_table(lines[:count], width))
            del lines[:count]
        else:
            count = _while(lines, lambda other: bool(other.strip()) and not _starts(other))
            shown.append(_wrapped(lines[: max(1, count)], width))
            del lines[: max(1, count)]
    return "\n\n".join(shown)


def _starts(line: str) -> bool:
    """Whether a line begins something other than a paragraph."""
    return bool(_FENCE.match(line) or _ROW.match(line)) or line.startswith("#")


def _while(lines: Sequence[str], holds: Callable[[str], bool]) -> int:
    """How many lines from the first on are of a kind."""
    return next((i for i, line in enumerate(lines) if not holds(line)), len(lines))


def _wrapped(lines: Sequence[str], width: int) -> str:
    """Paragraphs and items of a list, each filled; what is indented below an item belongs to it."""
    texts: list[tuple[str, str, list[str]]] = []
    for line in lines:
        item = _ITEM.match(line)
        if item is not None:
            lead = f"{item[1]}{item[2]} "
            texts.append((lead, " " * len(lead), [item[3]]))
        elif texts:
            texts[-1][2].append(line.strip())
        else:
            texts.append(("", "", [line.strip()]))
    return "\n".join(
        textwrap.fill(
            _inline(" ".join(words)),
            width,
            initial_indent=first,
            subsequent_indent=further,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for first, further, words in texts
    )


def _table(lines: Sequence[str], width: int) -> str:
    """A table with aligned columns, the last one wrapped; a row of dashes is a line of them."""
    rows = [_cells(line) for line in lines]
    count = max(map(len, rows))
    rows = [[*row, *[""] * (count - len(row))] for row in rows]
    body = [row for row in rows if not all(set(cell) <= set("-: ") for cell in row)]
    longest = max(12, (width - 2 * count) // count)
    widths = [min(longest, max(len(row[i]) for row in body)) for i in range(count - 1)]
    last = max(20, width - sum(widths) - 2 * len(widths))
    shown = []
    for row in body:
        columns = [
            textwrap.wrap(cell, space, break_long_words=False, break_on_hyphens=False) or [""]
            for cell, space in zip(row, [*widths, last], strict=True)
        ]
        height = max(map(len, columns))
        filled = [[*column, *[""] * (height - len(column))] for column in columns]
        for parts in zip(*filled, strict=True):
            padded = [f"{part:{space}}" for part, space in zip(parts, [*widths, 0], strict=True)]
            shown.append("  ".join(padded).rstrip())
    return "\n".join(shown)


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [_inline(cell.strip()) for cell in re.split(r"(?<!\\)\|", inner)]


def _inline(text: str) -> str:
    """A text without the marks of links, pictures and weight."""
    text = _LINK.sub(r"\1", _PICTURE.sub(r"(picture: \1)", text))
    return _STRONG.sub(r"\1", text).replace("\\|", "|")
