"""The form of a topology: whether the parts of it are what every Keras makes them.

This room owns the check that stands before translating and decompiling, so that neither has to
expect a number in place of a list. It knows all generations, which differ in few places, and
judges neither classes nor arguments. How the calls hang together stands in `functional_calls`.

Decisions:
- Each fault is reported at its place; one that hides others (a layer that is no mapping) alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasgen.diagnostics import Sink, describe
from kerasgen.engines.keras3.model_files.functional_calls import MODELS, wiring_faults
from kerasgen.engines.keras3.model_files.model_file import KeyPath, ModelFile

_LARGEST_AXIS = 2**31
"""Size of an axis from which it is taken for damage."""

_LONGEST_KEY = 500
"""Characters of a key; YAML, in which it is to be written, takes no more than twice as many."""

_MOST_FAULTS = 20
"""Faults that are reported; a file with more is not to be mended by hand."""

_ARRAYS = ("__numpy__", "__tensor__")


def require_form(file: ModelFile, sink: Sink) -> None:
    """Checks a topology.

    Args:
        file: what was read.
        sink: gets KG608 for each part that is not as it must be.

    Raises:
        CompileError: there is one.
    """
    checker = _Checker(file, sink)
    checker.model(file.topology, ())
    sink.stop_on_errors()


@dataclass(slots=True)
class _Checker:
    file: ModelFile
    sink: Sink
    faults: int = 0

    def fault(self, message: str, path: KeyPath) -> None:
        """Reports a fault, as long as there are not too many."""
        self.faults += 1
        if self.faults <= _MOST_FAULTS:
            self.sink.report_at("KG608", f"damaged model: {message}", self.file.place(path))

    def is_kind(
        self, value: object, kinds: type | tuple[type, ...], what: str, path: KeyPath
    ) -> bool:
        """Whether a value is of a kind; a boolean is no number."""
        if isinstance(value, kinds) and not (isinstance(value, bool) and kinds is int):
            return True
        words = {dict: "a mapping", list: "a list", str: "a string", int: "a whole number"}
        options = kinds if isinstance(kinds, tuple) else (kinds,)
        expected = " or ".join(words[kind] for kind in options)
        received = "nothing" if value is None else describe(value)
        self.fault(f"{what} must be {expected}, not {received}", path)
        return False

    def model(self, model: Mapping[str, Any], path: KeyPath) -> None:
        """A model with its class and config, or the config alone (which is what has layers)."""
        inner: Any = model
        if "config" in model or "class_name" in model:
            cls: Any = model.get("class_name")
            if not self.is_kind(cls, str, "`class_name`", (*path, "class_name")):
                return
            if cls not in MODELS:
                return  # For the translation to refuse, by its name.
            inner, path = model.get("config"), (*path, "config")
            if not self.model_config(cls, inner, path):
                return
        self.layers(inner, path)

    def model_config(self, cls: str, inner: Any, path: KeyPath) -> bool:
        """Whether a model's config can be looked into."""
        kinds = (dict, list) if cls == "Sequential" else dict
        if not self.is_kind(inner, kinds, f"the `config` of a `{cls}`", path):
            return False
        if cls != "Sequential" and "input_layers" not in inner and "layers" in inner:
            self.fault("a functional model must have `input_layers`", path)
            return False
        return True

    def layers(self, inner: Any, path: KeyPath) -> None:
        """The layers of a model."""
        layers = inner if isinstance(inner, list) else inner.get("layers")
        if not isinstance(inner, list):
            self.model_words(inner, path)
            path = (*path, "layers")
        if not self.is_kind(layers, list, "`layers`", path):
            return
        before = self.faults
        functional = isinstance(inner, Mapping) and "input_layers" in inner
        for number, layer in enumerate(layers):
            self.layer(layer, (*path, number), functional)
            middle = number > 0 and not functional and isinstance(layer, Mapping)
            if middle and layer.get("class_name") == "InputLayer":
                self.fault("an input stands between the layers of a chain", (*path, number))
        if functional and self.faults == before:
            for message, place in wiring_faults(inner, path[:-1], self.file.generation):
                self.fault(message, place)

    def model_words(self, config: Mapping[str, Any], path: KeyPath) -> None:
        """The plain values of a model's config."""
        if config.get("name") is not None:
            self.is_kind(config["name"], str, "the name of a model", (*path, "name"))
        shape = config.get("build_input_shape")
        if isinstance(shape, list) and not any(isinstance(item, list) for item in shape):
            self.shape(shape, (*path, "build_input_shape"))

    def layer(self, layer: Any, path: KeyPath, functional: bool) -> None:
        """A layer in the list of a model."""
        if not self.is_kind(layer, dict, "a layer", path):
            return
        if functional and not self.is_kind(layer.get("name"), str, "`name`", (*path, "name")):
            return
        if functional:
            self.is_kind(layer.get("inbound_nodes"), list, "`inbound_nodes`", path)
            if self.file.generation == 3:  # There the arguments of calls may be objects.
                self.argument(layer.get("inbound_nodes"), (*path, "inbound_nodes"))
        if "class_name" not in layer and "config" not in layer and self.file.generation == 1:
            self.is_kind(layer.get("name"), str, "`name`", (*path, "name"))  # Of Keras 0.
            return
        if not self.is_kind(layer.get("class_name"), str, "`class_name`", (*path, "class_name")):
            return
        if layer["class_name"] in MODELS:
            self.model(layer, path)
            return
        self.layer_config(layer, path)

    def layer_config(self, layer: Mapping[str, Any], path: KeyPath) -> None:
        """The class and the arguments of a layer that is no model."""
        for key in ("module", "registered_name"):
            if layer.get(key) is not None:
                self.is_kind(layer[key], str, f"`{key}`", (*path, key))
        config: Any = layer.get("config")
        path = (*path, "config")
        if not self.is_kind(config, dict, f"the `config` of `{layer['class_name']}`", path):
            return
        if "name" in config or self.file.generation > 1:
            self.is_kind(config.get("name"), str, "the name of a layer", (*path, "name"))
        is_input = layer["class_name"] == "InputLayer"
        if is_input and config.get("dtype") is not None:
            self.is_kind(config["dtype"], (str, dict), "`dtype`", (*path, "dtype"))
        for key in ("batch_input_shape", "batch_shape"):
            shape = config.get(key)
            if isinstance(shape, list) and (is_input or not _nested(shape)):
                self.shape(shape, (*path, key))
            elif shape is not None and (is_input or not isinstance(shape, Mapping | list)):
                self.is_kind(shape, list, f"`{key}`", (*path, key))
        self.arguments(config, path)

    def shape(self, shape: Sequence[Any], path: KeyPath) -> None:
        """The sizes of a tensor's axes."""
        for number, size in enumerate(shape):
            whole = isinstance(size, int) and not isinstance(size, bool)
            if size is not None and not (whole and 0 <= size < _LARGEST_AXIS):
                self.fault(f"the size of an axis cannot be {describe(size)}", (*path, number))

    def argument(self, value: object, path: KeyPath) -> None:
        """An argument, with every object that stands in it."""
        if isinstance(value, list):
            for number, item in enumerate(value):
                self.argument(item, (*path, number))
        if not isinstance(value, Mapping):
            return
        if "class_name" not in value or "config" not in value:
            self.arguments(value, path, plain=True)
            return
        cls, inner = value["class_name"], value["config"]
        if not self.is_kind(cls, str, "`class_name`", (*path, "class_name")):
            return
        for key in ("module", "registered_name"):
            if value.get(key) is not None:
                self.is_kind(value[key], str, f"`{key}`", (*path, key))
        if cls in MODELS and isinstance(inner, list | Mapping):
            self.model(value, path)
        elif cls == "function":
            self.is_kind(inner, (str, dict), "the name of a function", (*path, "config"))
        elif cls in (*_ARRAYS, "__slice__") or not cls.startswith("__"):
            self.object_config(cls, inner, (*path, "config"))

    def object_config(self, cls: str, inner: Any, path: KeyPath) -> None:
        """The arguments of an object that is an argument itself."""
        if not self.is_kind(inner, dict, f"the `config` of `{cls}`", path):
            return
        if cls in _ARRAYS and "value" not in inner:
            self.fault(f"a `{cls}` must have a `value`", path)
        if cls.endswith("Policy"):
            self.is_kind(inner.get("name"), str, "the name of a policy", (*path, "name"))
        self.arguments(inner, path)

    def arguments(self, config: Mapping[Any, Any], path: KeyPath, *, plain: bool = False) -> None:
        """The arguments of a layer or an object, or the items of a plain mapping."""
        if not plain and config.get("trainable") not in (None, True, False):
            message = f"`trainable` must be true or false, not {describe(config['trainable'])}"
            self.fault(message, (*path, "trainable"))
        for key, value in config.items():
            if len(str(key)) > _LONGEST_KEY:
                self.fault(f"a key has {len(str(key)):,} characters", path)
            elif plain or self.is_kind(key, str, "the name of an argument", path):
                self.argument(value, (*path, key))


def _nested(shape: Sequence[Any]) -> bool:
    """Whether a shape is a list of shapes, as of a layer with several inputs."""
    return any(isinstance(item, list) for item in shape)
