"""Initial weights that are the same, bit for bit, on every backend and in both layouts.

Decisions:
- Keras's initializers stay what they are: fans, limits and shapes are theirs. While a
  weight is drawn, the random numbers, the QR of `Orthogonal` and the cosines of `STFT`,
  in which backends differ, are NumPy's, in float64.
- What a weight gets depends on the seed, the place of its layer and its own name alone,
  so that no layer changes the weights of another. An initializer that has a seed draws
  by that.
- The place of a layer is its name, behind those of the models around it. Inside of a
  layer, and of a model that a function of Keras makes, Keras counts its names through
  the whole process: there its number is taken.
- A number of the QR may differ in the last bit between two machines with different
  LAPACKs.
- Generators of random numbers, as that of a dropout, get seeds in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from kerasgen.runtime.portable_numbers import (
    key_of_words,
    middle_quantile,
    normal_quantile,
    portable_numbers,
)
from kerasgen.runtime.values import Array

Shape: TypeAlias = Sequence[int]
Dtype: TypeAlias = "str | None"
Seed: TypeAlias = object
Tensor: TypeAlias = Any
Placed: TypeAlias = "tuple[tuple[str, ...], Any]"
Noted: TypeAlias = "dict[int, tuple[Any, Any]]"


def draw_portable_weights(
    model: Any,
    seed: int,
    noted: Noted,
    named: Collection[str] = (),
) -> None:
    """Gives the weights of a model whose initializers were noted values anew."""
    for place, weight in placed_weights(model, named):
        if id(weight) in noted:
            _, initializer = noted[id(weight)]
            with portable_draws([seed, *place]):
                weight.assign(initializer(weight.shape, dtype=weight.dtype))
    seed_generators_by_place(model, seed, named)


@contextmanager
def noted_initializers() -> Iterator[Noted]:
    """Notes the initializer of each weight whose values are not loaded afterwards."""
    import keras

    noted: Noted = {}
    variable = keras.Variable
    initialize, assign = variable._initialize_with_initializer, variable.assign

    def initialize_noted(weight: Any, initializer: Any) -> None:
        initialize(weight, initializer)
        noted[id(weight)] = weight, initializer  # Kept, its number is no other's.

    def assign_loaded(weight: Any, value: Any) -> Any:
        noted.pop(id(weight), None)
        return assign(weight, value)

    hooks = {"_initialize_with_initializer": initialize_noted, "assign": assign_loaded}
    with replaced_attributes([(variable, name, hook) for name, hook in hooks.items()]):
        yield noted


def placed_weights(
    model: Any, named: Collection[str] = ()
) -> Iterator[tuple[list[str], Tensor]]:
    """Gives each weight of a model once, behind the words that tell where it is."""
    seen: set[int] = set()
    for place, layer in placed_layers(model, named):
        names: dict[str, int] = {}
        for weight in [*layer._trainable_variables, *layer._non_trainable_variables]:
            # Keras counts those that were given no name.
            name = re.sub(r"^(\w*variable)_\d+$", r"\1", weight.name)
            names[name] = names.get(name, -1) + 1
            if id(weight) not in seen:
                seen.add(id(weight))
                yield [*place, name, str(names[name])], weight


def placed_layers(model: Any, named: Collection[str] = ()) -> list[Placed]:
    """Gives each layer once, with its place; `named` are models with names inside."""
    found: dict[int, Placed] = {}

    def enter(layer: Any, place: tuple[str, ...]) -> None:
        if id(layer) in found and found[id(layer)][0] <= place:
            return
        found[id(layer)] = place, layer
        if not place or ".".join(place) in named:
            inner = [(one.name, one) for one in layer.layers]
        else:
            below = layer._flatten_layers(include_self=False, recursive=False)
            inner = [(str(number), one) for number, one in enumerate(below)]
        for name, one in inner:
            enter(one, (*place, name))

    enter(model, ())
    return sorted(found.values(), key=lambda entry: entry[0])


def seed_generators_by_place(
    model: Any, seed: int, named: Collection[str] = ()
) -> None:
    """Gives generators that were given no seed the one that their place tells."""
    for place, layer in placed_layers(model, named):
        for number, generator in enumerate(layer._seed_generators):
            if generator._initial_seed is None:
                start = key_of_words(["generator", seed, *place, number]) % 2**31
                generator.state.assign(
                    np.array([start, 0]).astype(generator.state.dtype)
                )


@contextmanager
def portable_draws(words: Sequence[str | int]) -> Iterator[None]:
    """Inside, initializers draw what these words tell, whatever the backend is."""
    import keras

    source, random = keras.src.initializers, keras.src.backend.random
    drawn = source.random_initializers.RandomInitializer
    numbers = count()

    def key(seed: object) -> int:
        if isinstance(seed, int):
            return key_of_words(
                ["seed", seed]
            )  # The same in each call, as Keras has it.
        first = getattr(seed, "_initial_seed", None)
        return key_of_words(["weight", *words, next(numbers), first])

    def normal(
        shape: Shape,
        mean: float = 0,
        stddev: float = 1,
        dtype: Dtype = None,
        seed: Seed = None,
    ) -> Tensor:
        line = float(mean), float(stddev)
        found = portable_numbers(
            key(seed), shape, normal_quantile, line, width_of(dtype)
        )
        return as_weight(found, dtype)

    def truncated_normal(
        shape: Shape,
        mean: float = 0,
        stddev: float = 1,
        dtype: Dtype = None,
        seed: Seed = None,
    ) -> Tensor:
        line = float(mean), float(stddev)
        found = portable_numbers(
            key(seed), shape, middle_quantile, line, width_of(dtype)
        )
        return as_weight(found, dtype)

    def uniform(
        shape: Shape,
        minval: float = 0,
        maxval: float = 1,
        dtype: Dtype = None,
        seed: Seed = None,
    ) -> Tensor:
        line = float(minval), float(maxval) - float(minval)
        found = portable_numbers(key(seed), shape, np.asarray, line, width_of(dtype))
        return as_weight(found, dtype)

    places = [
        (random, "normal", normal),
        (random, "truncated_normal", truncated_normal),
        (random, "uniform", uniform),
        (keras.src.ops, "qr", portable_qr),
        (source.STFT, "__call__", portable_stft(source.STFT.__call__)),
        (drawn, "seed", property(given_seed, keep_seed)),
    ]
    with replaced_attributes(places):
        yield


def given_seed(initializer: Any) -> Seed:
    """Gives the seed of an initializer, None where Keras has drawn it."""
    return None if initializer._init_seed is None else vars(initializer)["seed"]


def keep_seed(initializer: Any, seed: Seed) -> None:
    """Keeps the seed of an initializer where it is without `given_seed`."""
    vars(initializer)["seed"] = seed


def portable_qr(x: Tensor) -> tuple[Tensor, ...]:
    """Factors a matrix as `keras.ops.qr` does, by NumPy in float64."""
    import keras

    matrix: Array = keras.ops.convert_to_numpy(x).astype("float64")
    return tuple(as_weight(found, x.dtype) for found in np.linalg.qr(matrix))


def portable_stft(call: Callable[..., Array]) -> Callable[..., Tensor]:
    """Gives the call of `STFT` another arithmetic: NumPy's, in float64."""
    import keras

    module = keras.src.initializers.constant_initializers
    ops = SimpleNamespace(
        **{**vars(np), "cast": np.asarray, "convert_to_tensor": np.asarray}
    )

    def call_portably(initializer: object, shape: Shape, dtype: Dtype = None) -> Tensor:
        with replaced_attributes([(module, "ops", ops)]):
            return as_weight(call(initializer, shape, "float64"), dtype)

    return call_portably


def as_weight(values: Array, dtype: Dtype) -> Tensor:
    """Makes a tensor; what is narrower than float32 is rounded from there."""
    import keras

    tensor = keras.ops.convert_to_tensor(values.astype(width_of(dtype), copy=False))
    return keras.ops.cast(tensor, keras.backend.standardize_dtype(dtype))


def width_of(dtype: Dtype) -> str:
    """Tells in which precision a weight is drawn."""
    import keras

    return (
        "float64" if keras.backend.standardize_dtype(dtype) == "float64" else "float32"
    )


@contextmanager
def replaced_attributes(places: Sequence[tuple[Any, str, Any]]) -> Iterator[None]:
    """Puts other values in the place of attributes for a while."""
    before = [(owner, name, vars(owner).get(name)) for owner, name, _ in places]
    for owner, name, value in places:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            if value is None:
                delattr(owner, name)  # It was inherited, or was not there.
            else:
                setattr(owner, name, value)
