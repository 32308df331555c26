"""A training whose loss is no finite number ends, and says where that comes from."""

from pathlib import Path

import numpy as np
import pytest
from short_runs import fields, run

from kerasgen.record.checkpoints import newest_checkpoint

HUGE = (
    "optimizer=sgd",
    "optimizer.learning_rate=1e30",
    "compile.loss=sparse_categorical_crossentropy",
)

JUMP = (
    "optimizer=sgd",
    "optimizer.learning_rate={class: PiecewiseConstantDecay, boundaries: [100], "
    "values: [0.01, 1e35]}",
)
"""Two epochs of 41 batches go well, and the third leaps behind its batch 19."""


def test_a_run_that_diverges_fails_with_batch_and_layer(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(engine, tmp_path, *HUGE, "model.layers.hidden1.activation=linear") == 1
    told = capsys.readouterr().err
    assert "error[KG802]" in told
    assert "of epoch 1" in told
    assert "optimizer.learning_rate=1e30" in told
    assert "no state was kept before" in told
    assert "layer" in told
    record = fields(tmp_path)
    assert record["status"] == "failed"
    assert record["error"].startswith("fit: the ")
    assert not (tmp_path / "model.keras").exists()


def test_the_last_good_checkpoint_is_told_and_can_be_started_from(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lost"
    assert run(engine, folder, *JUMP, "fit.epochs=5") == 1
    told = capsys.readouterr().err
    assert "of epoch 3" in told
    assert "the last good checkpoint is" in told
    assert "behind epoch 2" in told
    found = newest_checkpoint(folder)
    assert found is not None
    assert found.facts["position"]["epoch"] == 2
    assert all(np.isfinite(a).all() for a in found.arrays().values() if a.dtype.kind == "f")

    again = tmp_path / "again"
    plain = ("optimizer=sgd", "optimizer.learning_rate=0.0", "fit.epochs=1")
    assert run(engine, again, *plain, f"fit.initial_weights={folder}") == 0
    assert fields(again)["initial_weights"]["layers"] == 3
    history = np.genfromtxt(folder / "history.csv", delimiter=",", names=True)
    figures = np.genfromtxt(again / "history.csv", delimiter=",", names=True)
    assert figures["val_loss"] == pytest.approx(history["val_loss"][1], rel=1e-6)


def test_a_training_may_go_on_without_finite_numbers(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    going_on = (*HUGE, "fit.terminate_on_nan=false", "fit.epochs=2")
    assert run(engine, tmp_path, *going_on) == 0
    assert "warning[KG802]: the loss is" in capsys.readouterr().err
    assert fields(tmp_path)["status"] == "completed"
