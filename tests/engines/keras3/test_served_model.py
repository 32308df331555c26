"""A model in batches of a few sizes gives what it gives in one batch, for any number of rows."""

from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="module")
def model(engine: str) -> Any:
    import keras

    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, activation="softmax")])


@pytest.mark.parametrize("rows", [1, 2, 3, 8, 9, 21])
def test_rows_are_answered_as_in_one_batch(model: Any, rows: int) -> None:
    from kerasgen.engines.keras3.trainable import KerasModel

    x = np.random.default_rng(rows).normal(size=(rows, 5)).astype("float32")
    found = KerasModel(model).served((1, 2, 4, 8)).predict(x, 32)
    assert isinstance(found, np.ndarray)
    assert found.shape == (rows, 3)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-6)


def test_keras_sees_the_sizes_alone(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kerasgen.engines.keras3 import served_model
    from kerasgen.engines.keras3.trainable import KerasModel

    seen: list[int] = []

    def spied(model: Any, x: Any) -> Any:
        seen.append(len(x))
        return x

    monkeypatch.setattr(served_model, "predict_batch", spied)
    KerasModel(model).served((4, 8)).predict(np.zeros((19, 5), "float32"), 32)
    assert seen == [8, 8, 4]


def test_inputs_and_outputs_keep_their_form(engine: str) -> None:
    import keras

    from kerasgen.engines.keras3.trainable import KerasModel

    first, second = keras.Input((2,)), keras.Input((3,))
    outputs = {"one": keras.layers.Dense(1)(first), "two": keras.layers.Dense(2)(second)}
    model = keras.Model([first, second], outputs)
    x = [np.ones((6, 2), "float32"), np.ones((6, 3), "float32")]
    found = KerasModel(model).served((4,)).predict(x, 32)
    assert isinstance(found, dict)
    assert {name: values.shape for name, values in found.items()} == {"one": (6, 1), "two": (6, 2)}
