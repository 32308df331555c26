"""Figures, times and names as a page tells them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from kerasgen.foreign.passwords import without_passwords
from kerasgen.foreign.printable import cut

MOST_WORD = 200
"""Characters of a value of a record, beyond which it is cut."""

MOST_VALUES = 60
"""Values of a list or mapping of a record, beyond which they are counted."""


def figure_text(value: object) -> str:
    """A number with four digits or more; whole numbers with all of theirs."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return word(value)
    if isinstance(value, int) or (
        math.isfinite(value) and value == int(value) and abs(value) < 1e6
    ):
        return f"{int(value):,}" if abs(value) < 1e18 else f"{value:.4g}"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.4g}"


def duration_text(seconds: float | None) -> str:
    """How long something took; empty where nobody knows."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return ""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment_text(value: object) -> str:
    """A moment without the hours that are none, and any other value as it is."""
    return str(value).removesuffix(".000000").removesuffix("T00:00:00")


def word(value: object) -> str:
    """A value of a record in a line, cut where it is long, without passwords."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        items = list(value.items())
        told = ", ".join(f"{key}: {word(item)}" for key, item in items[:MOST_VALUES])
        return cut(told + _more(len(items)), MOST_WORD)
    if isinstance(value, list):
        return cut(", ".join(map(word, value[:MOST_VALUES])) + _more(len(value)), MOST_WORD)
    return cut(without_passwords(" ".join(str(value).split())), MOST_WORD)


def plural(count: int, noun: str) -> str:
    """How many there are of something."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _more(count: int) -> str:
    return f" and {count - MOST_VALUES} more" if count > MOST_VALUES else ""
