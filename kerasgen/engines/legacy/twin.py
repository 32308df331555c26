"""The Keras 3 model beside the engine's own: weights, optimizer and rows go from one to the other.

This room owns what belongs to what in the two: weights by layer and number, slots of an optimizer
by name and place, rows and targets as the worker takes them. It must not train.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasgen.engines.keras3.layer_traces import named_weights
from kerasgen.engines.legacy.translation.translated_model import Translation
from kerasgen.ir.training import Array

_SLOTS = (
    *("momentums", "velocities", "velocity_hats", "average_gradients", "accumulators"),
    *("accumulated_grads", "accumulated_delta_vars", "m", "u"),
)
"""What the optimizers of Keras call what they keep for each weight."""


def numpy_of(value: Any) -> Array:
    """A tensor or variable as an array."""
    return np.asarray(keras.ops.convert_to_numpy(value))


class Twin:
    """A Keras model whose training is done elsewhere.

    Args:
        model: the `keras.Model`.
        translation: what it became for the engine.
    """

    def __init__(self, model: Any, translation: Translation) -> None:
        self.model = model
        self._flipped = translation.flipped
        self._weights = dict(named_weights(model))
        self._names = {id(weight): name for name, weight in self._weights.items()}

    @property
    def trained(self) -> list[str]:
        """The weights that are trained, in the order of Keras."""
        return [self._names[id(weight)] for weight in self.model.trainable_variables]

    def weights(self) -> dict[str, Array]:
        """The weights as the worker takes them."""
        return {
            f"weight/{name}": self._turned(name, numpy_of(weight))
            for name, weight in self._weights.items()
        }

    def lay_weights(self, found: Mapping[str, Array]) -> None:
        """Takes the weights that the worker has."""
        for name, weight in self._weights.items():
            weight.assign(self._turned(name, found[f"weight/{name}"]))

    def optimizer_state(self) -> dict[str, Array]:
        """What the optimizer keeps, as the worker takes it."""
        found = {
            f"slot/{slot}/{place}": self._turned(self.trained[place], numpy_of(variable))
            for slot, place, variable in self._slots()
        }
        if (product := getattr(self.model.optimizer, "_u_product", None)) is not None:
            found["state/u_product"] = numpy_of(product)
        return found

    def lay_optimizer_state(self, found: Mapping[str, Array], steps: int) -> None:
        """Takes what the worker's optimizer keeps, after so many steps."""
        for slot, place, variable in self._slots():
            name = f"slot/{slot}/{place}"
            if name in found:
                variable.assign(self._turned(self.trained[place], found[name]))
        if "state/u_product" in found:
            self.model.optimizer._u_product.assign(found["state/u_product"])
        self.model.optimizer.iterations.assign(steps)

    def _slots(self) -> Iterator[tuple[str, int, Any]]:
        optimizer = self.model.optimizer
        for slot in _SLOTS:
            variables = getattr(optimizer, f"_{slot}", None) or getattr(optimizer, slot, None)
            for place, variable in enumerate(variables or ()):
                yield slot, place, variable

    def _turned(self, name: str, value: Array) -> Array:
        axes = self._flipped.get(name)
        return np.ascontiguousarray(np.flip(value, axes)) if axes else np.asarray(value)


def fed_inputs(x: Any) -> dict[str, Array]:
    """The rows of a batch as the worker takes them."""
    return {
        f"x{number}": numpy_of(values).astype(_type_of(values), copy=False)
        for number, values in enumerate(keras.tree.flatten(x))
    }


def _type_of(values: Any) -> str:
    whole = np.dtype(keras.backend.standardize_dtype(values.dtype)).kind in "iub"
    return "int32" if whole else keras.config.floatx()


def fed_targets(
    model: Any, losses: Sequence[Mapping[str, Any]], y: Any, weights: Any
) -> dict[str, Array]:
    """The targets of a batch, and a weight for each value of the losses.

    Args:
        model: the Keras model, for the shapes of its outputs.
        losses: class and options of the loss of each output.
        y: the targets.
        weights: weights of the rows, None for none.
    """
    targets = keras.tree.flatten(y)
    given = keras.tree.flatten(weights) if weights is not None else []
    fed = {}
    for number, (said, target, output) in enumerate(
        zip(losses, targets, model.outputs, strict=True)
    ):
        shape = (len(target), *output.shape[1:])
        array = prepared_target(said, numpy_of(target), shape)
        fed[f"y{number}"] = array
        own = given[number if len(given) > 1 else 0] if given else None
        fed[f"w{number}"] = _spread(own, array.shape[:-1])
    return fed


def prepared_target(said: Mapping[str, Any], target: Array, shape: Sequence[Any]) -> Array:
    """Targets as the losses of the worker take them.

    Args:
        said: class and options of the loss.
        target: the targets of a batch.
        shape: the shape of the outputs, with the batch's rows.
    """
    options, floatx = said["options"], keras.config.floatx()
    whole = tuple(size or target.shape[axis] for axis, size in enumerate(shape))
    if said["sparse"]:
        places = target.reshape(whole[:-1]).astype("int64")
        target = np.eye(whole[-1], dtype=floatx)[places]
    target = target.astype(floatx).reshape(whole)
    smoothing = options.get("label_smoothing") or 0.0
    if said["class"] == "CategoricalCrossentropy" and smoothing:
        target = target * (1.0 - smoothing) + smoothing / whole[-1]
    if said["class"] == "BinaryCrossentropy" and smoothing:
        target = target * (1.0 - smoothing) + 0.5 * smoothing
    if said["class"] in ("Hinge", "SquaredHinge") and np.isin(target, (0, 1)).all():
        target = 2.0 * target - 1.0
    return np.ascontiguousarray(target, dtype=floatx)


def _spread(weights: Any, shape: Sequence[int]) -> Array:
    """A weight for each value of a loss."""
    if weights is None:
        return np.ones(shape, dtype=keras.config.floatx())
    array = numpy_of(weights).astype(keras.config.floatx())
    while array.ndim > len(shape) and array.shape[-1] == 1:
        array = array[..., 0]
    array = array.reshape(*array.shape, *(1,) * (len(shape) - array.ndim))
    return np.ascontiguousarray(np.broadcast_to(array, shape))
