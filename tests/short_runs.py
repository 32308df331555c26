"""Short runs of the digits in the test's process, and what a training leaves."""

import json
from pathlib import Path

import numpy as np

from kerasgen.frontend.compose.composition import compose
from kerasgen.record.checkpoints import newest_checkpoint
from kerasgen.run.experiment import run_experiment

SHORT = ("data=digits", "model=mlp", "tracking.plots=false", "fit.verbose=0")


def run(engine: str, folder: Path, *overrides: str) -> int:
    composition = compose([f"backend={engine}", *SHORT, *overrides])
    return run_experiment(composition, folder, argv=["run.py"])


def fields(folder: Path) -> dict:
    return json.loads((folder / "record.json").read_text())


def left(folder: Path) -> tuple:
    """All that a training leaves but how long it took."""
    found = newest_checkpoint(folder)
    assert found is not None
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in found.facts["history"]]
    arrays = {name: array.tobytes() for name, array in found.arrays().items()}
    with np.load(folder / "predictions.npz") as predicted:
        answers = predicted["predicted"].tobytes()
    metrics = json.loads((folder / "metrics.json").read_text())
    logs = [path.read_text() for path in folder.glob("log.csv")]
    return rows, arrays, answers, metrics, logs
