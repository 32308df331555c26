"""One layer of an older Keras becomes one of Keras 3, or a short chain of them.

This room owns what a class and its arguments turn into. Which arguments a class takes is asked of
the catalog; the tables of `old_names` are for those that changed. How layers hang together
stands in `modernize`.

Decisions:
- What no longer has an argument is passed over where it says nothing (None, false, 0), and refused
  otherwise: nothing that a file says is lost in silence.
- `hard_sigmoid` was `x / 5 + 0.5` between 0 and 1, and is `x / 6 + 0.5`. As a layer of its own it
  becomes two that compute the old one. In a layer with weights it stays the word, since weights
  that are 1.2 times as large make up for it exactly; there a warning says so.
- Theano pads `same` by half the kernel on both sides, where the others pad as little as they can.
  Where these differ, a layer that pads stands in front.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from kerasgen.catalog.entries import Catalog, ClassEntry, Parameter
from kerasgen.engines.keras3.custom_parts import saved_part
from kerasgen.engines.keras3.model_files.argument_objects import modern_object
from kerasgen.engines.keras3.model_files.functional_calls import MODELS
from kerasgen.engines.keras3.model_files.model_file import ModelFile, plain_form
from kerasgen.engines.keras3.model_files.old_names import (
    ARGUMENTS,
    CLASS_ARGUMENTS,
    CLASSES,
    DATA_FORMATS,
    EMPTY,
    REMOVED,
    SIZES,
    UNUSED,
    WITHOUT_MEANING,
)
from kerasgen.engines.keras3.model_files.refusals import UntranslatableError
from kerasgen.engines.keras3.objects import public_object
from kerasgen.passes.former_names import MERGED

Layer = dict[str, Any]
"""The serialized form of a layer of Keras 3."""

STEEP = (
    "has the `hard_sigmoid` of older Keras, which is steeper (x / 5 + 0.5) than that of Keras 3 "
    "(x / 6 + 0.5)"
)
"""Why a layer with weights is not quite the same."""

_LOOKUPS = frozenset(
    {"StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing"}
    | {"CategoryEncoding", "Discretization"}
)
"""Layers whose `dtype` was that of what goes in."""

_IMAGES = ("2D", "3D")
"""Endings of the layers whose `dim_ordering` counts."""

_PADDED: Mapping[str, str] = {
    "Conv1D": "ZeroPadding1D",
    "Conv2D": "ZeroPadding2D",
    "Conv3D": "ZeroPadding3D",
    "SeparableConv1D": "ZeroPadding1D",
    "SeparableConv2D": "ZeroPadding2D",
    "DepthwiseConv2D": "ZeroPadding2D",
}
"""Convolutions, with the layer that pads what goes into them."""


@dataclass(frozen=True, slots=True)
class LayerTranslator:
    """Translates layers of one file.

    Attributes:
        file: what is known of the file.
        catalog: where classes are found.
        model: translates a model that stands as an argument.
        steep: is told the names of layers with the old `hard_sigmoid`.
        image_format: the `dim_ordering` of the file's images, which Keras 1 left out of layers
            without weights; None where it does not say.
    """

    file: ModelFile
    catalog: Catalog
    model: Callable[[Mapping[str, Any]], Layer]
    steep: Callable[[Mapping[str, Any]], None]
    image_format: str | None = None

    def chain(self, layer: Mapping[str, Any]) -> list[Layer]:
        """A layer as the layers that it becomes, of which the last has its name.

        Raises:
            UntranslatableError: Keras 3 cannot say it.
        """
        if "class_name" not in layer:  # Keras 0: class and arguments side by side.
            if not isinstance(layer.get("name"), str):
                raise UntranslatableError("holds a layer without a class")
            config = {key: value for key, value in layer.items() if key != "name"}
            layer = {"class_name": layer["name"], "config": config}
        cls, config = str(layer["class_name"]), layer["config"]
        name = str(config.get("name") or layer.get("name") or cls.lower())
        if cls in ("Lambda", "TFSMLayer"):  # The decompiler refuses it by its name.
            return [_serialized(cls, {}, name, layer)]
        if cls == "Merge":
            return [self._merge(config, name, layer)]
        entry = self._entry(cls, layer)
        if entry.origin:
            return [_of_ones_own(entry, self.catalog, name, layer)]
        arguments = self._arguments(cls, entry, config)
        if cls == "Activation" and config.get("activation") == "hard_sigmoid":
            return [
                _serialized("Rescaling", {"scale": 0.2, "offset": 0.5}, f"{name}_scaled", None),
                _serialized("ReLU", {"max_value": 1.0}, name, layer),
            ]
        if "hard_sigmoid" in (arguments.get("activation"), arguments.get("recurrent_activation")):
            self.steep(layer)
        serialized = _serialized(entry.name, arguments, name, layer)
        if self.file.backend == "theano" and entry.name == "ConvLSTM2D":
            _require_common_padding(arguments)
        if self.file.backend == "theano" and entry.name in _PADDED:
            return [*_theano_padding(serialized), serialized]
        return [serialized]

    def _entry(self, cls: str, layer: Mapping[str, Any]) -> ClassEntry:
        """The catalog's entry for a class by its old name."""
        if cls in REMOVED:
            raise UntranslatableError(
                f"is a `{cls}`, {REMOVED[cls]}, which Keras 3 does not have", code="KG615"
            )
        registered = str(layer.get("registered_name") or cls)
        if ">" in registered and (part := saved_part(registered)) is not None:
            cls = part.name
        names = (CLASSES.get(cls, cls), cls.removesuffix("V2").removesuffix("V1"))
        for name in names:
            entry = self.catalog.find(name, ("layer",))
            if entry is not None and "." not in name and ">" not in registered:
                return entry
            if entry is not None and entry.origin:
                return entry
        raise UntranslatableError(
            f"is a `{registered}`, which is no class of Keras's own",
            code="KG609",
            hint="a class of one's own must be written as layers of Keras, or be registered in "
            "a module that `--trust` names",
        )

    def _arguments(self, cls: str, entry: ClassEntry, config: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments under their names of today."""
        found: dict[str, Any] = {}
        sizes = SIZES.get(entry.name, ())
        if sizes and set(sizes) <= set(config):
            found["kernel_size"] = [config[key] for key in sizes]
        for key, value in config.items():
            name = self._name(entry, key)
            if key in sizes or key == "name":
                continue
            parameter = entry.parameters.get(name)
            if parameter is None:
                self._require_empty(entry, key, value)
                continue
            found[name] = self._value(parameter, value)
        return self._settled(cls, entry, found)

    def _name(self, entry: ClassEntry, key: str) -> str:
        own = CLASS_ARGUMENTS.get(entry.name, {})
        if key in own:
            return own[key]
        return key if key in entry.parameters else ARGUMENTS.get(key, key)

    def _require_empty(self, entry: ClassEntry, key: str, value: object) -> None:
        """Refuses what is lost and meant something."""
        unused = UNUSED.get(entry.name, ())
        if key in WITHOUT_MEANING or key in unused or not value or EMPTY.get(key) == value:
            return
        if key == "output_shape" and entry.name.endswith("Transpose"):
            return  # It follows from the other arguments.
        shown = str(plain_form(value))
        raise UntranslatableError(
            f"has `{key}: {shown[:40]}`, which `{entry.name}` of Keras 3 does not take"
        )

    def _value(self, parameter: Parameter, value: object) -> object:
        if parameter.name == "data_format":
            return DATA_FORMATS.get(value, value) if isinstance(value, str) else value
        if parameter.name == "unit_forget_bias" and isinstance(value, str):
            if value not in ("one", "zero"):
                raise UntranslatableError(f"has the initializer `{value}` for its forget gate")
            return value == "one"
        value = modern_object(plain_form(value), parameter.kinds, self.catalog)
        return self._layers(value) if "layer" in parameter.kinds else value

    def _layers(self, value: object) -> object:
        """An argument that holds layers: one, a list of them, or a model."""
        if isinstance(value, list):
            return [self._layers(item) for item in value]
        if not isinstance(value, Mapping) or not isinstance(value.get("config"), Mapping | list):
            return value
        if not isinstance(value.get("class_name"), str):
            raise UntranslatableError("holds a layer without a class")
        if value.get("class_name") in MODELS:
            return self.model(value)
        chain = self.chain(value)
        if len(chain) > 1:
            raise UntranslatableError(
                f"holds a `{value['class_name']}`, which takes more than one layer in Keras 3"
            )
        return chain[0]

    def _settled(self, cls: str, entry: ClassEntry, found: dict[str, Any]) -> dict[str, Any]:
        """What a class meant without saying it, and values whose form has changed."""
        name = entry.name
        if found.get("data_format") in (None, "default"):
            found.pop("data_format", None)
            if self.image_format and "data_format" in entry.parameters and name[-2:] in _IMAGES:
                found["data_format"] = DATA_FORMATS[self.image_format]
        if name in _LOOKUPS:
            found.pop("dtype", None)
        if cls in ("CuDNNLSTM", "CuDNNGRU"):
            found |= {"activation": "tanh", "recurrent_activation": "sigmoid"}
        if name in ("GRU", "GRUCell"):
            found.setdefault("reset_after", cls == "CuDNNGRU" or self.file.tf_keras)
        if "recurrent_activation" in entry.parameters and "recurrent_activation" not in found:
            found["recurrent_activation"] = self._gates()
        if cls == "ThresholdedReLU":
            found.setdefault("threshold", 1.0)
        axis = found.get("axis")
        if name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
            found["axis"] = axis[0]
        padding = found.get("padding")
        if name == "ZeroPadding2D" and isinstance(padding, list) and len(padding) == 4:
            found["padding"] = [padding[:2], padding[2:]]
        return found

    def _gates(self) -> str:
        """The activation of gates that a file does not name."""
        version = self.file.keras_version or ""
        early = version.startswith(("2.0", "2.1", "2.2")) and not self.file.tf_keras
        return "hard_sigmoid" if early or self.file.generation == 1 else "sigmoid"

    def _merge(self, config: Mapping[str, Any], name: str, layer: Mapping[str, Any]) -> Layer:
        """The layer of Keras 1 that did the work of six."""
        mode = config.get("mode")
        if config.get("mode_type") in ("lambda", "function"):
            raise UntranslatableError("merges by a function, which is code", code="KG609")
        if not isinstance(mode, str) or mode not in MERGED:
            raise UntranslatableError(f"merges by `{mode!s:.40}`, which no layer of Keras 3 does")
        arguments: dict[str, Any] = {}
        if mode == "concat":
            arguments["axis"] = config.get("concat_axis", -1)
        if mode == "dot":
            axes = config.get("dot_axes", -1)
            if isinstance(axes, list):
                axes = [item[0] if isinstance(item, list) and item else item for item in axes]
            arguments["axes"] = axes
        return _serialized(MERGED[mode], arguments, name, layer)


def input_layer(
    name: str, shape: Sequence[Any] | None, dtype: object, config: Mapping[str, Any] | None = None
) -> Layer:
    """The input of a model in the form of Keras 3."""
    config = config or {}
    arguments = {"batch_shape": None if shape is None else list(shape), "dtype": dtype}
    arguments |= {key: True for key in ("sparse", "ragged", "optional") if config.get(key)}
    serialized = _serialized("InputLayer", arguments, name, None)
    return serialized | {"inbound_nodes": []}


def _serialized(
    cls: str, arguments: Mapping[str, Any], name: str, written: Mapping[str, Any] | None
) -> Layer:
    return {
        "module": "keras.layers",
        "class_name": cls,
        "config": {"name": name, **arguments},
        "registered_name": None,
        "name": name,
        "written": written,
    }


def _of_ones_own(entry: ClassEntry, catalog: Catalog, name: str, layer: Mapping[str, Any]) -> Layer:
    """A layer of a trusted module, with its arguments as they are."""
    own = public_object(entry.name, ("layer",), catalog)
    config = plain_form(layer["config"]) | {"name": name}
    return _serialized(entry.name, config, name, layer) | {
        "module": str(own.__module__),
        "registered_name": keras.saving.get_registered_name(own),
    }


def _theano_padding(layer: Layer) -> list[Layer]:
    """The padding before a convolution where Theano's is another; the layer is told to add none."""
    config = layer["config"]
    axes = int(_PADDED[layer["class_name"]][-2])
    kernel = _per_axis(config.get("kernel_size"), axes)
    strides = _per_axis(config.get("strides", 1), axes)
    dilation = _per_axis(config.get("dilation_rate", 1), axes)
    if config.get("padding") != "same" or not (kernel and strides and dilation):
        return []
    sizes = [(size - 1) * rate + 1 for size, rate in zip(kernel, dilation, strict=True)]
    if all(size % 2 for size in sizes) and set(strides) == {1}:
        return []
    config["padding"] = "valid"
    around = [[size // 2, size - 1 - size // 2] for size in sizes]
    arguments: dict[str, Any] = {"padding": around[0] if axes == 1 else around}
    if "data_format" in config:
        arguments["data_format"] = config["data_format"]
    return [_serialized(_PADDED[layer["class_name"]], arguments, f"{config['name']}_pad", None)]


def _require_common_padding(arguments: Mapping[str, Any]) -> None:
    """Refuses a recurrent convolution that Theano pads in a way of its own."""
    kernel = _per_axis(arguments.get("kernel_size"), 2) or []
    strides = _per_axis(arguments.get("strides", 1), 2) or []
    moved = arguments.get("padding") == "same" and set(strides) != {1}
    if moved or any(size % 2 == 0 for size in kernel):
        raise UntranslatableError("is padded as only Theano did, which no layer of Keras 3 does")


def _per_axis(value: Any, axes: int) -> list[int] | None:
    """A size for each axis; None where they are no sizes."""
    values = value if isinstance(value, list) else [value] * axes
    whole = all(isinstance(item, int) and not isinstance(item, bool) for item in values)
    return list(values) if whole and len(values) == axes and min(values) > 0 else None
