"""A run of several folds: what each is, and what they come to together."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasgen
from kerasgen.cli import main
from kerasgen.diagnostics import CompileError, Sink, SourceLocation
from kerasgen.frontend.compose.composition import Composition, compose
from kerasgen.ir.canonical import ABSENT
from kerasgen.process.exit_codes import DONE, FAILED, REFUSED
from kerasgen.record.runs import read_runs
from kerasgen.run.experiment import run_experiment
from kerasgen.run.folds import put_together, wanted_folds
from kerasgen.session.named_run import named_fold
from kerasgen.session.recorded import open_run
from kerasgen.verbs.compare import compare_runs
from kerasgen.verbs.eject import eject_config

SMALL = [
    "data=iris",
    "model=table_classes",
    "fit.epochs=2",
    "fit.verbose=0",
    "tracking.plots=false",
]


def composed(engine: str, *overrides: str) -> Composition:
    return compose([f"backend={engine}", *SMALL, *overrides])


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "record.json").read_text(encoding="utf-8"))


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def folded(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "day" / "folded"
    assert run_experiment(composed(engine, "fit.folds=3"), folder, argv=["run.py"]) == DONE
    return folder


def test_a_record_of_folds_has_the_mean_and_the_deviation_of_each_figure(folded: Path) -> None:
    whole = record(folded)
    folds = [record(folded / "folds" / str(number)) for number in (1, 2, 3)]
    found = [fold["metrics"]["test"]["accuracy"] for fold in folds]

    assert whole["status"] == "completed"
    assert whole["folds"]["completed"] == [1, 2, 3]
    assert whole["metrics"]["test"]["accuracy"] == pytest.approx(np.mean(found))
    assert whole["folds"]["deviation"]["test"]["accuracy"] == pytest.approx(np.std(found, ddof=1))
    assert sum(fold["data"]["samples"]["test"] for fold in folds) == 150


def test_a_fold_is_the_single_run_of_that_fold_bit_for_bit(
    folded: Path, engine: str, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    assert run_experiment(composed(engine, "data.split.fold=2/3"), alone, argv=["run.py"]) == DONE
    fold = folded / "folds" / "2"

    assert history(fold) == history(alone)
    assert record(fold)["metrics"] == record(alone)["metrics"]
    rows = [json.loads((one / "data.json").read_text())["parts"] for one in (fold, alone)]
    assert rows[0] == rows[1]
    assert record(fold)["argv"] == ["run.py", "data.split.fold=2/3", "fit.folds=null"]


def test_folds_are_listed_as_one_run(folded: Path) -> None:
    (entry,) = read_runs(folded.parent, Sink())
    assert entry.id == "folded"
    assert entry.metrics["test"].keys() == record(folded)["metrics"]["test"].keys()


def test_a_run_of_folds_has_no_model_and_names_its_folds(folded: Path) -> None:
    with pytest.raises(CompileError) as caught:
        open_run(folded)
    (found,) = caught.value.diagnostics
    one = folded / "folds" / "1"
    assert (found.code, found.help) == ("KG606", f"name the folder of one of them: `{one}`")
    assert open_run(one).backend.backend == record(one)["backend"]["backend"]


def test_a_run_of_folds_of_which_none_has_completed_names_what_goes_on(
    folded: Path, tmp_path: Path
) -> None:
    fields = record(folded) | {"folds": {"count": 3}}
    (tmp_path / "record.json").write_text(json.dumps(fields), encoding="utf-8")
    with pytest.raises(CompileError) as caught:
        open_run(tmp_path)
    told = f"none of them has completed; `kerasgen resume {tmp_path}` goes on with them"
    assert caught.value.diagnostics[0].help == told


def test_a_run_of_folds_is_compared_with_one_of_them_in_the_words_of_their_configs(
    folded: Path,
) -> None:
    found = compare_runs([folded, folded / "folds" / "1"], folded.parent)
    assert {row.key: row.values for row in found.config} == {
        "data.split.fold": (ABSENT, "1/3"),
        "fit.folds": (3, ABSENT),
        "model.layers.scores.units": ("${data.classes}", 3),
    }


def test_a_fold_is_asked_by_its_number(folded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", "folded", "--outputs", str(folded.parent), "--fold", "2", "--json"]
    assert main(words) == DONE
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == str(folded / "folds" / "2")
    assert told["metrics"] == record(folded / "folds" / "2")["metrics"]["test"]
    loaded = kerasgen.load(folded, fold=3)
    assert loaded.folder == folded / "folds" / "3"
    assert len(loaded.predict([dict.fromkeys(loaded.needed, 1.0)])["predicted"]) == 1


def test_a_fold_that_is_not_there_is_told(folded: Path, tmp_path: Path) -> None:
    lost = tmp_path / "lost"
    lost.mkdir()
    fields = record(folded)
    fields["folds"] = {"count": 3, "completed": [1, 3]}
    (lost / "record.json").write_text(json.dumps(fields), encoding="utf-8")
    place = SourceLocation(override="--fold 2")
    told = {
        4: (folded, f"`{folded}` has no fold 4 to ask: it has 3 folds", "completed: 1, 2, 3"),
        0: (folded, f"`{folded}` has no fold 0 to ask: it has 3 folds", "completed: 1, 2, 3"),
        2: (
            lost,
            f"`{lost}` has no fold 2 to ask: fold 2 of 3 did not complete",
            "completed: 1, 3",
        ),
        1: (folded / "folds/1", f"`{folded / 'folds/1'}` is a single run, and has no folds", None),
    }
    for number, (folder, message, hint) in told.items():
        with pytest.raises(CompileError) as caught:
            named_fold(folder, number, place)
        (found,) = caught.value.diagnostics
        assert (found.code, found.message, found.help) == ("KG606", message, hint)
        assert found.location == place


def test_a_script_of_folds_is_refused(engine: str) -> None:
    with pytest.raises(CompileError) as caught:
        eject_config([f"backend={engine}", *SMALL, "fit.folds=5"])
    (found,) = [d for d in caught.value.diagnostics if d.severity == "error"]
    assert found.code == "KG611"


def test_all_folds_and_one_exclude_each_other(engine: str) -> None:
    with pytest.raises(CompileError) as caught:
        wanted_folds(composed(engine, "fit.folds=5", "data.split.fold=1/5"))
    assert caught.value.diagnostics[0].location.key == "fit.folds"


def test_a_refused_config_is_told_once_and_leaves_nothing(
    engine: str, tmp_path: Path, capsys: Any
) -> None:
    folder = tmp_path / "runs" / "refused"
    wrong = composed(engine, "fit.folds=3", "optimizer.learning_rate=fast")
    assert run_experiment(wrong, folder, argv=["run.py"]) == REFUSED
    assert capsys.readouterr().err.count("error[") == 1
    assert not folder.exists()


def test_a_fold_that_fails_is_told_and_the_others_go_on(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from kerasgen.run import steps

    fit: Callable[..., Any] = steps.fit
    calls: list[int] = []

    def failing(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise ValueError("out of luck")
        return fit(*arguments)

    monkeypatch.setattr(steps, "fit", failing)
    folder = tmp_path / "runs" / "some"
    assert run_experiment(composed(engine, "fit.folds=3"), folder, argv=["run.py"]) == FAILED
    whole = record(folder)
    assert (whole["status"], whole["error"]) == ("failed", "folds 2 of 3 did not complete")
    assert whole["folds"]["completed"] == [1, 3]
    assert whole["metrics"]["test"].keys() >= {"loss", "accuracy"}
    assert record(folder / "folds" / "2")["status"] == "failed"
    assert "out of luck" in capsys.readouterr().err


def test_figures_that_keras_numbers_anew_are_put_together() -> None:
    together = put_together(
        [{"test": {"auc": 0.5, "loss": 1.0}}, {"test": {"auc_1": 0.7, "loss": 3}}]
    )
    assert together.mean == {"test": {"auc": pytest.approx(0.6), "loss": 2.0}}
    assert together.deviation["test"]["loss"] == pytest.approx(2**0.5)
