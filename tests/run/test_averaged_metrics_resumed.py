"""Metrics averaged over classes, of a run that was interrupted within an epoch."""

import json
from pathlib import Path

import pytest
from short_runs import cut, left, run_keeping_all

from kerasgen.verbs.evaluate import evaluate_run
from kerasgen.verbs.resume import resume_run

METRICS = (
    "compile.metrics=[accuracy, {class: Precision, average: macro, name: precise}, "
    "{class: Recall, average: weighted, name: found}, {class: F1Score, average: macro}, "
    "{class: Precision, average: null, name: each}]"
)
CONFIG = (METRICS, "fit.batch_size=256", "fit.epochs=2", "fit.checkpoint.every=1 steps")
NAMES = {"loss", "accuracy", "precise", "found", "f1_score", "each_0", "each_9"}


@pytest.fixture(scope="module")
def whole(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("averaged") / "whole"
    run_keeping_all(engine, folder, *CONFIG)
    return folder


def test_averages_over_classes_go_on_within_an_epoch(whole: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    cut(whole, again, (0, 1, 2))
    assert resume_run(again) == 0
    rows, *_ = left(again)
    assert left(again) == left(whole)
    assert {name.removeprefix("val_") for name in rows[-1]} >= NAMES
    assert json.loads((again / "metrics.json").read_text())["test"].keys() >= NAMES


def test_averages_over_classes_are_measured_again(whole: Path) -> None:
    found = evaluate_run(whole).metrics
    assert found.keys() >= NAMES
    assert found == json.loads((whole / "metrics.json").read_text())["test"]
