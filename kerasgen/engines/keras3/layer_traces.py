"""What a model of Keras holds and gives layer by layer, under names that all engines share.

This room owns the names of weights and of layers' outputs, and which layers draw at random in
training. It compares nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from kerasgen.ir.training import Array

_RATES = ("rate", "stddev", "dropout", "recurrent_dropout")
"""Attributes of layers that say how much is drawn."""


def named_weights(model: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The weights of a model by the path of their layer and their number there."""
    for layer in model.layers:
        name = f"{path}{layer.name}"
        if isinstance(layer, keras.Model):
            yield from named_weights(layer, f"{name}/")
        else:
            for number, weight in enumerate(layer.weights):
                yield f"{name}/{number}", weight


def weight_arrays(model: Any) -> dict[str, Array]:
    """The weights of a model as arrays of their own, by name."""
    return {
        name: np.array(keras.ops.convert_to_numpy(weight)) for name, weight in named_weights(model)
    }


def lay_weight_arrays(model: Any, arrays: Mapping[str, Array]) -> None:
    """Gives a model weights of those names.

    Raises:
        KeyError: one is missing.
        ValueError: one has another shape.
    """
    for name, weight in named_weights(model):
        weight.assign(arrays[name])


def graph_of(model: Any) -> Any:
    """The functional model that a `keras.Sequential` has inside; any other as it is."""
    return model._functional if isinstance(model, keras.Sequential) else model


def layer_outputs(model: Any, x: Any) -> dict[str, Array]:
    """What each layer of a model gives at its first call, by its name, in order.

    Args:
        model: the model.
        x: rows, in the form in which the model takes them.
    """
    graph = graph_of(model)
    named: dict[str, Any] = {}
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            outputs = [t for t in node.output_tensors if isinstance(t, keras.KerasTensor)]
            if not node.is_input and outputs:
                named.setdefault(node.operation.name, outputs[0])
    whole = keras.Model(graph.inputs, list(named.values()))
    given = [keras.ops.convert_to_tensor(values) for values in keras.tree.flatten(x)]
    found = whole(given if len(given) > 1 else given[0], training=False)
    found = found if isinstance(found, list | tuple) else [found]
    arrays = (np.asarray(keras.ops.convert_to_numpy(values)) for values in found)
    return dict(zip(named, arrays, strict=True))


def silence(model: Any) -> list[str]:
    """Lets layers draw nothing in training: no dropout, no noise.

    Returns:
        The layers that draw in another way, and still do.
    """
    drawing = []
    for layer in model._flatten_layers(include_self=False):
        cls = type(layer).__name__
        if "Dropout" in cls or "Noise" in cls or hasattr(layer, "recurrent_dropout"):
            for name in _RATES:
                if isinstance(getattr(layer, name, None), float):
                    setattr(layer, name, 0.0)
        elif cls.startswith("Random") or cls == "StochasticDepth":
            drawing.append(layer.name)
    return drawing
