"""The same sweep and the same search on every executor: the same table, and the same bits.

pytest -n 0 -m slow tests/sweep/test_every_executor.py
"""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_warm_launcher import ROOT, kept_weights

PACKAGES = {"ray": "ray", "submitit_local": "submitit"}


def table(folder: Path, launcher: str, *words: str) -> list[list[str]]:
    """The cells of the table that a sweep prints, but for the folders."""
    command = [sys.executable, str(ROOT / "run.py"), "-m", "--force", *words]
    command += [f"hydra/launcher={launcher}", f"hydra.sweep.dir={launcher}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout[done.stdout.index("\njob  ") :].splitlines()
    rows = [re.split(r" {2,}", line) for line in lines]
    return [row[:-1] if row[-1].startswith(launcher) else row for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["process", "submitit_local", "ray"])
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_the_same_sweep_gives_the_same_table_everywhere(
    backend: str, launcher: str, tmp_path: Path
) -> None:
    package = PACKAGES.get(launcher)
    if package is not None and importlib.util.find_spec(package) is None:
        pytest.skip(f"the extra `{package}` is not installed")
    words = (f"backend={backend}", "model=convnet", "fit.epochs=1", "fit.verbose=0")
    words += ("tracking.plots=false", "seed=3,4", "optimizer.learning_rate=1e-3,1e-2")
    words += ("hydra.launcher.n_jobs=2", "fit.steps_per_epoch=20")
    known = table(tmp_path, "warm", *words)
    assert table(tmp_path, launcher, *words) == known
    assert len([row for row in known if "completed" in row]) == 4
    for number in range(4):
        there = kept_weights(tmp_path / launcher / str(number))
        here = kept_weights(tmp_path / "warm" / str(number))
        assert there.keys() == here.keys()
        assert [name for name in here if not np.array_equal(here[name], there[name])] == []


def search(number: int, pruner: str) -> tuple[str, ...]:
    """What makes a sweep a search of some settings."""
    return (
        "hydra/sweeper=optuna", f"hydra/sweeper/pruner={pruner}", "backend=torch",
        "hydra.sweeper.objective=val_loss", f"hydra.sweeper.n_trials={number}", "fit.epochs=4",
        "fit.verbose=0", "tracking.plots=false", "optimizer=adam,sgd",
        "optimizer.learning_rate=tag(log,interval(1e-5,1e-1))",
        *(["hydra.sweeper.pruner.n_startup_trials=2"] if pruner == "median" else []),
    )  # fmt: skip


def ended(rows: list[list[str]]) -> dict[str, str]:
    """The jobs that have completed or were pruned, with which of the two; a reason may follow."""
    found = {row[0]: re.split("[: ]", row[2])[0] for row in rows if len(row) > 2}
    return {job: status for job, status in found.items() if status in ("completed", "pruned")}


def require(launcher: str) -> None:
    for package in ("optuna", PACKAGES[launcher]):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the package `{package}` is not installed")


@pytest.mark.slow
@pytest.mark.parametrize("pruner", ["none", "median"])
@pytest.mark.parametrize("launcher", ["submitit_local", "ray"])
def test_the_same_search_draws_the_same_jobs_everywhere(
    launcher: str, pruner: str, tmp_path: Path
) -> None:
    require(launcher)
    words = (*search(7, pruner), "hydra.launcher.n_jobs=1")
    known = table(tmp_path, "warm", *words)
    assert table(tmp_path, launcher, *words) == known
    statuses = ended(known)
    assert len(statuses) == 7
    assert set(statuses.values()) == {"completed", *(["pruned"] if pruner == "median" else [])}


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["submitit_local", "ray"])
def test_a_search_has_several_jobs_at_a_time_everywhere(launcher: str, tmp_path: Path) -> None:
    require(launcher)
    found = table(tmp_path, launcher, *search(8, "median"), "hydra.launcher.n_jobs=3")
    assert list(ended(found)) == list("01234567")
