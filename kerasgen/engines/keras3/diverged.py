"""Trainings whose loss is no finite number: when that is seen, and which layer it comes from.

This room owns the looking. What becomes of such a run is the business of `kerasgen.run`.

Decisions:
- The loss of an epoch is a mean over its batches: once it is not finite it stays so until the epoch
  ends. So losses are gathered, and looked at some batches later, which stops no device.
- A state whose weights are not finite is never kept: what is kept is good.
- Where it comes from is asked of the model as it was before that batch. Inputs come first, then
  weights, the outputs of the layers in their order, the loss, and what one step makes of the
  weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from kerasgen.engine import DivergedError
from kerasgen.ir.training import Fault
from kerasgen.runtime.trained_layers import inner_layers

_GATHERED = 16
"""Batches whose losses are looked at together."""


class LossGuard:
    """Looks at the losses of a training."""

    def __init__(self) -> None:
        self._losses: list[tuple[int, int, Any]] = []

    def note(self, epoch: int, batch: int, logs: Mapping[str, Any] | None) -> None:
        """Notes the loss behind a batch, both counted from 0.

        Raises:
            DivergedError: that loss, or one before it, is not finite.
        """
        loss = (logs or {}).get("loss")
        if loss is not None:
            self._losses.append((epoch, batch, loss))
        if len(self._losses) >= _GATHERED:
            self.look()

    def look(self) -> None:
        """Looks at the losses that were noted.

        Raises:
            DivergedError: one is not finite.
        """
        losses, self._losses = self._losses, []
        for epoch, batch, loss in losses:
            value = float(loss)
            if not math.isfinite(value):
                raise DivergedError(epoch, batch, str(value))


def broken_layers(model: keras.Model) -> tuple[str, ...]:
    """The layers with weights that are not finite, `outer.inner` inside a model."""
    return tuple(
        name
        for name, layer in inner_layers(model)
        if not all(_is_finite(keras.ops.convert_to_numpy(w)) for w in layer.weights)
    )


def find_fault(model: keras.Model, batch: Any) -> Fault | None:
    """Finds what is not finite when a model is trained on a batch; it is of no use afterwards.

    Args:
        model: the model, compiled, as it was before the batch.
        batch: inputs, targets, and weights where there are any.

    Returns:
        The fault, None if all stays finite.
    """
    x, y, weight = keras.utils.unpack_x_y_sample_weight(batch)
    names = [tensor.name for tensor in model.inputs]
    strange = [n for n, v in zip(names, keras.tree.flatten(x), strict=False) if not _is_finite(v)]
    strange += ["the targets"] if not all(map(_is_finite, keras.tree.flatten(y))) else []
    if strange:
        return Fault(kind="rows", names=tuple(strange))
    if broken := broken_layers(model):
        return Fault(kind="weights", names=broken)
    given = keras.tree.map_structure(keras.ops.convert_to_tensor, x)
    for name, output in _outputs(model, given):
        if not all(map(_is_finite, keras.tree.flatten(output))):
            return Fault(kind="output", names=(name,))
    loss = model.train_on_batch(x, y, weight)
    if not _is_finite(keras.tree.flatten(loss)[0]):
        return Fault(kind="loss")
    if broken := broken_layers(model):
        return Fault(kind="gradients", names=broken)
    return None


def _outputs(model: keras.Model, given: Any) -> Iterator[tuple[str, Any]]:
    """What the layers give in training, in their order; one that is called twice is left out."""
    named = []
    for layer in model.layers:
        try:
            named.append((layer.name, layer.output))
        except (AttributeError, ValueError):
            continue
    inside = keras.Model(model.inputs, [output for _, output in named])
    found = inside(given, training=True)
    values = found if isinstance(found, list) else [found]
    for (name, _), value in zip(named, values, strict=True):
        yield name, keras.tree.map_structure(keras.ops.convert_to_numpy, value)


def _is_finite(values: Any) -> bool:
    found = np.asarray(values)
    return found.dtype.kind != "f" or bool(np.isfinite(found).all())
