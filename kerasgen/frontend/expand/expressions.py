"""The small expression language of configs: `$width * 2`, `2 if $index == 0 else 1`.

This room owns what an expression is and what it gives. It reads the text with Python's `ast` and
computes a whitelisted few of its nodes; nothing is ever compiled or run as Python. Limits on
the text, on every number and on every length keep a stranger's expression cheap. It must not
know where the parameters come from.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeGuard

from kerasgen.ir.values import Tree

_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")
_GLUED = re.compile(r"\w\$[A-Za-z_]")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")

_LONGEST = 1000
"""Characters of an expression."""

_LARGEST = 2**63
"""Bound of every integer, as NumPy's widest type has it."""

_MOST_ITEMS = 10_000
"""Length of every list and string that an expression makes."""

_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
"""YAML's words for Python's `True`, `False` and `None`."""


class ExpressionError(Exception):
    """An expression that has no value, with the reason as a message.

    Attributes:
        unknown: the parameter that is not there, if that is the reason.
        hint: how to mend it, or None.
    """

    def __init__(
        self, message: str, *, unknown: str | None = None, hint: str | None = None
    ) -> None:
        self.unknown = unknown
        self.hint = hint
        super().__init__(message)


def is_expression(value: object) -> bool:
    """Whether a value of a config is an expression: text with a `$name` in it."""
    if not isinstance(value, str) or "$" not in value:
        return False
    return _PARAMETER.search(value.replace("$$", "")) is not None


def parameters_in(text: str) -> list[str]:
    """The parameters that an expression names, in order, without repeats."""
    bare = _QUOTED.sub("", text.replace("$$", ""))
    return list(dict.fromkeys(_PARAMETER.findall(bare)))


def unescaped(value: Tree) -> Tree:
    """Plain data in which every `$$` is read as one `$`: the last step of expansion."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, Mapping):
        return {key: unescaped(item) for key, item in value.items()}
    return [unescaped(item) for item in value] if isinstance(value, list) else value


def evaluate(text: str, parameters: Mapping[str, Tree]) -> Tree:
    """The value of an expression.

    Args:
        text: the expression; a text that is just `$name` gives the parameter as it is.
        parameters: name to value.

    Returns:
        Plain data.

    Raises:
        ExpressionError: it cannot be read, names what is not there, or exceeds a limit.
    """
    stripped = text.strip()
    alone = _PARAMETER.fullmatch(stripped)
    if alone is not None:
        return _parameter(alone.group(1), parameters)
    if len(stripped) > _LONGEST:
        raise ExpressionError(f"it has {len(stripped)} characters, expected at most {_LONGEST}")
    if _GLUED.search(_QUOTED.sub("", stripped)):
        raise ExpressionError(
            "text and a parameter stand side by side",
            hint="join them, as in `'conv_' + $name`, and write a plain `$` as `$$`",
        )
    try:
        tree, places = _parsed(stripped)
        return _value(tree.body, parameters, places)
    except ExpressionError:
        raise
    except SyntaxError as error:
        column = f" at character {error.offset}" if error.offset else ""
        raise ExpressionError(
            f"it is no expression{column}",
            hint="put text in quotes inside the expression, and write a plain `$` as `$$`",
        ) from None
    except (RecursionError, MemoryError, ValueError):
        raise ExpressionError("it is nested too deeply or holds too large a number") from None


@lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[ast.Expression, frozenset[int]]:
    """The tree of an expression, and the offsets of its parameters; a block's recur at each use."""
    source, places = _python_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of odd literals in the user's text.
        return ast.parse(source, mode="eval"), places


def _python_text(text: str) -> tuple[str, frozenset[int]]:
    """The text with `$` written as `_`, and the offsets (in bytes) of the parameters in it."""
    characters = list(text)
    places = set()
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    for match in _PARAMETER.finditer(text):
        if not any(begin <= match.start() < end for begin, end in quoted):
            characters[match.start()] = "_"
            places.add(len(text[: match.start()].encode()))
    return "".join(characters), frozenset(places)


def _parameter(name: str, parameters: Mapping[str, Tree]) -> Tree:
    if name not in parameters:
        raise ExpressionError(f"there is no parameter `{name}`", unknown=name)
    return parameters[name]


def _value(node: ast.expr, parameters: Mapping[str, Tree], places: frozenset[int]) -> Tree:
    def inner(part: ast.expr) -> Tree:
        return _value(part, parameters, places)

    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None as constant):
            return _bounded(constant)
        case ast.Name(id=name) if node.col_offset in places:
            return _parameter(name[1:], parameters)
        case ast.Name(id=name):
            return _word(name, parameters)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return _bounded([inner(item) for item in items])
        case ast.Subscript(value=value, slice=index) if not isinstance(index, ast.Slice):
            return _item(inner(value), inner(index))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return _call(name, [inner(argument) for argument in arguments])
    return _operation(node, inner)


def _operation(node: ast.expr, inner: Callable[[ast.expr], Tree]) -> Tree:
    match node:
        case ast.UnaryOp(op=op, operand=operand):
            return _unary(op, inner(operand))
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, inner(left), inner(right))
        case ast.BoolOp(op=op, values=values):
            return _boolean(op, values, inner)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return _compared([left, *comparators], ops, inner)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return inner(body) if inner(test) else inner(orelse)
    raise ExpressionError(
        f"{_NAMES.get(type(node), 'a part of it')} cannot stand in an expression",
        hint="there are numbers, text in quotes, lists, + - * / // % **, comparisons, and or not, "
        f"`a if c else b`, `a[0]`, and the functions {', '.join(_FUNCTIONS)}",
    )


_NAMES: Mapping[type[ast.expr], str] = {
    ast.Attribute: "an attribute",
    ast.Call: "a call of anything but the functions of the language",
    ast.Lambda: "a function",
    ast.Subscript: "a slice",
    ast.Dict: "a mapping",
    ast.ListComp: "a comprehension",
}


def _word(name: str, parameters: Mapping[str, Tree]) -> Tree:
    if name in _WORDS:
        return _WORDS[name]
    hint = f"put text in quotes: `'{name}'`"
    if name in parameters:
        hint = f"did you mean `${name}`?"
    raise ExpressionError(f"`{name}` is no parameter and no number", hint=hint)


def _unary(op: ast.unaryop, value: Tree) -> Tree:
    if isinstance(op, ast.Not):
        return not value
    if isinstance(op, ast.UAdd | ast.USub) and _is_number(value):
        return -value if isinstance(op, ast.USub) else value
    raise ExpressionError(f"{_described(value)} has no sign")


_ARITHMETIC: Mapping[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
}

_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}

_FUNCTIONS: Mapping[str, Callable[..., Tree]] = {
    "min": min,
    "max": max,
    "round": round,
    "int": int,
    "len": len,
}


def _binary(op: ast.operator, left: Tree, right: Tree) -> Tree:
    if type(op) not in _ARITHMETIC:
        raise ExpressionError("it has an operator that is none of + - * / // % **")
    sign, compute = _ARITHMETIC[type(op)]
    if _is_number(left) and _is_number(right):
        if sign == "**" and abs(right) * math.log2(max(abs(left), 2)) > math.log2(_LARGEST):
            raise ExpressionError(f"`{left} ** {right}` is too large a number")
    elif sign == "*" and isinstance(left, list) and isinstance(right, int):
        if len(left) * max(right, 0) > _MOST_ITEMS:
            raise ExpressionError(f"it makes more than {_MOST_ITEMS} items")
    elif not (sign == "+" and type(left) is type(right) and isinstance(left, str | list)):
        raise ExpressionError(f"{_described(left)} {sign} {_described(right)} has no value")
    try:
        return _bounded(compute(left, right))
    except ZeroDivisionError:
        raise ExpressionError("it divides by zero") from None
    except OverflowError:
        raise ExpressionError("it makes too large a number") from None


def _boolean(op: ast.boolop, values: Sequence[ast.expr], inner: Callable[[ast.expr], Tree]) -> Tree:
    found = None
    for value in values:
        found = inner(value)
        if bool(found) is isinstance(op, ast.Or):
            return found
    return found


def _compared(
    values: Sequence[ast.expr], ops: Sequence[ast.cmpop], inner: Callable[[ast.expr], Tree]
) -> bool:
    left = inner(values[0])
    for op, value in zip(ops, values[1:], strict=True):
        right = inner(value)
        if type(op) not in _COMPARISONS:
            raise ExpressionError("it compares with `is`", hint="write `==` or `!=`")
        try:
            holds = _COMPARISONS[type(op)](left, right)
        except TypeError:
            raise ExpressionError(
                f"{_described(left)} and {_described(right)} cannot be compared"
            ) from None
        if not holds:
            return False
        left = right
    return True


def _item(value: Tree, index: Tree) -> Tree:
    for key, item in value.items() if isinstance(value, Mapping) else ():
        if key == index:
            return item
    if not isinstance(value, list | str) or not isinstance(index, int) or isinstance(index, bool):
        raise ExpressionError(f"{_described(value)} has no item {_described(index)}")
    if not -len(value) <= index < len(value):
        raise ExpressionError(f"it takes item {index} of {len(value)}")
    return value[index]


def _call(name: str, arguments: Sequence[Tree]) -> Tree:
    try:
        return _bounded(_FUNCTIONS[name](*arguments))
    except (TypeError, ValueError, OverflowError) as error:
        raise ExpressionError(f"`{name}` cannot be computed: {str(error).lower()}") from None


def _bounded(value: Tree) -> Tree:
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        raise ExpressionError("it gives a number that is not finite")
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ExpressionError("it makes too large a number")
    if isinstance(value, str | list) and _extent(value) > _MOST_ITEMS:
        raise ExpressionError(f"it makes more than {_MOST_ITEMS} items")
    return value


def _extent(value: str | list[Tree]) -> int:
    """The items of a text or a list, those of lists in it too, counted up to the limit."""
    count = len(value)
    for item in value if isinstance(value, list) else ():
        if count > _MOST_ITEMS:
            break
        count += _extent(item) if isinstance(item, list) else 0
    return count


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float)


def _described(value: Tree) -> str:
    if isinstance(value, str):
        return f'the string "{value[:40]}"'
    if isinstance(value, list | Mapping):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"`{str(value).lower() if isinstance(value, bool) or value is None else value}`"
