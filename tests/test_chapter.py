"""The losses, optimizers and metrics of Keras on ten classes: each trains, and counts what it says.

`pytest -m slow -n 0 tests/test_chapter.py` prints what came out as a table.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.record.read import read_history
from kerasgen.run.experiment import run_experiment

pytestmark = pytest.mark.slow

QUICK = ["fit.epochs=3", "fit.batch_size=64", "fit.verbose=0", "tracking.plots=false"]

LOSSES: Mapping[str, str] = {
    "sparse_categorical_crossentropy": "softmax",
    "categorical_crossentropy": "softmax",
    "categorical_focal_crossentropy": "softmax",
    "binary_crossentropy": "sigmoid",
    "binary_focal_crossentropy": "sigmoid",
    "kl_divergence": "softmax",
    "poisson": "softmax",
    "mean_squared_error": "softmax",
    "mean_absolute_error": "softmax",
    "mean_squared_logarithmic_error": "softmax",
    "mean_absolute_percentage_error": "softmax",
    "cosine_similarity": "softmax",
    "log_cosh": "softmax",
    "huber": "softmax",
    "hinge": "tanh",
    "squared_hinge": "tanh",
    "categorical_hinge": "softmax",
    "dice": "softmax",
    "tversky": "softmax",
}
"""Loss to the activation of the last layer that suits it."""

OPTIMIZERS = (
    "SGD", "RMSprop", "Adam", "AdamW", "Adamax", "Adagrad", "Adadelta", "Nadam", "Ftrl", "Lion",
    "Lamb", "Muon",
)  # fmt: skip
"""All but Adafactor, which Keras 3.15 divides by zero with where a row has no gradient, as that
of a pixel that is always black has none."""

SLOW: Mapping[str, float] = {"Adadelta": 1.0, "Adagrad": 0.05, "Ftrl": 0.05}
"""Rates of those whose default does not show in three epochs."""

Figures = Callable[[Any, Any, Any], float]


def _sklearn() -> Mapping[str, tuple[str, Figures]]:
    """Name in the record to the metric as written, and what scikit-learn computes instead."""
    from sklearn import metrics as skl

    def micro(function: Callable[..., float]) -> Figures:
        return lambda true, hot, scores: function(hot, scores > 0.5, average="micro")

    return {
        "accuracy": ("accuracy", lambda t, h, s: skl.accuracy_score(t, s.argmax(1))),
        "recall": ("recall", micro(skl.recall_score)),
        "precision": ("precision", micro(skl.precision_score)),
        "macro": (
            "{class: F1Score, average: macro, name: macro}",
            lambda t, h, s: skl.f1_score(t, s.argmax(1), average="macro"),
        ),
        "micro": (
            "{class: F1Score, average: micro, name: micro}",
            lambda t, h, s: skl.f1_score(t, s.argmax(1), average="micro"),
        ),
        "weighted": (
            "{class: F1Score, average: weighted, name: weighted}",
            lambda t, h, s: skl.f1_score(t, s.argmax(1), average="weighted"),
        ),
        "beta": (
            "{class: FBetaScore, beta: 2.0, average: macro, name: beta}",
            lambda t, h, s: skl.fbeta_score(t, s.argmax(1), beta=2, average="macro"),
        ),
        "auc": (
            "{class: AUC, num_thresholds: 4000, name: auc}",
            lambda t, h, s: skl.roc_auc_score(h.ravel(), s.ravel()),
        ),
        "sparse_categorical_accuracy": (
            "sparse_categorical_accuracy",
            lambda t, h, s: skl.accuracy_score(t, s.argmax(1)),
        ),
        "top": (
            "{class: SparseTopKCategoricalAccuracy, k: 3, name: top}",
            lambda t, h, s: skl.top_k_accuracy_score(t, s, k=3, labels=range(10)),
        ),
        "mean_squared_error": (
            "mean_squared_error",
            lambda t, h, s: skl.mean_squared_error(h, s),
        ),
        "mean_absolute_error": (
            "mean_absolute_error",
            lambda t, h, s: skl.mean_absolute_error(h, s),
        ),
        "categorical_crossentropy": (
            "categorical_crossentropy",
            lambda t, h, s: skl.log_loss(t, s.astype("float64"), labels=range(10)),
        ),
    }


def train(folder: Path, *overrides: str) -> list[dict[str, float]]:
    wanted = [f"backend={os.environ['KERAS_BACKEND']}", *QUICK, "tracking.model=false"]
    composed = compose([*wanted, *overrides])
    assert run_experiment(composed, folder) == DONE
    return read_history(folder)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_falls_on_ten_classes(engine: str, tmp_path: Path, loss: str, capsys: Any) -> None:
    last = f"model.layers.scores.activation={LOSSES[loss]}"
    rows = train(tmp_path / "run", f"compile.loss={loss}", last)
    labels = json.loads((tmp_path / "run" / "record.json").read_text())["objective"]["labels"]
    with capsys.disabled():
        first, final, right = rows[0]["loss"], rows[-1]["loss"], rows[-1]["val_accuracy"]
        print(
            f"\n{loss:<32} {LOSSES[loss]:<8} {labels['scores']['fed']:<8} "
            f"loss {first:10.4f} -> {final:10.4f}   val_accuracy {right:.3f}",
            end="",
        )
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert labels["scores"]["fed"] == ("indices" if loss.startswith("sparse") else "one_hot")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_trains_on_ten_classes(
    engine: str, tmp_path: Path, optimizer: str, capsys: Any
) -> None:
    rate = f", learning_rate: {SLOW[optimizer]}" if optimizer in SLOW else ""
    rows = train(tmp_path / "run", "~optimizer", f"+optimizer={{class: {optimizer}{rate}}}")
    with capsys.disabled():
        first, final, right = rows[0]["loss"], rows[-1]["loss"], rows[-1]["val_accuracy"]
        print(
            f"\n{optimizer:<32} loss {first:10.4f} -> {final:10.4f}   val_accuracy {right:.3f}",
            end="",
        )
    assert rows[-1]["loss"] < rows[0]["loss"]


@pytest.mark.filterwarnings("ignore")
def test_the_metrics_count_on_ten_classes_what_scikit_learn_counts(
    engine: str, tmp_path: Path, capsys: Any
) -> None:
    wanted = _sklearn()
    written = ",".join(text for text, _ in wanted.values())
    train(tmp_path / "run", f"compile.metrics=[{written}]", "fit.epochs=6")
    recorded = json.loads((tmp_path / "run" / "metrics.json").read_text())["test"]
    with np.load(tmp_path / "run" / "predictions.npz") as arrays:
        true, scores = arrays["true"], arrays["predicted"]
    hot = np.eye(10)[true]
    with capsys.disabled():
        for name, (text, figure) in wanted.items():
            expected = float(figure(true, hot, scores))
            print(f"\n{text:<58} {recorded[name]:.6f}   scikit-learn {expected:.6f}", end="")
            # An area under a curve of 4,000 points is one of its trapezoids.
            assert recorded[name] == pytest.approx(expected, abs=1e-3 if name == "auc" else 1e-5)
