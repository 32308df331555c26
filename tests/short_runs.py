"""Short runs of the digits in the test's process, and what a training leaves."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

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


def run_keeping_all(engine: str, folder: Path, *overrides: str) -> None:
    """A run that keeps every state of its training, whatever comes after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kerasgen.run.experiment.drop_checkpoints", lambda folder, keep: None)
        assert run(engine, folder, "fit.checkpoint.keep=1000", *overrides) == 0


def cut(whole: Path, folder: Path, place: tuple[int, int, int]) -> None:
    """A run as it was when its state of a phase, an epoch and a batch was the newest."""
    shutil.copytree(whole, folder, symlinks=True)
    newest = None
    for path in sorted((folder / "checkpoints").glob("*.json")):
        position = json.loads(path.read_text())["position"]
        if newest is not None:
            path.unlink()
            path.with_suffix(".npz").unlink()
        elif (position["phase"], position["epoch"], position["batch"]) == place:
            newest = path
    assert newest is not None
    record = json.loads((folder / "record.json").read_text())
    (folder / "record.json").write_text(json.dumps({**record, "status": "interrupted"}))


def weights_of(path: Path) -> list[bytes]:
    """The weights of a saved model, without those of what prepares its data."""
    import keras

    model = keras.models.load_model(path, compile=False)
    inner = next((one for one in model.layers if isinstance(one, keras.Model)), model)
    return [np.asarray(w).tobytes() for w in inner.get_weights()]
