"""kerasgen from Python: composed, checked, run and listed, as a notebook does it."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kerasgen
from kerasgen.diagnostics import CompileError
from kerasgen.verbs import composed_experiment
from kerasgen.verbs.composed_experiment import Experiment, RunFailedError
from kerasgen.verbs.run_table import Run

QUICK = ("fit.epochs=1", "fit.verbose=0", "tracking.plots=false")


def composed(engine: str, *overrides: str) -> Experiment:
    return kerasgen.compose(f"backend={engine}", *QUICK, *overrides)


@pytest.fixture(scope="module")
def run(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return composed(engine).run(tmp_path_factory.mktemp("python") / "outputs" / "first")


def test_a_check_tells_parameters_and_shapes(engine: str) -> None:
    found = composed(engine, "model=mlp").check()
    assert found.valid
    assert found.parameters == 17_226
    assert found.shapes["hidden1"] == (None, 128)
    assert "hidden1" in str(found)


def test_mistakes_are_diagnostics_and_no_exit(engine: str) -> None:
    found = composed(engine, "optimizer.learning_rat=3").check()
    assert (found.valid, found.parameters, found.shapes) == (False, None, {})
    assert "learning_rat" in str(found)
    with pytest.raises(CompileError) as caught:
        composed(engine, "model=nothing")
    assert caught.value.diagnostics[0].help is not None


def test_a_run_gives_what_it_has_left(run: Run) -> None:
    assert run.record["status"] == "completed"
    assert run.record["argv"][0] == "kerasgen.compose"
    assert run.metrics["test"]["accuracy"] > 0
    assert [row["epoch"] for row in run.history] == [1]
    assert run.load().folder == run.folder


def test_a_run_without_a_folder_gets_one_below_outputs(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = composed(engine, "tracking.model=false").run()
    assert made.folder.parts[0] == "outputs"
    assert [one.folder for one in kerasgen.runs()] == [made.folder]


def test_a_refused_run_raises_its_diagnostics_and_leaves_nothing(
    engine: str, tmp_path: Path
) -> None:
    with pytest.raises(CompileError) as caught:
        composed(engine, "optimizer.learning_rate=fast").run(tmp_path / "run")
    assert caught.value.diagnostics[0].location is not None
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_has_a_record(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.run import steps

    def fails(*_: Any) -> None:
        raise ValueError("no luck")

    monkeypatch.setattr(steps, "evaluate", fails)
    with pytest.raises(RunFailedError, match="no luck") as caught:
        composed(engine).run(tmp_path / "run")
    record = json.loads((caught.value.folder / "record.json").read_text())
    assert record["status"] == "failed"


def test_a_run_in_another_thread_comes_to_the_same_and_sets_no_handler(
    engine: str, run: Run, tmp_path: Path
) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    made: list[Run] = []
    thread = threading.Thread(target=lambda: made.append(composed(engine).run(tmp_path / "run")))
    thread.start()
    thread.join()
    assert made[0].metrics == run.metrics
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_backend_than_the_one_in_force_is_refused(
    monkeypatch: pytest.MonkeyPatch, engine: str, tmp_path: Path
) -> None:
    other = "jax" if engine != "jax" else "torch"
    for act in (lambda e: e.check(), lambda e: e.run(tmp_path / "run")):
        with pytest.raises(CompileError) as caught:
            act(composed(other))
        (found,) = caught.value.diagnostics
        assert found.code == "KG604"
    assert not (tmp_path / "run").exists()


def test_modules_are_trusted_by_whoever_calls(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    experiment = kerasgen.compose(f"backend={engine}", trust=["no_such_module_of_mine"])
    found = experiment.check()
    assert [one.code for one in found.diagnostics] == ["KG610"]
    assert composed_experiment.NOBODY.modules == ()


MakeRun = Callable[..., Path]


def test_a_table_has_rows_and_columns_and_the_runs(tmp_path: Path, make_run: MakeRun) -> None:
    for number in range(3):
        make_run(
            f"outputs/{number}",
            name="<b>&\x1b[31m",
            started=f"2024-05-0{number + 1}T12:00:00+00:00",
            metrics={"test": {"loss": number / 7}},
            seed=number,
        )
    table = kerasgen.runs(outputs=tmp_path / "outputs")
    assert (len(table), table.columns[0]) == (3, "run")
    assert {"status", "name", "test_loss"} <= set(table.columns)
    assert [row["run"] for row in table.rows] == ["2", "1", "0"]
    assert table[0].metrics == {"test": {"loss": 2 / 7}}
    assert [one.folder.name for one in table] == ["2", "1", "0"]
    shown = table._repr_html_()
    assert "&lt;b&gt;&amp;\\x1b[31m" in shown
    assert "<b>" not in shown
    best = kerasgen.runs(
        "seed>0", outputs=tmp_path / "outputs", sort="test_loss", limit=1, columns=["seed"]
    )
    assert (best.columns, best.rows) == (("run", "seed"), ({"run": "1", "seed": 1},))
    with pytest.raises(CompileError):
        kerasgen.runs("sed>0", outputs=tmp_path / "outputs")


def test_a_table_is_a_data_frame_where_pandas_is_there(tmp_path: Path, make_run: MakeRun) -> None:
    pytest.importorskip("pandas")
    make_run("outputs/a", metrics={"test": {"loss": 0.5}})
    frame = kerasgen.runs(outputs=tmp_path / "outputs").to_pandas()
    assert frame.loc["a", "test_loss"] == 0.5


@pytest.mark.parametrize(
    ("names", "absent"),
    [("", "hydra numpy yaml"), ("runs", "hydra numpy keras"), ("compose load", "keras")],
)
def test_what_is_not_asked_for_is_not_imported(names: str, absent: str) -> None:
    code = (
        f"import sys, kerasgen; [getattr(kerasgen, name) for name in {names.split()}]; "
        f"sys.exit(' '.join(name for name in {absent.split()} if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
