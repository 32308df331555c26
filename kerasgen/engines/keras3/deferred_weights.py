"""Weights without memory: a model is made and measured first, and gets its weights afterwards.

This room owns the time between a layer's making and its memory: the scope in which nothing is
allocated, what waits there, and the moment at which one model's weights get memory and values. It
must not know how layers are made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import keras
from keras.src.backend.common import global_state
from keras.src.layers.rnn.rnn import RNN
from keras.src.utils import file_utils, tracking

_LIST = "uninitialized_variables"
"""Keras's name for its list of weights that get memory when the next stateless scope ends."""

_SCOPE = "stateless_scope"
"""Keras's name for the innermost scope in which nothing is allocated."""

_GENERATOR = "global_seed_generator"
"""Keras's name for the generator of whatever has no seed of its own; it belongs to no model."""

Drawing: TypeAlias = Callable[[Any], contextlib.AbstractContextManager[object]]
"""A weight to the scope in which it gets its value."""

_WAITING: list[tuple[Any, Callable[[], None]]] = []
"""Models with the loads of weights that wait for their memory."""


@contextlib.contextmanager
def unallocated() -> Iterator[None]:
    """A scope in which weights get shapes but no memory.

    They do not stay in Keras's own list: under JAX even a call of some other model would give
    memory to everything in it.
    """
    listed = list(global_state.get_global_attribute(_LIST, []))
    create = RNN._create_state_variables
    RNN._create_state_variables = _create_states
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        RNN._create_state_variables = create
        generator = global_state.get_global_attribute(_GENERATOR)
        state = None if generator is None else generator.state
        made = global_state.get_global_attribute(_LIST, [])[len(listed) :]
        kept = [weight for weight in made if weight is state]
        global_state.set_global_attribute(_LIST, listed + kept)


def _create_states(layer: Any, batch_size: int) -> None:
    """Makes the states of a stateful recurrent layer without memory; Keras makes their values."""

    def initial(at: int) -> Any:
        return keras.tree.flatten(layer.get_initial_state(batch_size))[at]

    specs = keras.src.backend.compute_output_spec(lambda: layer.get_initial_state(batch_size))
    with keras.src.backend.name_scope(layer.name, caller=layer):
        states = [
            keras.Variable(
                lambda shape, dtype, at=at: keras.ops.cast(initial(at), dtype),
                shape=spec.shape,
                dtype=layer.variable_dtype,
                trainable=False,
                name="rnn_state",
            )
            for at, spec in enumerate(keras.tree.flatten(specs))
        ]
    with tracking.DotNotTrackScope():
        layer.states = keras.tree.pack_sequence_as(specs, states)


@contextlib.contextmanager
def allocated() -> Iterator[None]:
    """Leaves the scope without memory, for what must have its values as soon as it is made."""
    scope = global_state.get_global_attribute(_SCOPE)
    global_state.set_global_attribute(_SCOPE, None)
    try:
        yield
    finally:
        global_state.set_global_attribute(_SCOPE, scope)


def allocate_weights(model: Any, drawing: Drawing = lambda _: contextlib.nullcontext()) -> None:
    """Gives memory and values to the weights of a model; those of other models stay without.

    Weights that a model of `keras.applications` asks for (`weights: imagenet`) are loaded now.

    Args:
        model: a Keras model that was made in an `unallocated` scope.
        drawing: the scope in which a weight gets its value.

    Raises:
        Exception: such weights cannot be downloaded or read, as Keras says it.
    """
    with keras.StatelessScope():  # When it ends, Keras's list gets memory: the generator's state.
        pass
    layers = list(model._flatten_layers())
    # Keras does not count the states of a recurrent layer among its variables.
    states = [getattr(layer, "states", None) for layer in layers if isinstance(layer, RNN)]
    for weight in [*model.variables, *keras.tree.flatten(states)]:
        if weight is not None and weight._value is None:
            with drawing(weight):
                weight._deferred_initialize()
    inside = {id(layer) for layer in layers}
    loads = [load for made, load in _WAITING if id(made) in inside]
    _WAITING[:] = [waiting for waiting in _WAITING if id(waiting[0]) not in inside]
    for load in loads:
        load()


def discard_loads(layers: Iterable[Any]) -> None:
    """Gives up layers: weights that wait to be loaded into them are not loaded."""
    gone = {id(layer) for layer in layers}
    _WAITING[:] = [waiting for waiting in _WAITING if id(waiting[0]) not in gone]


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
