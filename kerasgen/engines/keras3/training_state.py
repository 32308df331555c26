"""The state of a training: taken out of a model and its callbacks, and laid into others.

This room owns what there is to be kept so that a training goes on bit by bit: all variables of
model, optimizer and metrics, every random generator, and what callbacks remember. It must not know
when that is done, nor where it is kept.

Decisions:
- Variables are taken in Keras's order: it depends on the model alone, and names need not be unique.
- A state may be a stranger's. It holds values alone, and tells no callback of Keras where to write.
- Of a callback that has `get_state` and `set_state` these are asked. Of all others the attributes
  are kept that have changed since the training began and have a form: what a constructor has set
  is set again, and a path of another folder does not come back.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.callbacks.monitor_callback import MonitorCallback
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

from kerasgen.engines.keras3.encoded_values import Form, NoFormError, decoded, encoded
from kerasgen.engines.keras3.followers import Follower
from kerasgen.ir.training import Array

Attributes: TypeAlias = Mapping[str, Form]
"""The attributes of a callback in their form, with bytes of the arrays in them."""

Door: TypeAlias = "tuple[Callable[[], object], Callable[[object], None]]"
"""How a callback tells its state, and how it takes it back."""

_NOT_KEPT = frozenset({"params", "model", "_model", "validation_data"})
"""Attributes that Keras itself sets."""

_LOG_SIZE = "#size"
"""Under which the size of a log is kept that a callback writes line by line."""

_MONITORS = "#monitors"
"""Under which it is kept that a callback has settled how it compares figures, by a function."""


class StateMismatchError(ValueError):
    """A state that is none of this model."""


def training_variables(model: keras.Model) -> list[Any]:
    """All variables that a training changes: of the model, its optimizer and its metrics.

    The states of a stateful layer are none of its variables, and are carried from batch to batch.
    """
    optimizer = getattr(model, "optimizer", None)
    kept = [*model.variables, *(optimizer.variables if optimizer else ())]
    for layer in model._flatten_layers(include_self=False):
        if getattr(layer, "stateful", False):
            states = keras.tree.flatten(getattr(layer, "states", None))
            kept += [state for state in states if isinstance(state, keras.Variable)]
    return list({id(v): v for v in [*kept, *model.metrics_variables]}.values())


def taken_variables(
    model: keras.Model, arrays: MutableMapping[str, Array], known: Mapping[int, Array] | None = None
) -> list[Form]:
    """The forms of all variables, in order.

    Args:
        model: the model.
        arrays: gets their values.
        known: `id` of a variable to its value, of those that are not as they are to be kept.
    """
    if keras.backend.backend() == "jax":
        model.jax_state_sync()  # They lie with the loop as long as an epoch goes on.
    told = known or {}
    return [encoded(told.get(id(v), v), arrays) for v in training_variables(model)]


def lay_variables(model: keras.Model, forms: Sequence[Form], arrays: Mapping[str, Array]) -> None:
    """Gives all variables their values.

    Raises:
        StateMismatchError: there are more or fewer of them, or one has another shape.
    """
    variables = training_variables(model)
    if len(variables) != len(forms):
        told = f"{len(forms)} variables were kept, and the model has {len(variables)}"
        raise StateMismatchError(told)
    for variable, form in zip(variables, forms, strict=True):
        value = decoded(form, arrays)
        if tuple(value.shape) != tuple(variable.shape):
            told = f"`{variable.path}` was {value.shape}, and is {tuple(variable.shape)} now"
            raise StateMismatchError(told)
        variable.assign(value)


def taken_randomness(arrays: MutableMapping[str, Array]) -> dict[str, Form]:
    """The forms of the states of all random generators that no model has."""
    states: dict[str, Any] = {"python": random.getstate(), "numpy": np.random.get_state()}
    generator = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
    if generator is not None:
        states["keras"] = generator.state
    if keras.backend.backend() == "torch":
        import torch

        states["torch"] = torch.get_rng_state()
        if torch.cuda.is_initialized():
            states["cuda"] = list(torch.cuda.get_rng_state_all())
    return {name: encoded(state, arrays) for name, state in states.items()}


def lay_randomness(forms: Mapping[str, Form], arrays: Mapping[str, Array]) -> None:
    """Sets all random generators that no model has."""
    states = {name: decoded(form, arrays) for name, form in forms.items()}
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    if "keras" in states:
        generator = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
        if generator is None:
            generator = keras.random.SeedGenerator(0)
            global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, generator)
        generator.state.assign(states["keras"])
    if keras.backend.backend() == "torch":
        import torch

        torch.set_rng_state(torch.from_numpy(states["torch"]))
        if "cuda" in states and torch.cuda.is_available():
            torch.cuda.set_rng_state_all([torch.from_numpy(s) for s in states["cuda"]])


class CallbackStates:
    """What the callbacks of a training remember.

    Args:
        callbacks: name to callback.
    """

    def __init__(self, callbacks: Mapping[str, Any]) -> None:
        self._callbacks = callbacks
        self._begun: dict[str, Attributes] = {}

    def join(self, name: str, callback: keras.callbacks.Callback) -> None:
        """Takes one in for the phase that begins, in the place of the one of this name."""
        self._callbacks = {**self._callbacks, name: callback}
        self._begun.pop(name, None)

    def begin(self) -> None:
        """Notes how they are when the training, or for those that came late a phase, has begun."""
        for name, one in self._acting():
            if name not in self._begun and _door(one) is None:
                self._begun[name] = _attributes(one)

    def taken(self, arrays: MutableMapping[str, Array]) -> dict[str, Any]:
        """The form of what each remembers.

        Raises:
            NoFormError: one gives something that has no form.
        """
        states = {}
        for name, callback in self._acting():
            if (door := _door(callback)) is not None:
                states[name] = encoded(door[0](), arrays)
                continue
            begun, now = self._begun.get(name, {}), _attributes(callback)
            values = {**vars(callback), **_beside(callback)}
            states[name] = {
                key: encoded(values[key], arrays)
                for key, form in now.items()
                if begun.get(key) != form or key.startswith("#")
            }
        return states

    def prepare(self, states: Mapping[str, Form]) -> None:
        """Lets logs be continued where they were; before the training begins."""
        for name, callback in self._acting():
            size = states.get(name, {}).get(_LOG_SIZE) if _door(callback) is None else None
            if isinstance(callback, keras.callbacks.CSVLogger) and type(size) is int:
                _cut(callback, size)

    def lay(self, states: Mapping[str, Form], arrays: Mapping[str, Array]) -> None:
        """Lets each remember what it did; one that was not there then stays as it is."""
        for name, callback in self._acting():
            if name not in states:
                continue
            if (door := _door(callback)) is not None:
                door[1](decoded(states[name], arrays))
                continue
            if states[name].get(_MONITORS) and callback.monitor_op is None:
                callback._set_monitor_op()  # It turns the sign of an attribute that was kept.
            for key, form in states[name].items():
                if not key.startswith("#") and not _is_place(callback, key):
                    setattr(callback, key, decoded(form, arrays))

    def _acting(self) -> list[tuple[str, Any]]:
        """The callbacks themselves, without a guard around them."""
        found = [
            (name, one.followed if isinstance(one, Follower) else one)
            for name, one in self._callbacks.items()
        ]
        return [(name, one) for name, one in found if one is not None]


def _door(
    callback: keras.callbacks.Callback,
) -> tuple[Callable[[], Any], Callable[[Any], None]] | None:
    """How a callback tells its state and takes it back; None for one that has no such methods."""
    get, lay = getattr(callback, "get_state", None), getattr(callback, "set_state", None)
    return (get, lay) if callable(get) and callable(lay) else None


def _is_place(callback: keras.callbacks.Callback, name: str) -> bool:
    """Whether an attribute of one of Keras's own may say where it writes: no state says so."""
    own = type(callback).__module__.partition(".")[0] == "keras"
    return own and isinstance(getattr(callback, name, None), str | os.PathLike)


def _attributes(callback: keras.callbacks.Callback) -> Attributes:
    """The attributes that have a form; arrays in it by their own bytes."""
    found: dict[str, Any] = {}
    for name, value in vars(callback).items():
        if name in _NOT_KEPT:
            continue
        arrays: dict[str, Array] = {}
        try:
            form = encoded(value, arrays)
        except NoFormError:
            continue
        found[name] = (form, {key: array.tobytes() for key, array in arrays.items()})
    return {**found, **_beside(callback)}


def _beside(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """What is to be known of a callback of Keras and is no attribute with a form."""
    if isinstance(callback, keras.callbacks.CSVLogger) and callback.csv_file is not None:
        return {_LOG_SIZE: int(callback.csv_file.tell())}
    if isinstance(callback, MonitorCallback):
        return {_MONITORS: callback.monitor_op is not None}
    return {}


def _cut(logger: keras.callbacks.CSVLogger, size: int) -> None:
    """Cuts a log to what it was, and lets it be continued; another one begins anew."""
    try:
        with open(logger.filename, "r+b") as file:
            if file.seek(0, 2) >= size:
                file.truncate(size)
                logger.append = True
    except OSError:
        return  # It is gone: whoever writes it makes another.
