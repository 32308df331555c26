"""Which calls of a model were written as one: the use of a block, or a repeated entry.

This room owns how the calls of an expanded model become a tree again. It must not know how a tree
is drawn.

Decisions:
- The tree is read from the source map, which a record has as well: it says for each entry where it
  was written and which uses of blocks lead there. What the expansion calls the entries it makes of
  one (`stage1_0_conv1`) says which use and which copy it is.
- Only calls that stand one behind the other are one piece. What is called from elsewhere under the
  same name stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from kerasgen.diagnostics import SourceMap
from kerasgen.diagnostics.source_map import Expansion
from kerasgen.ir.graph import Call

_COPY = re.compile(r"_\d+\Z")
"""What stands behind the name of an entry in that of a copy of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Several calls that were written as one entry.

    Attributes:
        name: the name of that entry, with what stands before it in the expanded model.
        block: the block that was used, None for a repeated entry.
        items: its calls and the pieces in it, in order.
    """

    name: str
    block: str | None
    items: tuple[Call | Piece, ...]

    @property
    def calls(self) -> tuple[Call, ...]:
        """All calls in it, in order."""
        return calls_in(self.items)


class _Level(NamedTuple):
    """One entry that a call is a part of: its name in the expanded model, and the block."""

    name: str
    block: str | None


def pieces_of(
    calls: Sequence[Call], source_map: SourceMap, taken: Collection[str] = ()
) -> tuple[Call | Piece, ...]:
    """The calls of a model, those that were written as one in pieces.

    Args:
        calls: the calls, in order.
        source_map: where they were written.
        taken: names that no piece may have.
    """
    levels = [(call, _levels(call, source_map)) for call in calls]
    runs = Counter(
        name
        for depth in range(max((len(found) for _, found in levels), default=0))
        for name, _ in groupby(_name_at(found, depth) for _, found in levels)
    )
    names = {call.name for call in calls} | set(taken)
    single = {name for name, count in runs.items() if name and count == 1 and name not in names}
    return _tree(levels, 0, single)


def calls_in(items: Sequence[Call | Piece]) -> tuple[Call, ...]:
    """All calls in some items, in order."""
    return tuple(
        call for item in items for call in (item.calls if isinstance(item, Piece) else (item,))
    )


def _tree(
    levels: Sequence[tuple[Call, tuple[_Level, ...]]], depth: int, single: Collection[str]
) -> tuple[Call | Piece, ...]:
    items: list[Call | Piece] = []
    for name, run in groupby(levels, lambda pair: _name_at(pair[1], depth)):
        members = list(run)
        if not name:
            items += [call for call, _ in members]
            continue
        inside = _tree(members, depth + 1, single)
        block = members[0][1][depth].block
        if len(inside) == 1 and isinstance(inside[0], Piece) and name in single:
            # A block that is used once, or that holds one repeated entry alone.
            items.append(replace(inside[0], name=name, block=block or inside[0].block))
        elif len(inside) == 1 or name not in single:
            items += inside
        else:
            items.append(Piece(name=name, block=block, items=inside))
    return tuple(items)


def _name_at(levels: Sequence[_Level], depth: int) -> str:
    return levels[depth].name if depth < len(levels) else ""


def _levels(call: Call, source_map: SourceMap) -> tuple[_Level, ...]:
    """The entries that a call is a part of, outermost first."""
    written, uses = _written(call.path, source_map)
    found: list[_Level] = []
    name = call.name
    for key in (written, *uses):
        word = key.rpartition(".")[2]
        if not _ends(name, word):
            copied = _COPY.sub("", name)
            if copied == name or not _ends(copied, word):
                break
            name = copied
            found.append(_Level(name, None))
        name = name.removesuffix(word).removesuffix("_")
        if not name or (block := _block_of(key)) is None:
            break
        found.append(_Level(name, block))
    return tuple(found[::-1])


def _ends(name: str, word: str) -> bool:
    return name == word or name.endswith(f"_{word}")


def _written(path: str, source_map: SourceMap) -> tuple[str, tuple[str, ...]]:
    """Where an entry was written, and the entries whose uses of blocks lead there, inner first."""
    uses: tuple[str, ...] = ()
    for step in reversed(source_map.steps):
        original = step.entries.get(path) if isinstance(step, Expansion) else None
        if original is not None:
            path = original.key
            uses = uses or tuple(remark.key for remark in original.remarks if remark.at == "key")
    return path, uses


def _block_of(key: str) -> str | None:
    """The block in whose definition a key path stands."""
    words = key.split(".")
    places = [place for place, word in enumerate(words[:-1]) if word == "blocks"]
    return words[places[-1] + 1] if places else None
