"""What Keras is given for a training, written down while nothing is trained.

Two trainings that give Keras the same model with the same weights, the same objective and the same
batches in the same order have the same history.
"""

import inspect
import random
import re
from typing import Any

import numpy as np
import pytest

Calls = list[tuple[str, Any]]


def plain(value: Any) -> Any:
    """Values as what can be compared: arrays are their type, shape and bytes."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    array = np.asarray(value)
    held = array.tolist() if array.dtype.kind in "OSU" else array.tobytes()
    return str(array.dtype), array.shape, held


def _unnumbered(config: Any) -> Any:
    """A config without the numbers that Keras adds to names which nobody gave."""
    if isinstance(config, dict):
        kept = {key: _unnumbered(item) for key, item in config.items()}
        if isinstance(kept.get("name"), str):
            kept["name"] = re.sub(r"_\d+$", "", kept["name"])
        return kept
    return [_unnumbered(item) for item in config] if isinstance(config, list | tuple) else config


def record_calls(patch: pytest.MonkeyPatch) -> Calls:
    """Puts in the place of fitting, evaluating and predicting what writes down what is given.

    Callbacks hear of each epoch, whose loss is 1; what is predicted is 0.
    """
    import keras

    calls: Calls = []
    parameters = inspect.signature(keras.Model.fit).parameters.values()
    unsaid = {each.name: each.default for each in parameters if each.default is not each.empty}
    del unsaid["callbacks"]

    def fit(model: Any, feed: Any, *, callbacks: Any, epochs: int, **said: Any) -> Any:
        heard = callbacks
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            heard = keras.callbacks.CallbackList(
                callbacks, add_history=True, model=model, epochs=epochs
            )
        begun = {
            "model": model.get_config(),
            "objective": _unnumbered(model.get_compile_config()),
            "weights": plain([keras.ops.convert_to_numpy(each) for each in model.variables]),
            "random": (random.getstate(), plain(list(np.random.get_state()))),
        }
        batches = []
        heard.on_train_begin()
        for epoch in range(epochs):
            heard.on_epoch_begin(epoch)
            batches.append([plain(batch) for batch in feed.get_numpy_iterator()])
            heard.on_epoch_end(epoch, {"loss": 1.0})
        heard.on_train_end()
        said = {**unsaid, **said, "verbose": 0}
        calls.append(("fit", {**begun, "batches": batches, "epochs": epochs, **plain(said)}))
        return model.history

    def evaluate(model: Any, x: Any, y: Any, **said: Any) -> dict[str, float]:
        calls.append(("evaluate", (plain(x), plain(y), plain(said))))
        return {"loss": 1.0, "mean_absolute_error": 1.0}

    def predict(model: Any, x: Any, **said: Any) -> Any:
        calls.append(("predict", (plain(x), plain(said))))
        count = len(keras.tree.flatten(x)[0])

        def zeros(output: Any) -> Any:
            return np.zeros((count, *output.shape[1:]), "float32")

        first = keras.tree.map_structure(lambda values: values[:1], x)
        return keras.tree.map_structure(zeros, model(first, training=False))

    patch.setattr(keras.Model, "fit", fit)
    patch.setattr(keras.Model, "evaluate", evaluate)
    patch.setattr(keras.Model, "predict", predict)
    return calls
