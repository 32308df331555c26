"""What is told of a training while it goes on, and that nothing else comes of it."""

from typing import Any

import numpy as np
import pytest

from kerasgen.engine import TrainingListener
from kerasgen.ir.program import FitDef
from kerasgen.ir.training import FeedPosition, Samples, TrainingProgress


def trained(told: list[TrainingProgress] | None, figures: list[dict[str, float]]) -> Any:
    import keras

    from kerasgen.engines.keras3.kept_training import Checkpoints
    from kerasgen.engines.keras3.training import ActingCallbacks, fit_model
    from kerasgen.runtime.feed import Feed

    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 4)).astype("float32"), rng.integers(0, 3, 40)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dropout(0.2), keras.layers.Dense(3, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    follow = {} if told is None else {"progressed": told.append}
    listener = TrainingListener(
        epoch_ended=lambda epoch, found: figures.append(found),
        followers=frozenset(),
        follower_failed=pytest.fail,
        **follow,
    )
    data = (Feed((x, y), 16, 3), Samples(x=x[:20], y=y[:20]))
    fit = FitDef(epochs=2, batch_size=16, verbose=0)
    checkpoints = Checkpoints(due=None, keep=pytest.fail, start=FeedPosition())
    fit_model(model, data, fit, ActingCallbacks({}, listener), checkpoints)
    return model


def test_each_batch_is_told_where_there_is_time_for_it(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.engines.keras3 import pace

    monkeypatch.setattr(pace, "INTERVAL", 0.0)
    told: list[TrainingProgress] = []
    trained(told, [])
    places = [(p.epoch, p.batch, p.validating) for p in told]
    epoch = [(1, False), (2, False), (3, False), (3, True), (3, True)]
    assert places == [(number, *place) for number in (0, 1) for place in epoch]
    assert {p.batches for p in told} == {3}
    assert all(set(p.figures) == {"loss", "accuracy"} for p in told)
    assert all(type(value) is float for p in told for value in p.figures.values())


def test_reports_are_few(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from kerasgen.engines.keras3 import pace

    monkeypatch.setattr(pace, "INTERVAL", 3600.0)
    told: list[TrainingProgress] = []
    trained(told, [])
    assert [(p.epoch, p.batch) for p in told] == [(0, 1)]


def test_a_training_that_is_looked_at_gives_the_same_numbers(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.engines.keras3 import pace

    monkeypatch.setattr(pace, "INTERVAL", 0.0)
    seen: list[dict[str, float]] = []
    unseen: list[dict[str, float]] = []
    one, other = trained([], seen), trained(None, unseen)
    assert seen == unseen
    for mine, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        assert np.array_equal(mine, theirs)
