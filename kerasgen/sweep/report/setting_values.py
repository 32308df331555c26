"""The settings of a sweep as values: what an override says, and the axis on which values stand.

This room owns the reading of overrides into names and values, and which axis suits them. It must
not know what came of the settings.

Decisions:
- An override is parted at its first `=`, and its value is a number or a text. What Hydra would make
  of it is not asked: texts of a stranger are compared, and never interpreted.
- Numbers that span decades stand on a logarithmic axis.
- Of very many texts the most frequent have a place of their own, and the others share one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Literal, TypeAlias

from kerasgen.foreign.passwords import without_passwords
from kerasgen.foreign.printable import cut, shown

SettingValue: TypeAlias = "int | float | str"

DEFAULT = "(default)"
"""What stands for the value of a setting that a job says nothing of."""

REMOVED = "(removed)"
"""What stands for the value of a key that a job takes away."""

OTHERS = "(others)"

MOST_PLACES = 40
"""Texts that have a place of their own on an axis."""

DECADES = 50.0
"""How many times the smallest number the largest is, at least, where an axis is logarithmic."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

_LONGEST_NUMBER, _MOST_DIGITS = 40, 15

MOST_LABEL = 60
"""Characters of a name or value that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Where the values of a setting stand.

    Attributes:
        name: the setting.
        kind: whether they are numbers, and how far apart; or texts side by side.
        places: the texts, each with its place.
    """

    name: str
    kind: Literal["linear", "log", "places"]
    places: Mapping[str, int]

    def place(self, value: SettingValue | None) -> float | None:
        """Where a value stands, None where a number is missing."""
        if self.kind == "places":
            return self.places.get(value_text(value), self.places.get(OTHERS))
        return None if value is None or isinstance(value, str) else value

    @property
    def labels(self) -> list[str]:
        """The texts as they are shown."""
        return [short_text(text) for text in self.places]


def named_values(overrides: Sequence[str]) -> dict[str, SettingValue]:
    """The settings that overrides make, by name; of one that stands twice the last counts."""
    found: dict[str, SettingValue] = {}
    for text in overrides:
        name, equals, value = text.lstrip("+").partition("=")
        if name.startswith("~"):
            found[name[1:]] = REMOVED
        elif equals:
            found[name] = read_value(value)
    return found


def read_value(text: str) -> SettingValue:
    """A number where a text is one, else the text without the quotes around it."""
    if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text):
        if text.lstrip("+-").isdigit() and len(text) <= _MOST_DIGITS:
            return int(text)
        if math.isfinite(number := float(text)):
            return number
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def axis_of(name: str, values: Sequence[SettingValue | None]) -> Axis:
    """The axis for all values of a setting."""
    numbers = [value for value in values if isinstance(value, int | float)]
    if numbers and not any(isinstance(value, str) for value in values):
        kind: Literal["linear", "log"] = "log" if span_decades(numbers) else "linear"
        return Axis(name=name, kind=kind, places={})
    counts = Counter(map(value_text, values))
    kept = [text for text, _ in counts.most_common(MOST_PLACES)]
    own = set(kept if len(kept) == len(counts) else kept[:-1])
    ordered = sorted(own, key=_order)
    if len(own) < len(counts):
        ordered.append(OTHERS)
    return Axis(name=name, kind="places", places={text: n for n, text in enumerate(ordered)})


def span_decades(numbers: Sequence[float]) -> bool:
    """Whether numbers are drawn on a logarithmic axis: far apart, and most of them near the least.

    Numbers of an even spread may be far apart as well, since the least of them is near to zero.
    """
    low, high = min(numbers), max(numbers)
    return low > 0 and high >= DECADES * low and median_low(numbers) <= low + 0.2 * (high - low)


def value_text(value: SettingValue | None) -> str:
    """A value in full."""
    if value is None:
        return DEFAULT
    return f"{value:g}" if isinstance(value, float) else str(value)


def short_text(text: str, most: int = MOST_LABEL) -> str:
    """A text of a stranger in a few words, on one line and without passwords."""
    return cut(shown(without_passwords(text[: 4 * most])), most)


def _order(text: str) -> tuple[bool, float, str]:
    """Numbers before texts, each in their own order."""
    value = read_value(text)
    return (True, 0.0, text) if isinstance(value, str) else (False, float(value), text)
