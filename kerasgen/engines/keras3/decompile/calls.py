"""Decompiling of calls: what goes into a layer, from the arguments of a Keras node.

This room owns the choice between the forms of `from` (one tensor, a list, a mapping) and what is
written under `with`. It mirrors how the wire pass lets a list go into a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from kerasgen.catalog.entries import ClassEntry
from kerasgen.engines.keras3.decompile.serialized_objects import ObjectReader, UnwritableError
from kerasgen.ir.model import Constant, Operand, TensorRef
from kerasgen.ir.values import Value

Takes: TypeAlias = "Operand | Mapping[str, Operand]"
Reference = Callable[[Sequence[Any]], TensorRef]

_TENSOR = "__keras_tensor__"


def tensors_in(value: object) -> Iterator[Mapping[str, Any]]:
    """Every symbolic tensor in the arguments of a node, in order."""
    if isinstance(value, Mapping):
        if value.get("class_name") == _TENSOR:
            yield value
            return
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)


def holds_tensor(value: object) -> bool:
    """Whether a symbolic tensor stands somewhere in an argument."""
    return next(tensors_in(value), None) is not None


def read_call(
    layer: Mapping[str, Any],
    node: Mapping[str, Any],
    model: bool,
    reference: Reference,
    objects: ObjectReader,
) -> tuple[Takes, dict[str, Value]]:
    """What a layer or nested model takes, and its plain call arguments.

    Args:
        layer: the serialized layer.
        node: the arguments of the call.
        model: whether the layer is a model.
        reference: gives the reference for a `keras_history`.
        objects: reads plain arguments.

    Raises:
        UnwritableError: a config cannot say this call.
    """
    entry = None if model else objects.entry_of(layer)
    names = ["inputs", "training", "mask"] if entry is None else list(entry.call)
    given = _by_name(node, names)
    plain: dict[str, Value] = {}
    operands: dict[str, Operand | dict[str, Operand]] = {}
    for name, value in given.items():
        if holds_tensor(value):
            operands[name] = read_operand(value, reference)
        elif not (value is None or _is_default(entry, name, value)):
            plain[name] = objects.value(value, (), None)
    return _form(operands, entry), plain


def read_operand(value: object, reference: Reference) -> Operand | dict[str, Operand]:
    """One argument of a call that holds tensors or numbers.

    Raises:
        UnwritableError: it holds something else.
    """
    if isinstance(value, Mapping):
        if value.get("class_name") == _TENSOR:
            return reference(value["config"]["keras_history"])
        if value.get("class_name") in ("__numpy__", "__tensor__"):
            return read_operand(value["config"]["value"], reference)
        if "class_name" not in value:
            return {str(key): _single(read_operand(v, reference)) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_single(read_operand(item, reference)) for item in value)
    if isinstance(value, bool | int | float):
        return Constant(value=value)
    raise UnwritableError(f"takes {value!r} where a config can say a tensor or a number only")


def operand_form(operands: Mapping[str, Operand], entry: ClassEntry) -> Takes:
    """The shortest form of `from` that puts each operand where it belongs."""
    parameters = list(entry.call.values())
    variadic = any(p.variadic for p in parameters)
    required = [p.name for p in parameters if p.required and p.tensor]
    values = list(operands.values())
    if variadic:
        return tuple(values)
    in_order = list(operands) == [p.name for p in parameters][: len(operands)]
    if len(required) > 1:
        return tuple(values) if in_order and len(values) > 1 else dict(operands)
    return values[0] if in_order and len(values) == 1 else dict(operands)


def _by_name(node: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    positional = list(node["args"])
    if len(positional) > len(names):
        raise UnwritableError(f"is called with {len(positional)} arguments, expected {len(names)}")
    return dict(zip(names, positional, strict=False)) | dict(node["kwargs"])


def _form(operands: Mapping[str, Operand | dict[str, Operand]], entry: ClassEntry | None) -> Takes:
    if entry is None:
        if list(operands) != ["inputs"]:
            raise UnwritableError("is a model that is called with tensors by keyword")
        return operands["inputs"]
    return operand_form({name: _single(value) for name, value in operands.items()}, entry)


def _single(value: Operand | dict[str, Operand]) -> Operand:
    if isinstance(value, dict):
        raise UnwritableError("takes a mapping of tensors in one argument")
    return value


def _is_default(entry: ClassEntry | None, name: str, value: object) -> bool:
    parameter = entry.call.get(name) if entry is not None else None
    if parameter is None or parameter.required:
        return False
    return type(parameter.default) is type(value) and bool(parameter.default == value)
