"""Which layers of a model are trained: all that bear one of some names, and no other.

This room owns the names of layers inside models, as selectors write them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any


def inner_layers(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields the layers that are no models, by name: `outer.inner` inside one."""
    for layer in model.layers:
        if hasattr(layer, "layers") and hasattr(layer, "get_layer"):
            yield from inner_layers(layer, f"{prefix}{layer.name}.")
        else:
            yield prefix + layer.name, layer


def train_only(model: Any, names: Collection[str]) -> None:
    """Freezes all layers but those of these names; the model is to be compiled then."""
    model.trainable = True
    for name, layer in inner_layers(model):
        layer.trainable = name in names
