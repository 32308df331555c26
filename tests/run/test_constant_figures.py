"""Formulas for one answer to all rows, held against Keras's own losses and metrics."""

from typing import Any

import numpy as np
import pytest

from kerasgen.ir.values import ObjectDef
from kerasgen.run import constant_figures
from kerasgen.run.constant_figures import Constant, constant_figure

RANDOM = np.random.default_rng(0)
INDICES = RANDOM.choice(3, 80, p=[0.6, 0.3, 0.1])
BINARY = (INDICES == 0).astype("float32")[:, np.newaxis]
AMOUNTS = RANDOM.normal(5, 2, (80, 2)).astype("float32")
SHARES = np.bincount(INDICES) / 80


SPARSE_LOGITS = ObjectDef(cls="SparseCategoricalCrossentropy", arguments={"from_logits": True})
BINARY_LOGITS = ObjectDef(cls="BinaryCrossentropy", arguments={"from_logits": True})
FROM_ZERO = ObjectDef(cls="BinaryAccuracy", arguments={"threshold": 0.0})


def logits(shares: Any, *, single: bool) -> Any:
    return np.log(shares / (1 - shares)) if single else np.log(shares)


def by_keras(engine: str, loss: Any, targets: Any, answer: Any) -> float:
    import keras

    word = loss.cls if isinstance(loss, ObjectDef) else loss
    arguments = dict(loss.arguments) if isinstance(loss, ObjectDef) else {}
    found = getattr(keras.metrics, word, None)
    metric = found(**arguments) if isinstance(found, type) else keras.metrics.get(word)
    rows = np.broadcast_to(np.asarray(answer, dtype="float32"), (len(targets), len(answer)))
    if not isinstance(metric, keras.metrics.Metric):
        return float(np.mean(keras.ops.convert_to_numpy(metric(targets, rows))))
    metric.update_state(targets, rows)
    return float(metric.result())


@pytest.mark.parametrize(
    ("loss", "targets", "row", "scaled"),
    [
        ("sparse_categorical_crossentropy", INDICES, SHARES, False),
        (SPARSE_LOGITS, INDICES, SHARES, True),
        ("sparse_categorical_accuracy", INDICES, SHARES, False),
        ("categorical_crossentropy", np.eye(3, dtype="float32")[INDICES], SHARES, False),
        ("categorical_accuracy", np.eye(3, dtype="float32")[INDICES], SHARES, False),
        ("binary_crossentropy", BINARY, BINARY.mean(axis=0), False),
        (BINARY_LOGITS, BINARY, BINARY.mean(axis=0), True),
        (FROM_ZERO, BINARY, BINARY.mean(axis=0), True),
        ("binary_accuracy", BINARY, BINARY.mean(axis=0), False),
        ("mean_squared_error", AMOUNTS, AMOUNTS.mean(axis=0), False),
        ("mae", AMOUNTS, np.median(AMOUNTS, axis=0), False),
        ("mape", AMOUNTS, AMOUNTS.mean(axis=0), False),
        ("RootMeanSquaredError", AMOUNTS, AMOUNTS.mean(axis=0), False),
    ],
    ids=str,
)  # fmt: skip
def test_a_constant_scores_what_keras_says(
    engine: str, loss: Any, targets: Any, row: Any, scaled: bool
) -> None:
    constant = Constant(targets=targets, row=row, indices=targets.ndim == 1, logits=scaled)
    answer = logits(row, single=len(row) == 1) if scaled else row

    assert constant_figure(loss, constant) == pytest.approx(
        by_keras(engine, loss, targets, answer), rel=1e-4
    )


def test_large_targets_are_looked_at_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    constant = Constant(targets=AMOUNTS, row=AMOUNTS.mean(axis=0), indices=False, logits=False)
    whole = [constant_figure(loss, constant) for loss in ("mse", "mae", "RootMeanSquaredError")]
    monkeypatch.setattr(constant_figures, "_NUMBERS", 14)
    pieces = [constant_figure(loss, constant) for loss in ("mse", "mae", "RootMeanSquaredError")]
    assert pieces == pytest.approx(whole)


@pytest.mark.parametrize(
    "loss",
    [
        ObjectDef(cls="SparseCategoricalCrossentropy", arguments={"ignore_class": 2}),
        ObjectDef(cls="SparseCategoricalCrossentropy", arguments={"from_logits": True}),
        "AUC",
        "mean_squared_error",
    ],
)
def test_what_has_no_formula_is_left_out(loss: Any) -> None:
    constant = Constant(targets=INDICES, row=SHARES, indices=True, logits=False)
    assert constant_figure(loss, constant) is None
