"""Running a run again: the same bits in a new folder, and what is told before."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.cli import main
from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.record.file_names import CONFIG, HISTORY, RECORD, SOURCE_MAP
from kerasgen.run.events import ProgramSettled
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.rerun import ToldDifferences, new_folder, rerun


@pytest.fixture(scope="module")
def first(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rerun") / "outputs" / "first"
    words = [f"backend={engine}", "fit.epochs=1", "fit.verbose=0", "tracking.plots=false"]
    assert run_experiment(compose([*words, "seed=7"]), folder) == 0
    return folder


def said(first: Path, *overrides: str) -> tuple[list[str], Path]:
    """What is told, and the folder of the new run."""
    lines: list[str] = []
    known = set(first.parent.rglob(RECORD))
    assert rerun(first, first.parent, overrides, lines.append) == 0
    (made,) = set(first.parent.rglob(RECORD)) - known
    return lines, made.parent


def fields(folder: Path) -> dict[str, Any]:
    return json.loads((folder / RECORD).read_text())


def test_a_run_is_repeated_bit_for_bit_in_a_new_folder(first: Path) -> None:
    lines, again = said(first)
    assert lines[0] == f"repeats {first}"
    assert not any("data" in line for line in lines)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d-\d{6}", str(again.relative_to(first.parent))
    )
    with np.load(first / "predictions.npz") as one, np.load(again / "predictions.npz") as other:
        assert one["predicted"].tobytes() == other["predicted"].tobytes()
    assert fields(again)["metrics"] == fields(first)["metrics"]
    assert (again / CONFIG).read_text() == (first / CONFIG).read_text()
    seconds = [
        re.sub(r"(?m)^(\d+),[^,]*", r"\1", (p / HISTORY).read_text()) for p in (first, again)
    ]
    assert seconds[0] == seconds[1]
    assert json.loads((again / SOURCE_MAP).read_text())["marks"]


def test_what_differs_is_told_before_it_trains(first: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for path in first.iterdir():
        if path.is_file():
            (other / path.name).write_bytes(path.read_bytes())
    told = fields(first)
    told["packages"]["numpy"] = "0.1\x1b[31m"
    told["data"]["fingerprint"] = "another"
    told["devices"] = ["tpu:0"]
    (other / RECORD).write_text(json.dumps(told))
    lines: list[str] = []
    assert rerun(other, tmp_path, ["seed=8", "fit.epochs=2"], lines.append) == 0
    assert re.search(r"packages\.numpy +0\.1\\x1b\[31m +\d", lines[1])
    assert any(re.search(r"devices\.0 +tpu:0 ", line) for line in lines)
    assert lines[-1] == "the data is not what it was: its fingerprint differs"
    (made,) = set(tmp_path.rglob(RECORD)) - {other / RECORD}
    again = fields(made.parent)
    assert (again["seed"], again["epochs"]) == (8, 2)
    assert again["overrides"][-2:] == ["seed=8", "fit.epochs=2"]


def test_a_record_without_a_fingerprint_is_said_to_have_none() -> None:
    lines: list[str] = []
    event = ProgramSettled(
        name="", config="", source_map={}, parameters=0, objective={}, data={"fingerprint": "a"}
    )
    ToldDifferences({"data": {"fingerprint": "a"}}, lines.append).hear(event)
    assert lines == []
    ToldDifferences({}, lines.append).hear(event)
    assert lines == ["the record tells no fingerprint of the data"]


@pytest.mark.slow
def test_the_folds_of_a_run_are_held_against_the_first_of_them(engine: str, tmp_path: Path) -> None:
    words = ["data=iris", "model=table_classes", "fit.folds=2", "fit.epochs=1", "fit.verbose=0"]
    folder = tmp_path / "folded"
    composition = compose([f"backend={engine}", *words, "tracking.plots=false"])
    assert run_experiment(composition, folder) == 0
    lines: list[str] = []
    assert rerun(folder, tmp_path, (), lines.append) == 0
    assert not any("fingerprint" in line for line in lines)
    told = fields(folder / "folds" / "1")
    told["data"]["fingerprint"] = "another"
    (folder / "folds" / "1" / RECORD).write_text(json.dumps(told))
    assert rerun(folder, tmp_path, (), lines.append) == 0
    assert [line for line in lines if "data" in line] == [
        "the data is not what it was: its fingerprint differs"
    ]


def test_a_refused_run_leaves_nothing(
    first: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(first.parent.parent)
    before = sorted(first.parent.rglob("*"))
    assert main(["rerun", "first", "optimizer.learning_rat=3"]) == 2
    assert "| optimizer.learning_rat=3\n" in capsys.readouterr().err
    assert main(["rerun", "first", "model=convnet"]) == 2
    assert "error[KG631]" in capsys.readouterr().err
    assert sorted(first.parent.rglob("*")) == before


def test_a_run_that_left_no_config_is_refused(first: Path, tmp_path: Path) -> None:
    (tmp_path / RECORD).write_bytes((first / RECORD).read_bytes())
    with pytest.raises(CompileError) as caught:
        rerun(tmp_path, tmp_path, (), print)
    assert caught.value.diagnostics[0].code == "KG606"
    assert [path.name for path in tmp_path.iterdir()] == [RECORD]


def test_a_new_folder_is_none_that_is_there(tmp_path: Path) -> None:
    one = new_folder(tmp_path)
    one.mkdir(parents=True)
    assert not new_folder(tmp_path).exists()
    assert one.parent.parent == tmp_path
