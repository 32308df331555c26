"""The entries of an expanded model, one after the other, and how they are written down.

This room owns the list of expanded entries: that their names differ, what each takes, which of
them nobody needs. It must not know how an entry is expanded, nor their order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kerasgen.diagnostics.source_map import Original
from kerasgen.frontend.expand.block_uses import use_remarks
from kerasgen.frontend.expand.scope import PathPair, Scope
from kerasgen.frontend.grammar import join
from kerasgen.ir.values import Tree


@dataclass(slots=True, kw_only=True)
class ExpandedEntry:
    """One expanded entry.

    Attributes:
        name: its name in the expanded model.
        body: its class and arguments as plain data, without `from`.
        takes: what comes in, in names of the expanded model.
        by_default: whether it takes that because it stands above, and does not say so.
    """

    name: str
    body: Tree
    takes: Tree
    by_default: bool


def _names_in(takes: Tree) -> list[str]:
    """The entries and inputs that an operand or the outputs of a model name."""
    if isinstance(takes, Mapping | list):
        items = takes.values() if isinstance(takes, Mapping) else takes
        return [name for item in items for name in _names_in(item)]
    return [takes.partition(".")[0]] if isinstance(takes, str) else []


def _behind(names: Sequence[str], takes: Mapping[str, set[str]]) -> set[str]:
    """The names, and all that lead to them."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += takes.get(name, ())
    return found


@dataclass(slots=True, kw_only=True)
class EntryList:
    """The expanded entries of one model.

    Attributes:
        base: key path of the expanded `layers`.
        expand: expands the value of an argument, models in it included.
        items: the entries so far.
        spare: the entries that are outputs of blocks with several, which nobody need take.
    """

    base: str
    expand: Callable[[Tree, PathPair, Scope], Tree]
    items: list[ExpandedEntry] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    @property
    def last(self) -> str | None:
        """Name of the last entry, None where there is none."""
        return self.items[-1].name if self.items else None

    def add(self, entry: ExpandedEntry, path: str, scope: Scope) -> None:
        """Adds an entry that was written at the key path."""
        if entry.name in self._names:
            scope.report(
                "KG305",
                f"`{entry.name}` is the name of another entry of the expanded model",
                path,
                at="key",
                hint="give the entry another name",
            )
        self._names.add(entry.name)
        self.items.append(entry)
        scope.state.entries[join(self.base, entry.name)] = Original(
            key=path, remarks=use_remarks(scope.uses)
        )

    def prune(self, outputs: Tree) -> None:
        """Leaves out what only an output of a block would need that nobody takes.

        Args:
            outputs: what the model gives back, None for its last entry.
        """
        takes = {entry.name: set(_names_in(entry.takes)) for entry in self.items}
        last = [] if self.last is None else [self.last]
        alive = _behind(_names_in(outputs) if outputs is not None else last, takes)
        needless = _behind([name for name in self.spare if name not in alive], takes) - alive
        self.items = [entry for entry in self.items if entry.name not in needless]

    def written_out(self, inputs: Sequence[str]) -> dict[str, Tree]:
        """The entries as plain data: `from` stands only where it is not the entry above."""
        section: dict[str, Tree] = {}
        above: Tree = inputs[0] if len(inputs) == 1 else None
        for entry in self.items:
            stays = entry.by_default and entry.takes == above
            section[entry.name] = entry.body if stays else _fed(entry.body, entry.takes)
            above = entry.name
        return section


def _fed(body: Tree, takes: Tree) -> Tree:
    """A body that says what it takes; what no entry can be stays, for the parser to refuse."""
    body = {"class": body} if isinstance(body, str) else body or {}
    if not isinstance(body, Mapping):
        return body
    fed = {key: value for key, value in body.items() if key != "with"} | {"from": takes}
    return fed | {"with": body["with"]} if body.get("with") is not None else fed
