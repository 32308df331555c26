"""The inputs of models of an older Keras: where they stand, and what is known of them.

This room owns the search for them: in a layer of their own, in the first layer of a chain, in the
models that begin with several branches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasgen.engines.keras3.model_files.argument_objects import policy_name
from kerasgen.engines.keras3.model_files.functional_calls import MODELS, histories
from kerasgen.engines.keras3.model_files.layers import Layer, input_layer


def class_of(layer: object) -> str:
    """The class of a layer as the file has it; Keras 0 kept it under `name`."""
    return str(layer.get("class_name") or layer.get("name")) if isinstance(layer, Mapping) else ""


def config_of(layer: object) -> Mapping[str, Any]:
    """The arguments of a layer; Keras 0 kept them beside its class."""
    found = layer.get("config", layer) if isinstance(layer, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def input_of(layer: Mapping[str, Any], name: str) -> Layer:
    """An `InputLayer` under the name of this model."""
    config = config_of(layer)
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    dtype = policy_name(config.get("input_dtype") or config.get("dtype"))
    return input_layer(name, shape, dtype, config)


def chain_input(layers: Sequence[Any]) -> Layer | None:
    """The input of a chain, from its first layer; None where no shape is known."""
    if not layers:
        return None
    first, config = layers[0], config_of(layers[0])
    if class_of(first) == "InputLayer":
        return input_of(first, str(config.get("name") or "input"))
    if class_of(first) in MODELS:
        found = [*inputs_of(first)]
        return found[0] if len(found) == 1 else None
    shape = config.get("batch_input_shape")
    if shape is None and class_of(first) == "Bidirectional":
        config = config_of(config.get("layer"))
        shape = config.get("batch_input_shape")
    if shape is None and isinstance(config.get("input_shape"), list):
        shape = [None, *config["input_shape"]]
    if not isinstance(shape, list) or any(isinstance(item, list) for item in shape):
        return None
    dtype = policy_name(config.get("input_dtype") or config.get("dtype"))
    if dtype is not None and dtype.startswith("mixed"):
        dtype = None
    return input_layer("input", shape, dtype)


def inputs_of(model: Mapping[str, Any]) -> Iterator[Layer]:
    """The inputs that a model takes, one after the other, as layers of their own."""
    config = model["config"]
    if class_of(model) not in MODELS:
        config = [model]
    if isinstance(config, Mapping) and "input_layers" in config:
        by_name = {layer["name"]: layer for layer in config["layers"]}
        for name, _, _ in histories(config["input_layers"]):
            yield input_of(by_name[name], name)
        return
    layers = config if isinstance(config, list) else config["layers"]
    if layers and class_of(layers[0]) == "Merge" and "layers" in config_of(layers[0]):
        for branch in config_of(layers[0])["layers"]:
            if isinstance(branch, Mapping) and isinstance(branch.get("config"), dict | list):
                yield from inputs_of(branch)
        return
    start = chain_input(layers)
    if start is not None:
        yield start
