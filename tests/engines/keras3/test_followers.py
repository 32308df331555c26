"""What a callback that only follows raises does not end a training."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from kerasgen.engines.keras3.followers import Follower


class Noting(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, fails_at: str = "") -> None:
        super().__init__()
        self.called: list[str] = []
        self.fails_at = fails_at


def noting(name: str) -> Callable[..., None]:
    def call(self: Noting, *_: Any, **__: Any) -> None:
        self.called.append(name)
        if name == self.fails_at:
            raise OSError("no space left")

    return call


for each in [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]:
    setattr(Noting, each, noting(each))


def fitted(callback: Any) -> keras.Model:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    rows = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    model.fit(*rows, epochs=2, batch_size=2, verbose=0, validation_data=rows, callbacks=[callback])
    model.evaluate(*rows, verbose=0)
    return model


def test_a_follower_hears_what_a_callback_of_keras_hears() -> None:
    plain, behind = Noting(), Noting()
    model = fitted(plain)
    fitted(Follower(behind, pytest.fail))
    assert behind.called == plain.called
    assert "on_test_batch_end" in plain.called
    assert plain.model is model
    assert behind.model is not None
    assert behind.params == plain.params


@pytest.mark.parametrize("moment", ["on_train_begin", "on_train_batch_end", "on_epoch_end"])
def test_a_follower_that_fails_is_told_once_and_training_goes_on(moment: str) -> None:
    told: list[Exception] = []
    callback = Noting(fails_at=moment)
    model = fitted(Follower(callback, told.append))
    assert [str(error) for error in told] == ["no space left"]
    assert callback.called.count(moment) == 1
    assert model.history.epoch == [0, 1]
