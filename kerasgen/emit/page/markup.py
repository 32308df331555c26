"""A page as one HTML file that loads nothing and runs no script but its own few lines.

This room owns the template, the style, the script and what a browser is allowed to do. It must not
know what a page tells of.

Decisions:
- Every text is escaped by the template engine; `Svg` alone is put in as it is.
- A policy in the page forbids everything that comes from elsewhere: no network, no frame, no form.
- Charts are drawn by Apache ECharts, which is put into a page that has some, once; what they show
  stands in one block of JSON that no browser runs, and in which no text can end the block.
- Nothing in a page hangs on a time, a machine or a random number: equal pages are equal bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from kerasgen.emit.page import blocks
from kerasgen.emit.page.blocks import Block, Chart, Charts, Folded, Page

if TYPE_CHECKING:
    from jinja2 import Template

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)

_UNUSUAL = re.compile(r"[^\n\t -~]")


def page_html(page: Page) -> str:
    """A page as HTML; characters that HTML does not allow are replaced."""
    charts = list(_charts(block for section in page.sections for block in section.blocks))
    text = _template().render(
        page=page,
        drawn=_drawn(page, charts) if charts else "",
        number_of=lambda chart: next(n for n, each in enumerate(charts) if each is chart),
        library=_library() if charts else "",
        draw=_own("charts.js") if charts else "",
        policy=_POLICY,
        style=_own("page.css"),
        script=_own("page.js"),
        kind=lambda block: type(block).__name__,
        code_lines=_code_lines,
    )
    return _UNUSUAL.sub(_allowed, text)


def _charts(inside: Iterable[Block]) -> Iterator[Chart]:
    """All charts in blocks, folded ones as well."""
    for block in inside:
        if isinstance(block, Folded):
            yield from _charts(block.blocks)
        elif isinstance(block, Charts):
            yield from block.charts


def _drawn(page: Page, charts: Sequence[Chart]) -> str:
    """What the charts of a page show, as JSON in which no tag can begin."""
    said = {
        "shared": page.shared,
        "charts": [{"kind": chart.kind, "told": chart.caption, **chart.data} for chart in charts],
    }
    text = json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _library() -> str:
    """Apache ECharts with what its license asks to go with it."""
    folder = files(blocks.__package__) / "echarts"
    notice = (folder / "NOTICE").read_text(encoding="utf-8").strip()
    return f"/*\n{notice}\n*/\n" + (folder / "echarts.min.js").read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["markup"] = Markup  # for what a room of this project has drawn
    return environment.from_string(_own("page.html"))


def _own(name: str) -> str:
    """A file of this room."""
    return (files(blocks.__package__) / name).read_text(encoding="utf-8")


def _code_lines(text: str, comment: str) -> list[tuple[str, str]]:
    """Each line of a text, and the comment at its end."""
    lines = []
    for line in text.removesuffix("\n").split("\n"):
        code, found, rest = line.partition(f"  {comment} ") if comment else (line, "", "")
        lines.append((code, found + rest))
    return lines


def _allowed(found: re.Match[str]) -> str:
    character = found[0]
    if character.isprintable():
        return character
    # Marks that turn a line round would show a text that is none.
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"
