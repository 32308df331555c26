"""Whole runs that are tracked: what arrives, and that no tracker can fail them."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.frontend.compose.composition import Composition, compose
from kerasgen.process.exit_codes import DONE, REFUSED
from kerasgen.record.read import read_record
from kerasgen.run.experiment import run_experiment
from kerasgen.session.recorded import open_run

QUICK = ["fit.epochs=2", "tracking.plots=false"]


def composed(*overrides: str) -> Composition:
    return compose([f"backend={os.environ['KERAS_BACKEND']}", *QUICK, *overrides])


def without(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr("kerasgen.compiler.is_installed", lambda package: package != missing)


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_a_tracker_without_its_package_names_the_extra(
    engine: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    without(monkeypatch, name)
    assert run_experiment(composed(f"tracking.{name}=true"), tmp_path / "run") == REFUSED
    shown = capsys.readouterr().err
    assert f"(tracking.{name})" in shown
    assert f"pip install 'kerasgen[{name}]'" in shown
    assert not (tmp_path / "run").exists()


def test_a_run_completes_without_a_tracker_whose_process_fails(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kerasgen.compiler.is_installed", lambda package: True)
    monkeypatch.setattr("kerasgen.run.listeners.mlflow.BOARD", "no_such_module")
    folder, uri = tmp_path / "run", f"tracking.mlflow.uri={tmp_path}/store"
    assert run_experiment(composed(uri, "tracking.model=false"), folder) == DONE
    assert capsys.readouterr().err.count("warning[KG807]: `tracking.mlflow` failed") == 1
    assert read_record(folder).fields["status"] == "completed"
    without(monkeypatch, "mlflow")  # as where the run is looked at
    assert open_run(folder).compiled.program.program.tracking.mlflow is None


@pytest.mark.filterwarnings("ignore")
def test_mlflow_has_the_run_with_its_model(engine: str, tmp_path: Path) -> None:
    mlflow: Any = pytest.importorskip("mlflow", reason="needs the extra `mlflow`")
    folder, uri = tmp_path / "run", f"sqlite:///{tmp_path}/runs.db"
    wanted = f"tracking.mlflow={{uri: '{uri}', experiment: digits, model: true}}"
    assert run_experiment(composed(wanted), folder) == DONE
    record = read_record(folder).fields
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("digits")
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.status == "FINISHED"
    assert found.data.params["fit.epochs"] == "2"
    assert found.data.tags["kerasgen.data"] == record["data"]["fingerprint"]
    assert found.data.metrics["test/loss"] == pytest.approx(record["metrics"]["test"]["loss"])
    steps = [m.step for m in client.get_metric_history(found.info.run_id, "val_loss")]
    assert steps == [1, 2]
    files = {file.path for file in client.list_artifacts(found.info.run_id)}
    assert {"config.yaml", "history.csv", "record.json", "summary.txt", "model"} <= files
    place = client.download_artifacts(found.info.run_id, "model", str(tmp_path))
    model = mlflow.pyfunc.load_model(place)
    assert "image" in str(model.metadata.signature.inputs)
    arrays = np.load(folder / "predictions.npz")
    rows = np.zeros((3, 8, 8, 1), "uint8")
    assert model.predict({"image": rows}).shape == (3, arrays["predicted"].shape[1])
