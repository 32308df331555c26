"""The names of a model's entries: as written, or those that Keras would give in a list.

This room owns which name each entry of `layers` has, and its key path. It must not know what the
entry is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kerasgen.frontend.grammar import is_model, join
from kerasgen.ir.names import snake_case
from kerasgen.ir.values import Tree


class NamedEntry(NamedTuple):
    """One of several entries as it is written.

    Attributes:
        name: its name.
        value: what it holds.
        path: its key path.
    """

    name: str
    value: Tree
    path: str


def named_entries(section: Mapping[str, Tree] | list[Tree], path: str) -> list[NamedEntry]:
    """The entries of `layers`, as they are named.

    The entries of a list get the names that Keras would give them: `dense`, `dense_1`, ….
    """
    if isinstance(section, Mapping):
        return [NamedEntry(str(name), value, join(path, name)) for name, value in section.items()]
    counts: dict[str, int] = {}
    entries = []
    for index, value in enumerate(section):
        cls = value.get("class") if isinstance(value, Mapping) else value
        stem = snake_case(cls) if isinstance(cls, str) else ""
        stem = stem or ("model" if isinstance(value, Mapping) and is_model(value) else "entry")
        count = counts.get(stem, 0)
        counts[stem] = count + 1
        name = f"{stem}_{count}" if count else stem
        entries.append(NamedEntry(name, value, join(path, index)))
    return entries
