"""A training that goes on from any of its states ends as one that was never interrupted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.engine import TrainingListener
from kerasgen.ir.program import CheckpointDef, FitDef
from kerasgen.ir.training import FeedPosition, KeptWeights, TrainingState

EPOCHS = 3
ROWS, SIZE = 70, 16
BATCHES = 5


@dataclass
class Trained:
    """What a training has left.

    Attributes:
        model: the model.
        states: the states that were kept.
        figures: those of each epoch.
        kept: the weights that it has.
        callbacks: the callbacks that acted.
    """

    model: Any
    states: list[TrainingState] = field(default_factory=list)
    figures: list[dict[str, float]] = field(default_factory=list)
    kept: KeptWeights | None = None
    callbacks: Mapping[str, Any] = field(default_factory=dict)

    @property
    def weights(self) -> list[bytes]:
        import keras

        held = [*self.model.variables, *self.model.optimizer.variables]
        return [np.asarray(keras.ops.convert_to_numpy(v)).tobytes() for v in held]


def rows() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, 6, 4)).astype("float32"), rng.integers(0, 3, ROWS)


def untrained() -> Any:
    import keras

    keras.utils.set_random_seed(7)
    inputs = keras.Input((6, 4))
    flow = keras.layers.GaussianNoise(0.1)(inputs)
    flow = keras.layers.LSTM(5, dropout=0.2)(flow)
    flow = keras.layers.BatchNormalization()(flow)
    flow = keras.layers.Dropout(0.3)(flow)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(flow))
    rate = keras.optimizers.schedules.ExponentialDecay(1e-2, 4, 0.9)
    model.compile(
        keras.optimizers.Adam(rate, use_ema=True, ema_momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def train(
    *,
    begun: TrainingState | None = None,
    epochs: int = EPOCHS,
    every: str = "1 step",
    callbacks: Callable[[], Mapping[str, Any]] = dict,
    steps: int | None = None,
    model: Any = None,
    size: int = SIZE,
    states: list[TrainingState] | None = None,
) -> Trained:
    import keras

    from kerasgen.engines.keras3.kept_training import Checkpoints
    from kerasgen.engines.keras3.training import ActingCallbacks, fit_model
    from kerasgen.ir.training import Samples
    from kerasgen.runtime.feed import Feed

    x, y = rows()
    trained = Trained(untrained() if model is None else model, callbacks=callbacks())
    trained.states = [] if states is None else states
    listener = TrainingListener(
        epoch_ended=lambda number, figures: trained.figures.append(figures),
        followers=frozenset(),
        follower_failed=lambda name, error: None,
    )
    start = FeedPosition() if begun is None else begun.position
    feed = Feed((x, y), size, 5, None, (start.epoch, start.batch), steps)
    feed.passed = start.batch
    fit = FitDef(
        epochs=epochs,
        batch_size=size,
        verbose=0,
        steps_per_epoch=steps,
        checkpoint=CheckpointDef(every=every),
    )
    keras.utils.set_random_seed(11)
    validation = Samples(x=x[:28], y=y[:28])
    trained.kept = fit_model(
        trained.model,
        (feed, validation),
        fit,
        ActingCallbacks(trained.callbacks, listener),
        Checkpoints(due=fit.checkpoint, keep=trained.states.append, start=start, begun=begun),
    )
    return trained


@pytest.fixture(scope="module")
def whole(engine: str) -> Trained:
    return train()


@pytest.mark.slow
def test_a_state_is_kept_before_each_batch_but_the_first_and_behind_each_epoch(
    whole: Trained,
) -> None:
    places = [(state.position.epoch, state.position.batch) for state in whole.states]
    expected = [(e, b) for e in range(EPOCHS) for b in range(1, BATCHES)]
    expected += [(e + 1, 0) for e in range(EPOCHS)]
    assert sorted(places) == sorted(expected)


@pytest.mark.parametrize(
    "place",
    [
        (0, 1),
        pytest.param((0, 4), marks=pytest.mark.slow),
        (1, 0),
        pytest.param((1, 2), marks=pytest.mark.slow),
        (2, 4),
        (3, 0),
    ],
)
def test_a_training_goes_on_from_any_place(whole: Trained, place: tuple[int, int]) -> None:
    begun = next(s for s in whole.states if (s.position.epoch, s.position.batch) == place)
    again = train(begun=begun)
    assert again.weights == whole.weights
    assert again.figures == whole.figures[place[0] :]
    assert again.kept == whole.kept


@pytest.mark.slow
def test_more_epochs_are_as_all_in_one_go(whole: Trained) -> None:
    short = train(epochs=1, every="1 epoch")
    assert [s.position for s in short.states] == [FeedPosition(epoch=1)]
    longer = train(begun=short.states[-1])
    assert longer.weights == whole.weights
    assert longer.figures == whole.figures[1:]


@pytest.mark.slow
def test_epochs_of_steps_go_on_in_the_midst_of_a_pass(engine: str) -> None:
    whole = train(steps=3)
    for number in (1, 4, 6):
        again = train(begun=whole.states[number], steps=3)
        assert again.weights == whole.weights
        assert again.figures == whole.figures[whole.states[number].position.epoch :]


@pytest.mark.slow
def test_a_training_that_is_stopped_in_a_validation_goes_on_there(
    whole: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from kerasgen.engines.keras3 import kept_training

    asked = []
    monkeypatch.setattr(kept_training.interruption, "requested", lambda: bool(asked))
    ask = keras.callbacks.LambdaCallback()
    ask.on_test_batch_begin = lambda batch, logs=None: asked.append(batch)
    kept: list[TrainingState] = []
    with pytest.raises(KeyboardInterrupt):
        train(callbacks=lambda: {"ask": ask}, every="9 epochs", states=kept)
    assert [state.position for state in kept] == [FeedPosition(epoch=0, batch=BATCHES)]
    monkeypatch.undo()
    again = train(begun=kept[0])
    assert again.weights == whole.weights
    assert again.figures == whole.figures


@pytest.mark.slow
def test_a_stateful_layer_goes_on_with_its_state(engine: str) -> None:
    import keras

    if engine == "torch":
        pytest.skip("Keras trains no stateful layer on PyTorch")

    def stateful() -> Any:
        keras.utils.set_random_seed(7)
        inputs = keras.Input((6, 4), batch_size=14)
        flow = keras.layers.LSTM(5, stateful=True)(inputs)
        model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(flow))
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    whole = train(model=stateful(), size=14)
    again = train(begun=whole.states[2], model=stateful(), size=14)
    assert again.weights == whole.weights
    assert again.figures == whole.figures


@pytest.mark.slow
def test_callbacks_of_keras_remember(engine: str, tmp_path: Path) -> None:
    import keras

    def callbacks() -> Mapping[str, Any]:
        return {
            "stop": keras.callbacks.EarlyStopping(
                "val_loss", patience=1, min_delta=10.0, restore_best_weights=True
            ),
            "plateau": keras.callbacks.ReduceLROnPlateau("val_loss", patience=1, min_delta=10.0),
            "log": keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
        }

    def fixed() -> Any:
        model = untrained()
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
        return model

    whole = train(callbacks=callbacks, epochs=9, every="2 steps", model=fixed())
    log = (tmp_path / "log.csv").read_bytes()
    assert 1 < len(whole.figures) < 9
    assert whole.states[-1].ended
    for number in (0, 3, 4, len(whole.states) - 1):
        (tmp_path / "log.csv").write_bytes(log + b"9,half a row")
        begun = whole.states[number]
        again = train(begun=begun, callbacks=callbacks, epochs=9, model=fixed())
        assert again.weights == whole.weights
        assert again.kept == whole.kept
        assert (tmp_path / "log.csv").read_bytes() == log


@pytest.mark.slow
def test_a_log_is_continued_by_a_training_that_was_killed_twice(
    engine: str, tmp_path: Path
) -> None:
    import keras

    def callbacks() -> Mapping[str, Any]:
        return {"log": keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))}

    whole = train(callbacks=callbacks)
    log = (tmp_path / "log.csv").read_bytes()
    begun = next(s for s in whole.states if (s.position.epoch, s.position.batch) == (1, 1))
    again = train(begun=begun, callbacks=callbacks)
    begun = next(s for s in again.states if (s.position.epoch, s.position.batch) == (1, 3))
    train(begun=begun, callbacks=callbacks)
    assert (tmp_path / "log.csv").read_bytes() == log


@pytest.mark.slow
def test_a_callback_of_ones_own_gives_and_takes_its_state(engine: str) -> None:
    import keras

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.seen: set[int] = set()
            self.batches = 0

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.seen.add(batch)
            self.batches += 1

        def get_state(self) -> Any:
            return {"seen": sorted(self.seen), "batches": self.batches}

        def set_state(self, state: Any) -> None:
            self.seen, self.batches = set(state["seen"]), state["batches"]

    whole = train(callbacks=lambda: {"watch": Watch()})
    again = train(begun=whole.states[6], callbacks=lambda: {"watch": Watch()})
    for trained in (whole, again):
        assert trained.callbacks["watch"].batches == EPOCHS * BATCHES
        assert trained.callbacks["watch"].seen == set(range(BATCHES))


def test_a_state_of_another_model_is_refused(whole: Trained) -> None:
    import keras

    from kerasgen.engines.keras3.training_state import StateMismatchError

    other = keras.Sequential([keras.Input((6, 4)), keras.layers.Flatten(), keras.layers.Dense(3)])
    other.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(StateMismatchError, match="variables were kept"):
        train(begun=whole.states[0], model=other)
