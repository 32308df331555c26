"""The kinds of values: whether an argument may hold what was written, and how to mend it.

This room owns what is certain about values without asking Keras. Which argument takes what is
said by the catalog; objects, and the names that stand for them, are checked in `check`.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.catalog import Kind, Parameter, ValueKind
from kerasgen.diagnostics import Sink, describe
from kerasgen.ir import ModelDef, ObjectDef, Value

_EXPECTED: Mapping[ValueKind, str] = {
    "bool": "true or false",
    "int": "an integer",
    "number": "a number",
    "str": "a string",
}


def check_kind(value: Value, parameter: Parameter, path: str, sink: Sink) -> None:
    """Reports KG204 for a value of a kind that its argument certainly does not take.

    Args:
        value: the value as written.
        parameter: the argument.
        path: key path of the value.
        sink: gets the mistake.
    """
    if _is_kind(value, parameter):
        return
    expected = _EXPECTED.get(parameter.value, "an object")
    if parameter.kinds:
        expected = " or ".join(titled(kind) for kind in parameter.kinds)
    received = describe(value)
    if isinstance(value, ObjectDef | ModelDef):
        received = f"an object of `{value.cls}`" if isinstance(value, ObjectDef) else "a model"
    sink.report(
        "KG204",
        f"`{parameter.name}` is {received}, expected {expected}",
        key=path,
        help=_kind_help(value, parameter),
    )


def titled(kind: Kind) -> str:
    """A kind of object with its article: `an activation`, `a dtype policy`."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind.replace('_', ' ')}"


def _is_kind(value: Value, parameter: Parameter) -> bool:
    if value is None:
        return parameter.nullable or parameter.value == "any"
    if isinstance(value, ModelDef):
        return "layer" in parameter.kinds or (not parameter.kinds and parameter.value == "any")
    if isinstance(value, ObjectDef):
        return parameter.value not in ("bool", "int", "str")
    if parameter.kinds:
        numbers_fit = parameter.kinds == ("schedule",)
        if isinstance(value, Mapping):
            # Keras's own serialized form is an object too.
            return "class_name" in value or not value
        return isinstance(value, str | tuple) or (
            numbers_fit and isinstance(value, int | float) and not isinstance(value, bool)
        )
    match parameter.value:
        case "bool":
            return isinstance(value, bool)
        case "int":
            # Lists go on: some arguments take one size for all axes, and Keras knows which.
            return isinstance(value, tuple) or (
                isinstance(value, int) and not isinstance(value, bool)
            )
        case "number":
            return isinstance(value, tuple) or (
                isinstance(value, int | float) and not isinstance(value, bool)
            )
        case "str":
            return isinstance(value, str)
        case _:
            return True


def _kind_help(value: Value, parameter: Parameter) -> str | None:
    if isinstance(value, Mapping) and parameter.kinds:
        return f"say which: `{parameter.name}: {{class: …}}`"
    if isinstance(value, str) and parameter.value in ("int", "number"):
        try:
            number = float(value)
        except ValueError:
            return None
        shown = int(number) if number.is_integer() and parameter.value == "int" else number
        return f"write it without quotes: `{parameter.name}: {shown}`"
    if isinstance(value, str) and parameter.value == "bool":
        return f"write `{parameter.name}: true` or `{parameter.name}: false`, without quotes"
    if isinstance(value, float) and parameter.value == "int" and value.is_integer():
        return f"write `{parameter.name}: {int(value)}`"
    return None
