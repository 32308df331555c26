"""The study of a search, beside Optuna's own loop; gone on with, and refused."""

import importlib.util
import json
import pickle
import random
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.sweep.search.journal import JOURNAL, refused_state
from kerasgen.sweep.search.opening import open_study
from kerasgen.sweep.search.settings import read_settings
from kerasgen.sweep.search.space import read_space
from kerasgen.sweep.search.study import Study, StudyDef

optuna = pytest.importorskip("optuna", reason="the extra `search` is not installed")

EPOCHS = 6
TRIALS = 18


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That something of Optuna's is experimental.
        yield


def about(*arguments: str, conditions: Mapping[str, Any] | None = None, **said: Any) -> StudyDef:
    sink = Sink()
    settings = read_settings({"objective": "val_loss", **said}, sink)
    texts = arguments or ("x=interval(-5,5)", "n=int(interval(1,8))", "kind=a,b")
    space = read_space({}, texts, conditions or {}, sink)
    return StudyDef(
        name="mine", space=space, objectives=settings.objectives, settings=settings, seed=3,
        epochs=EPOCHS,
    )  # fmt: skip


def opened(folder: Path, *arguments: str, **said: Any) -> Study:
    return open_study(about(*arguments, **said), folder, Sink())


def figure(values: Mapping[str, Any], epoch: int) -> float:
    """A curve that falls to what the values decide, and of one kind rises again."""
    end = float(values["x"]) ** 2 + int(values["n"])
    return end + 9 / (1 + epoch) + (0 if values["kind"] == "a" else 2 * epoch)


def run_trial(study: Study, number: int, values: Mapping[str, Any]) -> None:
    for epoch in range(EPOCHS):
        prune = study.report(number, epoch, figure(values, epoch))
        if prune and epoch + 1 < EPOCHS:
            study.tell(number, "pruned")
            return
    study.tell(number, "complete", [figure(values, EPOCHS)])


def searched(study: Study, trials: int) -> list[tuple[Any, ...]]:
    while len(study.trials()) < trials:
        trial = study.ask()
        run_trial(study, trial.number, trial.values)
    return [(each.number, dict(each.values), each.state, each.results) for each in study.trials()]


def by_optuna(sampler: Any, pruner: Any) -> list[tuple[Any, ...]]:
    """The same by Optuna's own loop, whose sampler is made anew for each trial."""

    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", -5, 5)
        n = trial.suggest_int("n", 1, 8)
        values = {"x": x, "n": n, "kind": trial.suggest_categorical("kind", ["a", "b"])}
        for epoch in range(EPOCHS):
            trial.report(figure(values, epoch), epoch)
            if trial.should_prune() and epoch + 1 < EPOCHS:
                raise optuna.TrialPruned
        return figure(values, EPOCHS)

    study = optuna.create_study(study_name="mine", pruner=pruner)
    for number in range(TRIALS):
        study.sampler = sampler(number)
        study.optimize(objective, n_trials=1)
    complete = optuna.trial.TrialState.COMPLETE
    return [
        (t.number, t.params, t.state.name.lower(), tuple(t.values) if t.state == complete else ())
        for t in study.trials
    ]


SAMPLERS = {
    "tpe": lambda number: optuna.samplers.TPESampler(seed=3 + number),
    "random": lambda number: optuna.samplers.RandomSampler(seed=3 + number),
    "nsgaii": lambda number: optuna.samplers.NSGAIISampler(seed=3 + number),
    "qmc": lambda number: optuna.samplers.QMCSampler(seed=3),
}
PRUNERS = {
    "none": lambda: optuna.pruners.NopPruner(),
    "median": lambda: optuna.pruners.MedianPruner(),
    "percentile": lambda: optuna.pruners.PercentilePruner(25.0),
    "successive_halving": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1),
    "hyperband": lambda: optuna.pruners.HyperbandPruner(max_resource=EPOCHS),
    "patient": lambda: optuna.pruners.PatientPruner(None, patience=1),
    "threshold": lambda: optuna.pruners.ThresholdPruner(upper=12.0),
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "percentile": {"percentile": 25.0},
    "patient": {"wrapped_pruner": None, "patience": 1},
    "threshold": {"upper": 12.0},
}


@pytest.mark.parametrize(
    ("sampler", "pruner"),
    [("tpe", name) for name in PRUNERS] + [(name, "median") for name in SAMPLERS if name != "tpe"],
)
def test_it_draws_and_prunes_what_optuna_itself_does(
    sampler: str, pruner: str, tmp_path: Path
) -> None:
    chosen = {"name": pruner, **ARGUMENTS.get(pruner, {})}
    found = searched(opened(tmp_path, sampler=sampler, pruner=chosen), TRIALS)
    expected = by_optuna(SAMPLERS[sampler], PRUNERS[pruner]())
    assert found == expected
    pruned = sum(state == "pruned" for _, _, state, _ in found)
    assert (pruned > 0) == (pruner != "none")


@pytest.mark.parametrize("sampler", ["tpe", "random", "nsgaii", "cmaes", "grid", "brute_force"])
def test_a_study_that_is_opened_again_draws_what_it_would_have_drawn(
    sampler: str, tmp_path: Path
) -> None:
    if sampler == "cmaes":
        pytest.importorskip("cmaes", reason="the extra `search` is not installed")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    space = ("x=range(-5,6)", "n=range(1,4)", "kind=a,b")
    whole = searched(opened(tmp_path / "a", *space, sampler=sampler), TRIALS)
    rng = random.Random(7)
    done = 0
    while done < TRIALS:  # some processes one after the other, each with a trial that it leaves
        study = opened(tmp_path / "b", *space, sampler=sampler)
        for trial in study.trials():
            if trial.state == "running":
                again = study.adopt(trial.number)
                run_trial(study, again.number, again.values)
        done = min(TRIALS, len(study.trials()) + rng.randint(0, 4))
        searched(study, done)
        if len(study.trials()) < TRIALS:
            study.ask()
    study = opened(tmp_path / "b", *space, sampler=sampler)
    found = [(each.number, dict(each.values), each.state, each.results) for each in study.trials()]
    assert found == whole


def test_a_sampler_whose_package_is_not_there_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    find = importlib.util.find_spec
    missing = {"scipy", "cmaes"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in missing else find(name)
    )
    told = []
    for sampler in ("qmc", "cmaes"):
        with pytest.raises(CompileError) as raised:
            opened(tmp_path, sampler=sampler)
        told += [(found.code, found.message, found.help) for found in raised.value.diagnostics]
    lacks = "which is not installed"
    assert told == [
        ("KG603", f"the sampler `qmc` needs the package `scipy`, {lacks}", "pip install scipy"),
        ("KG603", f"the sampler `cmaes` needs the package `cmaes`, {lacks}",
         "pip install 'kerasgen[search]'"),
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_sampler_gp_draws_what_optuna_itself_does(tmp_path: Path) -> None:
    for package in ("torch", "scipy"):
        pytest.importorskip(package, reason="the sampler `gp` needs it")
    chosen = {"name": "gp", "n_startup_trials": 4}
    whole = searched(opened(tmp_path, sampler=chosen), 9)
    study = optuna.create_study()
    for number in range(9):
        study.sampler = optuna.samplers.GPSampler(seed=3 + number, n_startup_trials=4)
        trial = study.ask()
        x, n = trial.suggest_float("x", -5, 5), trial.suggest_int("n", 1, 8)
        values = {"x": x, "n": n, "kind": trial.suggest_categorical("kind", ["a", "b"])}
        study.tell(trial, figure(values, EPOCHS))
    assert [values for _, values, _, _ in whole] == [each.params for each in study.trials]
    (tmp_path / "again").mkdir()
    for _ in range(9):  # each setting by a process of its own
        study_again = opened(tmp_path / "again", sampler=chosen)
        searched(study_again, len(study_again.trials()) + 1)
    assert searched(opened(tmp_path / "again", sampler=chosen), 9) == whole


def test_a_grid_is_gone_through_once(tmp_path: Path) -> None:
    found = searched(opened(tmp_path, "x=range(-1,2)", "n=1,2", "kind=a,b", sampler="grid"), 12)
    assert len({tuple(values.items()) for _, values, _, _ in found}) == 12


def test_values_that_do_not_count_are_not_drawn(tmp_path: Path) -> None:
    study = opened(tmp_path, "x=interval(0,1)", "kind=a,b", conditions={"x": {"kind": ["b"]}})
    drawn = [study.ask().values for _ in range(8)]
    assert {frozenset(each) for each in drawn} == {frozenset({"kind"}), frozenset({"kind", "x"})}
    assert all(("x" in each) == (each["kind"] == "b") for each in drawn)


def test_a_line_that_a_killed_writer_has_not_ended_is_cut_off(tmp_path: Path) -> None:
    study = opened(tmp_path)
    searched(study, 3)
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"op_code":4,"worker')
    again = opened(tmp_path)
    assert searched(again, 5)[:3] == searched(study, 3)[:3]
    lines = (tmp_path / JOURNAL).read_text().splitlines()
    assert all(json.loads(line) for line in lines)


def test_the_study_of_another_space_is_refused(tmp_path: Path) -> None:
    searched(opened(tmp_path), 1)
    with pytest.raises(CompileError) as raised:
        opened(tmp_path, "x=interval(-5,6)", "n=int(interval(1,8))", "kind=a,b")
    (found,) = raised.value.diagnostics
    assert (found.code, "`x` has other values there" in found.message) == ("KG662", True)


def test_a_study_that_another_program_has_filled_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study = optuna.create_study(study_name="mine", storage=url)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    with pytest.raises(CompileError, match="none of a search of kerasgen"):
        opened(tmp_path, storage=url)


@pytest.mark.parametrize(
    "content", [b"not json\n{}\n", b'{"op_code": 99}\n', b"[]\n", b'{"op_code": 4}\n']
)
def test_a_damaged_journal_is_a_diagnostic(content: bytes, tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(content)
    with pytest.raises(CompileError) as raised:
        searched(opened(tmp_path), 1)
    assert [found.code for found in raised.value.diagnostics] == ["KG662"]


def test_a_locked_database_is_a_diagnostic(tmp_path: Path) -> None:
    import sqlite3

    file = tmp_path / "study.db"
    url = f"sqlite:///{file}?timeout=0.1"
    study = opened(tmp_path, storage=url)
    holder = sqlite3.connect(file)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CompileError) as raised:
        study.ask()
    holder.close()
    assert raised.value.diagnostics[0].code == "KG662"
    assert study.ask().number >= 0


class _Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("harm",)


def test_the_state_of_a_sampler_runs_no_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    harm = {"cma:optimizer:0": pickle.dumps(_Harm()).hex()}
    assert "builtins.print" in str(refused_state([harm]))
    assert refused_state([{"grid_id": 3}]) is None
    assert capsys.readouterr().out == ""


def test_arguments_that_optuna_does_not_know_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as raised:
        opened(tmp_path, sampler={"name": "tpe", "n_startup_trails": 3})
    assert "n_startup_trials" in str(raised.value.diagnostics[0].help)


def test_the_front_of_several_objectives_is_told(tmp_path: Path) -> None:
    study = opened(tmp_path, "x=interval(0,1)", objective=["val_loss", "loss"])
    for results in ([1.0, 4.0], [2.0, 2.0], [3.0, 3.0]):
        study.tell(study.ask().number, "complete", results)
    assert sorted(each.number for each in study.best()) == [0, 1]


def test_the_dashboard_reads_the_journal(tmp_path: Path) -> None:
    reader = pytest.importorskip("optuna_dashboard._storage_url", reason="it is not installed")
    searched(opened(tmp_path), 2)
    storage = reader.get_storage(str(tmp_path / JOURNAL))
    assert [study.study_name for study in storage.get_all_studies()] == ["mine"]
