"""Decompiling of one object: the serialized form of a Keras object becomes an `ObjectDef`.

This room owns what is left out of a config because Keras would choose it anyway, and the short
forms: words of Keras's vocabularies, one number for a list of equal ones. It restates nothing: a
shorter form is taken only where the object that `build` makes of it describes itself in the same
way. Building stands in `build`, apart from this, since it serves every group of a config. Only
classes of Keras's own are made here, and none that holds code.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kerasgen.catalog.entries import DOTTED, MODULES, Catalog, ClassEntry, Kind
from kerasgen.engines.keras3.custom_parts import kind_of, saved_part
from kerasgen.engines.keras3.deferred_weights import unallocated
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.engines.keras3.model_files.argument_objects import policy_name
from kerasgen.engines.keras3.objects import make_object, public_object
from kerasgen.ir.model import ModelDef
from kerasgen.ir.values import ObjectDef, Plain, Value
from kerasgen.ir.walks import models_in

MISSING = object()
"""Says that an argument has no default that could be asked."""

MODELS = ("Functional", "Sequential", "Model")
"""Class names of what becomes a model of its own."""

_CODE = frozenset({"Lambda", "JaxLayer", "FlaxLayer", "TorchModuleWrapper", "TFSMLayer"})
"""Layers whose config holds code, or names a file that does."""

_PLAIN_ARRAYS = ("__numpy__", "__tensor__")


class UnwritableError(Exception):
    """A part of a model that a config cannot say, with the reason as a message.

    Attributes:
        hint: how to get past it, or None.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.hint = hint
        super().__init__(message)


class ObjectReader:
    """Reads serialized objects; what was read once is remembered.

    Args:
        catalog: where the names stand that a config may write.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._known: dict[str, ObjectDef] = {}

    def layer(self, config: Mapping[str, Any], nested: object) -> ObjectDef:
        """Reads a layer.

        Args:
            config: its serialized form.
            nested: reads a model that stands as an argument.

        Raises:
            UnwritableError: a config cannot say it.
        """
        definition = self._object(config, ("layer",), nested)
        return definition if definition.arguments else ObjectDef(cls=definition.cls, bare=True)

    def value(self, value: Any, kinds: Sequence[Kind], nested: Any) -> Value:
        """Reads an argument: a plain value, a list, a mapping, an object or a model.

        Raises:
            UnwritableError: a config cannot say it.
        """
        if isinstance(value, list | tuple):
            return tuple(self.value(item, kinds, nested) for item in value)
        if not isinstance(value, Mapping):
            return _plain(value)
        cls = value.get("class_name")
        if cls is None or "config" not in value:
            return {str(key): self.value(item, kinds, nested) for key, item in value.items()}
        if cls in _PLAIN_ARRAYS:
            return self.value(value["config"]["value"], (), nested)
        if str(cls).startswith("__"):
            what = (
                "a piece of Python code" if cls == "__lambda__" else f"a value of Python (`{cls}`)"
            )
            raise UnwritableError(f"holds {what}")
        if cls == "function":
            return self._function(value, kinds)
        if cls in MODELS and str(value.get("module")).startswith("keras"):
            if nested is None:
                raise UnwritableError("is called with a model, which a config cannot say")
            model: ModelDef = nested(value)
            return model
        if cls == "DTypePolicy" and value.get("module") == "keras":
            return str(value["config"]["name"])
        return self._short(self._object(value, kinds, nested), kinds)

    def default(self, cls: str, argument: str) -> object:
        """The default of a layer's argument as a config would write it, or `MISSING`."""
        entry = self.catalog.find(cls, ("layer", "op"))
        if entry is None:
            return MISSING
        found = _signature_default(public_object(cls, (entry.kind,), self.catalog), argument)
        if isinstance(found, tuple | list):
            sizes = set(found)
            return sizes.pop() if len(sizes) == 1 else tuple(found)
        return found if found is None or isinstance(found, bool | int | float | str) else MISSING

    def _object(
        self, config: Mapping[str, Any], kinds: Sequence[Kind], nested: object
    ) -> ObjectDef:
        key = json.dumps(_nameless(config), sort_keys=True, default=str)
        if key not in self._known:
            self._known[key] = self._read(config, kinds, nested)
        return self._known[key]

    def _read(self, config: Mapping[str, Any], kinds: Sequence[Kind], nested: object) -> ObjectDef:
        entry = self.entry_of(config)
        name = self._written_name(entry, kinds)
        plain = {key: item for key, item in config["config"].items() if item is not MISSING}
        if entry.kind == "layer":
            plain.pop("name", None)
        cls = public_object(name, (entry.kind,), self.catalog)
        unknown = {key: plain.pop(key) for key in list(plain) if key not in entry.parameters}
        arguments: dict[str, Value] = {}
        for parameter in entry.parameters.values():  # In the order of the signature.
            if parameter.name not in plain:
                continue
            item = plain[parameter.name]
            if not self._is_default(cls, parameter.name, item, parameter.kinds):
                arguments[parameter.name] = self.value(item, parameter.kinds, nested)
        probe = _Probe(name, entry.kind, config, self.catalog)
        if not any(map(_holds_model, arguments.values())):  # One that does changes when built.
            probe.expect(arguments, entry)
            arguments = probe.shortened(arguments, entry)
        self._check_unknown(entry, unknown, probe, arguments)
        return ObjectDef(cls=name, arguments=arguments)

    def entry_of(self, config: Mapping[str, Any]) -> ClassEntry:
        """The catalog's entry for the class of a serialized object.

        Raises:
            UnwritableError: it is none of Keras's own, or holds code.
        """
        cls, module = str(config.get("class_name")), str(config.get("module") or "")
        registered = config.get("registered_name") or cls
        entry = None
        if (part := saved_part(str(registered))) is not None and (kind := kind_of(part)):
            entry = self.catalog.find(part.name, (kind,))
        elif module == "keras" or module.startswith("keras."):
            for known, below in MODULES.items():
                if known in DOTTED or module not in ("keras", f"keras.{below}"):
                    continue
                entry = entry or self.catalog.entries.get(known, {}).get(cls)
            private = f"{module.removeprefix('keras.src.')}.{cls}"
            entry = entry or self.catalog.entries.get("layer", {}).get(private)
        if entry is None:
            raise UnwritableError(
                f"is a `{registered}`, which is no class of Keras's own",
                hint="a class of one's own must be written as layers of Keras, or be registered in "
                "a module that `--trust` names",
            )
        if entry.name in _CODE:
            raise UnwritableError(
                f"is a `{cls}`, which holds code that opening the file must not run",
                hint="say it with layers or `keras.ops` functions, and save the model again",
            )
        return entry

    def _written_name(self, entry: ClassEntry, kinds: Sequence[Kind]) -> str:
        """The bare name where it is found by it, else the name with its module."""
        everywhere = tuple(kind for kind in MODULES if kind not in (*DOTTED, "source"))
        found = self.catalog.find(entry.name, tuple(kinds) or everywhere)
        return entry.name if found == entry else f"{MODULES[entry.kind]}.{entry.name}"

    def _function(self, config: Mapping[str, Any], kinds: Sequence[Kind]) -> Value:
        name = str(config["config"])
        if (part := saved_part(name)) is not None:
            return part.name
        known = name in self.catalog.words(kinds or ("activation", "loss", "metric"))
        if known and str(config.get("module") or "").startswith("keras"):
            return name
        raise UnwritableError(f"holds `{name}`, which is no function of Keras's own")

    def _short(self, definition: ObjectDef, kinds: Sequence[Kind]) -> Value:
        """An object without arguments as the word that Keras has for it, if it has one."""
        if definition.arguments:
            return definition
        for kind in kinds:
            registry = getattr(getattr(keras.src, MODULES[kind], None), "ALL_OBJECTS_DICT", {})
            for word, member in registry.items():
                named = getattr(member, "__name__", None) == definition.cls and word.islower()
                # Keras has words that it cannot make anything of (`constant`).
                if named and _word_config(word, kind) is not None:
                    return str(word)
        return definition

    def _is_default(self, cls: object, argument: str, value: object, kinds: Sequence[Kind]) -> bool:
        """Whether an argument need not be written: it is what Keras takes by itself."""
        if kinds == ("dtype_policy",) and argument == "dtype":
            policy = policy_name(value) if isinstance(value, Mapping) else value
            if policy == keras.config.dtype_policy().name:
                return True
        default = _signature_default(cls, argument)
        if default is MISSING:
            return False
        if isinstance(default, str) and isinstance(value, Mapping):
            return any(_same(value, _word_config(default, kind)) for kind in kinds)
        return _same(value, default)

    def _check_unknown(
        self,
        entry: ClassEntry,
        unknown: Mapping[str, Any],
        probe: _Probe,
        arguments: Mapping[str, Value],
    ) -> None:
        """Refuses what no argument says, unless the object has it of itself."""
        told = {key: value for key, value in unknown.items() if value not in (None, False)}
        if not told:
            return
        of_itself = probe.config(arguments) or {}
        for key, value in told.items():
            if not _same(value, of_itself.get(key, MISSING)):
                raise UnwritableError(
                    f"is a `{entry.name}` with `{key}`, which is no argument of it"
                )


class _Probe:
    """Makes an object of some arguments, and asks it to describe itself."""

    def __init__(self, name: str, kind: Kind, config: Mapping[str, Any], catalog: Catalog) -> None:
        self._name, self._kind, self._catalog = name, kind, catalog
        self._wanted = _nameless(config)["config"]
        self._refused = ""

    def config(self, arguments: Mapping[str, Value]) -> dict[str, Any] | None:
        """How the object describes itself, without names; None where it cannot be made."""
        definition = ObjectDef(cls=self._name, arguments=arguments)
        try:
            with unallocated():
                built = make_object(definition, (self._kind,), self._catalog)
                described = keras.saving.serialize_keras_object(built)
        except Exception as error:  # Keras's constructors raise anything for odd values.
            self._refused = shorten(error)
            return None
        found: dict[str, Any] = _nameless(json.loads(json.dumps(described, default=str)))["config"]
        return found

    def agrees(self, arguments: Mapping[str, Value]) -> bool:
        """Whether these arguments make the object that was read."""
        return bool(self.config(arguments) == self._wanted)

    def expect(self, arguments: Mapping[str, Value], entry: ClassEntry) -> None:
        """Makes the object, and holds shorter forms against what it says of itself.

        What the file has is not always that: older versions of Keras leave arguments out.

        Raises:
            UnwritableError: it cannot be made.
        """
        described = self.config(arguments)
        if described is None:
            reason = f": {self._refused}" if self._refused else ""
            raise UnwritableError(f"is a `{entry.name}` that refuses its own arguments{reason}")
        self._wanted = described

    def shortened(self, arguments: Mapping[str, Value], entry: ClassEntry) -> dict[str, Value]:
        """The arguments without those that follow from others, and with one number for several."""
        kept = dict(arguments)
        for key in [key for key in kept if not entry.parameters[key].required]:
            without = {name: value for name, value in kept.items() if name != key}
            if self.agrees(without):
                kept = without
        for key, value in list(kept.items()):
            for shorter in _collapsed(value):
                if self.agrees(kept | {key: shorter}):
                    kept[key] = shorter
                    break
        return kept


def _plain(value: object) -> Plain:
    if value == "???":
        raise UnwritableError('holds the text "???", which a config takes for a missing value')
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise UnwritableError(f"holds a value of Python (`{type(value).__name__}`)")


def _holds_model(value: Value) -> bool:
    return next(models_in(value), None) is not None


def _collapsed(value: Value) -> list[Value]:
    """Shorter forms of a list of equal values, the shortest first."""
    if not isinstance(value, tuple) or not value or any(item != value[0] for item in value):
        return []
    first = value[0]
    if isinstance(first, bool) or not isinstance(first, int | float | tuple):
        return []
    return [*_collapsed(first), first]


def _signature_default(cls: Any, argument: str) -> object:
    """The default of a constructor's argument, inherited ones included."""
    for owner in cls.__mro__ if inspect.isclass(cls) else (cls,):
        function = vars(owner).get("__init__") if inspect.isclass(cls) else owner
        parameter = inspect.signature(function).parameters.get(argument) if function else None
        if parameter is not None:
            empty = parameter.default is inspect.Parameter.empty
            return MISSING if empty else parameter.default
    return MISSING


def _word_config(word: str, kind: Kind) -> Any:
    """The serialized form of what a word of a vocabulary stands for; None for no such word."""
    try:
        target = getattr(keras, MODULES[kind]).get(word)
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
    return keras.saving.serialize_keras_object(target)


def _same(one: object, other: object) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return set(one) == set(other) and all(_same(one[key], other[key]) for key in one)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _nameless(config: object) -> Any:
    """A serialized form without the names of layers and what building leaves in it."""
    if isinstance(config, list | tuple):
        return [_nameless(item) for item in config]
    if not isinstance(config, Mapping):
        return config
    if "class_name" not in config or not isinstance(config.get("config"), Mapping):
        return {key: _nameless(value) for key, value in config.items()}
    inner = {key: _nameless(value) for key, value in config["config"].items()}
    if config["class_name"] not in ("DTypePolicy", "DTypePolicyMap"):
        inner.pop("name", None)
    kept = {
        key: config[key] for key in ("module", "class_name", "registered_name") if key in config
    }
    return kept | {"config": inner}
