"""A run that was trained on a table of lists answers for lists, whoever asks."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasgen
from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.evaluate import evaluate_run
from kerasgen.verbs.predict import Question, predict_rows
from kerasgen.verbs.trained_run import TrainedRun

polars = pytest.importorskip("polars")

ROW = {"price": 1.0, "week": [1, 2, 3], "pulse": [4, 5], "tags": ["a", "b"]}


def _frame(count: int) -> Any:
    return polars.DataFrame(
        {
            "price": polars.Series(
                [Decimal(k) / 4 for k in range(count)], dtype=polars.Decimal(10, 2)
            ),
            "week": [[k, k + 1, k + 2] for k in range(count)],
            "pulse": [list(range(k % 5 + 1)) for k in range(count)],
            "tags": [["a", "b"][: k % 3] for k in range(count)],
            "kind": ["no" if k * 7 % 5 > 2 else "yes" for k in range(count)],
        }
    )


@pytest.fixture(scope="module")
def folder(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    _frame(60).write_parquet(folder / "lists.parquet")
    overrides = [
        *(f"backend={engine}", "data=table", "model=table", "data.target=kind", "fit.epochs=1"),
        *(f"data.source.path={folder}/lists.parquet", "fit.verbose=0", "tracking.plots=false"),
        *("data.columns.pulse=sequence", "data.columns.tags=labels"),
    ]
    assert run_experiment(compose(overrides), folder / "run") == DONE
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> TrainedRun:
    return kerasgen.load(folder / "run")


def test_lists_of_each_kind_have_their_step(folder: Path) -> None:
    import yaml

    data = yaml.safe_load((folder / "run" / "config.yaml").read_text())["data"]
    assert data["facts"]["column_shape"]["week"] == [3]
    classes = {name: step["class"] for name, step in data["prepare"].items()}
    assert classes["week_scaled"] == "Normalization"
    assert classes["pulse_steps"] == "NumberSequence"
    assert classes["tags_places"] == "MultiHot"


def test_python_and_files_of_each_form_get_the_same_answers(
    folder: Path, run: TrainedRun, tmp_path: Path
) -> None:
    rows = _frame(60).head(12)
    wanted = run.predict(rows)["probability"]
    assert np.allclose(run.predict(rows.to_dicts())["probability"], wanted, atol=1e-6)
    rows.write_parquet(tmp_path / "rows.parquet")
    question = Question(rows=f"{tmp_path}/rows.parquet", output=tmp_path / "answer.jsonl")
    predict_rows(folder / "run", question, print)
    found = [json.loads(line) for line in question.output.read_text().splitlines()]
    assert np.allclose([row["probability"] for row in found], wanted, atol=1e-6)
    assert (found[2]["price"], found[2]["week"], found[2]["tags"]) == (0.5, [2, 3, 4], ["a", "b"])
    asked = [{name: row[name] for name in ROW} for row in found]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in asked))
    said: list[str] = []
    predict_rows(folder / "run", Question(rows=f"{tmp_path}/rows.jsonl"), said.append)
    read = list(csv.DictReader("".join(said).splitlines()))
    assert [read[2][name] for name in ("week", "pulse", "tags")] == ["2 3 4", "0 1 2", "a,b"]
    assert np.allclose([float(row["probability"]) for row in read], wanted, atol=1e-6)
    again = run.predict([{name: row[name] for name in ROW} for row in read])["probability"]
    assert np.allclose(again, wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("cells", "code", "told"),
    [
        ({"week": [1, 2]}, "KG503", "the column `week` has the shape (1, 2), expected (rows, 3)"),
        ({"week": "1 2"}, "KG624", "the column `week` holds 2 numbers, expected 3"),
        ({"week": "1 2 x"}, "KG624", 'the column `week` holds "1 2 x", expected 3 numbers'),
        ({"pulse": ["x"]}, "KG624", '"x" is no list of numbers'),
        ({"price": [1, 2]}, "KG503", "the column `price` has the shape (1, 2), expected (rows,)"),
    ],
)
def test_lists_that_do_not_fit_are_told(
    cells: dict[str, Any], code: str, told: str, run: TrainedRun
) -> None:
    with pytest.raises(CompileError) as caught:
        run.predict([{**ROW, **cells}])
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert told in found.message


def test_other_data_with_lists_is_measured(folder: Path, run: TrainedRun, tmp_path: Path) -> None:
    frame = _frame(60).head(20)
    frame.write_parquet(tmp_path / "other.parquet")
    found = evaluate_run(folder / "run", [f"data.source.path={tmp_path}/other.parquet"])
    said = run.predict(frame)["predicted"]
    assert found.metrics["accuracy"] == pytest.approx(np.mean(said == frame["kind"].to_numpy()))
    short = frame.with_columns(week=polars.Series([[1, 2]] * 20))
    short.write_parquet(tmp_path / "short.parquet")
    with pytest.raises(CompileError, match=r"`week` in row 1 .*holds 2 numbers, expected 3"):
        evaluate_run(folder / "run", [f"data.source.path={tmp_path}/short.parquet"])
