"""A finished run is measured again, and on other data, with what it has learned."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import kerasgen
from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.evaluate import evaluate_run

pytest.importorskip("polars")

NAMES = ("age", "town", "member")


def _rows(count: int, seed: int) -> list[list[str]]:
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        age, town = int(random.integers(20, 60)), str(random.choice(["Rome", "Oslo", "Bern"]))
        rows.append([str(age), town, "yes" if age > 40 and town == "Rome" else "no"])
    return rows


def _write(path: Path, rows: list[list[str]], names: tuple[str, ...] = NAMES) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])
    return path


def _write_own(path: Path, rows: list[list[str]]) -> Path:
    """The run's own data has two columns more, of which one says what is for testing."""
    more = [[*row, f"note {n}", "test" if n % 4 == 0 else "training"] for n, row in enumerate(rows)]
    return _write(path, more, (*NAMES, "note", "part"))


@pytest.fixture(scope="module")
def run(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    data = _write_own(folder / "members.csv", _rows(200, seed=0))
    overrides = [
        *(f"backend={engine}", "data=table", "model=table", f"data.source.path={data}"),
        *(
            "data.target=member",
            "data.columns.note=ignore",
            "fit.epochs=3",
            "+data.split={by: part, test: given}",
            "fit.verbose=0",
            "tracking.plots=false",
        ),
    ]
    assert run_experiment(compose(overrides), folder / "run") == DONE
    return folder / "run"


def test_the_test_part_has_the_figures_of_the_record(run: Path) -> None:
    found = evaluate_run(run)
    record = json.loads((run / "record.json").read_text())
    assert found.metrics == record["metrics"]["test"]
    assert (found.part, found.rows) == ("test", record["data"]["samples"]["test"])
    assert not found.changed


def test_other_data_is_measured_whole_with_the_classes_of_the_run(
    run: Path, tmp_path: Path
) -> None:
    rows = [row for row in _rows(60, seed=1) if row[2] == "yes"]
    data = _write(tmp_path / "new.csv", rows)
    found = evaluate_run(run, [f"data.source.path={data}"])
    answers = kerasgen.load(run).predict(
        [dict(zip(NAMES[:2], row[:2], strict=True)) for row in rows]
    )
    assert (found.part, found.rows) == ("data", len(rows))
    assert found.metrics["accuracy"] == pytest.approx(np.mean(answers["predicted"] == "yes"))


def test_several_labels_of_other_data_have_the_places_of_the_run(
    engine: str, tmp_path: Path
) -> None:
    rows = [
        [age, town, ";".join(t for t in (town, "old") if t != "old" or int(age) > 40)]
        for age, town, _ in _rows(120, seed=2)
    ]
    data = _write(tmp_path / "tags.csv", rows)
    overrides = [
        *(f"backend={engine}", "data=table", "model=table", f"data.source.path={data}"),
        *("data.target=member", "fit.epochs=1", "fit.verbose=0", "tracking.plots=false"),
        "data.columns.member={type: labels, separator: ';'}",
    ]
    run = tmp_path / "run"
    assert run_experiment(compose(overrides), run) == DONE
    some = [row for row in rows if "Rome" not in row[2]][:30]
    other = _write(tmp_path / "other.csv", some)
    answers = kerasgen.load(run).predict(
        [dict(zip(NAMES[:2], row[:2], strict=True)) for row in some]
    )
    names = ["Bern", "Oslo", "Rome", "old"]
    shares = [
        np.mean([(n in a.split(";")) == (n in row[2].split(";")) for n in names])
        for a, row in zip(answers["predicted"].tolist(), some, strict=True)
    ]
    found = evaluate_run(run, [f"data.source.path={other}"]).metrics
    assert found["binary_accuracy"] == pytest.approx(np.mean(shares))
    other = _write(tmp_path / "odd.csv", [*some, ["31", "Rome", "Rome;tall"]])
    with pytest.raises(CompileError, match='is "tall" in'):
        evaluate_run(run, [f"data.source.path={other}"])


def test_python_measures_the_same(run: Path) -> None:
    assert kerasgen.load(run).evaluate() == evaluate_run(run)


def test_data_that_has_changed_since_is_told(run: Path, tmp_path: Path) -> None:
    path = run.parent / "members.csv"
    before = path.read_text()
    try:
        _write_own(path, [*_rows(199, seed=0), ["70", "Rome", "yes"]])
        assert evaluate_run(run).changed
    finally:
        path.write_text(before)


@pytest.mark.parametrize(
    ("rows", "names", "code", "told"),
    [
        ([["31", "Rome", "maybe"]], NAMES, "KG505", 'the target `member` is "maybe" in'),
        ([["31", "no"]], ("age", "member"), "KG504", "there is no column `town`"),
        ([["old", "Rome", "no"]], NAMES, "KG509", 'the column `age` holds "old" in'),
        (
            [["", "Rome", "no"], ["31", "Rome", "no"]],
            NAMES,
            "KG506",
            "has no finite value for the input `input`",
        ),
    ],
    ids=["unknown label", "column that is missing", "word for a number", "missing value"],
)
def test_other_data_that_does_not_fit_is_told(
    rows: list[list[str]], names: tuple[str, ...], code: str, told: str, run: Path, tmp_path: Path
) -> None:
    data = _write(tmp_path / "new.csv", rows, names)
    with pytest.raises(CompileError) as caught:
        evaluate_run(run, [f"data.source.path={data}"])
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert told in found.message


@pytest.mark.parametrize("override", ["fit.epochs=3", "data=iris", "data.source.path=a,b", "x=[1"])
def test_what_is_no_override_of_its_data_is_refused(override: str, run: Path) -> None:
    with pytest.raises(CompileError) as caught:
        evaluate_run(run, [override])
    assert [found.code for found in caught.value.diagnostics] == ["KG625"]
