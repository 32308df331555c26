"""Decompiling of ops: a node of an Operation becomes an entry of the class `ops.…`.

This room owns the names of ops and how their arguments divide into tensors and plain values,
slices included. That `x + 1` and `ops.add(x, 1)` are one thing follows from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

import keras

from kerasgen.catalog.entries import Catalog
from kerasgen.engines.keras3.decompile.calls import (
    Reference,
    Takes,
    holds_tensor,
    operand_form,
    read_operand,
)
from kerasgen.engines.keras3.decompile.serialized_objects import ObjectReader, UnwritableError
from kerasgen.engines.keras3.introspection import _operation
from kerasgen.engines.keras3.objects import public_object
from kerasgen.ir.model import Operand
from kerasgen.ir.values import ObjectDef, Value

_ROOM = "keras.src.ops."


def op_name(layer: Mapping[str, Any], catalog: Catalog) -> str | None:
    """The name under which a config writes a serialized op (`ops.add`); None for a layer.

    Raises:
        UnwritableError: it is an operation that no public function makes.
    """
    module, cls = str(layer.get("module") or ""), str(layer["class_name"])
    if not module.startswith(_ROOM):
        return None
    found = _public_ops(tuple(catalog.entries.get("op", {}))).get((module, cls))
    if found is None:
        raise UnwritableError(f"is the operation `{cls}`, which no function of `keras.ops` makes")
    return f"ops.{found}"


def read_op(
    name: str,
    layer: Mapping[str, Any],
    node: Mapping[str, Any],
    reference: Reference,
    objects: ObjectReader,
) -> tuple[ObjectDef, Takes]:
    """An op's entry: its class with its plain arguments, and what it takes.

    Args:
        name: the name that a config writes.
        layer: the serialized operation.
        node: the arguments of the call.
        reference: gives the reference for a `keras_history`.
        objects: reads plain arguments.

    Raises:
        UnwritableError: a config cannot say this call.
    """
    entry = objects.catalog.find(name, ("op",))
    assert entry is not None
    function = public_object(name, ("op",), objects.catalog)
    parameters = inspect.signature(_operation(function).call).parameters.values()
    call = [p.name for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD][1:]
    variadic = [p.name for p in entry.call.values() if p.variadic]
    given = [(call[min(i, len(call) - 1)], value) for i, value in enumerate(node["args"])]
    given += list(node["kwargs"].items())
    operands: dict[str, Operand] = {}
    plain: dict[str, Value] = {}
    for number, (key, value) in enumerate(given):
        if key in entry.call and (value is not None or holds_tensor(value)):
            operand = read_operand(value, reference)
            if isinstance(operand, dict):
                raise UnwritableError("takes a mapping of tensors in one argument")
            operands[f"{key}.{number}" if key in variadic else key] = operand
        elif name == "ops.get_item" and key == "key":
            plain[key] = _item_key(value)
        elif value is not None:
            plain[key] = objects.value(value, (), None)
    for key, value in layer["config"].items():
        if key != "name" and key in entry.parameters:
            default = objects.default(name, key)
            same = type(default) is type(value) and default == value
            if not (value is None or same) or entry.parameters[key].required:
                plain[key] = objects.value(value, (), None)
    return ObjectDef(cls=name, arguments=plain), operand_form(operands, entry)


def _item_key(value: object) -> Value:
    """What stands between brackets, with slices as text: `x[:, 1:3]` is `[":", "1:3"]`."""
    if isinstance(value, list | tuple):
        return tuple(_item_key(item) for item in value)
    if isinstance(value, Mapping) and value.get("class_name") == "__slice__":
        bounds = [value["config"].get(key) for key in ("start", "stop", "step")]
        if not all(isinstance(bound, int | None) for bound in bounds):
            raise UnwritableError("takes a slice whose bounds are not numbers")
        *ends, last = ["" if bound is None else str(bound) for bound in bounds]
        step = f":{last}" if last else ""
        return f"{ends[0]}:{ends[1]}{step}"
    if isinstance(value, Mapping) and value.get("class_name") == "__ellipsis__":
        return "..."
    if value is None or isinstance(value, int):
        return value
    raise UnwritableError("takes an item by a key that is neither numbers nor slices")


def op_classes(catalog: Catalog) -> dict[str, str]:
    """The class of each operation that a function makes, to its module."""
    found = _public_ops(tuple(catalog.entries.get("op", {})))
    return {cls: module for module, cls in found}


@cache
def _public_ops(names: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """Module and class of each operation, with the shortest public name of its function."""
    found: dict[tuple[str, str], str] = {}
    for name in names:
        function: Any = keras.ops
        for part in name.split("."):
            function = getattr(function, part)
        operation = _operation(function)
        if operation is not None:
            key = (operation.__module__, operation.__name__)
            if key not in found or len(name) < len(found[key]):
                found[key] = name
    return found
