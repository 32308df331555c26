"""The pass that makes channels_first work: channels first at the model's ends, last inside.

Shapes are always written channels last. Where `image_data_format` is `channels_first`, the
compiled model takes and returns images with the channels in axis 1; inside, everything runs
channels last, which every backend can do on every device. A `Permute` stands at each image-like
input and output, and each layer with a `data_format` is told the one that it works in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kerasgen.catalog.entries import Catalog
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import InputDef, ModelDef, Operand, TensorRef
from kerasgen.ir.values import ObjectDef, TensorSpec, Value
from kerasgen.ir.walks import output_refs
from kerasgen.passes.ends import output_names
from kerasgen.passes.shapes import Specs
from kerasgen.passes.wire import ENTRY_KINDS


def lay_out(graph: ModelGraph, specs: Specs, catalog: Catalog) -> ModelGraph:
    """Rewrites a channels-last graph into one with channels first at its ends.

    Args:
        graph: the model, channels last.
        specs: the specs of its tensors, channels last.
        catalog: asked which layers have a `data_format`.

    Returns:
        The model whose image-like inputs and outputs (three axes or more beside the batch) have
        their channels in axis 1.
    """
    inside = pin_data_format(graph, catalog)
    layers = dict(inside.layers)
    calls: list[Call] = []
    renamed: dict[str, TensorRef] = {}
    inputs = []
    for item in inside.inputs:
        spec = specs[item.name][0]
        inputs.append(replace(item, shape=channels_first(spec).shape[1:]))
        if len(spec.shape) >= 4:
            name = _free(f"{item.name}_channels_last", layers)
            _permute(name, item, _last_axes(len(spec.shape) - 1), layers, calls)
            renamed[item.name] = TensorRef(name=name, path=item.path)
    calls += [_renamed(call, renamed) for call in inside.calls]
    ends: dict[str, TensorRef] = {}
    for reference in output_refs(inside.outputs):
        spec = specs[reference.name][reference.index or 0]
        if len(spec.shape) >= 4:
            name = _free(f"{reference.name}_channels_first", layers)
            _permute(name, reference, _first_axes(len(spec.shape) - 1), layers, calls)
            ends[_key(reference)] = TensorRef(name=name, path=reference.path)
    return replace(
        inside,
        inputs=tuple(inputs),
        layers=layers,
        calls=tuple(calls),
        outputs=_replaced(inside, ends),
    )


def channels_first(spec: TensorSpec) -> TensorSpec:
    """An image-like spec with its channels moved from the last axis to axis 1; others as is."""
    shape = spec.shape
    if len(shape) < 4:
        return spec
    return replace(spec, shape=(shape[0], shape[-1], *shape[1:-1]))


def pin_data_format(graph: ModelGraph, catalog: Catalog) -> ModelGraph:
    """Tells every layer that has a `data_format` to work channels last, unless it says itself."""
    layers = {}
    for name, layer in graph.layers.items():
        definition = layer.definition
        pinned = (
            pin_data_format(definition, catalog)
            if isinstance(definition, ModelGraph)
            else _pin_object(definition, catalog)
        )
        layers[name] = replace(layer, definition=pinned)
    return replace(graph, layers=layers)


def _pin_object(definition: ObjectDef, catalog: Catalog) -> ObjectDef:
    entry = catalog.find(definition.cls, ENTRY_KINDS)
    arguments = {key: _pin_value(value, catalog) for key, value in definition.arguments.items()}
    if entry is not None and "data_format" in entry.parameters:
        arguments.setdefault("data_format", "channels_last")
        if arguments["data_format"] is None:
            arguments["data_format"] = "channels_last"
    if definition.cls.rpartition(".")[2] == "Rescaling":
        arguments = {key: _as_image(value) for key, value in arguments.items()}
    return replace(definition, arguments=arguments)


def _as_image(value: Value) -> Value:
    """Factors for channels as `[[[…]]]`, one for each channel of an image that is channels last.

    `Rescaling` has no `data_format`: where the global one is channels first, it would take a plain
    list for axis 1.
    """
    depth, inner = 0, value
    while isinstance(inner, tuple) and inner:
        depth, inner = depth + 1, inner[0]
    for _ in range(3 - depth if depth else 0):
        value = (value,)
    return value


def _pin_value(value: Value, catalog: Catalog) -> Value:
    if isinstance(value, ObjectDef):
        return _pin_object(value, catalog)
    if isinstance(value, ModelDef):
        entries = tuple(
            replace(entry, definition=_pin_object(entry.definition, catalog))
            if isinstance(entry.definition, ObjectDef)
            else entry
            for entry in value.entries
        )
        return replace(value, entries=entries)
    if isinstance(value, tuple):
        return tuple(_pin_value(item, catalog) for item in value)
    if isinstance(value, Mapping):
        return {key: _pin_value(item, catalog) for key, item in value.items()}
    return value


def _permute(
    name: str,
    source: InputDef | TensorRef,
    dims: tuple[int, ...],
    layers: dict[str, LayerDef],
    calls: list[Call],
) -> None:
    """Adds a `Permute` of a tensor to the layers and the calls of a model."""
    definition = ObjectDef(cls="Permute", arguments={"dims": dims}, path=source.path)
    layers[name] = LayerDef(name=name, definition=definition, path=source.path)
    index = source.index if isinstance(source, TensorRef) else None
    reference = TensorRef(name=source.name, index=index, path=source.path)
    calls.append(Call(name=name, layer=name, operands=(reference,), path=source.path))


def _last_axes(rank: int) -> tuple[int, ...]:
    return (*range(2, rank + 1), 1)


def _first_axes(rank: int) -> tuple[int, ...]:
    return (rank, *range(1, rank))


def _free(name: str, taken: Mapping[str, object]) -> str:
    while name in taken:
        name += "_"
    return name


def _renamed(call: Call, renamed: Mapping[str, TensorRef]) -> Call:
    return replace(
        call,
        operands=tuple(_swap(operand, renamed) for operand in call.operands),
        keyword_operands={
            k: _swap(operand, renamed) for k, operand in call.keyword_operands.items()
        },
    )


def _swap(operand: Operand, renamed: Mapping[str, TensorRef]) -> Operand:
    if isinstance(operand, tuple):
        return tuple(_swap(item, renamed) for item in operand)
    if isinstance(operand, TensorRef) and operand.name in renamed:
        return renamed[operand.name]
    return operand


def _key(reference: TensorRef) -> str:
    return f"{reference.name}.{reference.index}"


def _replaced(
    graph: ModelGraph, ends: Mapping[str, TensorRef]
) -> TensorRef | tuple[TensorRef, ...] | Mapping[str, TensorRef]:
    """The outputs with their new ends, under the names that they had."""
    outputs = graph.outputs
    if isinstance(outputs, TensorRef):
        return ends.get(_key(outputs), outputs)
    if not ends:
        return outputs
    return {name: ends.get(_key(ref), ref) for name, ref in output_names(graph).items()}
