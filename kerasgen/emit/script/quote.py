"""Quoting: functions of `kerasgen.runtime` as a script has them.

This room owns which functions, classes and constants are reached from those that a script calls,
and the form in which their source stands there: without annotations, since a script has none, and
with all imports at its top, and with plain errors. It must not know what the functions do, and runs
none of them.

Decisions:
- Names are followed through the syntax tree of the modules, which are read and not imported.
- Of a docstring the first line alone is quoted: the rest tells of arguments and errors as kerasgen
  knows them, and makes a script longer than what it does.
- What is quoted imports nothing of kerasgen but what is quoted too, so that a name that leads
  anywhere else in kerasgen is a bug, and raised as one.
"""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TypeGuard

import kerasgen.runtime
from kerasgen.emit.script.code import WIDTH, Item, arguments, call, flat, literal, statement
from kerasgen.emit.script.imports import Import, imported
from kerasgen.runtime.errors import DataError

PACKAGE = kerasgen.runtime.__name__

_REMARK = re.compile(r"  # (?:type: ignore|noqa)\b.*$", re.MULTILINE)
"""A remark to a tool that reads kerasgen; the script has none of what it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """A function, class or constant as a script has it.

    Attributes:
        name: its name.
        text: its source.
        constant: whether it is a constant, which stands above all functions.
        imports: what it takes from other packages, by the name that it uses.
    """

    name: str
    text: str
    constant: bool
    imports: Mapping[str, Import]


Place = tuple[str, str]
"""Module and name of a definition."""


@dataclass(slots=True)
class Quotations:
    """What a script quotes: the definitions that it reaches, each once.

    Attributes:
        roots: name to the definition of a function that stands outside of the runtime.
    """

    roots: Mapping[str, Place] = field(default_factory=dict)
    _modules: dict[str, _Module] = field(default_factory=dict)
    _taken: dict[Place, None] = field(default_factory=dict)

    def reached_from(self, text: str) -> list[Quotation]:
        """The definitions that a piece of the script needs and no earlier one brought along.

        Args:
            text: the piece.

        Returns:
            The definitions, each behind those that it uses.

        Raises:
            LookupError: one leads out of the runtime, to another room of kerasgen.
        """
        offered = self._offered()
        found: list[Quotation] = []
        for name in sorted(free_names(text)):
            if name in offered:
                self._take(offered[name], found)
        return found

    def names(self) -> set[str]:
        """Every name that a script may get from what is quoted."""
        modules = {module for module, _ in self.roots.values()}
        found = {name for module in modules for name in self._module(module).nodes}
        return found | set(self._offered())

    def _offered(self) -> dict[str, Place]:
        places = kerasgen.runtime.__path__
        found = pkgutil.walk_packages(places, f"{PACKAGE}.")
        modules = [module.name for module in found if not module.ispkg]
        offered = {n: (module, n) for module in modules for n in self._module(module).nodes}
        return {**offered, **self.roots}

    def _module(self, name: str) -> _Module:
        if name not in self._modules:
            self._modules[name] = _read_module(name)
        return self._modules[name]

    def _take(self, place: Place, found: list[Quotation]) -> None:
        if place in self._taken:
            return
        self._taken[place] = None
        if other := [one for one in self._taken if one[1] == place[1] and one != place]:
            raise LookupError(f"`{place[1]}` stands in {place[0]} and in {other[0][0]}")
        module = self._module(place[0])
        text, imports = _quoted(module, module.nodes[place[1]])
        for name in sorted(free_names(text), key=lambda name: (name not in module.nodes, name)):
            target = module.imports.get(name)
            if name in module.nodes:
                self._take((place[0], name), found)
            elif target is not None and target.module.startswith(f"{PACKAGE}."):
                self._take((target.module, target.attribute or ""), found)
            elif target is not None and target.module.partition(".")[0] == "kerasgen":
                raise LookupError(f"{place[0]} takes `{name}` from {target.module}")
            elif target is not None:
                imports[name] = target
        constant = isinstance(module.nodes[place[1]], ast.Assign | ast.AnnAssign)
        found.append(Quotation(name=place[1], text=text, constant=constant, imports=imports))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Module:
    """The source of a module, and what stands at its top level."""

    source: bytes
    starts: Sequence[int]
    nodes: Mapping[str, ast.stmt]
    imports: Mapping[str, Import]


def free_names(text: str) -> set[str]:
    """The names that code takes from around it: those it uses and does not bind in a function."""
    found: set[str] = set()
    for node in ast.parse(text).body:
        names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
        used = {name.id for name in names if isinstance(name.ctx, ast.Load)}
        if isinstance(node, ast.FunctionDef):
            used -= {name.id for name in names if not isinstance(name.ctx, ast.Load)}
            inner = list(ast.walk(node))
            used -= {one.arg for one in inner if isinstance(one, ast.arg)}
            used -= {one.name for one in inner if isinstance(one, ast.FunctionDef)}
        found |= used
    return found


def _read_module(name: str) -> _Module:
    spec = find_spec(name)
    loader = spec.loader if spec is not None else None
    text: str | None = getattr(loader, "get_source", lambda _: None)(name)
    if text is None:
        raise LookupError(f"{name} has no source")
    nodes: dict[str, ast.stmt] = {}
    imports: dict[str, Import] = {}
    for node in ast.parse(text).body:
        imports |= {one.name: one for one in imported(node)}
        if isinstance(node, ast.FunctionDef) or (
            isinstance(node, ast.ClassDef) and "TypedDict" not in map(ast.unparse, node.bases)
        ):
            nodes[node.name] = node
        if (constant := _constant(node)) is not None:
            nodes[constant] = node
    source = text.encode()
    starts = [0, *(match.end() for match in re.finditer(rb"\n", source))]
    return _Module(source=source, starts=starts, nodes=nodes, imports=imports)


def _constant(node: ast.stmt) -> str | None:
    """The constant that a statement names, None for others and for types."""
    target: ast.expr
    if isinstance(node, ast.AnnAssign):
        target, kind = node.target, ast.unparse(node.annotation)
    elif isinstance(node, ast.Assign):
        target, kind = node.targets[0], ""
    else:
        return None
    return target.id if isinstance(target, ast.Name) and kind != "TypeAlias" else None


Edit = tuple[int, int, str]
"""A span of bytes, and what takes its place."""


def _quoted(module: _Module, node: ast.stmt) -> tuple[str, dict[str, Import]]:
    """The text of a definition in a script, and what it imports inside of itself."""
    inner = [one for child in ast.walk(node) for one in imported(child)]
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    start, end = module.starts[first - 1], _end(module, node)
    text = module.source[start:end]
    for left, right, new in sorted(_edits(module, node), reverse=True):
        text = text[: left - start] + new.encode() + text[right - start :]
    return _REMARK.sub("", text.decode()), {one.name: one for one in inner}


def _edits(module: _Module, node: ast.AST) -> Iterator[Edit]:
    for child in ast.walk(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield from _summary(module, child)
        if isinstance(child, ast.FunctionDef):
            yield _head(module, child)
        elif isinstance(child, ast.Raise) and _is_data_error(child.exc):
            yield _raised(module, child, child.exc)
        elif isinstance(child, ast.AnnAssign):
            left = _end(module, child.target)
            if child.value is not None:
                yield left, _start(module, child.value), " = "
            else:
                yield module.starts[child.lineno - 1], module.starts[child.lineno], ""
        elif isinstance(child, ast.Import | ast.ImportFrom):
            end = module.starts[child.end_lineno or child.lineno]
            blank = module.source[end : end + 1] == b"\n"
            yield module.starts[child.lineno - 1], end + blank, ""


def _head(module: _Module, node: ast.FunctionDef) -> Edit:
    """The line of `def` without annotations, as a formatter breaks it."""
    start = _start(module, node)
    body = module.source[start : module.starts[node.body[0].lineno - 1]]
    code = arguments(node.name, _parameters(node.args))
    depth = node.col_offset // 4
    lines = statement("def ", code, depth=depth, suffix=":")
    assert all(len(line) <= WIDTH for line in lines), node.name
    text = "\n".join(lines)[node.col_offset :]
    return start, start + body.rindex(b":") + 1, text


def _summary(module: _Module, node: ast.FunctionDef | ast.ClassDef) -> Iterator[Edit]:
    """The first line of a docstring that has more, without the others."""
    if ast.get_docstring(node) is None:
        return
    start, end = _start(module, node.body[0]), _end(module, node.body[0])
    first, more, _ = module.source[start:end].partition(b"\n")
    if more:
        yield start + len(first), end, module.source[end - 3 : end].decode()


def _is_data_error(raised: ast.expr | None) -> TypeGuard[ast.Call]:
    named = isinstance(raised, ast.Call) and isinstance(raised.func, ast.Name)
    return named and raised.func.id == DataError.__name__  # type: ignore[union-attr]


def _raised(module: _Module, node: ast.Raise, raised: ast.Call) -> Edit:
    """A plain `ValueError`: what an error is about is of use to kerasgen alone."""
    start, end = _start(module, node), _end(module, node)
    problem = module.source[_start(module, raised.args[0]) : _end(module, raised.args[0])]
    cause = module.source[_end(module, raised) : end].decode()
    code = call("ValueError", problem.decode())
    depth = node.col_offset // 4
    text = "\n".join(statement("raise ", code, depth=depth, suffix=cause))
    return start, end, text[node.col_offset :]


def _parameters(found: ast.arguments) -> Iterator[Item]:
    plain = [*found.posonlyargs, *found.args]
    given: list[ast.expr | None] = [None] * (len(plain) - len(found.defaults))
    for parameter, default in zip(plain, [*given, *found.defaults], strict=True):
        yield _parameter(parameter, default)
    if found.vararg is not None:
        yield Item(f"*{found.vararg.arg}")
    elif found.kwonlyargs:
        yield Item("*")
    for parameter, default in zip(found.kwonlyargs, found.kw_defaults, strict=True):
        yield _parameter(parameter, default)
    if found.kwarg is not None:
        yield Item(f"**{found.kwarg.arg}")


def _parameter(parameter: ast.arg, default: ast.expr | None) -> Item:
    if default is None:
        return Item(parameter.arg)
    plain = isinstance(default, ast.Constant)
    value = flat(literal(default.value)) if plain else ast.unparse(default)  # type: ignore[attr-defined]
    return Item(f"{parameter.arg}={value}")


def _start(module: _Module, node: ast.expr | ast.stmt) -> int:
    return module.starts[node.lineno - 1] + node.col_offset


def _end(module: _Module, node: ast.expr | ast.stmt) -> int:
    return module.starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
