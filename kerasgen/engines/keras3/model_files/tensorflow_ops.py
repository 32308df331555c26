"""TensorFlow's operations in old files: what tf.keras made layers of becomes ops of Keras 3.

This room owns how a function of TensorFlow (`TFOpLambda`), a slice (`SlicingOpLambda`) or a node of
a graph (`TensorFlowOpLayer`) is said with `keras.ops`. All three are data: a name, arguments and
constants. The names stand in `tensorflow_names`; one that does not is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from kerasgen.catalog.entries import Catalog
from kerasgen.engines.keras3.introspection import _operation
from kerasgen.engines.keras3.model_files.functional_calls import is_history
from kerasgen.engines.keras3.model_files.model_file import plain_form
from kerasgen.engines.keras3.model_files.refusals import UntranslatableError
from kerasgen.engines.keras3.model_files.tensorflow_names import FUNCTIONS, NODES, Rule
from kerasgen.engines.keras3.objects import public_object

OPERATIONS = (
    "TFOpLambda",
    "SlicingOpLambda",
    "TensorFlowOpLayer",
    "ClassMethod",
    "InstanceMethod",
    "InstanceProperty",
)
"""Classes of layers that tf.keras made of operations."""

_DTYPES = {
    "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_HALF": "float16", "DT_BFLOAT16": "bfloat16",
    "DT_INT8": "int8", "DT_INT16": "int16", "DT_INT32": "int32", "DT_INT64": "int64",
    "DT_UINT8": "uint8", "DT_BOOL": "bool",
}  # fmt: skip
"""TensorFlow's names of types in a graph."""

Structure = Callable[[Any], Any]
"""Turns the tensors in a value into the form of Keras 3."""

Layer = dict[str, Any]


@dataclass(slots=True)
class _Operation:
    """What one call of an operation becomes.

    Attributes:
        op: the name below `keras.ops`.
        operands: tensors and constants, in order.
        plain: arguments that are no tensors.
        before: ops whose results are operands, each with the suffix of its name.
    """

    op: str
    operands: list[Any]
    plain: dict[str, Any] = field(default_factory=dict)
    before: list[tuple[str, _Operation]] = field(default_factory=list)


def operation(layer: Mapping[str, Any], structure: Structure, catalog: Catalog) -> list[Layer]:
    """The ops that a layer of an operation becomes, the last under its name.

    Args:
        layer: what the file has.
        structure: turns the tensors of a call into the form of Keras 3.
        catalog: where ops are found.

    Raises:
        UntranslatableError: `keras.ops` cannot say it.
    """
    cls, config, name = layer["class_name"], layer["config"], layer["name"]
    found: list[_Operation] = []
    for node in layer["inbound_nodes"]:
        if cls == "TensorFlowOpLayer":
            found.append(_graph_node(config, node, structure))
        elif cls == "TFOpLambda":
            found.append(_function(config, node, structure))
        elif cls == "SlicingOpLambda":
            found.append(_slice(node, structure))
        else:
            raise UntranslatableError(f"is a `{cls}`, which reads a property of a tensor")
    first = found[0]
    for other in found[1:]:
        if (other.op, other.plain) != (first.op, first.plain) or other.before or first.before:
            raise UntranslatableError("is an operation that is called in several ways")
    layers: list[Layer] = []
    results: dict[str, Any] = {}
    for suffix, one in first.before:
        title = f"{name}_{suffix}"
        layers.append(_serialized(one, [one], title, None, catalog))
        config = {"shape": None, "dtype": None, "keras_history": [title, 0, 0]}
        results[suffix] = {"class_name": "__keras_tensor__", "config": config}
    if first.before:
        first.operands = [
            results.get(one, one) if isinstance(one, str) else one for one in first.operands
        ]
    layers.append(_serialized(first, found, name, layer, catalog))
    return layers


def _serialized(
    one: _Operation,
    calls: Sequence[_Operation],
    name: str,
    written: Mapping[str, Any] | None,
    catalog: Catalog,
) -> Layer:
    """The serialized form of an operation and its calls; `written` is the layer that it was."""
    function = _operation(public_object(f"ops.{one.op}", ("op",), catalog))
    entry = catalog.find(f"ops.{one.op}", ("op",))
    assert entry is not None, "the tables name ops that there are"
    told = {key: value for key, value in one.plain.items() if value is not None}
    called = {*entry.call, "key"}
    plain = {key: value for key, value in told.items() if key not in called}
    kwargs = {key: value for key, value in told.items() if key in called}
    return {
        "module": function.__module__,
        "class_name": function.__name__,
        "config": {"name": name, **plain},
        "registered_name": function.__name__,
        "name": name,
        "written": written,
        "inbound_nodes": [{"args": list(call.operands), "kwargs": kwargs} for call in calls],
    }


def _split_call(node: Any) -> tuple[Any, dict[str, Any]]:
    """The first argument of a call and those by name."""
    if isinstance(node, list) and len(node) == 4 and node[0] == "_CONSTANT_VALUE":
        named = node[3] if isinstance(node[3], Mapping) else {}
        return node[2], dict(named)
    if is_history(node):
        return node[:3], dict(node[3]) if len(node) > 3 else {}
    if isinstance(node, list) and len(node) == 1 and is_history(node[0]):
        return _split_call(node[0])
    named = {}
    items = []
    for item in node if isinstance(node, list) else ():
        first, more = _split_call(item)
        named |= more
        items.append(first)
    return items, named


def _function(config: Mapping[str, Any], node: object, structure: Structure) -> _Operation:
    """A call of a function of TensorFlow's Python."""
    function = str(config.get("function"))
    rule = FUNCTIONS.get(function.rpartition(".")[2])
    if rule is None:
        raise UntranslatableError(f"calls `tf.{function}`, which has no equal in `keras.ops`")
    first, named = _split_call(node)
    named.pop("name", None)
    operands = [structure(first)]
    plain: dict[str, Any] = dict(rule.defaults)
    for key in rule.operands[1:]:
        if key in named:
            operands.append(structure(named.pop(key)))
    for key, value in named.items():
        if value is None or (key not in rule.plain and not value):
            continue
        if key not in rule.plain:
            raise UntranslatableError(
                f"calls `tf.{function}` with `{key}`, which `ops.{rule.op}` does not take"
            )
        plain[rule.plain[key]] = _constant(value, function)
    return _settled(rule, _Operation(rule.op, operands, plain))


def _constant(value: object, function: str) -> object:
    """A plain argument, which must not depend on a tensor."""
    value = plain_form(value)
    if _names_tensor(value):
        raise UntranslatableError(
            f"calls `tf.{function}` with an argument that is known when it runs alone"
        )
    return value


def _names_tensor(value: object) -> bool:
    if is_history(value):
        return True
    return isinstance(value, list) and any(map(_names_tensor, value))


def _settled(rule: Rule, operation: _Operation) -> _Operation:
    """An operation with the values that TensorFlow and Keras write differently."""
    plain = operation.plain
    transposed = [plain.pop(key, False) for key in ("transpose_a", "transpose_b")]
    if rule.op == "matmul" and any(transposed):
        for number, wanted in enumerate(transposed):
            if wanted:
                suffix = f"transposed_{number}"
                turned = _Operation(
                    "swapaxes", [operation.operands[number]], {"axis1": -1, "axis2": -2}
                )
                operation.before.append((suffix, turned))
                operation.operands[number] = suffix
    if rule.op == "split" and isinstance(plain.get("indices_or_sections"), list):
        plain["indices_or_sections"] = [*accumulate(plain["indices_or_sections"])][:-1]
    if rule.op == "pad" and isinstance(plain.get("mode"), str):
        plain["mode"] = plain["mode"].lower()
    if rule.op == "square" and len(operation.operands) == 2:  # The square of a difference.
        operation.before.append(("difference", _Operation("subtract", operation.operands)))
        operation.operands = ["difference"]
    return operation


def _slice(node: object, structure: Structure) -> _Operation:
    """A slice: `x[:, 1:3]`."""
    first, named = _split_call(node)
    spec = named.get("slice_spec")
    items = spec if isinstance(spec, list) and not is_history(spec) else [spec]
    return _Operation("get_item", [structure(first)], {"key": [_slice_item(i) for i in items]})


def _slice_item(item: object) -> object:
    if isinstance(item, Mapping) and set(item) == {"start", "stop", "step"}:
        if all(value is None or isinstance(value, int) for value in item.values()):
            return {"class_name": "__slice__", "config": dict(item)}
    elif isinstance(item, Mapping) and item.get("class_name") in ("__ellipsis__", "__slice__"):
        return dict(item)
    elif item is None or isinstance(item, int):
        return item
    raise UntranslatableError("takes an item by a key that is neither numbers nor slices")


def _graph_node(config: Mapping[str, Any], node: object, structure: Structure) -> _Operation:
    """A node of a graph of TensorFlow, with the constants that go in beside the tensors."""
    described = config.get("node_def")
    try:
        found = json.loads(described) if isinstance(described, str) else described
    except (ValueError, RecursionError):
        found = None
    constants = config.get("constants")
    if not isinstance(found, Mapping) or not isinstance(constants, Mapping | None):
        raise UntranslatableError("is a node of a graph that cannot be read")
    kind, attributes = str(found.get("op")), found.get("attr")
    attributes = attributes if isinstance(attributes, Mapping) else {}
    first, _ = _split_call(node)
    tensors = [first] if is_history(first) else list(first)
    written = found.get("input")
    count = len(written) if isinstance(written, list) else 0
    held = {str(key): value for key, value in (constants or {}).items()}
    inputs: list[Any] = []
    for number in range(min(count, len(tensors) + len(held))):
        if str(number) in held:
            inputs.append(plain_form(held[str(number)]))
        elif tensors:
            inputs.append(tensors.pop(0))
    if kind == "StridedSlice":
        return _strided(inputs, attributes, structure)
    rule = NODES.get(kind)
    if rule is None or not inputs:
        raise UntranslatableError(f"is the operation `{kind}`, which has no equal in `keras.ops`")
    return _by_rule(rule, kind, inputs, attributes, structure)


def _by_rule(
    rule: Rule,
    kind: str,
    inputs: list[Any],
    attributes: Mapping[str, Any],
    structure: Structure,
) -> _Operation:
    """What an operation of a graph becomes; `inputs` are its tensors and constants in order."""
    plain: dict[str, Any] = dict(rule.defaults)
    if rule.op in ("concatenate", "stack"):
        if rule.op == "concatenate":
            plain["axis"] = _constant(inputs.pop(), kind)
        operands = [structure(inputs)]
    else:
        operands = [structure(item) for item in inputs[: len(rule.operands)]]
        rest = inputs[len(rule.operands) :]
        for key, value in zip(rule.constants, rest, strict=False):
            plain[key] = _constant(value, kind)
    for key, name in rule.plain.items():
        if key in attributes:
            value = _attribute(attributes[key])
            if value is not None and value != []:
                plain[name] = value
    return _settled(rule, _Operation(rule.op, operands, plain))


def _attribute(value: object) -> Any:
    """An attribute of a node as plain data: TensorFlow wraps each in the name of its type."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    kind, inner = next(iter(value.items()))
    if kind == "i":
        return _whole(inner)
    if kind == "list" and isinstance(inner, Mapping):
        items = inner.get("i", [])
        return [_whole(item) for item in items] if isinstance(items, list) else None
    if kind == "type":
        return _DTYPES.get(str(inner))
    if kind == "s" and isinstance(inner, str):
        return inner
    return inner if kind in ("b", "f") and isinstance(inner, bool | int | float) else None


def _whole(value: Any) -> int:
    """A whole number, which JSON of a protocol buffer has as text."""
    try:
        return int(value)
    except (ValueError, TypeError, OverflowError):
        raise UntranslatableError(f"has an attribute {value!s:.40}, expected a number") from None


def _strided(inputs: list[Any], attributes: Mapping[str, Any], structure: Structure) -> _Operation:
    """A slice as a graph has it: begins, ends and steps, and masks with a bit for each axis."""
    bounds = inputs[1:4]
    if len(bounds) < 3 or not all(
        isinstance(item, list) and all(isinstance(one, int) for one in item) for item in bounds
    ):
        raise UntranslatableError("takes a slice whose bounds are known when it runs alone")
    masks = {
        word: _attribute(attributes.get(f"{word}_mask", {"i": 0})) or 0
        for word in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    key: list[Any] = []
    for axis, (begin, end, step) in enumerate(zip(*bounds, strict=False)):
        bit = 1 << axis
        if masks["ellipsis"] & bit:
            key.append({"class_name": "__ellipsis__", "config": {}})
        elif masks["new_axis"] & bit:
            key.append(None)
        elif masks["shrink_axis"] & bit:
            key.append(begin)
        else:
            start = None if masks["begin"] & bit else begin
            stop = None if masks["end"] & bit else end
            config = {"start": start, "stop": stop, "step": None if step == 1 else step}
            key.append({"class_name": "__slice__", "config": config})
    return _Operation("get_item", [structure(inputs[0])], {"key": key})
