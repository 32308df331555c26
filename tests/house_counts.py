"""Counts what the style of the house says in numbers; run by hand, it prints the tables.

    python tests/house_counts.py [FOLDER]

FOLDER is a checkout, this one without it. `test_house` holds what must not come back. Everything
is read by `ast`: nothing is imported, so that any commit can be counted by the script of today.

A room is a folder directly below `kerasgen/`; the modules that stand there alone are one more. A
slot is a place for an annotation: a parameter's (`self` and `cls` aside), a return's, a field's.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeAlias

ROOT = Path(__file__).resolve().parents[1]

MOST_LINES = 400
"""Lines of a module."""

LONG_FUNCTION, MOST_FUNCTION_LINES = 45, 100
MOST_PARAMETERS = 6
CLUMP = 5
"""Parameters from which a private function owes its reader a docstring."""

ENDINGS = (
    "ations",
    "ation",
    "ions",
    "ion",
    "ings",
    "ing",
    "ers",
    "er",
    "ors",
    "or",
    "ed",
    "es",
    "e",
    "s",
)
"""What may be all that two names differ by, the longest first."""

LEAST_STEM = 4

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


class Place(NamedTuple):
    """A line of the house, with what stands there."""

    path: str
    line: int
    name: str
    count: int = 0

    def __str__(self) -> str:
        counted = f" ({self.count})" if self.count else ""
        return f"{self.path}:{self.line} {self.name}{counted}"


@dataclass
class Slots:
    """Annotations of a room: all, those that are `Any` alone, and those with `Any` inside."""

    all: int = 0
    bare: int = 0
    inside: int = 0

    @classmethod
    def of_all(cls, rooms: Iterable[Slots]) -> Slots:
        """The slots of several rooms together."""
        listed = list(rooms)
        return cls(
            all=sum(room.all for room in listed),
            bare=sum(room.bare for room in listed),
            inside=sum(room.inside for room in listed),
        )

    @property
    def share(self) -> float:
        """Bare `Any` in percent."""
        return 100 * self.bare / self.all if self.all else 0.0


@dataclass
class Counts:
    """What was counted, with its places where there are places to go to."""

    modules: int = 0
    lines: int = 0
    functions: int = 0
    long_modules: list[Place] = field(default_factory=list)
    long_functions: list[Place] = field(default_factory=list)
    too_long_functions: list[Place] = field(default_factory=list)
    many_parameters: list[Place] = field(default_factory=list)
    clumps: list[Place] = field(default_factory=list)
    raising: list[Place] = field(default_factory=list)
    raising_untold: list[Place] = field(default_factory=list)
    slots: dict[str, Slots] = field(default_factory=lambda: defaultdict(Slots))
    bare: list[Place] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    twins: list[str] = field(default_factory=list)
    ing: list[str] = field(default_factory=list)
    script_lines: int = 0


def count_house(folder: Path = ROOT) -> Counts:
    """Counts the package of one checkout."""
    counts = Counts()
    names: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for file in sorted((folder / "kerasgen").rglob("*.py")):
        within = file.relative_to(folder / "kerasgen")
        room = within.parts[0] if len(within.parts) > 1 else "kerasgen"
        source = file.read_text(encoding="utf-8")
        _count_module(counts, str(file.relative_to(folder)), room, source)
        if within.parts[0] == "emit" and within.parts[1].startswith("script"):
            counts.script_lines += source.count("\n")
        if not within.stem.startswith("__"):
            names[room][within.stem].append(str(within))
            if within.stem.endswith("ing"):
                counts.ing.append(str(within))
    for stems in names.values():
        counts.twice += [" ~ ".join(paths) for paths in stems.values() if len(paths) > 1]
        alike: dict[str, list[str]] = defaultdict(list)
        for stem, paths in stems.items():
            alike[shortened(stem)].append(paths[0])
        counts.twins += [" ~ ".join(paths) for paths in alike.values() if len(paths) > 1]
    return counts


def shortened(name: str) -> str:
    """A name without its ending: what `check`, `checks` and `checking` have in common."""
    for ending in ENDINGS:
        if name.endswith(ending) and len(name) - len(ending) >= LEAST_STEM:
            return name.removesuffix(ending)
    return name


def _count_module(counts: Counts, path: str, room: str, source: str) -> None:
    lines = source.count("\n")
    counts.modules += 1
    counts.lines += lines
    if lines > MOST_LINES:
        counts.long_modules.append(Place(path, 1, "", lines))
    for node, owners in _walk(ast.parse(source), ()):
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.AnnAssign):
                    name = f"{node.name}.{ast.unparse(item.target)}"
                    _count_slot(counts, room, item.annotation, Place(path, item.lineno, name))
        elif isinstance(node, Function):
            _count_function(counts, path, room, node, owners)


def _walk(
    node: ast.AST, owners: tuple[ast.AST, ...]
) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """The classes and functions of a module, each with what it stands in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | Function):
            yield child, owners
            yield from _walk(child, (*owners, child))
        else:
            yield from _walk(child, owners)


def _count_function(
    counts: Counts, path: str, room: str, node: Function, owners: tuple[ast.AST, ...]
) -> None:
    counts.functions += 1
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if length > MOST_FUNCTION_LINES:
        counts.too_long_functions.append(Place(path, node.lineno, node.name, length))
    if length > LONG_FUNCTION:
        counts.long_functions.append(Place(path, node.lineno, node.name, length))
    parameters = _parameters(node, in_class=bool(owners) and isinstance(owners[-1], ast.ClassDef))
    if len(parameters) > MOST_PARAMETERS:
        counts.many_parameters.append(Place(path, node.lineno, node.name, len(parameters)))
    told = ast.get_docstring(node)
    special = node.name.startswith("__")  # The docstring of its class speaks of its arguments.
    private = any(
        name.startswith("_") for name in (node.name, *(getattr(o, "name", "") for o in owners))
    )
    if private and not special and len(parameters) >= CLUMP and not told:
        counts.clumps.append(Place(path, node.lineno, node.name, len(parameters)))
    nested = any(isinstance(owner, Function) for owner in owners)
    if not private and not nested and _raises(node):
        counts.raising.append(Place(path, node.lineno, node.name))
        if "Raises:" not in (told or ""):
            counts.raising_untold.append(Place(path, node.lineno, node.name))
    for annotation in (*(parameter.annotation for parameter in parameters), node.returns):
        _count_slot(counts, room, annotation, Place(path, node.lineno, node.name))


def _parameters(node: Function, *, in_class: bool) -> list[ast.arg]:
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
    if in_class and not static:
        positional = positional[1:]
    rest = [arg for arg in (given.vararg, given.kwarg) if arg is not None]
    return [*positional, *given.kwonlyargs, *rest]


def _raises(node: ast.AST) -> bool:
    """Whether a function raises in its own body, not in one that is defined there."""
    return any(
        isinstance(child, ast.Raise)
        or (not isinstance(child, ast.ClassDef | Function | ast.Lambda) and _raises(child))
        for child in ast.iter_child_nodes(node)
    )


def _count_slot(counts: Counts, room: str, annotation: ast.expr | None, place: Place) -> None:
    slots = counts.slots[room]
    slots.all += 1
    if annotation is None:
        return
    if _is_any(annotation):
        slots.bare += 1
        counts.bare.append(place)
    elif any(_is_any(node) for node in ast.walk(annotation)):
        slots.inside += 1


def _is_any(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id == "Any") or (
        isinstance(node, ast.Attribute) and node.attr == "Any"
    )


def table(counts: Counts) -> str:
    """The counts as two tables of Markdown, and then the places."""
    rows = [
        ("modules, lines", f"{counts.modules}, {counts.lines:,}"),
        ("functions", f"{counts.functions:,}"),
        (f"modules over {MOST_LINES} lines", len(counts.long_modules)),
        (f"functions over {LONG_FUNCTION} lines", len(counts.long_functions)),
        (f"functions over {MOST_FUNCTION_LINES} lines", len(counts.too_long_functions)),
        (f"functions with more than {MOST_PARAMETERS} parameters", len(counts.many_parameters)),
        (f"private functions with {CLUMP} or more, not described", len(counts.clumps)),
        ("public functions that raise", len(counts.raising)),
        ("of them without `Raises:`", len(counts.raising_untold)),
        ("basenames twice in a room", len(counts.twice)),
        ("twins by an ending in a room", len(counts.twins)),
        ("modules in -ing", len(counts.ing)),
        ("lines of `emit/script`", f"{counts.script_lines:,}"),
    ]
    lines = ["| counted | |", "|---|---:|", *(f"| {name} | {value} |" for name, value in rows)]
    lines += [
        "",
        "| room | slots | bare `Any` | share | `Any` inside |",
        "|---|---:|---:|---:|---:|",
    ]
    rooms = [*sorted(counts.slots.items()), ("**in all**", Slots.of_all(counts.slots.values()))]
    lines += [f"| {n} | {s.all:,} | {s.bare} | {s.share:.1f} % | {s.inside} |" for n, s in rooms]
    return "\n".join(lines)


def places(counts: Counts) -> str:
    """Where to go, kind by kind."""
    bare = Counter(place.path for place in counts.bare)
    kinds: dict[str, list[str]] = {
        "long modules": [str(place) for place in counts.long_modules],
        "many parameters": [str(place) for place in counts.many_parameters],
        "clumps without a docstring": [str(place) for place in counts.clumps],
        "raise, and do not say so": [str(place) for place in counts.raising_untold],
        "twice": counts.twice,
        "twins": counts.twins,
        "in -ing": counts.ing,
        "bare Any": [f"{path} {count}" for path, count in bare.most_common()],
    }
    return "\n".join(
        "\n".join([f"\n{kind}: {len(found)}", *(f"  {line}" for line in found)])
        for kind, found in kinds.items()
    )


if __name__ == "__main__":
    counted = count_house(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT)
    print(table(counted))
    print(places(counted))
