"""Whole runs on CNTK and Theano: `pytest -m slow tests/engines/legacy/test_engine_runs.py`."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from engine_pair import runtime_or_skip

from kerasgen.process.packages import is_installed

ROOT = Path(__file__).resolve().parents[3]

QUIET = ["~model.layers.drop1", "tracking.plots=false", "fit.epochs=3"]

pytestmark = pytest.mark.skipif(not is_installed("jax"), reason="the twin is compared on JAX")


def command(*words: str) -> list[str]:
    return [sys.executable, str(ROOT / "run.py"), *words]


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    quiet = [word for word in QUIET if "drop1" not in word or "model=convnet" not in words]
    words = (*quiet, f"hydra.run.dir={folder}", *words)
    return subprocess.run(
        command(*words), cwd=folder.parent, capture_output=True, text=True, check=False
    )


def history(folder: Path) -> list[dict[str, float]]:
    with (folder / "history.csv").open(newline="") as file:
        return [
            {name: float(value) for name, value in row.items() if name != "seconds" and value}
            for row in csv.DictReader(file)
        ]


def record(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "record.json").read_text())
    return found


def assert_same_history(one: Path, two: Path, *, within: float) -> None:
    first, second = history(one), history(two)
    assert len(first) == len(second) > 0
    for row, other in zip(first, second, strict=True):
        assert row.keys() == other.keys()
        for name, value in row.items():
            assert other[name] == pytest.approx(value, abs=within), name


@pytest.mark.slow
def test_a_run_trains_as_keras_3_and_leaves_the_same_record(tmp_path: Path) -> None:
    runtime_or_skip("cntk")
    ours, theirs = run(tmp_path / "cntk", "backend=cntk"), run(tmp_path / "jax", "backend=jax")
    assert ours.returncode == theirs.returncode == 0, ours.stderr
    assert_same_history(tmp_path / "cntk", tmp_path / "jax", within=1e-4)
    found = record(tmp_path / "cntk")
    assert found["status"] == "completed"
    engine = found["engine"]
    assert isinstance(engine, dict)
    assert (engine["engine"], engine["keras"]) == ("cntk", "2.3.1")
    assert 0 <= engine["probe_difference"] < 1e-5
    assert 0 <= engine["trained_difference"] < 1e-5
    files = {file.name for file in (tmp_path / "jax").iterdir()}
    assert {file.name for file in (tmp_path / "cntk").iterdir()} == files


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["fit.callbacks={stop: {class: EarlyStopping, monitor: val_loss, patience: 0, "
         "restore_best_weights: true}, slow: {class: ReduceLROnPlateau, monitor: loss, "
         "factor: 0.5, patience: 0, min_delta: 1.0}}", "fit.epochs=5"],
        ["fit.phases={warm: {epochs: 1, trainable: [scores]}, fine: {epochs: 2}}"],
        ["fit.class_weight=balanced", "optimizer=rmsprop"],
        ["optimizer={class: Adam, learning_rate: {class: ExponentialDecay, "
         "initial_learning_rate: 0.01, decay_steps: 20, decay_rate: 0.5}}"],
        ["compile.metrics=[accuracy, {class: TopKCategoricalAccuracy, k: 2}]",
         "compile.loss=categorical_crossentropy"],
        ["fit.steps_per_epoch=7", "fit.validation_freq=2", "fit.shuffle=false"],
        ["model=convnet", "model.layers.drop.rate=0", "fit.epochs=2",
         "+model.layers.norm={class: BatchNormalization, after: conv1}"],
    ],
    ids=["callbacks", "phases", "class weights", "schedule", "metrics", "steps", "convnet"],
)  # fmt: skip
def test_whatever_a_training_does_it_does_on_cntk(words: list[str], tmp_path: Path) -> None:
    runtime_or_skip("cntk")
    called = [run(tmp_path / name, *words, f"backend={name}") for name in ("cntk", "jax")]
    assert [done.returncode for done in called] == [0, 0], called[0].stderr
    assert_same_history(tmp_path / "cntk", tmp_path / "jax", within=2e-3)


@pytest.mark.slow
def test_a_run_is_the_same_once_more_with_dropout(tmp_path: Path) -> None:
    runtime_or_skip("cntk")
    words = ["backend=cntk", "tracking.plots=false", "fit.epochs=2"]
    for name in ("one", "two"):
        line = command(*words, f"hydra.run.dir={tmp_path / name}")
        assert subprocess.run(line, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert history(tmp_path / "one") == history(tmp_path / "two")


@pytest.mark.slow
def test_an_engine_that_is_killed_fails_the_run_which_then_goes_on(tmp_path: Path) -> None:
    runtime_or_skip("cntk")
    words = [*QUIET, "fit.epochs=40", "backend=cntk"]
    whole = subprocess.run(
        command(*words, f"hydra.run.dir={tmp_path / 'whole'}"), cwd=tmp_path, check=False
    )
    assert whole.returncode == 0
    folder = tmp_path / "killed"
    process = subprocess.Popen(
        command(*words, f"hydra.run.dir={folder}"),
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.kill(_worker_of(process, folder), signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "KG673" in said
    assert "SIGKILL" in said
    assert record(folder)["status"] == "failed"
    done = subprocess.run(
        command(*words, f"hydra.run.dir={folder}"), cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert_same_history(folder, tmp_path / "whole", within=1e-5)


def _worker_of(process: "subprocess.Popen[str]", folder: Path) -> int:
    """The engine's process of a run that has finished an epoch or two."""
    for _ in range(600):
        if (folder / "history.csv").is_file() and len(history(folder)) >= 2:
            break
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    for status in Path("/proc").glob("[0-9]*/status"):
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        line = (status.parent / "cmdline").read_bytes()
        if int(fields["PPid"]) == process.pid and b"legacy/worker" in line:
            return int(status.parent.name)
    raise AssertionError("no process of an engine")


@pytest.mark.slow
def test_the_saved_model_is_one_of_plain_keras(tmp_path: Path) -> None:
    runtime_or_skip("cntk")
    assert run(tmp_path / "run", "backend=cntk").returncode == 0
    code = (
        "import sys, keras, numpy as np; m = keras.models.load_model(sys.argv[1]); "
        "print(m.predict(np.ones((2, 8, 8, 1)), verbose=0).sum())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "run" / "model.keras")],
        env={**os.environ, "KERAS_BACKEND": "jax"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert np.isclose(float(done.stdout.split()[-1]), 2.0, atol=1e-4), done.stderr
