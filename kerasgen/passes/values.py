"""The kinds of values: whether an argument may hold what was written, and how to mend it.

This room owns what is certain about values without asking Keras. Which argument takes what is
said by the catalog; objects, and the names that stand for them, are checked in `catalog_check`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from kerasgen.catalog.entries import Kind, Parameter, ValueKind
from kerasgen.diagnostics import Sink, describe, did_you_mean
from kerasgen.ir.model import ModelDef
from kerasgen.ir.trained_layers import FORM, are_rules
from kerasgen.ir.values import ObjectDef, Value

_EXPECTED: Mapping[ValueKind, str] = {
    "bool": "true or false",
    "int": "an integer",
    "number": "a number",
    "str": "a string",
    "layers": "true, false, or patterns of layers",
}


def check_kind(value: Value, parameter: Parameter, path: str, sink: Sink) -> None:
    """Reports KG204 for a value of a kind that its argument certainly does not take.

    Args:
        value: the value as written.
        parameter: the argument.
        path: key path of the value.
        sink: gets the mistake.
    """
    counted = parameter.value == "int" and type(value) is int
    if parameter.choices and not counted and value not in (None, *parameter.choices):
        _report_choice(value, parameter, path, sink)
        return
    if parameter.choices or _is_kind(value, parameter):
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


def _report_choice(value: Value, parameter: Parameter, path: str, sink: Sink) -> None:
    words = [f"`{choice}`" for choice in parameter.choices]
    words += ["an integer"] if parameter.value == "int" else []
    expected = words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
    sink.report(
        "KG204",
        f"`{parameter.name}` is {describe(value)}, expected {expected}",
        key=path,
        help=did_you_mean(value, parameter.choices) if isinstance(value, str) else None,
    )


def unquoted(text: str, name: str, *, whole: bool = False) -> str | None:
    """The help for a number that was written as text, None if it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    fits = whole and math.isfinite(number) and number.is_integer()
    return f"write it without quotes: `{name}: {int(number) if fits else number}`"


def titled(kind: Kind) -> str:
    """A kind of object with its article: `an activation`, `a dtype policy`."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind.replace('_', ' ')}"


def _is_kind(value: Value, parameter: Parameter) -> bool:
    if value is None:
        return parameter.nullable or parameter.value == "any"
    if isinstance(value, ModelDef):
        return "layer" in parameter.kinds or (not parameter.kinds and parameter.value == "any")
    if isinstance(value, ObjectDef):
        return parameter.value not in ("bool", "int", "str", "layers")
    if parameter.kinds:
        numbers_fit = parameter.kinds == ("schedule",) and parameter.value != "object"
        if isinstance(value, Mapping):
            # What is in Keras's serialized form is refused as that, where its reach is asked.
            return "class_name" in value or not value or parameter.value == "mapping"
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
        case "layers":
            return are_rules(value)
        case _:
            return True


def _kind_help(value: Value, parameter: Parameter) -> str | None:
    if isinstance(value, Mapping) and "block" in value and parameter.kinds:
        return "a block is a row of entries: write `{class: Sequential, layers: {…}}`"
    if parameter.kinds == ("regularizer",) and type(value) in (int, float):
        return f"say which: `{parameter.name}: {{class: L2, l2: {value}}}`"
    if isinstance(value, Mapping) and parameter.kinds:
        return f"say which: `{parameter.name}: {{class: …}}`"
    if parameter.value == "layers":
        return FORM
    if isinstance(value, str) and parameter.value in ("int", "number"):
        return unquoted(value, parameter.name, whole=parameter.value == "int")
    if isinstance(value, str) and parameter.value == "bool":
        return f"write `{parameter.name}: true` or `{parameter.name}: false`, without quotes"
    if isinstance(value, float) and parameter.value == "int" and value.is_integer():
        return f"write `{parameter.name}: {int(value)}`"
    return None
