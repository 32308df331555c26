"""A page as one HTML file that loads nothing and runs no script but its own few lines.

This room owns the template, the style, the script and what a browser is allowed to do. It must not
know what a page tells of.

Decisions:
- Every text is escaped by the template engine; `Svg` alone is put in as it is.
- A policy in the page forbids everything that comes from elsewhere: no network, no frame, no form.
- Nothing in a page hangs on a time, a machine or a random number: equal pages are equal bytes.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from kerasgen.emit.page import blocks
from kerasgen.emit.page.blocks import Page

if TYPE_CHECKING:
    from jinja2 import Template

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)

_UNUSUAL = re.compile(r"[^\n\t -~]")


def page_html(page: Page) -> str:
    """A page as HTML; characters that HTML does not allow are replaced."""
    text = _template().render(
        page=page,
        policy=_POLICY,
        style=_own("page.css"),
        script=_own("page.js"),
        kind=lambda block: type(block).__name__,
        code_lines=_code_lines,
    )
    return _UNUSUAL.sub(_allowed, text)


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
