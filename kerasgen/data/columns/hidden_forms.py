"""Words that are numbers, dates or labels in a form that nobody named: they are told, and how.

This room owns what such words look like, and the line that reads them as what they are. It must not
know what becomes of the column.

Decisions:
- What the config says of a column is meant: such a column is not looked at.
- A few different words are enough to tell a form. That most of them are plain numbers, and some are
  not, is told of many alone: a code may have digits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kerasgen.data.table import Array, Table
from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import cut
from kerasgen.frontend.grammar import join
from kerasgen.ir.data import DataDef

_SOURCE = "Table"
"""The source that can be told the form."""

_LOOK = 2_000
"""Different words of a column that are looked at."""

_SHARE = 0.9
"""Share of them that must have a form."""

_MANY = 20
"""Different numbers from which on a column of numbers is one, whatever else stands in it."""

_SYMBOLS = "€$£¥₹%°"

_NUMBER = re.compile(
    rf"(?P<before>[{_SYMBOLS}]*) ?[-+]?"
    r"(?:(?P<plain>\d+|\d*\.\d+)"
    r"|(?P<group>\d{1,3}(?P<sign>[,.' \u00a0])\d{3}(?:(?P=sign)\d{3})*)(?:(?P<point>[.,])\d+)?"
    r"|(?P<comma>\d*,\d+))"
    rf" ?(?P<after>[{_SYMBOLS}]*)\Z"
)

_SEQUENCE = re.compile(r"[-+]?[\d.]+(?:e[-+]?\d+)?(?:[ ,;|]+[-+]?[\d.]+(?:e[-+]?\d+)?){2,}\Z")
"""Three numbers or more in a cell."""

_BETWEEN_LABELS = (";", "|", ",")
"""What may stand between the labels of a cell."""

_LONG, _TIMES = 3, 2
"""Blanks that a label has not, and different cells in which one stands on the average."""

_TIME = r"(?P<time> \d{1,2}:\d{2}(?P<seconds>:\d{2})?)?"
_DATES = (
    (
        re.compile(rf"(?P<a>\d{{1,2}})(?P<sign>[./-])(?P<b>\d{{1,2}})(?P=sign)\d{{4}}{_TIME}\Z"),
        "%Y",
    ),
    (
        re.compile(rf"(?P<a>\d{{1,2}})(?P<sign>[./-])(?P<b>\d{{1,2}})(?P=sign)\d{{2}}{_TIME}\Z"),
        "%y",
    ),
)
_YEAR_FIRST = re.compile(rf"\d{{4}}(?P<sign>[./])\d{{1,2}}(?P=sign)\d{{1,2}}{_TIME}\Z")
_MONTH_NAMES = (
    (re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}\Z"), "%d %b %Y"),
    (re.compile(r"\d{1,2} [A-Z][a-z]{3,8} \d{4}\Z"), "%d %B %Y"),
    (re.compile(r"[A-Z][a-z]{2} \d{1,2}, \d{4}\Z"), "%b %d, %Y"),
    (re.compile(r"[A-Z][a-z]{3,8} \d{1,2}, \d{4}\Z"), "%B %d, %Y"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenForm:
    """What words are, and how they are read so.

    Attributes:
        what: what they are.
        help: what is to be written.
    """

    what: str
    help: str


def tell_hidden_forms(definition: DataDef, table: Table, sink: Sink) -> None:
    """Warns of each column of words that are numbers or dates of another form.

    Args:
        definition: the data group.
        table: what its source gave.
        sink: gets the warnings.
    """
    if definition.source.cls != _SOURCE:
        return
    for name, values in table.columns.items():
        said = definition.columns.get(name)
        known = name in table.lists or (said is not None and said.type)
        if values.dtype.kind != "U" or values.ndim > 1 or known:
            continue
        if (found := hidden_form(values)) is not None:
            tell_form(name, found, sink)


def tell_form(name: str, found: HiddenForm, sink: Sink, row: str = "") -> None:
    """Warns of a column of words that are something else.

    Args:
        name: the column.
        found: what they are.
        sink: gets the warning.
        row: where the first of them stands, as the end of the message.
    """
    told = found.help.replace("NAME", name)
    sink.warn(
        "KG516",
        f"the column `{name}` holds {found.what}, and is taken for words{row}",
        key=join("data.columns", name),
        help=f"{told}; if they are words, write `data.columns.{name}=category`",
    )


def hidden_form(values: Array) -> HiddenForm | None:
    """What the words of a column are, if not words.

    Args:
        values: the column; missing words are empty.
    """
    first = values[: 50 * _LOOK]
    words = [word for word in np.unique(first).tolist() if word][:_LOOK]
    if len(words) < 2:
        return None
    return _numbers(words) or _dates(words) or _sequences(words) or _labels(words)


def _numbers(words: Sequence[str]) -> HiddenForm | None:
    found = [match for word in words if (match := _NUMBER.match(word)) is not None]
    if len(found) < _SHARE * len(words):
        return None
    example = cut(next((m[0] for m in found if m["plain"] is None), found[0][0]))
    symbols = "".join(sorted({sign for m in found for sign in m["before"] + m["after"]}))
    grouped = [m for m in found if m["group"] is not None]
    comma = any(m["comma"] is not None or m["point"] == "," for m in found)
    signs = {m["sign"] for m in grouped}
    settings = []
    if comma:
        signs -= {","}
        settings.append(_typed("decimal", ","))
    if len(signs) > 1:
        return None
    settings += [_typed("thousands", sign) for sign in signs]
    if symbols:
        example = cut(next(m[0] for m in found if m["before"] or m["after"]))
        settings.append(_typed("symbols", symbols))
    if settings:
        what = f'numbers of another form, as "{example}"'
        return HiddenForm(what=what, help=f"write `{' '.join(settings)}`")
    others = [word for word in words if _NUMBER.match(word) is None]
    if len(found) < _MANY or not others:
        return None
    listed = ", ".join(f'"{cut(word)}"' for word in others[:3])
    return HiddenForm(
        what=f"numbers in most rows, and {listed} in others",
        help="name what stands for a missing value under `data.source.missing_values`",
    )


def _typed(argument: str, value: str) -> str:
    """What is typed at a shell: Hydra must see quotes around a comma."""
    if "'" in value:
        return f"'data.source.{argument}=\"{value}\"'"
    return f"\"data.source.{argument}='{value}'\""


def _dates(words: Sequence[str]) -> HiddenForm | None:
    for pattern, year in _DATES:
        found = _matching(pattern, words)
        if found:
            sign = _most(m["sign"] for m in found)
            days = any(int(m["a"]) > 12 for m in found), any(int(m["b"]) > 12 for m in found)
            if all(days):
                return None
            orders = ("%d", "%m"), ("%m", "%d")
            kept = [order for order, no in zip(orders, reversed(days), strict=True) if not no]
            forms = [sign.join((*order, year)) + _time(found) for order in kept]
            return _told(found[0][0], forms)
    if found := _matching(_YEAR_FIRST, words):
        sign = _most(m["sign"] for m in found)
        return _told(found[0][0], [sign.join(("%Y", "%m", "%d")) + _time(found)])
    for pattern, form in _MONTH_NAMES:
        if found := _matching(pattern, words):
            return _told(found[0][0], [form])
    return None


def _sequences(words: Sequence[str]) -> HiddenForm | None:
    if not (found := _matching(_SEQUENCE, words)):
        return None
    what = f'numbers one after the other, as "{cut(found[0][0])}"'
    return HiddenForm(what=what, help="write `sequence` as its type under `data.columns`")


def _labels(words: Sequence[str]) -> HiddenForm | None:
    """Words of which some are several, apart by one sign, and made of the same few."""
    for sign in _BETWEEN_LABELS:
        cells = [[part.strip() for part in word.split(sign)] for word in words]
        counts = Counter(part for parts in cells for part in parts)
        several = [word for word, parts in zip(words, cells, strict=True) if len(parts) > 1]
        if not several or len({len(parts) for parts in cells}) < 2 or "" in counts:
            continue
        plain = all(part.count(" ") < _LONG for part in counts)
        if plain and counts.total() >= _TIMES * len(counts) and len(several) * 2 >= len(words):
            said = f"'data.columns.NAME={{type: labels, separator: \"{sign}\"}}'"
            what = f'several words in a cell, as "{cut(several[0])}"'
            return HiddenForm(what=what, help=f"if each is a label of its own, write `{said}`")
    return None


def _matching(pattern: re.Pattern[str], words: Sequence[str]) -> list[re.Match[str]]:
    """The matches of words, none where too few match."""
    found = [match for word in words if (match := pattern.match(word)) is not None]
    return found if len(found) >= _SHARE * len(words) else []


def _time(found: Sequence[re.Match[str]]) -> str:
    if not any(match["time"] for match in found):
        return ""
    return " %H:%M:%S" if any(match["seconds"] for match in found) else " %H:%M"


def _most(signs: Iterable[str]) -> str:
    return Counter(signs).most_common(1)[0][0]


def _told(example: str, forms: Sequence[str]) -> HiddenForm:
    written = " or ".join(f"`{_typed('dates', form)}`" for form in forms)
    return HiddenForm(what=f'dates of another form, as "{cut(example)}"', help=f"write {written}")
