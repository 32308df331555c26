"""Initial weights that every engine draws alike, while a model's weights get their memory.

This room owns when they are drawn, and what a record tells of them. How they are drawn stands in
`runtime.portable_weights`, which a script quotes.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Any

import keras

from kerasgen.engine import InitialWeights
from kerasgen.engines.keras3.deferred_weights import allocate_weights
from kerasgen.runtime.portable_weights import (
    placed_weights,
    portable_draws,
    seed_generators_by_place,
)

_SHORT = 16
"""Digits of the hash of a layer."""


def draw_portably(model: Any, seed: int, named: Collection[str]) -> InitialWeights:
    """Gives memory and values to the weights of a model, the same on every engine.

    Args:
        model: a Keras model that was made without memory.
        seed: the seed of the program.
        named: the models inside it whose layers have names of the config.

    Returns:
        The hashes of the layers, and the weights that code of one's own has drawn.

    Raises:
        Exception: weights that it starts from cannot be downloaded or read.
    """
    placed = list(placed_weights(model, named))
    words = {id(weight): place for place, weight in placed}
    own: list[str] = []

    def drawing(weight: Any) -> AbstractContextManager[object]:
        if id(weight) not in words:  # The state of a layer or of a generator.
            return contextlib.nullcontext()
        if not _is_of_keras(weight._initializer):
            own.append("/".join(words[id(weight)][:-1]))
        return portable_draws([seed, *words[id(weight)]])

    allocate_weights(model, drawing)
    seed_generators_by_place(model, seed, named)
    return InitialWeights(layers=_hashes(placed, named), own=tuple(own))


def _is_of_keras(initializer: Any) -> bool:
    """Whether Keras draws by it, or a function of Keras in which its initializers are called."""
    called = initializer if hasattr(initializer, "__qualname__") else type(initializer).__call__
    return str(called.__module__).partition(".")[0] == "keras"


def _hashes(placed: list[tuple[list[str], Any]], named: Collection[str]) -> dict[str, str]:
    found: dict[str, Any] = {}
    for (*place, name, _), weight in placed:
        layer = place[0]
        for inner in place[1:]:
            if layer not in named:
                break
            layer = f"{layer}.{inner}"
        # Whatever is narrower is told exactly by it, and not every backend gives its own type.
        width = "float64" if weight.dtype == "float64" else "float32"
        values = keras.ops.convert_to_numpy(weight).astype(width)
        digest = found.setdefault(layer, hashlib.sha256())
        digest.update(f"{name} {weight.dtype} {values.shape}".encode())
        digest.update(values.tobytes())
    return {layer: digest.hexdigest()[:_SHORT] for layer, digest in found.items()}
