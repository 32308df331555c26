"""Which Keras wrote a topology: told by the version in the file, else by the form itself.

This room owns the marks by which the forms differ. It knows no Keras.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

_KERAS_1 = frozenset(
    {"nb_filter", "nb_row", "border_mode", "subsample", "W_regularizer", "inner_init", "init"}
    | {"dim_ordering", "input_dtype", "concat_axis", "filter_length", "inner_activation", "p"}
)
"""Arguments that no later Keras wrote."""


def generation_of(version: str | None, topology: Mapping[str, Any]) -> Literal[1, 2, 3]:
    """The form of a topology.

    Args:
        version: what the file names, None for nothing.
        topology: class and config of the model.

    Returns:
        1 for everything before Keras 2, 3 for everything from Keras 3 on.
    """
    if version is not None and (found := re.match(r"(\d+)\.", version)) is not None:
        number = 3 if _has_calls_of_3(topology) else int(found.group(1)[:3])
        return 1 if number <= 1 else 2 if number == 2 else 3
    if "config" not in topology and "input_layers" not in topology and "class_name" not in topology:
        return _by_marks(topology.get("layers"), 1)
    inner = topology.get("config", topology)
    layers = inner.get("layers") if isinstance(inner, Mapping) else inner
    return _by_marks(layers, 3 if isinstance(inner, Mapping) and inner.get("dtype") else None)


def is_tf_keras(version: str | None, topology: Mapping[str, Any]) -> bool:
    """Whether tf.keras wrote a topology, which is all that calls itself 2.4 and later."""
    if version is not None:
        found = re.match(r"2\.(\d+)", version)
        return version.endswith("-tf") or (found is not None and int(found.group(1)[:3]) >= 4)
    modules = [str(part.get("module")) for part in _parts(topology, 3)]
    return any("tensorflow" in module for module in modules)


def image_format(topology: Mapping[str, Any]) -> str | None:
    """The `dim_ordering` that all layers of a file of Keras 1 have which say one: `th` or `tf`."""
    found = {part.get("dim_ordering") for part in _parts(topology, 40)} & {"th", "tf"}
    return found.pop() if len(found) == 1 else None


def _has_calls_of_3(topology: Mapping[str, Any]) -> bool:
    """Whether the calls of a functional model have the form of Keras 3, whatever else is said."""
    inner = topology.get("config", topology)
    layers = inner.get("layers") if isinstance(inner, Mapping) else None
    for layer in layers if isinstance(layers, list) else ():
        nodes = layer.get("inbound_nodes") if isinstance(layer, Mapping) else None
        if isinstance(nodes, list) and nodes:
            return isinstance(nodes[0], Mapping) and "args" in nodes[0]
    return False


def _by_marks(layers: object, otherwise: Literal[1, 2, 3] | None) -> Literal[1, 2, 3]:
    for layer in layers if isinstance(layers, list) else ():
        config = layer.get("config", layer) if isinstance(layer, Mapping) else None
        if not isinstance(config, Mapping):
            continue
        if "batch_shape" in config and "module" in layer:
            return 3
        if isinstance(config.get("dtype"), Mapping) and config["dtype"].get("module") == "keras":
            return 3
        if "batch_input_shape" in config:
            return 1 if _KERAS_1 & set(config) else 2
        if _KERAS_1 & set(config):
            return 1
        nodes = layer.get("inbound_nodes")
        if isinstance(nodes, list) and nodes and isinstance(nodes[0], Mapping):
            return 3 if "args" in nodes[0] else 2
        if "module" in layer:
            otherwise = otherwise or 3
    return otherwise or 2


def _parts(value: object, depth: int) -> Iterator[Mapping[str, Any]]:
    """The mappings in a tree, down to a depth."""
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    if isinstance(value, list) and depth:
        for item in value:
            yield from _parts(item, depth - 1)
