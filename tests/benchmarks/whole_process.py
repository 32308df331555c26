"""Benchmark: `python run.py` against the same job written by hand, each as a whole process.

Both start Python, import Keras, load and split the digits, train, evaluate, predict, save, reload
and draw, with one thread for each pool. Hydra's own start is measured beside them, by the smallest
application over the same configs, and subtracted in the rows that carry the goal.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

import numpy as np
from histories import compare_histories
from measuring import (
    ONE_THREAD,
    SCRIPTS,
    Options,
    Report,
    Usage,
    figures,
    in_turns,
    pair_row,
    python,
)
from measuring import run_process as run

NAME = "whole process"

GOAL = 1.05
"""What kerasgen may take of the hand-written script's time, Hydra's start subtracted."""


def measure(options: Options) -> Report:
    """Measures every backend in turn."""
    report = Report()
    for backend in options.backends:
        _measure_backend(backend, options, report)
    return report


def _measure_backend(backend: str, options: Options, report: Report) -> None:
    def kerasgen(number: int) -> Usage:
        place = options.folder / backend / f"kerasgen-{number}"
        command = python("run.py", f"backend={backend}", f"hydra.run.dir={place}")
        return run(command, environment=ONE_THREAD)

    def by_hand(number: int) -> Usage:
        place = options.folder / backend / f"by_hand-{number}"
        command = python(str(SCRIPTS / "digits_mlp.py"), str(place))
        return run(command, environment={**ONE_THREAD, "KERAS_BACKEND": backend})

    def hydra(number: int) -> Usage:
        place = options.folder / backend / f"hydra-{number}"
        arguments = ["hydra/launcher=basic", f"backend={backend}", f"hydra.run.dir={place}"]
        return run(python(str(SCRIPTS / "hydra_start.py"), *arguments))

    def bare(_: int) -> Usage:
        return run(python("-c", "pass"))

    jobs = {"kerasgen": kerasgen, "by hand": by_hand, "hydra": hydra, "python": bare}
    for job in jobs.values():
        job(options.rounds)  # Once unmeasured: byte code and file caches.
    usages = in_turns(jobs, options.rounds)
    for figure, unit in (("cpu", "CPU s"), ("wall", "wall s")):
        found = {name: figures(rounds, figure) for name, rounds in usages.items()}
        start = median(found["hydra"]) - median(found["python"])
        ours, theirs = found["kerasgen"], found["by hand"]
        less = [seconds - start for seconds in ours]
        case = f"{backend}, less Hydra's {start:.2f} s"
        report.rows.append(pair_row(ours, theirs, benchmark=NAME, case=backend, figure=unit))
        report.rows.append(
            pair_row(less, theirs, benchmark=NAME, case=case, figure=unit, goal=GOAL)
        )
    report.remarks.append(f"{backend}: {_compare(options.folder / backend)}")


def _compare(folder: Path) -> str:
    """What both sides left behind: accuracy, histories, predictions."""
    ours, theirs = folder / "kerasgen-0", folder / "by_hand-0"
    accuracies = [
        json.loads((place / "metrics.json").read_text())["test"]["accuracy"]
        for place in (ours, theirs)
    ]
    predicted = [np.load(place / "predictions.npz")["predicted"] for place in (ours, theirs)]
    equal = np.array_equal(*predicted)
    difference = np.abs(predicted[0] - predicted[1]).max()
    words = "equal in every bit" if equal else f"differ by {difference:.3g} at most"
    return (
        f"test accuracy {accuracies[0]:.4f} and {accuracies[1]:.4f}, predictions {words}, "
        f"{compare_histories(ours / 'history.csv', theirs / 'history.csv')}"
    )
