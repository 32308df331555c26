"""When weights get memory: for one model, at one moment."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def compiled(compile_config: Callable[..., Any], realize: Callable[..., Any]) -> Callable[..., Any]:
    def compile_(*overrides: str) -> Any:
        made, diagnostics = compile_config(list(overrides))
        assert diagnostics == []
        return realize(made)

    return compile_


def has_memory(model: Any) -> list[bool]:
    return [weight._value is not None for weight in model.weights]


def test_a_compiled_model_has_shapes_and_no_memory(compiled: Callable[..., Any]) -> None:
    model = compiled()
    assert model.count_params() > 0
    assert not any(has_memory(model))


def test_only_the_model_that_is_asked_for_gets_memory(compiled: Callable[..., Any]) -> None:
    from kerasgen.engines.keras3.deferred_weights import allocate_weights

    first = compiled()
    huge = compiled("model.layers.hidden1.units=10000000000", "backend.memory=null")
    second = compiled("model.layers.hidden1.units=8")
    allocate_weights(second)
    assert all(has_memory(second))
    assert not any(has_memory(first) + has_memory(huge))
    allocate_weights(first)
    assert all(has_memory(first))
    assert second(np.zeros((1, 8, 8, 1))).shape == (1, 10)


def test_no_other_scope_of_keras_gives_memory_to_what_waits(compiled: Callable[..., Any]) -> None:
    import keras

    model = compiled()
    with keras.StatelessScope():
        pass
    assert not any(has_memory(model))


def test_random_numbers_without_a_seed_can_be_drawn_afterwards(
    build_model: Callable[..., Any],
) -> None:
    import keras

    build_model("layers: {noise: {class: GaussianNoise, stddev: 0.1}}", {"input": [3]})
    assert keras.random.normal((2, 3)).shape == (2, 3)
