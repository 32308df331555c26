"""Which weights training leaves, seen on the weights themselves."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from kerasgen.catalog.entries import Catalog
from kerasgen.ir.program import CompileDef, FitDef
from kerasgen.ir.values import ObjectDef

X = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")
MODEL = "layers: {a: {class: Dense, units: 1, activation: sigmoid}}"


@pytest.fixture
def trained(engine: str, catalog: Catalog, build_model: Any) -> Any:
    from kerasgen.engine import TrainingListener
    from kerasgen.engines.keras3.kept_training import Checkpoints
    from kerasgen.engines.keras3.training import (
        ActingCallbacks,
        compile_model,
        fit_model,
        make_feed,
    )
    from kerasgen.ir.training import FeedPosition, Samples, TrainingData

    def train(callbacks: Mapping[str, Any], *, optimizer: Mapping[str, Any] | None = None) -> Any:
        model = build_model(MODEL, {"input": [4]}, seed=1).model
        made = ObjectDef(cls="SGD", arguments={"learning_rate": 0.5, **(optimizer or {})})
        compile_model(model, made, CompileDef(loss="binary_crossentropy"), catalog)
        fit = FitDef(epochs=4, batch_size=16, verbose=0, checkpoint=None)
        start = FeedPosition()
        listener = TrainingListener(
            epoch_ended=lambda *_: None, followers=frozenset(), follower_failed=pytest.fail
        )
        data = TrainingData(training=Samples(x=X, y=Y))
        kept = fit_model(
            model,
            # The targets turned round, so that each epoch is worse than the last.
            (make_feed(data, fit, 1, catalog, start), Samples(x=X, y=1 - Y)),
            fit,
            ActingCallbacks(callbacks, listener),
            Checkpoints(due=None, keep=pytest.fail, start=start),
        )
        return model, kept

    return train


def test_without_callbacks_the_last_epoch_is_kept(trained: Any) -> None:
    _, kept = trained({})

    assert (kept.epoch, kept.epochs, kept.set_by) == (4, 4, None)


def test_a_callback_that_changes_nothing_is_not_named(trained: Any) -> None:
    import keras

    _, kept = trained({"none": keras.callbacks.Callback(), "nan": keras.callbacks.TerminateOnNaN()})

    assert (kept.epoch, kept.set_by) == (4, None)


def test_weights_that_early_stopping_puts_back_are_those_of_their_epoch(trained: Any) -> None:
    import keras

    stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    model, kept = trained({"note": keras.callbacks.Callback(), "stop": stop})

    assert (kept.epoch, kept.epochs, kept.set_by) == (1, 3, "stop")
    assert kept.text == "epoch 1 of 3 (`stop`)"
    for weight, best in zip(model.get_weights(), stop.best_weights, strict=True):
        assert np.array_equal(weight, best)


def test_a_callback_of_ones_own_is_seen_as_well(trained: Any) -> None:
    import keras

    class Average(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[Any] = []

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seen.append(self.model.get_weights())

        def on_train_end(self, logs: Any = None) -> None:
            pairs = zip(*self.seen, strict=True)
            self.model.set_weights([np.mean(values, axis=0) for values in pairs])

    _, kept = trained({"swa": Average(), "nan": keras.callbacks.TerminateOnNaN()})

    assert (kept.epoch, kept.epochs, kept.set_by) == (None, 4, "swa")
    assert kept.text == "no single epoch (`swa`)"


def test_averages_of_the_optimizer_are_of_no_epoch_and_can_be_saved(
    trained: Any, tmp_path: Any
) -> None:
    from kerasgen.engines.keras3.training import evaluate_model, load_model, save_model
    from kerasgen.ir.training import Samples

    model, kept = trained({}, optimizer={"use_ema": True, "ema_momentum": 0.9})

    assert (kept.epoch, kept.set_by) == (None, "optimizer")
    before = evaluate_model(model, Samples(x=X, y=Y), 16)
    save_model(model, tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert evaluate_model(loaded, Samples(x=X, y=Y), 16) == pytest.approx(before)


def test_weights_that_are_swapped_for_averages_are_told(trained: Any) -> None:
    import keras

    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=False)
    _, kept = trained({"swap": swap}, optimizer={"use_ema": True, "ema_momentum": 0.9})

    assert kept.epoch is None
    assert kept.set_by == "optimizer"


def test_weights_that_are_swapped_at_each_epoch_can_be_saved(trained: Any, tmp_path: Any) -> None:
    import keras

    from kerasgen.engines.keras3.training import evaluate_model, save_model
    from kerasgen.ir.training import Samples

    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    model, _ = trained({"swap": swap}, optimizer={"use_ema": True, "ema_momentum": 0.9})
    evaluate_model(model, Samples(x=X, y=Y), 16)
    save_model(model, tmp_path / "model.keras")
    assert (tmp_path / "model.keras").is_file()
