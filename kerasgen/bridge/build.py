"""Building: IR objects become Keras objects, and a graph becomes a Keras model.

This room owns instantiation, and the shape oracle that makes a model's calls one by one without
giving memory to its weights. It must not judge: what Keras raises is passed on as `ShapeError`.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasgen.bridge.environment import set_seed
from kerasgen.bridge.memory import allocated, discard_loads, loading_later, unallocated
from kerasgen.bridge.parts import check_saving, function_object, own_place, registered
from kerasgen.bridge.weights import try_weights
from kerasgen.catalog import (
    MODULES,
    Catalog,
    ClassEntry,
    Kind,
    LayerCost,
    ShapeError,
    ShapeOracle,
)
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
            with _states_allocated(layers):
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
            fresh = layer.name not in self._layers
            if fresh:
                self._layers[layer.name] = self._make(layer)
            made = self._layers[layer.name]
            positional = [self._operand(operand) for operand in operands]
            named = {key: self._operand(operand) for key, operand in keyword_operands.items()}
            plain = self._values(arguments)
            given = keras.tree.flatten([positional, named])
            op = layer.made if isinstance(layer.made, ObjectDef) else None
            op = op if op is not None and op.cls.startswith("ops.") else None
            if op is not None:
                entry = self._catalog.find(op.cls, ("op",))
                given_plainly = _make_arguments(op, entry, self._catalog)
                named |= plain | {key: _tuples(value) for key, value in given_plainly.items()}
                outcome = _attempt(lambda: call_op(made, name, positional, named))
            else:
                with _states_allocated([made]):
                    outcome = _attempt(lambda: made(*positional, **named, **plain))
            if fresh:
                _try_weights(made, layer)
        tensors = keras.tree.flatten(outcome)
        if not tensors or not all(isinstance(t, keras.KerasTensor) for t in tensors):
            raise ShapeError("it gives no tensor that can stand in a model", unusable=True)
        if op is None and any(tensor is taken for tensor in tensors for taken in given):
            # `Equalization` in Keras 3.15.
            raise ShapeError("Keras gives back its input, which makes a cycle", unusable=True)
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
        if operand and all(_is_constant(item) for item in operand):
            return _array(operand)
        return [self._operand(item) for item in operand]

    def _make(self, layer: LayerDef) -> Any:
        assert isinstance(layer.made, ObjectDef)
        if layer.made.cls.startswith("ops."):
            return public_object(layer.made.cls, ("op",), self._catalog)
        return make_object(layer.made, ENTRY_KINDS, self._catalog, name=layer.name)

    def _values(self, values: Mapping[str, Value]) -> dict[str, Any]:
        return {key: make_value(value, (), self._catalog) for key, value in values.items()}


def _states_allocated(layers: Sequence[Any]) -> contextlib.AbstractContextManager[None]:
    """Gives memory at once where a layer keeps its state: Keras makes a state with its zeros."""
    stateful = any(getattr(layer, "stateful", False) for layer in layers)
    return allocated() if stateful else contextlib.nullcontext()


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

    array = np.array(plain(operand))
    dtypes = {"b": "bool", "i": "int32"}
    return array.astype(dtypes.get(array.dtype.kind, keras.config.floatx()))


def _try_weights(made: Any, layer: LayerDef) -> None:
    if isinstance(layer.made, ObjectDef):
        try_weights(made, layer.made.arguments, shorten)


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
    if entry is not None and entry.kind in ("activation", "op"):
        return made  # A function, which Keras takes as it is.
    arguments = _make_arguments(definition, entry, catalog)
    if entry is not None and entry.origin:
        return _make_part(made, entry, definition, arguments, name)
    if entry is not None and entry.kind == "callback":
        arguments = {key: _by_epoch(value) for key, value in arguments.items()}
    if name is not None and entry is not None and entry.kind == "application":
        model = _construct(made, definition, arguments)
        model.name = name  # Not an argument: `EfficientNetV2B0` looks its sizes up by its own name.
        return model
    if name is not None:
        arguments["name"] = name
    if entry is not None and entry.kind == "seed_generator":
        with allocated():  # It belongs to no layer, and initializers draw from it at once.
            return _construct(made, definition, arguments)
    return _construct(made, definition, arguments)


def _make_part(
    made: Any, entry: ClassEntry, definition: ObjectDef, arguments: dict[str, Any], name: str | None
) -> Any:
    """Makes an object of a registered class, or takes a registered function."""
    if entry.function:
        part = registered(entry.kind, entry.name)
        assert part is not None
        return function_object(part, entry.kind, arguments)
    named = name is not None and ("name" in entry.parameters or entry.open_ended)
    outcome = _construct(made, definition, arguments | ({"name": name} if named else {}))
    if name is not None:
        outcome.name = name  # Not every class passes it on, and not all take one.
    try:
        check_saving(outcome, entry.kind, arguments)
    except Exception as error:  # It is the user's code.
        reason = shorten(error).rpartition("Exception encountered: ")[2]
        told = f"it could not be saved and loaded: {reason}{own_place(error)}"
        raise ShapeError(told, made=definition, refused=True) from error
    return outcome


def _make_arguments(
    definition: ObjectDef, entry: ClassEntry | None, catalog: Catalog
) -> dict[str, Any]:
    arguments = {}
    for key, value in definition.arguments.items():
        parameter = entry.parameters.get(key) if entry is not None else None
        kinds = parameter.kinds if parameter is not None else ()
        words = parameter is None or parameter.value not in ("object", "mapping")
        arguments[key] = make_value(value, kinds, catalog, words=words)
    return arguments


def _by_epoch(value: Any) -> Any:
    """A schedule as a callback takes it: a function of the epoch that gives a float."""
    if not isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
        return value
    return lambda epoch: float(keras.ops.convert_to_numpy(value(epoch)))


def make_value(value: Value, kinds: Sequence[Kind], catalog: Catalog, *, words: bool = True) -> Any:
    """Makes an argument: objects are made, lists and mappings are gone through, the rest stays.

    A string stays where Keras has it in a vocabulary; the name of a class that is in none
    (`layer: Flatten`) becomes an object. Optimizers inside optimizers are always objects.

    Args:
        value: the argument as written.
        kinds: the kinds of object that it takes, empty for unknown.
        catalog: where class names are found.
        words: whether Keras looks up words of these kinds itself.

    Returns:
        What the constructor is given.

    Raises:
        ShapeError: an object inside refused its arguments.
    """
    if isinstance(value, str) and kinds:
        known = value in catalog.words(kinds)
        alone = kinds == ("optimizer",) or not words
        if alone or (not known and catalog.find(value, kinds) is not None):
            return make_object(ObjectDef(cls=value, bare=True), kinds, catalog)
    if kinds == ("schedule",) and type(value) is int:
        return float(value)  # Keras takes no integer as a learning rate.
    if isinstance(value, ObjectDef):
        return make_object(value, kinds or tuple(MODULES), catalog)
    if isinstance(value, ModelDef):
        return _make_model(value, catalog)
    if isinstance(value, Mapping):
        return {key: make_value(item, kinds, catalog, words=words) for key, item in value.items()}
    if isinstance(value, tuple):
        return [make_value(item, kinds, catalog, words=words) for item in value]
    return value


def public_object(cls: str, kinds: Sequence[Kind], catalog: Catalog) -> Any:
    """The public class or function of Keras that a name means.

    Raises:
        KeyError: there is none; a pass should have reported it.
    """
    entry = catalog.find(cls, kinds)
    if entry is None:
        raise KeyError(f"no public object {cls!r} of the kinds {tuple(kinds)}")
    if entry.origin:
        own = registered(entry.kind, entry.name)
        assert own is not None, "the entries of parts are made of the register"
        return own.made
    if entry.kind == "layer" and "." in entry.name:  # One that only applications have.
        return getattr(sys.modules[entry.module], entry.name.rpartition(".")[2])
    module: Any = keras
    for part in [*MODULES[entry.kind].split("."), *entry.name.split(".")]:
        module = getattr(module, part)
    return module


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
            return _made_or_loaded(made, arguments)
    except Exception as error:
        # Not a list of types: backends and optional packages raise some of their own.
        message = shorten(error) + own_place(error)
        named = re.findall(r"`(\w+)`|argument '?(\w+)'?|\b(\w+)=", message)
        words = [word for groups in named for word in groups if word]
        argument = next((word for word in words if word in definition.arguments), None)
        raise ShapeError(message, argument=argument, made=definition, refused=True) from error


def _made_or_loaded(made: Any, arguments: Mapping[str, Any]) -> Any:
    try:
        return made(**arguments)
    except ValueError as error:
        if "create a variable while in a stateless scope" not in str(error):
            raise
    with allocated():  # Its weights come with their values, as those of a SavedModel do.
        return made(**arguments)


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

    The tensors fill the arguments that have no value yet, in order: `map(f, xs)` is given its `f`
    by name. Where the function has `*args` (`einsum(subscripts, *operands)`), these get the rest.
    """
    named, rest = dict(named), list(positional)
    if made is keras.ops.get_item and "key" in named:
        named["key"] = _item_key(named["key"])
    leading: list[Any] = []
    parameters = list(inspect.signature(made).parameters.values())
    variadic = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
    given = {id(tensor) for tensor in keras.tree.flatten([positional, named])}
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            break
        if parameter.name in named:
            leading += [named.pop(parameter.name)] if variadic else []
        elif rest and variadic:
            leading.append(rest.pop(0))
        elif rest:
            named[parameter.name] = rest.pop(0)
    outcome = made(*leading, *rest, **named)
    for tensor in keras.tree.flatten(outcome):
        # What comes back as it went in was made by another entry, which keeps its name.
        if isinstance(tensor, keras.KerasTensor) and id(tensor) not in given:
            tensor._keras_history.operation.name = name
    return outcome


def _item_key(key: Any) -> Any:
    """What stands between brackets; slices are written as text: `[":", "1:3"]`, `"..."`."""
    if isinstance(key, list | tuple):
        return tuple(_item_key(item) for item in key)
    if key == "...":
        return ...
    if isinstance(key, str):
        return slice(*(int(bound) if bound.strip() else None for bound in key.split(":")))
    return key


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
