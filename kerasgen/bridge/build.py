"""Building: IR objects become Keras objects, and a graph becomes a Keras model.

This room owns instantiation, and the shape oracle that makes a model's calls one by one without
giving memory to its weights. It must not judge: what Keras raises is passed on as `ShapeError`.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from kerasgen.bridge.environment import set_seed
from kerasgen.bridge.memory import discard_loads, loading_later, unallocated
from kerasgen.catalog import MODULES, Catalog, Kind, LayerCost, ShapeError, ShapeOracle
from kerasgen.ir import (
    Constant,
    LayerDef,
    ModelDef,
    ModelGraph,
    ObjectDef,
    Operand,
    TensorRef,
    TensorSpec,
    Value,
    output_refs,
)
from kerasgen.passes.wire import ENTRY_KINDS, wire


class KerasOracle(ShapeOracle):
    """Makes a model's layers and calls them on symbolic tensors; `model` puts it together.

    Args:
        catalog: where class names are found.
        seed: seed of every random generator, set now so that the weights depend on it alone;
            None leaves the generators as they are.
    """

    def __init__(self, catalog: Catalog, seed: int | None = None) -> None:
        if seed is not None:
            set_seed(seed)
        self._catalog = catalog
        self._inside: dict[str, KerasOracle] = {}
        self._tensors: dict[str, list[Any]] = {}
        self._layers: dict[str, Any] = {}
        self._chained: Any = None

    def enter(self, name: str, spec: TensorSpec) -> None:
        """Declares an input of the model under the given tensor name."""
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
        specs = []
        for layer in layers:
            outputs = keras.tree.flatten(layer.output)
            specs.append(tuple(_spec(output) for output in outputs))
        self._chained = model
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

    def call(
        self,
        name: str,
        layer: LayerDef,
        operands: Sequence[Operand],
        keyword_operands: Mapping[str, Operand],
        arguments: Mapping[str, Value],
    ) -> tuple[TensorSpec, ...]:
        """Makes the call and names its outputs; the layer is made at its first call."""
        with unallocated():
            if layer.name not in self._layers:
                self._layers[layer.name] = self._make(layer)
            made = self._layers[layer.name]
            positional = [self._operand(operand) for operand in operands]
            named = {key: self._operand(operand) for key, operand in keyword_operands.items()}
            plain = self._values(arguments)
            if isinstance(layer.made, ObjectDef) and layer.made.cls.startswith("ops."):
                named |= plain | self._values(layer.made.arguments)
                outcome = _attempt(lambda: call_op(made, name, positional, named))
            else:
                outcome = _attempt(lambda: made(*positional, **named, **plain))
        tensors = keras.tree.flatten(outcome)
        if not tensors or not all(isinstance(t, keras.KerasTensor) for t in tensors):
            raise ShapeError("it gives no tensor that can stand in a model", unusable=True)
        self._tensors[name] = tensors
        return tuple(_spec(tensor) for tensor in tensors)

    def cost(self, layer: str) -> LayerCost:
        """What a layer costs that was called before."""
        made = self._layers[layer]
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
        )

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
        return [self._operand(item) for item in operand]

    def _make(self, layer: LayerDef) -> Any:
        assert isinstance(layer.made, ObjectDef)
        if layer.made.cls.startswith("ops."):
            return public_object(layer.made.cls, ("op",), self._catalog)
        return make_object(layer.made, ENTRY_KINDS, self._catalog, name=layer.name)

    def _values(self, values: Mapping[str, Value]) -> dict[str, Any]:
        return {key: make_value(value, (), self._catalog) for key, value in values.items()}


def _allow_depth(calls: int) -> None:
    """Raises Python's limit of recursion for a deep model, for as long as the process lasts.

    Keras walks a graph by recursion, here and again when it saves and loads: at Python's own
    limit of 1,000 frames it refuses a chain of some 980 layers.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000 + 4 * calls))


def make_object(
    definition: ObjectDef, kinds: Sequence[Kind], catalog: Catalog, *, name: str | None = None
) -> Any:
    """Makes a Keras object.

    Args:
        definition: class and arguments.
        kinds: what it may be.
        catalog: where class names are found.
        name: name of the object, where it takes one.

    Raises:
        ShapeError: the constructor refused its arguments.
    """
    entry = catalog.find(definition.cls, kinds)
    if entry is None and definition.bare:
        return word_object(definition.cls, kinds, catalog)
    made = public_object(definition.cls, kinds, catalog)
    if entry is not None and entry.kind == "activation":
        return made  # A function, which Keras takes as it is.
    arguments = {}
    for key, value in definition.arguments.items():
        parameter = entry.parameters.get(key) if entry else None
        arguments[key] = make_value(value, parameter.kinds if parameter else (), catalog)
    if name is not None:
        arguments["name"] = name
    return _construct(made, definition, arguments)


def make_value(value: Value, kinds: Sequence[Kind], catalog: Catalog) -> Any:
    """Makes an argument: objects are made, lists and mappings are gone through, the rest stays.

    A string stays where Keras has it in a vocabulary; the name of a class that is in none
    (`layer: Flatten`) becomes an object. Optimizers inside optimizers are always objects.
    """
    if isinstance(value, str) and kinds:
        known = value in catalog.words(kinds)
        if kinds == ("optimizer",) or (not known and catalog.find(value, kinds) is not None):
            return make_object(ObjectDef(cls=value, bare=True), kinds, catalog)
    if kinds == ("schedule",) and type(value) is int:
        return float(value)  # Keras takes no integer as a learning rate.
    if isinstance(value, ObjectDef):
        return make_object(value, kinds or tuple(MODULES), catalog)
    if isinstance(value, ModelDef):
        return _make_model(value, catalog)
    if isinstance(value, Mapping):
        return {key: make_value(item, kinds, catalog) for key, item in value.items()}
    if isinstance(value, tuple):
        return [make_value(item, kinds, catalog) for item in value]
    return value


def public_object(cls: str, kinds: Sequence[Kind], catalog: Catalog) -> Any:
    """The public class or function of Keras that a name means.

    Raises:
        KeyError: there is none; a pass should have reported it.
    """
    entry = catalog.find(cls, kinds)
    if entry is None:
        raise KeyError(f"no public object {cls!r} of the kinds {tuple(kinds)}")
    module: Any = keras
    for part in MODULES[entry.kind].split("."):
        module = getattr(module, part)
    return getattr(module, entry.name)


def word_object(word: str, kinds: Sequence[Kind], catalog: Catalog) -> Any:
    """What Keras makes of a word of its vocabularies (`adam`, `mse`), by the kind's `get`."""
    for kind in kinds:
        if word in catalog.vocabularies.get(kind, ()):
            return getattr(keras, MODULES[kind]).get(word)
    raise KeyError(f"no word {word!r} of the kinds {tuple(kinds)}")


def _make_model(model: ModelDef, catalog: Catalog) -> Any:
    """A model that stands as an argument (`TimeDistributed(layer=…)`): an unbuilt Sequential."""
    from kerasgen.diagnostics import Sink

    graph = wire(model, catalog, Sink())
    assert graph is not None, "the wire pass reports what is wrong with it"
    return _make_chain(graph, catalog)


def _make_chain(graph: ModelGraph, catalog: Catalog, *, name: str | None = None) -> Any:
    layers = [
        _make_chain(layer.made, catalog, name=layer.name)
        if isinstance(layer.made, ModelGraph)
        else make_object(layer.made, ENTRY_KINDS, catalog, name=layer.name)
        for layer in (graph.layers[call.layer] for call in graph.calls)
    ]
    arguments = {key: make_value(value, (), catalog) for key, value in graph.arguments.items()}
    return keras.Sequential(layers, name=name or graph.name, **arguments)


def _construct(made: Any, definition: ObjectDef, arguments: Mapping[str, Any]) -> Any:
    try:
        with loading_later(), _channels_last(made):
            return made(**arguments)
    except Exception as error:
        # Not a list of types: backends and optional packages raise some of their own.
        message = shorten(error)
        named = re.findall(r"`(\w+)`|argument '?(\w+)'?|\b(\w+)=", message)
        words = [word for groups in named for word in groups if word]
        argument = next((word for word in words if word in definition.arguments), None)
        raise ShapeError(message, argument=argument, made=definition, refused=True) from error


@contextlib.contextmanager
def _channels_last(made: Any) -> Iterator[None]:
    """Makes a model of `keras.applications` channels last, as every shape in a config is.

    Its factory asks the global setting alone; other layers are told by the layout pass.
    """
    format_in_force = keras.config.image_data_format()
    if inspect.isfunction(made):
        keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(format_in_force)


def call_op(made: Any, name: str, positional: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Calls an op on tensors and gives its node a name, which the function itself cannot take.

    Where the function has `*args` (`einsum(subscripts, *operands)`), what stands before them goes
    in by position too.
    """
    named = dict(named)
    leading: list[Any] = []
    parameters = list(inspect.signature(made).parameters.values())
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        before = itertools.takewhile(
            lambda p: p.kind is not inspect.Parameter.VAR_POSITIONAL, parameters
        )
        leading = [named.pop(p.name) for p in before if p.name in named]
    outcome = made(*leading, *positional, **named)
    for tensor in keras.tree.flatten(outcome):
        if isinstance(tensor, keras.KerasTensor):
            tensor._keras_history.operation.name = name
    return outcome


def shorten(error: BaseException) -> str:
    """What an exception of Keras says, in one line: its first sentences without the call's dump."""
    text = str(error).strip() or type(error).__name__
    text = re.split(r"\n\s*\n?\s*Arguments received by", text, maxsplit=1)[0]
    text = re.sub(r"^Exception encountered when calling [^\n]*\n+", "", text)
    text = re.sub(r"^Input \d+ (with name \S+ )?of layer \S+ is incompatible with[^:]*: ", "", text)
    text = re.split(r"[.,] Inputs received: ", text, maxsplit=1)[0]
    text = re.sub(r"\{\{[^}]*\}\} *| *\[Op:\w+\](?: name:)?", "", text)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= 400 else text[:397] + "..."


def _attempt(action: Any) -> Any:
    try:
        return action()
    except Exception as error:
        # Not a list of types: backends raise some of their own (`tf.errors.OpError`).
        raise ShapeError(shorten(error)) from error


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
