r"""Texts of strangers as a terminal may show them.

This room owns what is done with characters that a terminal would obey, or that would hide or turn
round what stands beside them: they are written out as an escape (`\u202e`). It knows no colours.
"""

from __future__ import annotations

import re

_NEITHER = re.compile(r"[^\n\t -~]")


def shown(text: str) -> str:
    """A text on one line: everything that cannot be printed is escaped, line ends too."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def shown_lines(text: str) -> str:
    """A text of several lines: line ends and tabs stay, the rest is escaped."""
    if text.isascii() and _NEITHER.search(text) is None:
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in text)


def cut(text: str, most: int = 40) -> str:
    """A text of a few words as it is, and the begin of a longer one."""
    return text if len(text) <= most else text[: most - 3] + "..."


def _escaped(character: str) -> str:
    # YAML reads this form between double quotes.
    return character.encode("unicode_escape").decode()
