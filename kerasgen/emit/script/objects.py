"""Objects of a config as Python expressions: `keras.optimizers.Adam(learning_rate=0.001)`.

This room owns how a class name of the config language becomes a public name of Keras and its
arguments become keywords, as `engines.keras3.objects` makes the objects themselves. It must not
know where in a script the expression stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasgen.catalog.entries import MODULES, Catalog, ClassEntry, Kind
from kerasgen.diagnostics import Sink
from kerasgen.emit.script.code import (
    Bracketed,
    Code,
    Item,
    call,
    flat,
    is_shape,
    listed,
    literal,
    mapped,
    string,
)
from kerasgen.frontend.compose.resolvers import environment_name
from kerasgen.ir.graph import LayerDef, ModelGraph
from kerasgen.ir.model import ModelDef
from kerasgen.ir.trained_layers import TRAINABLE
from kerasgen.ir.values import ObjectDef, Value
from kerasgen.passes.wire import ENTRY_KINDS, wire

SHORT = ("layers", "ops")
"""Modules of Keras that a script imports by their own names."""

WRAPPERS: Mapping[Kind, str] = {
    "loss": "LossFunctionWrapper",
    "metric": "keras.metrics.MeanMetricWrapper",
}
"""Kind to what Keras makes of a function that is given arguments."""


def object_code(
    definition: ObjectDef,
    kinds: Sequence[Kind],
    catalog: Catalog,
    *,
    name: str | None = None,
    replaced: Mapping[str, Code] | None = None,
) -> Code:
    """The expression that makes an object.

    Args:
        definition: class and arguments.
        kinds: what it may be.
        catalog: where class names are found.
        name: name of the object, where it takes one.
        replaced: arguments that are given by an expression instead.
    """
    entry = found_entry(definition, kinds, catalog)
    if entry is None:
        return call(f"keras.{_worded(definition.cls, kinds, catalog)}.get", string(definition.cls))
    if entry.kind in ("activation", "op") or (entry.function and not definition.arguments):
        return public_name(entry)
    arguments = argument_codes(definition, entry, catalog) | dict(replaced or {})
    if entry.kind == "application":
        arguments.pop(TRAINABLE, None)  # Not of the factory: it is said of what it has made.
    if entry.function:
        wrapped = {"name": string(entry.name), **arguments}
        return call(WRAPPERS[entry.kind], public_name(entry), named=wrapped)
    if name is not None and takes_name(entry):
        arguments["name"] = string(name)
    leading = _leading(entry, definition, arguments)
    return call(public_name(entry), *leading, named=arguments)


def argument_codes(definition: ObjectDef, entry: ClassEntry, catalog: Catalog) -> dict[str, Code]:
    """The expressions of an object's arguments, by name."""
    arguments: dict[str, Code] = {}
    for key, value in definition.arguments.items():
        parameter = entry.parameters.get(key)
        kinds = parameter.kinds if parameter is not None else ()
        words = parameter is None or parameter.value not in ("object", "mapping")
        arguments[key] = value_code(value, kinds, catalog, words=words)
        scheduled = isinstance(value, ObjectDef) and catalog.find(value.cls, ("schedule",))
        if entry.kind == "callback" and scheduled:
            # A callback calls its schedule with the epoch, and takes nothing but a float.
            made = flat(arguments[key])
            arguments[key] = f"lambda epoch: float(ops.convert_to_numpy({made}(epoch)))"
    return arguments


def found_entry(
    definition: ObjectDef, kinds: Sequence[Kind], catalog: Catalog
) -> ClassEntry | None:
    """The entry of an object's class; Keras's own word (`adam`) means the class it stands for."""
    entry = catalog.find(definition.cls, kinds)
    if entry is not None or not definition.bare:
        return entry
    for kind in kinds:
        for known in catalog.entries.get(kind, {}):
            if kind == "optimizer" and known.lower() == definition.cls:
                return catalog.find(known, (kind,))
    return None


def imported_from(entry: ClassEntry) -> tuple[str, str] | None:
    """Module and name by which a script imports what has no public name in Keras, else None."""
    if entry.origin:
        module, _, attribute = entry.origin.partition(":")
        return module, attribute
    if entry.kind == "layer" and "." in entry.name:  # One that only applications have.
        return entry.module, entry.name.rpartition(".")[2]
    return None


def takes_name(entry: ClassEntry) -> bool:
    """Whether the constructor takes the name that the object bears in its model."""
    if entry.kind == "application":
        return False  # `EfficientNetV2B0` looks its sizes up by its own name.
    return not entry.origin or "name" in entry.parameters or entry.open_ended


def tupled(code: Code) -> Code:
    """The same lists as tuples, which ops may add to a shape."""
    if isinstance(code, str) or code.head not in ("[", "("):
        return code
    items = tuple(Item(tupled(item.code), item.prefix) for item in code.items)
    return Bracketed("(", items, ")") if items else "()"


def public_name(entry: ClassEntry) -> str:
    """The dotted name of a class or function as a script writes it."""
    if (found := imported_from(entry)) is not None:
        return found[1]
    module = MODULES[entry.kind]
    return f"{module}.{entry.name}" if module in SHORT else f"keras.{module}.{entry.name}"


def value_code(
    value: Value, kinds: Sequence[Kind], catalog: Catalog, *, words: bool = True
) -> Code:
    """The expression of an argument: objects are made, a bare class name becomes an object.

    Args:
        value: the argument as written.
        kinds: the kinds of object that it takes, empty for unknown.
        catalog: where class names are found.
        words: whether Keras looks up words of these kinds itself.
    """
    if isinstance(value, str) and kinds:
        known = value in catalog.words(kinds)
        alone = tuple(kinds) == ("optimizer",) or not words
        if alone or (not known and catalog.find(value, kinds) is not None):
            return object_code(ObjectDef(cls=value, bare=True), kinds, catalog)
    if tuple(kinds) == ("schedule",) and type(value) is int:
        return repr(float(value))  # Keras takes no integer as a learning rate.
    if isinstance(value, ObjectDef):
        return object_code(value, kinds or tuple(MODULES), catalog)
    if isinstance(value, ModelDef):
        graph = wire(value, catalog, Sink())
        assert graph is not None, "the wire pass reports what is wrong with it"
        return _chain_code(graph, catalog)
    if isinstance(value, Mapping):
        codes = {key: value_code(v, kinds, catalog, words=words) for key, v in value.items()}
        items = (Item(code, f"{_key(key)}: ") for key, code in codes.items())
        return Bracketed("{", tuple(items), "}")
    if isinstance(value, tuple) and not is_shape(value):
        return listed(value_code(item, kinds, catalog, words=words) for item in value)
    return literal(value)


def word_code(value: str | ObjectDef, kind: Kind, catalog: Catalog) -> Code:
    """A loss or metric: Keras's own words stay strings, a class name becomes an object."""
    if isinstance(value, ObjectDef):
        return object_code(value, (kind,), catalog)
    if value in catalog.vocabularies.get(kind, ()):
        return string(value)
    return object_code(ObjectDef(cls=value, bare=True), (kind,), catalog)


def is_op(made: ObjectDef | ModelGraph) -> bool:
    """Whether an entry calls a function of `keras.ops`, which nothing constructs."""
    return isinstance(made, ObjectDef) and made.cls.startswith("ops.")


def chain_item(layer: LayerDef, catalog: Catalog) -> Code:
    """One layer of a chain; a nested model is a chain itself."""
    if isinstance(layer.definition, ModelGraph):
        return _chain_code(layer.definition, catalog, name=layer.name)
    return object_code(layer.definition, ENTRY_KINDS, catalog, name=layer.name)


def _chain_code(graph: ModelGraph, catalog: Catalog, *, name: str | None = None) -> Code:
    items = [chain_item(graph.layers[c.layer], catalog) for c in graph.calls]
    arguments: dict[str, Code] = {"name": string(name or graph.name)}
    arguments |= {key: value_code(value, (), catalog) for key, value in graph.arguments.items()}
    return call("keras.Sequential", listed(items), named=arguments)


def _leading(entry: ClassEntry, definition: ObjectDef, arguments: dict[str, Code]) -> list[Code]:
    """Takes up to two required plain arguments out, which a person would write by position."""
    leading: list[Code] = []
    if entry.origin:
        return leading  # One's own may take them by name alone.
    for parameter in list(entry.parameters.values())[:2]:
        value = definition.arguments.get(parameter.name)
        if entry.kind != "layer" or not parameter.required or not isinstance(value, int | float):
            break
        leading.append(arguments.pop(parameter.name))
    return leading


def _worded(word: str, kinds: Sequence[Kind], catalog: Catalog) -> str:
    for kind in kinds:
        if word in catalog.vocabularies.get(kind, ()):
            return MODULES[kind]
    raise KeyError(f"no word {word!r} of the kinds {tuple(kinds)}")


def _key(key: object) -> str:
    return string(key) if isinstance(key, str) else repr(key)


def secret_code(value: object) -> Code:
    """A value that may hold names of environment variables, which the script reads itself."""
    if isinstance(value, Mapping):
        return mapped({str(key): secret_code(item) for key, item in value.items()})
    if (name := environment_name(value)) is not None:
        return f"os.environ[{string(name)}]"
    return literal(value)
