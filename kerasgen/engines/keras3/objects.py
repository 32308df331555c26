"""Making: a class and its arguments become an object of Keras, a word becomes what it stands for.

This room owns instantiation, of objects inside objects too, and the call of an op. It must not
judge: what Keras raises is passed on as `ShapeError`. How a model's calls follow each other stands
in `build`.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from kerasgen.catalog.entries import (
    MODULES,
    Catalog,
    ClassEntry,
    Kind,
    ShapeError,
    UnmatchedError,
)
from kerasgen.engines.keras3.custom_parts import (
    check_saving,
    function_object,
    own_place,
    registered,
)
from kerasgen.engines.keras3.deferred_weights import allocated, loading_later
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import ModelDef
from kerasgen.ir.trained_layers import TRAINABLE, means, rules_of
from kerasgen.ir.values import ObjectDef, Value
from kerasgen.passes.wire import ENTRY_KINDS, wire


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
    arguments = make_arguments(definition, entry, catalog)
    if entry is not None and entry.origin:
        return _make_part(made, entry, definition, arguments, name)
    if entry is not None and entry.kind == "callback":
        arguments = {key: _by_epoch(value) for key, value in arguments.items()}
    if entry is not None and entry.kind == "application":
        return _make_application(made, definition, arguments, name)
    if name is not None:
        arguments["name"] = name
    if entry is not None and entry.kind == "seed_generator":
        with allocated():  # It belongs to no layer, and initializers draw from it at once.
            return _construct(made, definition, arguments)
    return _construct(made, definition, arguments)


def _make_application(
    made: Any, definition: ObjectDef, arguments: dict[str, Any], name: str | None
) -> Any:
    """Makes a model by a factory, and freezes what its entry says."""
    trained = arguments.pop(TRAINABLE, True)
    model = _construct(made, definition, arguments)
    if name is not None:
        model.name = name  # Not an argument: `EfficientNetV2B0` looks its sizes up by its own name.
    if trained is False:
        model.trainable = False
        return model
    unmatched = {}
    for number, (pattern, trains) in enumerate(rules_of(trained)):
        layers = [one for one in model.layers if means(pattern, type(one).__name__, one.name)]
        for layer in layers:
            layer.trainable = trains
        if not layers:
            written = list(trained)[number] if isinstance(trained, Mapping) else number - 1
            unmatched[f"{TRAINABLE}.{written}"] = pattern
    if unmatched:
        known = {word for one in model.layers for word in (type(one).__name__, one.name)}
        raise UnmatchedError(unmatched, sorted(known), definition=definition)
    return model


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
        raise ShapeError(told, definition=definition, refused=True) from error
    return outcome


def make_arguments(
    definition: ObjectDef, entry: ClassEntry | None, catalog: Catalog
) -> dict[str, Any]:
    """The arguments of an object as Keras takes them: objects are made, functions found."""
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
        return own.target
    if entry.kind == "layer" and "." in entry.name:  # One that only applications have.
        return getattr(sys.modules[entry.module], entry.name.rpartition(".")[2])
    module: Any = keras
    for part in [*MODULES[entry.kind].split("."), *entry.name.split(".")]:
        module = getattr(module, part)
    return module


def word_object(word: str, kinds: Sequence[Kind], catalog: Catalog) -> Any:
    """What Keras makes of a word of its vocabularies (`adam`, `mse`), by the kind's `get`.

    Raises:
        KeyError: no kind has the word.
    """
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
        _make_chain(layer.definition, catalog, name=layer.name)
        if isinstance(layer.definition, ModelGraph)
        else make_object(layer.definition, ENTRY_KINDS, catalog, name=layer.name)
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
        raise ShapeError(message, argument=argument, definition=definition, refused=True) from error


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
