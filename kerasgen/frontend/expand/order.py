"""The entries of a model as expansion lays them out, and how they are written down.

This room owns the list of expanded entries: their names, what each takes, which of them nobody
needs. It must not know what they were expanded from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasgen.diagnostics import describe, did_you_mean
from kerasgen.diagnostics.source_map import Original
from kerasgen.frontend.expand.scope import Ground, Scope, Spot
from kerasgen.frontend.expand.written import use_remarks
from kerasgen.frontend.grammar import join


@dataclass(slots=True, kw_only=True)
class Node:
    """One expanded entry.

    Attributes:
        name: its name in the expanded model.
        body: its class and arguments as plain data, without `from`.
        takes: what comes in, in names of the expanded model.
        by_default: whether it takes that because it stands above, and does not say so.
    """

    name: str
    body: Any
    takes: Any
    by_default: bool


def _names_in(takes: Any) -> list[str]:
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
class Layout:
    """The entries of one model as they are laid out.

    Attributes:
        base: key path of the expanded `layers`.
        expand: expands the value of an argument, models in it included.
        nodes: the entries so far.
        spare: the entries that are outputs of blocks with several, which nobody need take.
    """

    base: str
    expand: Callable[[Any, Spot, Scope, Ground], Any]
    nodes: list[Node] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    @property
    def last(self) -> str | None:
        """Name of the last entry, None where there is none."""
        return self.nodes[-1].name if self.nodes else None

    def add(self, node: Node, path: str, scope: Scope, ground: Ground) -> None:
        """Adds an entry that was written at the key path."""
        if node.name in self._names:
            ground.report(
                "KG305",
                f"`{node.name}` is the name of another entry of the expanded model",
                path,
                scope,
                at="key",
                hint="give the entry another name",
            )
        self._names.add(node.name)
        self.nodes.append(node)
        ground.places.entries[join(self.base, node.name)] = Original(
            key=path, remarks=use_remarks(scope.uses)
        )

    def prune(self, outputs: Any) -> None:
        """Leaves out what only an output of a block would need that nobody takes.

        Args:
            outputs: what the model gives back, None for its last entry.
        """
        takes = {node.name: set(_names_in(node.takes)) for node in self.nodes}
        last = [] if self.last is None else [self.last]
        alive = _behind(_names_in(outputs) if outputs is not None else last, takes)
        needless = _behind([name for name in self.spare if name not in alive], takes) - alive
        self.nodes = [node for node in self.nodes if node.name not in needless]

    def written_out(self, inputs: Sequence[str]) -> dict[str, Any]:
        """The entries as plain data: `from` stands only where it is not the entry above."""
        section: dict[str, Any] = {}
        above: Any = inputs[0] if len(inputs) == 1 else None
        for node in self.nodes:
            body = node.body
            if not (node.by_default and node.takes == above):
                body = {"class": body} if isinstance(body, str) else dict(body or {})
                arguments = body.pop("with", None)
                body["from"] = node.takes
                if arguments is not None:
                    body["with"] = arguments
            section[node.name] = body
            above = node.name
        return section


def in_order(
    pairs: list[tuple[str, Any, str]], scope: Scope, ground: Ground
) -> list[tuple[str, Any, str]]:
    """The entries with each one that says `after` behind the one that it names."""
    placed = [p for p in pairs if not (isinstance(p[1], Mapping) and "after" in p[1])]
    waiting = [p for p in pairs if isinstance(p[1], Mapping) and "after" in p[1]]
    names = [name for name, _, _ in pairs]
    while waiting:
        still = []
        for name, value, where in waiting:
            order = [other for other, _, _ in placed]
            if value["after"] in order:
                placed.insert(order.index(value["after"]) + 1, (name, value, where))
            else:
                still.append((name, value, where))
        if len(still) == len(waiting):
            for name, value, where in still:
                _report_after(name, value["after"], f"{where}.after", names, scope, ground)
            break
        waiting = still
    return placed


def _report_after(
    name: str, after: Any, key: str, names: Sequence[str], scope: Scope, ground: Ground
) -> None:
    if not isinstance(after, str):
        text = f"`after` is {describe(after)}, expected the name of an entry"
        ground.report("KG204", text, key, scope)
    elif after in names:
        ground.report("KG303", f"`{name}` and `{after}` come after each other", key, scope)
    else:
        text = f"there is no entry `{after}` to come after"
        ground.report("KG301", text, key, scope, hint=did_you_mean(after, names))
