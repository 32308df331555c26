"""Weights without memory: a model is made and measured first, and gets its weights afterwards.

This room owns the time between a layer's making and its memory: the scope in which nothing is
allocated, what waits there, and the moment at which one model's weights get memory and values. It
must not know how layers are made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
from keras.src.backend.common import global_state
from keras.src.utils import file_utils

_LIST = "uninitialized_variables"
"""Keras's name for its process-wide list of weights without memory."""

_WAITING: list[tuple[Any, Callable[[], None]]] = []
"""Models with the loads of weights that wait for their memory, beside Keras's own list."""


def unallocated() -> contextlib.AbstractContextManager[Any]:
    """A scope in which weights get shapes but no memory."""
    scope: contextlib.AbstractContextManager[Any] = keras.StatelessScope(initialize_variables=False)
    return scope


def allocate_weights(model: Any) -> None:
    """Gives memory and values to the weights of a model; those of other models stay without.

    Weights that a model of `keras.applications` asks for (`weights: imagenet`) are loaded now.

    Args:
        model: a Keras model that was made in an `unallocated` scope.

    Raises:
        Exception: such weights cannot be downloaded or read, as Keras says it.
    """
    others = _take_out(model.variables)
    try:
        with keras.StatelessScope():  # Keras initializes what waits when such a scope ends.
            pass
    finally:
        global_state.set_global_attribute(_LIST, others)
    inside = {id(layer) for layer in model._flatten_layers()}
    loads = [load for made, load in _WAITING if id(made) in inside]
    _WAITING[:] = [waiting for waiting in _WAITING if id(waiting[0]) not in inside]
    for load in loads:
        load()


def discard_weights(layers: Iterable[Any]) -> None:
    """Gives up layers, so that their weights never get memory."""
    gone = list(layers)
    kept = _take_out([weight for layer in gone for weight in getattr(layer, "variables", ())])
    global_state.set_global_attribute(_LIST, kept)
    inside = {id(layer) for layer in gone}
    _WAITING[:] = [waiting for waiting in _WAITING if id(waiting[0]) not in inside]


@contextlib.contextmanager
def loading_later() -> Iterator[None]:
    """Puts off what a model of `keras.applications` loads at once: its weights have no memory yet.

    Keras would download them for a mere check, and then lose them with the stateless scope.
    """
    if not keras.src.backend.in_stateless_scope():
        yield
        return
    download, load = file_utils.get_file, keras.Model.load_weights

    def download_later(*arguments: Any, **named: Any) -> Callable[[], str]:
        return lambda: str(download(*arguments, **named))

    def load_later(model: Any, path: Any, *arguments: Any, **named: Any) -> None:
        def load_now() -> None:
            load(model, path() if callable(path) else path, *arguments, **named)

        _WAITING.append((model, load_now))

    file_utils.get_file, keras.Model.load_weights = download_later, load_later
    try:
        yield
    finally:
        file_utils.get_file, keras.Model.load_weights = download, load


def _take_out(weights: Iterable[Any]) -> list[Any]:
    """Leaves only the given weights in Keras's list; gives back the others."""
    wanted = {id(weight) for weight in weights}
    waiting = global_state.get_global_attribute(_LIST, [])
    global_state.set_global_attribute(_LIST, [w for w in waiting if id(w) in wanted])
    return [weight for weight in waiting if id(weight) not in wanted]
