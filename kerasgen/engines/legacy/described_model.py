"""The config of a Keras model as the translation takes it.

This room owns what Keras says of a model beyond `get_config`: the graph of a `Sequential` model,
and where masks go.
"""

from __future__ import annotations

from typing import Any

import keras
from keras.src import backend

from kerasgen.engines.keras3.layer_traces import graph_of


def described(model: Any) -> dict[str, Any]:
    """The functional config of a model, in which each nested model is a graph too.

    Args:
        model: a `keras.Sequential` or functional `keras.Model`, built.

    Returns:
        Its config; each layer has `masked`: whether a mask comes with what it takes.
    """
    functional = graph_of(model)
    config: dict[str, Any] = functional.get_config()
    config["name"] = model.name
    for said in config["layers"]:
        operation = functional.get_layer(said["name"]) if _is_layer(functional, said) else None
        if isinstance(operation, keras.Model):
            said["config"] = described(operation)
        elif operation is not None:
            said["masked"] = any(_has_mask(node) for node in operation._inbound_nodes)
    return config


def masked_outputs(model: Any) -> list[int]:
    """The numbers of the outputs that come with a mask, which losses heed."""
    outputs = enumerate(model.outputs)
    return [number for number, tensor in outputs if backend.get_keras_mask(tensor) is not None]


def _is_layer(functional: Any, said: dict[str, Any]) -> bool:
    return any(layer.name == said["name"] for layer in functional.layers)


def _has_mask(node: Any) -> bool:
    return any(backend.get_keras_mask(tensor) is not None for tensor in node.input_tensors)
