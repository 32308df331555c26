"""What a script imports: statements of the source that it quotes, and the lines at its top.

This room owns the form and the order of these lines, which are those of Ruff and isort. It must
not know what is imported for which purpose.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from kerasgen.emit.script.code import WIDTH

LATE = "  # noqa: E402"
"""Behind the first line of an import that waits until the engine of Keras is chosen."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name that is imported.

    Attributes:
        module: the module.
        attribute: what is taken from it, None for the module itself.
        alias: the name that it gets, None for its own.
    """

    module: str
    attribute: str | None = None
    alias: str | None = None

    @property
    def name(self) -> str:
        """The name that code uses."""
        return self.alias or self.attribute or self.module.partition(".")[0]

    @property
    def standard(self) -> bool:
        """Whether Python itself brings it along."""
        return self.module.partition(".")[0] in sys.stdlib_module_names


def imported(node: ast.AST) -> list[Import]:
    """What a statement imports; nothing for any other, nor for annotations alone."""
    if isinstance(node, ast.Import):
        return [Import(one.name, alias=one.asname) for one in node.names]
    if isinstance(node, ast.ImportFrom) and node.module not in (None, "__future__"):
        return [Import(node.module or "", one.name, one.asname) for one in node.names]
    return []


def import_lines(wanted: Iterable[Import], *, late: bool) -> list[str]:
    """The lines that import names, in order.

    Args:
        wanted: the names.
        late: whether the lines stand behind other code.
    """
    mark = LATE if late else ""
    whole = {one for one in wanted if one.attribute is None}
    taken: dict[str, set[str]] = {}
    for one in wanted:
        if one.attribute is not None:
            alias = f" as {one.alias}" if one.alias else ""
            taken.setdefault(one.module, set()).add(one.attribute.partition(".")[0] + alias)
    lines = []
    for one in sorted(whole, key=lambda one: one.module):
        alias = f" as {one.alias}" if one.alias else ""
        lines.append(f"import {one.module}{alias}{mark}")
    for module in sorted(taken, key=str.lower):
        names = sorted(taken[module], key=_rank)
        line = f"from {module} import {', '.join(names)}{mark}"
        if len(line) <= WIDTH:
            lines.append(line)
        else:
            inner = [f"    {name}," for name in names]
            lines += [f"from {module} import ({mark}", *inner, ")"]
    return lines


def _rank(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, as isort orders the names of one module."""
    return 0 if name.isupper() else 1 if name[0].isupper() else 2, name
