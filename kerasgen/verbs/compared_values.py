"""Several trees of values beside one another: at which key paths they differ.

This room owns what a row of a comparison is. It must not know what the trees are of.

Decisions:
- Each tree is compared with the first, in canonical form, so that a row has the key path of the
  largest part in which they differ: a layer that only one of them has is one row.
- Mappings have no order but where it is a meaning; a key of these in another order is a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasgen.foreign.printable import cut, shown
from kerasgen.ir.canonical import ABSENT, differences
from kerasgen.ir.values import Tree

_ORDERED = frozenset({"layers", "callbacks", "features", "prepare", "augment"})
"""Mappings whose order is a meaning: entries act one after the other."""

_MOST = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRow:
    """One key path at which trees differ.

    Attributes:
        key: the key path.
        values: what each tree holds there, in canonical form; `ABSENT` for nothing.
    """

    key: str
    values: tuple[object, ...]

    @property
    def change(self) -> str:
        """What happened to it since the first tree: `added`, `removed` or `changed`."""
        if self.values[0] is ABSENT:
            return "added"
        return "removed" if ABSENT in self.values else "changed"


def differing_rows(trees: Sequence[Mapping[str, Tree]]) -> list[ValueRow]:
    """The key paths at which some trees differ from the first, in the order of the paths."""
    first, *others = trees
    found = [
        {each.key: (each.first, each.second) for each in differences(first, other)}
        | dict(_orders(first, other, ""))
        for other in others
    ]
    keys = dict.fromkeys(key for pairs in found for key in pairs)
    rows = []
    for key in sorted(keys):
        own = next(pairs[key][0] for pairs in found if key in pairs)
        values = [_value(pairs, key, own) for pairs in found]
        rows.append(ValueRow(key=key, values=(own, *values)))
    return rows


def with_rooms(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a record in which the code in use is the hashes of its rooms, and no more."""
    code = fields.get("code")
    rooms = code.get("rooms") if isinstance(code, Mapping) else None
    return {**fields, "code": rooms} if rooms is not None else dict(fields)


def value_text(value: object) -> str:
    """A value of a row in a few words: `Dense(units=64)` for an object, `-` for nothing."""
    return "-" if value is ABSENT else shown(cut(_text(value), _MOST))


def _value(pairs: Mapping[str, tuple[object, object]], key: str, own: object) -> object:
    """What a tree holds at a key, that of the first where neither it nor what is around differs."""
    if key in pairs:
        return pairs[key][1]
    around = any(key.startswith(f"{other}.") for other in pairs)
    return ABSENT if around else own


def _orders(first: object, second: object, key: str) -> Iterator[tuple[str, tuple[object, object]]]:
    """The mappings of one order of keys in the first, and another in the second."""
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        return
    if key.rpartition(".")[2] in _ORDERED:
        here = [name for name in first if name in second]
        there = [name for name in second if name in first]
        if here != there:
            yield f"{key} (order)", (here, there)
    for name, value in first.items():
        if name in second:
            yield from _orders(value, second[name], f"{key}.{name}" if key else str(name))


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        named = ", ".join(f"{key}={_text(item)}" for key, item in value.items() if key != "class")
        return f"{value['class']}({named})" if "class" in value else f"{{{named}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_text, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
