"""The calls of Keras's training interface, held against the same calls by hand."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.catalog.entries import Catalog, ShapeError
from kerasgen.ir.program import CompileDef, FitDef
from kerasgen.ir.values import ObjectDef


@pytest.fixture
def keras(engine: str) -> Any:
    import keras

    return keras


def xor() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    return x, (x[:, 0] * x[:, 1] > 0).astype("int32")


@pytest.mark.parametrize(
    ("cls", "arguments", "slots"),
    [
        ("SGD", {}, 0),
        ("SGD", {"momentum": 0.9}, 1),
        ("Adam", {}, 2),
        ("Adam", {"amsgrad": True}, 3),
        ("RMSprop", {}, 1),
        ("adam", {}, 2),
    ],
)
def test_the_slots_of_an_optimizer_are_asked_of_it(
    catalog: Catalog, cls: str, arguments: Any, slots: int
) -> None:
    from kerasgen.engines.keras3.probe import optimizer_slots

    made = ObjectDef(cls=cls, arguments=arguments, bare=not arguments)
    assert optimizer_slots(made, catalog) == slots


def test_compile_and_fit_are_the_hand_written_ones(
    keras: Any, catalog: Catalog, build_model: Any
) -> None:
    from kerasgen.engine import TrainingListener
    from kerasgen.engines.keras3.kept_training import Checkpoints
    from kerasgen.engines.keras3.training import (
        ActingCallbacks,
        compile_model,
        evaluate_model,
        fit_model,
        make_feed,
        predict_model,
    )
    from kerasgen.ir.training import FeedPosition, Samples, TrainingData

    x, y = xor()
    ours = build_model(
        """
        layers:
          a: {class: Dense, units: 8, activation: tanh}
          drop: {class: Dropout, rate: 0.2}
          b: {class: Dense, units: 1, activation: sigmoid}
        """,
        {"input": [4]},
        seed=11,
    ).model
    optimizer = ObjectDef(cls="Adam", arguments={"learning_rate": 0.05})
    loss = ObjectDef(cls="BinaryCrossentropy", arguments={"label_smoothing": 0.1})
    objective = CompileDef(loss=loss, metrics=("accuracy", "AUC", ObjectDef(cls="Precision")))
    compile_model(ours, optimizer, objective, catalog)
    figures: list[dict[str, float]] = []
    data = TrainingData(training=Samples(x=x, y=y), class_weight={0: 1.0, 1: 2.0})
    fit = FitDef(epochs=3, batch_size=16, verbose=0, checkpoint=None)
    start = FeedPosition()
    listener = TrainingListener(
        epoch_ended=lambda epoch, found: figures.append(found | {"epoch": epoch}),
        followers=frozenset(),
        follower_failed=pytest.fail,
    )
    fit_model(
        ours,
        (make_feed(data, fit, 11, catalog, start), None),
        fit,
        ActingCallbacks({}, listener),
        Checkpoints(due=None, keep=pytest.fail, start=start),
    )

    keras.utils.set_random_seed(11)
    theirs = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="tanh"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    theirs.compile(
        optimizer=keras.optimizers.Adam(0.05),
        loss=keras.losses.BinaryCrossentropy(label_smoothing=0.1),
        metrics=["accuracy", "AUC", keras.metrics.Precision()],
    )
    losses = []
    for epoch in range(3):
        order = np.random.default_rng([11, epoch]).permutation(len(x))
        settings = {"batch_size": 16, "verbose": 0, "class_weight": {0: 1.0, 1: 2.0}}
        losses += theirs.fit(x[order], y[order], shuffle=False, **settings).history["loss"]

    assert [found["epoch"] for found in figures] == [0, 1, 2]
    assert [found["loss"] for found in figures] == losses
    assert figures[0]["learning_rate"] == pytest.approx(0.05)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.array_equal(one, other)
    seen = evaluate_model(ours, Samples(x=x, y=y), 16)
    assert seen["loss"] == theirs.evaluate(x, y, batch_size=16, verbose=0)[0]
    assert np.array_equal(predict_model(ours, x, 16), theirs.predict(x, batch_size=16, verbose=0))


@pytest.mark.parametrize("value", ["mse", "MeanSquaredError", ObjectDef(cls="Huber"), "accuracy"])
def test_a_loss_that_fits_is_silent(catalog: Catalog, value: Any) -> None:
    from kerasgen.engines.keras3.probe import probe_loss

    kind: Any = "metric" if value == "accuracy" else "loss"
    zeros = np.zeros((2, 3), "float32")
    assert probe_loss(value, kind, zeros, zeros, catalog) is None


def test_a_loss_that_does_not_fit_says_so(catalog: Catalog) -> None:
    from kerasgen.engines.keras3.probe import probe_loss

    outputs, targets = np.zeros((2, 3, 5), "float32"), np.zeros((2, 4), "float32")
    with pytest.raises(ShapeError) as raised:
        probe_loss("mse", "loss", outputs, targets, catalog)
    assert not raised.value.refused
    with pytest.raises(ShapeError) as raised:
        probe_loss(
            ObjectDef(cls="F1Score", arguments={"threshold": 3}),
            "metric",
            outputs,
            targets,
            catalog,
        )
    assert raised.value.refused
    assert raised.value.argument == "threshold"


def test_a_saved_model_appears_whole_and_reads_back(
    keras: Any, build_model: Any, tmp_path: Path
) -> None:
    from kerasgen.engines.keras3.training import (
        load_model,
        model_config,
        save_model,
        summary_text,
        weight_table,
    )

    model = build_model("layers: {a: {class: Dense, units: 2}}", {"input": [3]}).model
    save_model(model, tmp_path / "model.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
    again = load_model(tmp_path / "model.keras")
    assert np.array_equal(again.get_weights()[0], model.get_weights()[0])
    assert json.loads(json.dumps(model_config(again))) == model_config(model)
    assert "(None, 2)" in summary_text(model)
    rows = weight_table(model)
    assert [row["shape"] for row in rows] == [[3, 2], [2]]
    assert rows[1]["min"] == rows[1]["max"] == 0.0
    assert all(row["trainable"] for row in rows)


def test_the_callbacks_keep_their_order(catalog: Catalog) -> None:
    from kerasgen.engines.keras3.training import make_callbacks

    written = {
        "stop": ObjectDef(cls="EarlyStopping", arguments={"patience": 2}),
        "nan": ObjectDef(cls="TerminateOnNaN", bare=True),
    }
    made = make_callbacks(written, catalog)
    names = [type(callback).__name__ for callback in made.values()]
    assert names == ["EarlyStopping", "TerminateOnNaN"]
    assert made["stop"].patience == 2


def test_a_summary_is_whole_however_narrow_the_terminal(
    build_model, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.engines.keras3.training import summary_text

    monkeypatch.setenv("COLUMNS", "40")
    text = summary_text(build_model("layers: {d: {class: Dense, units: 2}}", {"input": [4]}).model)
    assert "Param #" in text
    assert os.environ["COLUMNS"] == "40"
