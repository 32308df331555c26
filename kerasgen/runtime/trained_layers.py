"""Which layers of a model are trained: all that bear one of some names, and no other.

This room owns the names of layers inside models, as selectors write them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
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


def layer_flags(model: Any) -> list[tuple[Any, bool]]:
    """Gives what each layer says of itself, those around others first."""
    return [(layer, layer.trainable) for layer in model._flatten_layers()]


def set_flags(flags: Iterable[tuple[Any, bool]]) -> None:
    """Trains or freezes each layer as it once said itself."""
    for layer, trained in flags:
        layer.trainable = trained
