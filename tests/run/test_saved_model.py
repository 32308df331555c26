"""What of the preparation a model file holds, and that it answers for raw rows without kerasgen."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.record import file_names
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.predict import Question, predict_rows

polars = pytest.importorskip("polars")

COLUMNS = ("age", "max", "home town", "joined", "level", "rank", "member")

ALONE = """
import csv, json, sys
sys.modules["kerasgen"] = None  # importing it is an error
import keras
import numpy as np

model = keras.saving.load_model(sys.argv[1])
with open(sys.argv[2], newline="") as file:
    rows = list(csv.DictReader(file))
fed = {}
for name, tensor in model.input.items():
    words = [row[name] for row in rows] if name in rows[0] else None
    if words is None:
        fed[name] = np.asarray(json.load(open(sys.argv[3]))[name])
    elif tensor.dtype == "string":
        import tensorflow
        fed[name] = tensorflow.constant([[word] for word in words])
    else:
        fed[name] = np.asarray([[float(word or "nan")] for word in words], "float32")
print(json.dumps(np.asarray(model.predict(fed, verbose=0))[:, 0].tolist()))
"""
"""Feeds the columns of a table as they lie; those that stay beside the file as they were made."""


def _rows(count: int) -> list[list[str]]:
    random = np.random.default_rng(0)
    rows = []
    for number in range(count):
        age, town = int(random.integers(20, 60)), str(random.choice(["Rome", "Oslo", "Bern"]))
        joined = f"20{random.integers(10, 24)}-{random.integers(1, 13):02d}-01"
        level, rank = random.choice(["1", "2.5", "7"]), random.choice(["1", "2", "3"])
        member = "yes" if age > 40 and town == "Rome" else "no"
        cells = ["" if number % 17 == 3 else str(age), f"{random.normal():.3f}", town, joined]
        rows.append([*cells, str(level), str(rank), member])
    return rows


@pytest.fixture(scope="module")
def run(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a table with columns of many kinds; one is called as an op is."""
    folder = tmp_path_factory.mktemp("saved")
    with (folder / "members.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *_rows(200)])
    overrides = [
        *(f"backend={engine}", "data=table", "model=table", "data.target=member"),
        f"data.source.path={folder / 'members.csv'}",
        "data.columns.level=category",
        "data.columns.rank={type: ordinal, order: ['3', '2', '1']}",
        *("fit.epochs=2", "fit.verbose=0", "tracking.plots=false"),
    ]
    assert run_experiment(compose(overrides), folder / "run") == DONE
    return folder / "run"


def _held(run: Path) -> dict:
    return json.loads((run / file_names.RECORD).read_text())["model"]["preparation"]


def test_a_file_holds_what_its_backend_can(run: Path) -> None:
    held, words = _held(run), os.environ["KERAS_BACKEND"] == "tensorflow"
    numbers = ["age_filled", "age_missing", "age_scaled", "max_scaled"]
    later = ["joined_scaled", "level_places", "rank_rank"]
    assert held["inside"] == [*numbers, *["home_town_places"] * words, *later]
    assert held["beside"] == [*["home_town_places"] * (not words), "joined_parts"]
    assert held["inputs"]["age"] == {"column": "age", "shape": [1], "dtype": "float32"}
    assert held["inputs"]["joined_parts"]["shape"] == [3]
    assert held["difference"] < 1e-5


@pytest.mark.slow
def test_a_process_without_kerasgen_gets_the_same_predictions(run: Path, tmp_path: Path) -> None:
    from kerasgen.data.kept_preparation import fitted_columns
    from kerasgen.verbs.load import load_run

    held = _held(run)
    rows = [*_rows(30), ["", "0.1", "Paris", "2011-02-01", "9", "1", ""]]
    with (tmp_path / "new.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    said: list[str] = []
    predict_rows(run, Question(rows=str(tmp_path / "new.csv")), said.append)
    told = [
        float(answer["probability"])
        if answer["predicted"] == "yes"
        else 1 - float(answer["probability"])
        for answer in csv.DictReader("".join(said).splitlines())
    ]
    columns = {n: np.asarray(c) for n, c in zip(COLUMNS, zip(*rows, strict=True), strict=True)}
    steps = [name for name, item in held["inputs"].items() if "step" in item]
    made = fitted_columns(load_run(run).kept, columns, steps)
    (tmp_path / "made.json").write_text(json.dumps({n: a.tolist() for n, a in made.items()}))
    done = subprocess.run(
        [
            *(sys.executable, "-c", ALONE, run / file_names.MODEL),
            *(tmp_path / "new.csv", tmp_path / "made.json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == pytest.approx(told, abs=1e-5)


def test_without_preparation_a_file_is_the_model_alone(engine: str, tmp_path: Path) -> None:
    import keras

    overrides = [
        f"backend={engine}",
        "data=iris",
        "data.prepare=null",
        "model=table_classes",
        "fit.epochs=1",
    ]
    run = tmp_path / "run"
    assert run_experiment(compose([*overrides, "fit.verbose=0"]), run) == DONE
    assert "preparation" not in json.loads((run / file_names.RECORD).read_text())["model"]
    assert isinstance(keras.models.load_model(run / file_names.MODEL), keras.Sequential)


def test_a_file_that_gives_something_else_for_raw_rows_holds_no_step(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.run import saved_model

    monkeypatch.setattr(saved_model, "RAW_TOLERANCE", -1.0)
    overrides = [f"backend={engine}", "data=iris", "model=table_classes", "fit.epochs=1"]
    assert run_experiment(compose([*overrides, "fit.verbose=0"]), tmp_path / "run") == DONE
    held = _held(tmp_path / "run")
    assert held["inside"] == []
    assert held["because"].startswith("for raw rows it gives something else")
