"""What is not finite when a model is trained on a batch, and when losses are looked at."""

from typing import Any

import numpy as np
import pytest

X, Y = np.ones((4, 3), "float32"), np.zeros((4, 1), "float32")


def compiled(engine: str, rate: float = 0.1, scale: float = 1.0) -> Any:
    import keras

    inputs = keras.Input((3,), name="rows")
    flow = keras.layers.Dense(2, name="first", kernel_initializer="ones")(inputs)
    flow = keras.layers.Rescaling(scale, name="scaled")(flow)
    model = keras.Model(inputs, keras.layers.Dense(1, name="last", kernel_initializer="ones")(flow))
    model.compile(keras.optimizers.SGD(rate), "mean_squared_error")
    return model


def fault(model: Any, x: Any = X, y: Any = Y) -> Any:
    from kerasgen.engines.keras3.diverged import find_fault

    found = find_fault(model, (x, y))
    return found and (found.kind, found.names)


def test_a_sound_step_has_no_fault(engine: str) -> None:
    assert fault(compiled(engine)) is None


def test_rows_come_first(engine: str) -> None:
    strange = X.copy()
    strange[2, 1] = np.nan
    assert fault(compiled(engine), strange) == ("rows", ("rows",))
    assert fault(compiled(engine), X, Y + np.inf) == ("rows", ("the targets",))


def test_weights_that_are_not_finite_are_named(engine: str) -> None:
    model = compiled(engine)
    model.get_layer("last").bias.assign([np.inf])
    assert fault(model) == ("weights", ("last",))


def test_the_first_layer_whose_output_overflows_is_named(engine: str) -> None:
    assert fault(compiled(engine, scale=3e38)) == ("output", ("scaled",))


def test_a_loss_of_finite_outputs_may_overflow(engine: str) -> None:
    assert fault(compiled(engine, scale=1e25)) == ("loss", ())


def test_a_step_may_break_the_weights(engine: str) -> None:
    kind, names = fault(compiled(engine, rate=3e38))
    assert kind == "gradients"
    assert set(names) == {"first", "last"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_losses_are_looked_at_some_batches_later(value: float, engine: str) -> None:
    from kerasgen.engine import DivergedError
    from kerasgen.engines.keras3.diverged import LossGuard

    guard = LossGuard()
    for batch in range(5):
        guard.note(2, batch, {"loss": value if batch >= 3 else 0.5})
    with pytest.raises(DivergedError) as error:
        guard.look()
    assert (error.value.epoch, error.value.batch, error.value.value) == (2, 3, str(value))
    guard.look()
