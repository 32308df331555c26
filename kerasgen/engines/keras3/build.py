"""Building: a graph becomes a Keras model.

This room owns the shape oracle that makes a model's calls one by one without giving memory to its
weights. It must not judge: what Keras raises is passed on as `ShapeError`. How one object is made
stands in `objects`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np

from kerasgen.catalog.entries import (
    Catalog,
    LayerCost,
    LayerPart,
    ShapeError,
    ShapeOracle,
)
from kerasgen.engines.keras3.custom_parts import own_place
from kerasgen.engines.keras3.deferred_weights import discard_loads, unallocated
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.engines.keras3.objects import (
    call_op,
    make_arguments,
    make_object,
    make_value,
    public_object,
)
from kerasgen.engines.keras3.weight_shapes import try_weights
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import Constant, Operand, TensorRef
from kerasgen.ir.values import ObjectDef, TensorSpec, Value
from kerasgen.ir.walks import output_refs
from kerasgen.passes.wire import ENTRY_KINDS
from kerasgen.runtime.trained_layers import inner_layers

_Answered: TypeAlias = tuple[Call, LayerDef]
"""A call that was made, and its layer."""


class KerasOracle(ShapeOracle):
    """Makes a model's layers and calls them on symbolic tensors; `assemble` puts it together.

    What has no seed of its own draws one from Python's generator as it is made, so the weights
    depend on the state that it finds.

    Args:
        catalog: where class names are found.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._inside: dict[str, KerasOracle] = {}
        self._tensors: dict[str, list[Any]] = {}
        self._layers: dict[str, Any] = {}
        self._chained: Any = None
        self._entered: dict[str, TensorSpec] = {}
        self._answered: list[_Answered] = []

    def enter(self, name: str, spec: TensorSpec) -> None:
        """Declares an input of the model under the given tensor name."""
        self._entered[name] = spec
        with unallocated():
            self._tensors[name] = [keras.Input(batch_shape=spec.shape, dtype=spec.dtype, name=name)]

    def chain(self, graph: ModelGraph) -> Sequence[tuple[TensorSpec, ...]] | None:
        """Makes a Sequential model in one go; Keras calls each layer once."""
        with unallocated():
            # In the order of the calls: a pass may have defined a layer after the one it feeds.
            definitions = [graph.layers[call.layer] for call in graph.calls]
            layers = [self._make(layer) for layer in definitions]
            tensor = self._tensors[graph.inputs[0].name][0]
            arguments = self._values(graph.arguments)
            _allow_depth(len(layers))
            model = _attempt(
                lambda: keras.Sequential([tensor, *layers], name=graph.name, **arguments)
            )
        if not model.built:
            return None
        for definition, layer in zip(definitions, layers, strict=True):
            _try_weights(layer, definition)
        specs = []
        for layer in layers:
            outputs = keras.tree.flatten(layer.output)
            specs.append(tuple(_spec(output) for output in outputs))
        self._chained = model
        self._answered = _calls_of(graph)
        self._layers = {
            definition.name: layer for definition, layer in zip(definitions, layers, strict=True)
        }
        return specs

    def make(self, layer: LayerDef) -> None:
        """Makes a layer without calling it."""
        with unallocated():
            self._layers[layer.name] = self._make(layer)

    def has(self, layer: str) -> bool:
        """Whether a layer was made."""
        return layer in self._layers

    def child(self) -> KerasOracle:
        """An oracle for the inside of a nested model."""
        return KerasOracle(self._catalog)

    def adopt(self, layer: str, graph: ModelGraph, inside: ShapeOracle) -> None:
        """Takes a nested model that a child has made as the layer of that name."""
        assert isinstance(inside, KerasOracle)
        self._layers[layer] = inside.assemble(graph, name=layer)
        self._inside[layer] = inside

    def inside(self, layer: str) -> KerasOracle | None:
        """The oracle that made a nested model, None for a plain layer."""
        return self._inside.get(layer)

    def call(self, call: Call, layer: LayerDef) -> tuple[TensorSpec, ...]:
        """Makes the call and names its outputs; the layer is made at its first call.

        Raises:
            ShapeError: the constructor refused its arguments, the call its tensors, or what comes
                out cannot stand in a model.
        """
        with unallocated():
            fresh = layer.name not in self._layers
            if fresh:
                self._layers[layer.name] = self._make(layer)
            made = self._layers[layer.name]
            positional = [self._operand(operand) for operand in call.operands]
            named = {key: self._operand(operand) for key, operand in call.keyword_operands.items()}
            plain = self._values(call.arguments)
            given = keras.tree.flatten([positional, named])
            op = layer.definition if isinstance(layer.definition, ObjectDef) else None
            op = op if op is not None and op.cls.startswith("ops.") else None
            if op is not None:
                entry = self._catalog.find(op.cls, ("op",))
                given_plainly = make_arguments(op, entry, self._catalog)
                named |= plain | {key: _tuples(value) for key, value in given_plainly.items()}
                outcome = _attempt(lambda: call_op(made, call.name, positional, named))
            else:
                outcome = _attempt(lambda: made(*positional, **named, **plain))
            if fresh:
                _try_weights(made, layer)
        tensors = keras.tree.flatten(outcome)
        if not tensors or not all(isinstance(t, keras.KerasTensor) for t in tensors):
            raise ShapeError("it gives no tensor that can stand in a model", unusable=True)
        if op is None and any(tensor is taken for tensor in tensors for taken in given):
            # `Equalization` in Keras 3.15.
            raise ShapeError("Keras gives back its input, which makes a cycle", unusable=True)
        self._tensors[call.name] = tensors
        self._answered.append((call, layer))
        return tuple(_spec(tensor) for tensor in tensors)

    def parts(self, layer: str) -> list[LayerPart]:
        """The layers inside of what a factory has made."""
        made = self._layers.get(layer)
        if not isinstance(made, keras.Model):
            return []
        return [
            LayerPart(name=name, cls=type(inner).__name__, cost=layer_cost(inner))
            for name, inner in inner_layers(made)
        ]

    def cost(self, layer: str) -> LayerCost:
        """What a layer costs that was called before."""
        return layer_cost(self._layers[layer])

    def has_answered(self, graph: ModelGraph, inputs: Mapping[str, TensorSpec]) -> bool:
        """Whether it was asked for all of a graph on these inputs, and for nothing else."""
        return self._entered == inputs and self._answered == _calls_of(graph)

    def assemble(self, graph: ModelGraph, *, name: str | None = None) -> Any:
        """The Keras model of a graph whose calls were all made; its weights have no memory yet.

        Args:
            graph: the graph.
            name: name of the model, if not the graph's own.

        Returns:
            A `keras.Sequential` or functional `keras.Model`.
        """
        if self._chained is not None:
            if name is not None:
                self._chained.name = name
            return self._chained
        title = name or graph.name
        arguments = self._values(graph.arguments)
        _allow_depth(len(graph.calls))
        inputs = [self._tensors[item.name][0] for item in graph.inputs]
        if graph.kind == "Sequential":
            layers = [self._layers[call.layer] for call in graph.calls]
            with unallocated():
                return keras.Sequential([inputs[0], *layers], name=title, **arguments)
        with unallocated():
            return keras.Model(
                inputs=inputs[0] if len(inputs) == 1 else inputs,
                outputs=self._outputs(graph),
                name=title,
                **arguments,
            )

    def discard(self) -> None:
        """Gives up the layers made so far, with what they would load."""
        discard_loads(self._layers.values())
        self._layers, self._tensors, self._chained = {}, {}, None
        self._entered, self._answered = {}, []

    def _outputs(self, graph: ModelGraph) -> Any:
        if isinstance(graph.outputs, Mapping):
            return {name: self._operand(ref) for name, ref in graph.outputs.items()}
        tensors = [self._operand(reference) for reference in output_refs(graph.outputs)]
        return tensors[0] if isinstance(graph.outputs, TensorRef) else tensors

    def _operand(self, operand: Operand) -> Any:
        if isinstance(operand, TensorRef):
            return self._tensors[operand.name][operand.index or 0]
        if isinstance(operand, Constant):
            return operand.value
        if operand and all(_is_constant(item) for item in operand):
            return _array(operand)
        return [self._operand(item) for item in operand]

    def _make(self, layer: LayerDef) -> Any:
        assert isinstance(layer.definition, ObjectDef)
        if layer.definition.cls.startswith("ops."):
            return public_object(layer.definition.cls, ("op",), self._catalog)
        return make_object(layer.definition, ENTRY_KINDS, self._catalog, name=layer.name)

    def _values(self, values: Mapping[str, Value]) -> dict[str, Any]:
        return {key: make_value(value, (), self._catalog) for key, value in values.items()}


def layer_cost(made: Any) -> LayerCost:
    """What a layer costs, whether or not its weights have memory."""
    weights = list(getattr(made, "weights", []))
    trainable = {id(weight) for weight in getattr(made, "trainable_weights", [])}
    counts = [_size(weight.shape) for weight in weights]
    return LayerCost(
        parameters=sum(counts),
        trainable=sum(
            count for w, count in zip(weights, counts, strict=True) if id(w) in trainable
        ),
        weight_shapes=tuple(tuple(weight.shape) for weight in weights),
        parameter_bytes=sum(
            count * _width(w.dtype) for w, count in zip(weights, counts, strict=True)
        ),
        learnable=sum(_size(weight.shape) for weight in _learnable(made)),
    )


def _learnable(made: Any) -> list[Any]:
    """The weights that training could change, whatever of them is frozen."""
    layers = made._flatten_layers() if isinstance(made, keras.Layer) else ()
    return list({id(w): w for layer in layers for w in layer._trainable_variables}.values())


def _calls_of(graph: ModelGraph) -> list[_Answered]:
    return [(call, graph.layers[call.layer]) for call in graph.calls]


def _tuples(value: Any) -> Any:
    """Lists as tuples: ops add their arguments to shapes, which layers do only after a copy."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _is_constant(operand: Operand) -> bool:
    if isinstance(operand, tuple):
        return all(_is_constant(item) for item in operand)
    return isinstance(operand, Constant)


def _array(operand: Operand) -> Any:
    """A list of constants as an array, since many ops take no list: int32, bool or floatx."""

    def plain(item: Operand) -> Any:
        assert not isinstance(item, TensorRef)
        return item.value if isinstance(item, Constant) else [plain(inner) for inner in item]

    try:
        array = np.array(plain(operand))
    except ValueError:
        raise ShapeError("its numbers make no array: lists in a list differ in length") from None
    dtypes = {"b": "bool", "i": "int32"}
    return array.astype(dtypes.get(array.dtype.kind, keras.config.floatx()))


def _try_weights(made: Any, layer: LayerDef) -> None:
    if isinstance(layer.definition, ObjectDef):
        try_weights(made, layer.definition.arguments, shorten)


def _allow_depth(calls: int) -> None:
    """Raises Python's limit of recursion for a deep model, for as long as the process lasts.

    Keras walks a graph by recursion, here and again when it saves and loads: at Python's own
    limit of 1,000 frames it refuses a chain of some 980 layers.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000 + 4 * calls))


def _attempt(action: Any) -> Any:
    try:
        return action()
    except Exception as error:
        # Not a list of types: backends raise some of their own (`tf.errors.OpError`).
        raise ShapeError(shorten(error) + own_place(error)) from error


def _spec(tensor: Any) -> TensorSpec:
    return TensorSpec(
        shape=tuple(tensor.shape), dtype=str(keras.backend.standardize_dtype(tensor.dtype))
    )


def _size(shape: Sequence[int]) -> int:
    count = 1
    for size in shape:
        count *= int(size)
    return count


def _width(dtype: str) -> int:
    digits = re.search(r"(\d+)", str(dtype))
    return max(1, int(digits.group(1)) // 8) if digits else 1
