"""A config and its script, both run in the test's process, and what they are compared by."""

import contextlib
import csv
import io
import json
import os
import runpy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from training_calls import record_calls

from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.eject import eject_config

QUICK = ["fit.epochs=2", "fit.verbose=0", "fit.batch_size=64"]

FIGURES = dict[str, list[float]]
Same = Callable[[Sequence[str], Path], None]


def engine_override() -> str:
    return f"backend={os.environ['KERAS_BACKEND']}"


def ejected(overrides: Sequence[str]) -> str:
    return eject_config([engine_override(), *overrides])[0]


def recorded(folder: Path) -> FIGURES:
    """The history of a run's record."""
    with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    passed = ("epoch", "seconds", "learning_rate")
    keys = [key for key in rows[0] if key not in passed]
    return {key: [float(row[key]) for row in rows if row[key]] for key in keys}


def written(path: Path) -> FIGURES:
    """The history that a script has written."""
    figures: FIGURES = {}
    for name, values in json.loads(path.read_text(encoding="utf-8")).items():
        columns = np.asarray(values).reshape(len(values), -1).T.tolist()
        several = {f"{name}_{index}": column for index, column in enumerate(columns)}
        figures |= several if len(columns) > 1 else {name: columns[0]}
    figures.pop("learning_rate", None)
    return figures


def run_config(overrides: Sequence[str], folder: Path) -> None:
    composed = compose([engine_override(), "tracking.plots=false", *overrides])
    assert run_experiment(composed, folder / "run") == DONE


def run_script(script: Path, history: Path, patch: pytest.MonkeyPatch) -> str:
    """Runs a script; gives what it prints."""
    given = [str(script), "--history", str(history)]
    if "--out" in script.read_text(encoding="utf-8"):
        given += ["--out", str(script.parent / "out")]
    patch.setattr(sys, "argv", given)
    patch.setenv("KERAS_BACKEND", os.environ["KERAS_BACKEND"])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(script), run_name="__main__")
    return printed.getvalue()


def assert_same_history(
    overrides: Sequence[str], folder: Path, patch: pytest.MonkeyPatch
) -> Sequence[str]:
    """Trains a config and its script, and compares all figures; gives what is printed."""
    folder.mkdir(exist_ok=True)
    script, history = folder / "train.py", folder / "history.json"
    script.write_text(ejected(overrides), encoding="utf-8")
    run_config(overrides, folder)

    printed = run_script(script, history, patch)

    assert written(history) == recorded(folder / "run")
    return printed.splitlines()


def assert_same_calls(overrides: Sequence[str], folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Lets a config and its script prepare a training, and compares what Keras is given."""
    folder.mkdir(exist_ok=True)
    script, history = folder / "train.py", folder / "history.json"
    said = [*overrides, "tracking.model=false"]
    script.write_text(ejected(said), encoding="utf-8")
    calls = record_calls(patch)
    run_config(said, folder)
    of_run = calls.copy()
    calls.clear()

    run_script(script, history, patch)

    assert [name for name, _ in calls] == [name for name, _ in of_run]
    assert calls[0][0] == "fit"
    for (_, given), (name, wanted) in zip(calls, of_run, strict=True):
        if name == "fit":
            assert given.keys() == wanted.keys()
            for key in wanted:
                assert given[key] == wanted[key], f"{key} of fit"
        else:
            assert given == wanted, name
