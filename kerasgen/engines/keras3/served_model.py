"""A model that is asked for a few rows at a time, again and again.

This room owns in which sizes such rows go into Keras: JAX and TensorFlow compile a model anew for
each, so that rows are filled up to the next of a few sizes. Where the rows come from it must not
know.

Decisions:
- `predict_on_batch` is compiled as `predict` is, without what that does around each call.
- Rows are filled up with the last one: zeros may be words that no embedding has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerasgen.engines.keras3.trainable import KerasModel
from kerasgen.engines.keras3.training import predict_batch
from kerasgen.ir.training import Array, Arrays


class ServedModel(KerasModel):
    """A model whose batches have one of a few sizes.

    Args:
        model: the `keras.Model`.
        sizes: the sizes, in rising order.
    """

    def __init__(self, model: Any, sizes: Sequence[int]) -> None:
        super().__init__(model)
        self._sizes = tuple(sizes)

    def predict(self, x: Arrays, batch_size: int) -> Arrays:
        """What it gives for some inputs, of one row at least.

        Args:
            x: the inputs.
            batch_size: does not matter.
        """
        rows = len(keras.tree.flatten(x)[0])
        most = self._sizes[-1]
        parts = [self._part(x, start, min(most, rows - start)) for start in range(0, rows, most)]
        if len(parts) == 1:
            return parts[0]
        joined: Arrays = keras.tree.map_structure(lambda *some: np.concatenate(some), *parts)
        return joined

    def _part(self, x: Arrays, start: int, rows: int) -> Arrays:
        """What it gives for some of the rows."""
        size = next(size for size in self._sizes if size >= rows)

        def filled(values: Array) -> Array:
            part = values[start : start + rows]
            if size == rows:
                return part
            return np.concatenate([part, np.repeat(part[-1:], size - rows, axis=0)])

        outputs = predict_batch(self.model, keras.tree.map_structure(filled, x))
        found: Arrays = keras.tree.map_structure(lambda values: values[:rows], outputs)
        return found
