"""The key `after`: an entry that stands behind another one than where it is written.

This room owns the order of the written entries. It must not know what they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasgen.diagnostics import describe, did_you_mean
from kerasgen.frontend.entry_names import NamedEntry
from kerasgen.frontend.expand.scope import Scope
from kerasgen.ir.values import Tree


def ordered_by_after(entries: Sequence[NamedEntry], scope: Scope) -> list[NamedEntry]:
    """The entries with each one that says `after` behind the one that it names."""
    placed: list[NamedEntry] = []
    waiting: list[tuple[NamedEntry, Tree]] = []
    for entry in entries:
        if isinstance(entry.value, Mapping) and "after" in entry.value:
            waiting.append((entry, entry.value["after"]))
        else:
            placed.append(entry)
    names = [entry.name for entry in entries]
    while waiting:
        still = []
        for entry, after in waiting:
            order = [other.name for other in placed]
            if isinstance(after, str) and after in order:
                placed.insert(order.index(after) + 1, entry)
            else:
                still.append((entry, after))
        if len(still) == len(waiting):
            for entry, after in still:
                _report_after(entry, after, names, scope)
            break
        waiting = still
    return placed


def _report_after(entry: NamedEntry, after: Tree, names: Sequence[str], scope: Scope) -> None:
    key = f"{entry.path}.after"
    if not isinstance(after, str):
        found = describe(after)
        scope.report("KG204", f"`after` is {found}, expected the name of an entry", key)
    elif after in names:
        scope.report("KG303", f"`{entry.name}` and `{after}` come after each other", key)
    else:
        hint = did_you_mean(after, names)
        scope.report("KG301", f"there is no entry `{after}` to come after", key, hint=hint)
