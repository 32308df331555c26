"""Python source text: expressions that know how to break over lines, literals, and names.

This room owns the form of emitted code: what stands on one line, and how the rest is exploded (the
arguments of a call on one line of their own if they fit, else one item a line with a trailing
comma: the forms that Ruff and Black give), how a value from a config becomes a literal that can be
nothing else, and which names a function may use. It must not know what the code is about.
"""

from __future__ import annotations

import builtins
import keyword
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

WIDTH = 88
"""Columns of a line: what Ruff and Black take where nothing else is said."""

INDENT = "    "

Code: TypeAlias = "str | Bracketed"
"""An expression: text that stays on one line, or something in brackets that may be exploded."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item between brackets: an expression, perhaps with `units=` or `"loss": ` before it."""

    code: Code
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Bracketed:
    """An expression with brackets: a call, a list, a tuple, a dictionary, or the call of a call.

    Attributes:
        head: text up to the opening bracket, which it includes.
        items: what stands between the brackets.
        tail: the closing bracket.
        then: a further call of what the expression gives, or None.
        called: whether the brackets hold the arguments of a call.
    """

    head: str
    items: tuple[Item, ...]
    tail: str
    then: Bracketed | None = None
    called: bool = False


def arguments(function: str, items: Iterable[Item]) -> Bracketed:
    """The call of a function, or of what stands before if its name is empty."""
    return Bracketed(f"{function}(", tuple(items), ")", called=True)


def call(
    function: str,
    *positional: Code,
    named: Mapping[str, Code] | None = None,
    then: Bracketed | None = None,
) -> Bracketed:
    """The call of a function."""
    items = [Item(code) for code in positional]
    items += [Item(code, f"{name}=") for name, code in (named or {}).items()]
    return replace(arguments(function, items), then=then)


def listed(items: Iterable[Code]) -> Bracketed:
    """A list."""
    return Bracketed("[", tuple(Item(item) for item in items), "]")


def mapped(items: Mapping[str, Code]) -> Bracketed:
    """A dictionary; its keys are strings."""
    entries = (Item(code, f"{string(key)}: ") for key, code in items.items())
    return Bracketed("{", tuple(entries), "}")


def flat(code: Code) -> str:
    """An expression on one line."""
    if isinstance(code, str):
        return code
    inner = ", ".join(item.prefix + flat(item.code) for item in code.items)
    comma = "," if code.tail == ")" and not code.called and len(code.items) == 1 else ""
    then = "" if code.then is None else flat(code.then)
    return f"{code.head}{inner}{comma}{code.tail}{then}"


def statement(prefix: str, code: Code, *, depth: int = 1, suffix: str = "") -> list[str]:
    """The lines of a statement.

    Args:
        prefix: what stands before the expression, such as `x = ` or `return `.
        code: the expression.
        depth: how far it is indented.
        suffix: what stands behind it.
    """
    margin = INDENT * depth
    line = f"{margin}{prefix}{flat(code)}{suffix}"
    if len(line) <= WIDTH or isinstance(code, str) or not (code.items or code.then):
        return [line]
    if code.then is None:
        return _exploded(margin, prefix, code, code.tail + suffix, depth)
    first = f"{prefix}{flat(replace(code, then=None))}"
    if len(margin) + len(first) + 1 > WIDTH and code.items:
        lines = _exploded(margin, prefix, code, code.tail, depth)
        if len(lines[-1]) + len(flat(code.then)) + len(suffix) <= WIDTH:
            return [*lines[:-1], lines[-1] + flat(code.then) + suffix]
        start = lines.pop().removeprefix(margin)
        return [*lines, *statement(start, code.then, depth=depth, suffix=suffix)]
    return statement(first, code.then, depth=depth, suffix=suffix)


def _exploded(margin: str, prefix: str, code: Bracketed, end: str, depth: int) -> list[str]:
    """The lines of a bracketed expression, with what it holds on lines of their own."""
    lines = [f"{margin}{prefix}{code.head}"]
    inner = margin + INDENT + ", ".join(item.prefix + flat(item.code) for item in code.items)
    if code.called and len(inner) <= WIDTH:
        return [*lines, inner, f"{margin}{end}"]
    for item in code.items:
        lines += statement(item.prefix, item.code, depth=depth + 1, suffix=",")
    return [*lines, f"{margin}{end}"]


def literal(value: Any) -> Code:
    """A plain value, a sequence or a mapping as a Python literal.

    Sequences of whole numbers (shapes, sizes) become tuples, all others lists.

    Raises:
        TypeError: a value has no literal, as an object has none.
    """
    if isinstance(value, str):
        return string(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, Mapping):
        entries = (Item(literal(item), f"{flat(literal(key))}: ") for key, item in value.items())
        return Bracketed("{", tuple(entries), "}")
    if isinstance(value, list | tuple):
        items = tuple(Item(literal(item)) for item in value)
        return Bracketed("(", items, ")") if is_shape(value) else Bracketed("[", items, "]")
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    raise TypeError(f"{type(value).__name__} has no literal")


def is_shape(value: object) -> bool:
    """Whether a value is a sequence of whole numbers, None included, or one of such sequences."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(item is None or type(item) is int or is_shape(item) for item in value)
    )


def string(text: str) -> str:
    """A string literal on one line, in the quotes that formatters choose."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = [f"\\{c}" if c in (quote, "\\") else _escaped(c) for c in text]
    return f"{quote}{''.join(escaped)}{quote}"


def _escaped(character: str) -> str:
    return character if character in "\"'" else repr(character)[1:-1]


def prose(text: str) -> str:
    """Text from a config as it may stand in a docstring: one line, without quotes or escapes."""
    safe = re.sub(r"[^ -~]", "?", text).replace("\\", "/").replace('"', "'")
    return safe if len(safe) <= 400 else safe[:397] + "..."


@dataclass(slots=True)
class Names:
    """Gives names to the variables of a function, or to functions.

    Attributes:
        taken: names that are not free: those given, and those that the code uses otherwise.
    """

    taken: set[str] = field(default_factory=set)

    def give(self, wanted: str) -> str:
        """A Python identifier like `wanted` that is free; it is taken from now on."""
        name = re.sub(r"\W+", "_", wanted, flags=re.ASCII).strip("_").lower() or "value"
        if name[0].isdigit():
            name = f"_{name}"
        if keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name):
            name = f"{name}_"
        free, number = name, 2
        while free in self.taken:
            free, number = f"{name.rstrip('_')}_{number}", number + 1
        self.taken.add(free)
        return free


def function(head: str, text: str, body: Sequence[str]) -> str:
    """A function: its `def` line without the colon, its docstring, and its indented lines."""
    return "\n".join([f"def {head}:", *docstring(text, depth=1), *body])


def docstring(text: str, *, depth: int) -> list[str]:
    """The lines of a docstring, paragraphs apart by empty lines; each must fit on its line."""
    margin = INDENT * depth
    lines = [f"{margin}{line}" if line else "" for line in text.split("\n")]
    lines[0] = f'{margin}"""{text.split(chr(10))[0]}'
    return [lines[0] + '"""'] if len(lines) == 1 else [*lines, f'{margin}"""']
