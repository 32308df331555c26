"""Keras as an engine: compiling leaves no trace, and a model depends on its program alone."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Compile = Callable[..., tuple[Any, list[Any]]]


def generators() -> list[Any]:
    """The states of Python's, NumPy's and Keras's generators."""
    from keras.src.backend.common import global_state

    names = ("global_random_seed", "global_seed_generator")
    kept = [global_state.get_global_attribute(name) for name in names]
    _, words, *rest = np.random.get_state()
    return [random.getstate(), words.tolist(), rest, kept]


@pytest.fixture
def weights(keras3: Any, catalog: Any) -> Callable[[Any], list[Any]]:
    """Realizes a compiled program; the first values of its variables."""

    def realized(compiled: Any) -> list[Any]:
        import keras

        trainable = keras3.realize(compiled, catalog)
        trainable.initialize()
        return [keras.ops.convert_to_numpy(variable) for variable in trainable.model.variables]

    return realized


@pytest.mark.parametrize("layout", ["model=convnet", "optimizer=muon"])
def test_compiling_leaves_every_generator_as_it_was(compile_config: Compile, layout: str) -> None:
    np.random.normal()  # so that NumPy keeps a second number back
    before = generators()
    compiled, diagnostics = compile_config(
        [layout, "+fit.callbacks.stop={class: EarlyStopping}", "seed=5"]
    )
    assert compiled is not None, diagnostics
    assert generators() == before


def test_a_model_made_anew_has_the_weights_of_the_one_that_was_inferred(
    compile_config: Compile, weights: Callable[[Any], list[Any]]
) -> None:
    compiled, _ = compile_config(["model=convnet", "seed=5"])
    inferred, anew = weights(compiled), weights(compiled)
    assert len(inferred) == len(anew) == 7  # of six weights and the dropout's generator
    assert all(np.array_equal(one, other) for one, other in zip(inferred, anew, strict=True))


def test_what_was_inferred_of_another_program_is_not_taken(
    compile_config: Compile, weights: Callable[[Any], list[Any]]
) -> None:
    first, _ = compile_config(["model.layers.hidden1.units=16", "seed=5"])
    alone = weights(first)
    compile_config(["model.layers.hidden1.units=17", "seed=5"])
    assert all(np.array_equal(a, b) for a, b in zip(alone, weights(first), strict=True))
    compile_config(["model.layers.hidden1.units=16", "seed=6"])
    assert all(np.array_equal(a, b) for a, b in zip(alone, weights(first), strict=True))


def test_what_came_before_does_not_change_the_weights(
    compile_config: Compile, weights: Callable[[Any], list[Any]]
) -> None:
    compiled, _ = compile_config(["seed=5"])
    first = weights(compiled)
    random.random()
    np.random.normal(size=3)
    again, _ = compile_config(["seed=5"])
    assert all(np.array_equal(a, b) for a, b in zip(first, weights(again), strict=True))
