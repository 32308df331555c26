"""Searches as a user starts them, with a stand-in for the experiment that needs no Keras.

Its loss is least at a learning rate of 0.01; in each of four epochs it asks whether it goes on.
The longer of them: `python -m pytest -n 0 -m slow tests/sweep/test_searches.py`.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kerasgen.sweep.sweep_file import read_search, read_sweep

optuna = pytest.importorskip("optuna", reason="the extra `search` is not installed")

STAND_IN = """
import math, os, sys, time, types

def run_experiment(composition, folder, *, argv=None, keep_rejected=False, listeners=()):
    from kerasgen.diagnostics import Sink
    from kerasgen.frontend.compose.composition import resolve
    from kerasgen.record.run_folder import Invocation, open_record
    from kerasgen.run.events import EpochEnded, StateKept, TrainingStarted
    from kerasgen.run.pruning import PrunedError
    asked = Invocation(argv=argv, overrides=composition.overrides, choices=composition.choices)
    config, _ = resolve(composition)
    record = open_record(folder, Sink(), asked)
    name = config["name"] or ""
    rate = config["optimizer"]["learning_rate"]
    end = (math.log10(rate) + 2) ** 2 + config["seed"] / 1000
    try:
        for listener in listeners:
            listener.hear(TrainingStarted(epochs=4, epoch=0, verbose=0))
        for epoch in range(1, 5):
            time.sleep(float(os.environ.get("EPOCH", 0)))
            figures = {"val_loss": end + 1 / epoch}
            for listener in listeners:
                listener.hear(EpochEnded(epoch=epoch, seconds=0.1, figures=figures))
                listener.hear(StateKept(epoch=epoch, step=0))
    except PrunedError as error:
        record.finish("pruned", error=str(error))
        return 0
    if name == "fail" or (name == "high" and rate > 0.01):
        record.finish("failed", error="it failed")
        return 1
    loss = math.nan if name == "undefined" else end
    record.finish("completed", metrics={"validation": {"loss": loss}, "test": {"loss": end}})
    return 0

module = types.ModuleType("kerasgen.run.experiment")
module.run_experiment = run_experiment
sys.modules["kerasgen.run.experiment"] = module
"""

RATE = "optimizer.learning_rate=tag(log,interval(1e-5,1e-1))"
SEARCH = ("-m", "hydra/sweeper=optuna", "hydra.sweeper.objective=val_loss", RATE)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def searching(application: Any) -> Any:
    (application.folder.parent / "stand_in" / "sitecustomize.py").write_text(STAND_IN)
    path = [application.environment["PYTHONPATH"], str(Path(optuna.__file__).parents[1])]
    environment = {**application.environment, "PYTHONPATH": os.pathsep.join(path)}
    return replace(application, environment=environment)


def the_sweep(application: Any) -> Path:
    (found,) = (application.folder / "outputs").rglob("sweep.json")
    return Path(found).parent


def table(text: str) -> list[list[str]]:
    """Job, overrides and status of the table at the end."""
    lines = text.split("\njob  overrides")[1].split("\n\n")[0].splitlines()[1:]
    return [[" ".join(line.split()[:3])] for line in lines]


def kerasgen(application: Any, *words: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "kerasgen", *words],
        cwd=application.folder,
        env={**application.environment, "PYTHONPATH": f"{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_a_search_draws_prunes_and_tells_its_best(searching: Any) -> None:
    pruned = "hydra/sweeper/pruner=median", "hydra.sweeper.pruner.n_startup_trials=2"
    done = searching.run(*SEARCH, *pruned, "hydra.sweeper.n_trials=8")
    assert done.returncode == 0, done.stderr
    sweep = the_sweep(searching)
    statuses = [record["status"] for record in searching.records().values()]
    assert len(statuses) == 8
    assert {"completed", "pruned"} == set(statuses)
    assert len(read_sweep(sweep)) == 8
    facts = read_search(sweep)
    assert facts is not None
    assert facts.objectives == (("validation_loss", "minimize"),)
    assert facts.search["parameters"]["optimizer.learning_rate"]["low"] == 1e-5
    losses = {
        folder: record["metrics"]["validation"]["loss"]
        for folder, record in searching.records().items()
        if record["status"] == "completed"
    }
    best = min(losses, key=losses.__getitem__)
    (override,) = json.loads((sweep / best / "record.json").read_text())["overrides"]
    assert f"best setting: val_loss {losses[best]:.4g} (trial {best})\n  {override}" in done.stdout
    share = statuses.count("pruned")
    assert f"{share} pruned ({share / 8:.0%} pruned)" in done.stdout
    assert override in kerasgen(searching, "best", "last")
    assert "pruned" in kerasgen(searching, "sweep", "status", "last")


@pytest.mark.slow
def test_the_same_command_goes_on_and_a_larger_number_makes_it_longer(searching: Any) -> None:
    searching.run(*SEARCH, "hydra.sweeper.n_trials=3")
    first = searching.records()
    again = searching.run(*SEARCH, "hydra.sweeper.n_trials=3")
    assert searching.records() == first
    assert "is the same search: it is gone on with" in again.stdout
    assert table(again.stdout) == [
        [f"{n} {first[str(n)]['overrides'][0]} completed"] for n in range(3)
    ]
    longer = searching.run(*SEARCH, "hydra.sweeper.n_trials=5")
    assert longer.returncode == 0
    assert {n: searching.records()[n] for n in first} == first
    assert sorted(searching.records()) == list("01234")


@pytest.mark.slow
def test_a_setting_is_as_good_as_the_mean_of_its_seeds(searching: Any) -> None:
    done = searching.run(
        *SEARCH, "seed=range(3)", "hydra.sweeper.n_trials=2", "hydra.launcher.n_jobs=2"
    )
    assert done.returncode == 0, done.stderr
    records = searching.records()
    assert len(records) == 6
    means = [
        sum(records[str(3 * n + seed)]["metrics"]["validation"]["loss"] for seed in range(3)) / 3
        for n in range(2)
    ]
    assert f"best setting: val_loss {min(means):.4g}, the mean of 3 seeds" in done.stdout


def test_an_objective_that_no_run_has_ends_the_search_at_the_first(searching: Any) -> None:
    wrong = "hydra.sweeper.objective=val_accuracy"
    done = searching.run("-m", "hydra/sweeper=optuna", wrong, RATE)
    assert done.returncode == 2
    assert "error[KG663]: the run has no figure `val_accuracy`" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(searching.records()) == 1


@pytest.mark.slow
def test_a_search_in_the_folder_of_another_sweep_changes_nothing_there(searching: Any) -> None:
    place = searching.folder / "s"
    (place / "0").mkdir(parents=True)
    job = {"sha256": "a", "folder": "0", "overrides": ["seed=1"]}
    (place / "sweep.json").write_text(json.dumps({"schema": 1, "jobs": [job]}))
    done = {"schema": 1, "status": "completed", "overrides": ["seed=1"], "metrics": {}}
    (place / "0" / "record.json").write_text(json.dumps(done))
    for content, told in (
        (None, "`s` is the folder of a grid, with a job completed; no job was started"),
        ("{", "`s/sweep.json` is not JSON"),
    ):
        if content is not None:
            (place / "sweep.json").write_text(content)
        left = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
        refused = searching.run(*SEARCH, "hydra.sweep.dir=s")
        assert refused.returncode == 2
        assert f"error[KG605]: {told}" in refused.stderr
        assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == left


@pytest.mark.slow
def test_nan_and_failures_are_failed_settings_and_the_search_goes_on(searching: Any) -> None:
    done = searching.run(*SEARCH, "name=undefined", "hydra.sweeper.n_trials=2")
    assert "setting 0 counts as failed: `val_loss` is nan" in done.stdout
    assert "no setting has completed: there is no best one\n2 settings: 2 failed" in done.stdout
    most = "hydra.sweeper.max_failure_rate=0.25"
    failed = searching.run(*SEARCH, "name=fail", "hydra.sweeper.n_trials=4", most)
    assert failed.returncode == 1
    assert "2 settings have failed, more than `max_failure_rate` allows" in failed.stdout


@pytest.mark.slow
def test_a_search_ends_at_its_target_and_its_number_of_jobs(searching: Any) -> None:
    enough = searching.run(*SEARCH, "hydra.sweeper.target=100")
    assert "`target` is reached by setting 0" in enough.stdout
    most = searching.run(*SEARCH, "hydra.sweeper.max_jobs=2", "fit.epochs=7")
    assert "`max_jobs` is reached: 2 jobs" in most.stdout


@pytest.mark.slow
def test_a_search_in_a_file_has_conditions_and_is_checked_whole(searching: Any) -> None:
    folder = searching.folder / "conf" / "experiment"
    folder.mkdir(parents=True)
    text = """\
# @package _global_
defaults:
  - override /hydra/sweeper: optuna
hydra:
  mode: MULTIRUN
  sweeper:
    objective: val_loss
    n_trials: 6
    sampler: {_target_: optuna.samplers.RandomSampler}
    params:
      optimizer: adam,sgd
      optimizer.learning_rate: "tag(log, interval(1e-5, 1e-1))"
      optimizer.momentum: "interval(0, 0.9)"
    conditions:
      optimizer.momentum: {optimizer: sgd}
"""
    (folder / "search.yaml").write_text(text)
    done = searching.run("experiment=search", "hydra/launcher=process")
    assert done.returncode == 0, done.stderr
    for record in searching.records().values():
        words = record["overrides"]
        assert ("optimizer=sgd" in words) == any(w.startswith("optimizer.momentum") for w in words)
    (folder / "search.yaml").write_text(text.replace("adam,sgd", "adam,sgd,sgdd"))
    broken = searching.run("experiment=search", "hydra/launcher=process")
    assert broken.returncode == 2
    assert "search.yaml" in broken.stderr
    assert "has no option `sgdd`" in broken.stderr


@pytest.mark.slow
def test_code_of_ones_own_adds_to_a_space_where_it_is_trusted(searching: Any) -> None:
    (searching.folder / "mine.py").write_text(
        "def more(config, trial):\n    trial.suggest_int('fit.epochs', 2, 3)\n"
    )
    custom = "hydra.sweeper.custom_search_space=mine.more"
    refused = searching.run(*SEARCH, custom)
    assert refused.returncode == 2
    assert "`mine.more` is code, and its module is not trusted" in refused.stderr
    done = searching.run("--trust", "mine", *SEARCH, custom, "hydra.sweeper.n_trials=2")
    assert done.returncode == 0, done.stderr
    assert all("fit.epochs=" in str(each["overrides"]) for each in searching.records().values())


@pytest.mark.slow
def test_two_starts_share_a_search(searching: Any) -> None:
    arguments = (*SEARCH, "hydra.sweeper.n_trials=8", "hydra.sweep.dir=outputs/mine")
    starts = [searching.start(*arguments) for _ in range(2)]
    for start in starts:
        out, err = start.communicate(timeout=120)
        assert start.returncode == 0, err
        assert "8 settings: 8 completed" in out
    assert sorted(searching.records()) == list("01234567")


@pytest.mark.slow
@pytest.mark.parametrize("pruner", ["none", "median"])
def test_a_search_comes_to_the_same_after_kills(searching: Any, pruner: str) -> None:
    searching = replace(searching, environment={**searching.environment, "EPOCH": "0.05"})
    arguments = (
        *SEARCH, f"hydra/sweeper/pruner={pruner}", "hydra.sweeper.n_trials=24", "name=high",
    )  # fmt: skip
    whole = searching.run(*arguments, "hydra.sweep.dir=outputs/whole")
    rng, kills = random.Random(5), 0
    command = (*arguments, "hydra.sweep.dir=outputs/killed")
    while True:
        start = searching.start(*command)
        try:
            out, _ = start.communicate(timeout=rng.uniform(2, 12) if kills < 10 else 200)
            break
        except subprocess.TimeoutExpired:
            os.killpg(start.pid, signal.SIGKILL)
            start.communicate()
            kills += 1
            time.sleep(0.2)
    assert kills >= 3
    assert start.returncode == whole.returncode == 1

    def told(text: str) -> list[str]:
        rows = text.split("\njob  overrides")[1].split("\n\n")
        jobs = [
            " ".join(line.replace(" (earlier)", "").replace("killed", "whole").split())
            for line in rows[0].splitlines()[1:]
        ]
        return [*jobs, rows[1]]

    assert told(out) == told(whole.stdout)


UNSHARED = """
import dataclasses
from kerasgen.sweep.executors.ray.node import NodePlace
_look = NodePlace.look
NodePlace.look = lambda self, *words: dataclasses.replace(_look(self, *words), shared=False)
"""


@pytest.mark.slow
def test_a_job_on_a_node_that_shares_no_folder_is_answered(searching: Any) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    module = searching.folder.parent / "stand_in" / "sitecustomize.py"
    pruned = "hydra/sweeper/pruner=median", "hydra.sweeper.pruner.n_startup_trials=2"
    words = (*SEARCH, *pruned, "hydra.sweeper.n_trials=6", "backend=jax")
    here = searching.run(*words, "hydra.sweep.dir=outputs/here")
    module.write_text(STAND_IN + UNSHARED)
    there = searching.run(
        *words, "hydra.sweep.dir=outputs/there", "hydra/launcher=ray", "hydra.launcher.n_jobs=1"
    )
    assert there.returncode == 0, there.stderr
    assert table(there.stdout) == table(here.stdout)
    assert "pruned" in str(table(there.stdout))
    left = {path.name for path in (searching.folder / "outputs" / "there").glob("*/*")}
    assert left == {"console.log", "record.json"}


@pytest.mark.slow
def test_a_job_in_a_queue_is_answered_by_the_next_start_of_its_search(searching: Any) -> None:
    pytest.importorskip("submitit", reason="the extra `submitit` is not installed")
    searching = replace(searching, environment={**searching.environment, "EPOCH": "4"})
    pruned = "hydra/sweeper/pruner=median", "hydra/launcher=submitit_local"
    words = (*SEARCH, *pruned, "hydra.sweeper.n_trials=1", "hydra.sweep.dir=outputs/mine")
    start = searching.start(*words)
    while not list(searching.folder.glob("outputs/mine/0/record.json")):
        assert start.poll() is None, start.communicate()
        time.sleep(0.1)
    with start:  # Its pipes are closed: its job has them still, and goes on.
        os.kill(start.pid, signal.SIGKILL)
    began = time.monotonic()
    again = searching.run(*words)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "another process is at it" in again.stdout
    assert "1 setting: 1 completed" in again.stdout
    assert time.monotonic() - began < 60
