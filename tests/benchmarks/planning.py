"""Benchmark: what `kerasgen plan` says of ten sweeps, beside what they then take.

Each sweep is planned, and then run whole. The reference is what it took: the wall time of all, the
CPU seconds of its jobs, and the most memory of the largest of them. Each of the sweeps has one
backend, so that `--backend` measures a part of them.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from measuring import DATASETS, ONE_THREAD, Options, Report, Row, python
from measuring import run_process as run

NAME = "planning"

GOALS = {"wall s": 0.2, "CPU s": 0.2, "MB": 0.15}
"""The median error that each figure may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A sweep.

    Attributes:
        backend: its backend.
        overrides: all else.
        data: the file in the folder of data sets that it trains on, None for one of a package.
        n_jobs: how many of its jobs run at a time.
    """

    backend: str
    overrides: tuple[str, ...]
    data: str | None = None
    n_jobs: int = 1


SWEEPS = {
    "digits, MLP": Sweep(backend="jax", overrides=("fit.epochs=60", "seed=0,1")),
    "digits, convnet, two rates": Sweep(
        backend="tensorflow",
        overrides=("model=convnet", "fit.epochs=15", "optimizer.learning_rate=1e-3,1e-4"),
    ),
    "digits, MLP, without validation and checkpoints": Sweep(
        backend="torch",
        overrides=("data.split.validation=0", "fit={epochs: 40, checkpoint: null}", "seed=0,1"),
    ),
    "penguins": Sweep(
        backend="tensorflow",
        overrides=("experiment=penguins", "seed=0,1,2"),
        data="penguins.csv",
        n_jobs=2,
    ),
    "diabetes, two batch sizes": Sweep(
        backend="jax",
        overrides=("experiment=diabetes", "fit.batch_size=16,32", "fit.callbacks=null"),
        data="pima-indians-diabetes.csv",
        n_jobs=2,
    ),
    "MNIST, convnet": Sweep(
        backend="tensorflow",
        overrides=("experiment=mnist_convnet", "fit.epochs=2", "seed=0,1"),
        data="mnist.npz",
    ),
    "temperatures, GRU": Sweep(
        backend="tensorflow",
        overrides=(
            "experiment=minimum_temperatures",
            "fit={epochs: 8, callbacks: null}",
            "seed=0,1",
        ),
        data="daily-min-temperatures.csv",
    ),
    "adult": Sweep(
        backend="torch",
        overrides=(
            "experiment=adult",
            "fit={epochs: 4, batch_size: 256, callbacks: null}",
            f"data.source.test_path={DATASETS / 'adult-test.csv'}",
            "seed=0,1",
        ),
        data="adult-train.csv",
    ),
    "digits, three folds": Sweep(
        backend="tensorflow", overrides=("fit.epochs=15", "fit.folds=3", "seed=0,1")
    ),
    "diamonds": Sweep(
        backend="jax",
        overrides=("experiment=diamonds", "fit={epochs: 3, batch_size: 512}", "seed=0,1"),
        data="diamonds.csv",
        n_jobs=2,
    ),
}


def measure(options: Options) -> Report:
    """Plans and runs every sweep of the backends."""
    report, errors = Report(), {figure: [] for figure in GOALS}
    chosen = {name: each for name, each in SWEEPS.items() if each.backend in options.backends}
    for number, (name, sweep) in enumerate(chosen.items()):
        if sweep.data is not None and not (DATASETS / sweep.data).is_file():
            report.remarks.append(f"{name}: passed over, there is no {DATASETS / sweep.data}")
            continue
        for figure, (planned, taken) in _measure(sweep, options.folder / str(number)).items():
            errors[figure].append(abs(planned - taken) / taken)
            print(f"{name}: {figure} {planned:.1f} {taken:.1f}", file=sys.stderr, flush=True)
            report.rows.append(
                Row(
                    benchmark=NAME,
                    case=f"{name} ({sweep.backend}, {sweep.n_jobs} at a time)",
                    figure=figure,
                    kerasgen=planned,
                    reference=taken,
                )
            )
        if options.quick:
            break
    for figure, found in errors.items():
        if found:
            told = f"median error {median(found):.1%}, goal {GOALS[figure]:.0%}"
            report.remarks.append(f"{figure}: {told}, of {len(found)} sweeps")
    return report


def _measure(sweep: Sweep, folder: Path) -> dict[str, tuple[float, float]]:
    """Figure to what was planned, and what it took."""
    words = [
        f"backend={sweep.backend}",
        *sweep.overrides,
        f"hydra.launcher.n_jobs={sweep.n_jobs}",
        f"hydra.sweep.dir={folder}",
        *([] if sweep.data is None else [f"data.source.path={DATASETS / sweep.data}"]),
    ]
    told = run(python("-m", "kerasgen", "plan", "-m", *words, "--json"), environment=ONE_THREAD)
    plan = json.loads(told.output[told.output.index("{\n") :])
    taken = run(python("run.py", "-m", *words), environment=ONE_THREAD)
    usage = [
        json.loads((folder / str(job["job"]) / "record.json").read_text())["usage"]
        for job in plan["jobs"]
    ]
    totals = plan["totals"]
    memory = max(job["estimate"]["memory"] for job in plan["jobs"])
    return {
        "wall s": (totals["seconds"], taken.wall),
        "CPU s": (totals["cpu_seconds"], sum(each["cpu_seconds"] for each in usage)),
        "MB": (memory / 2**20, max(each["memory"] for each in usage) / 2**20),
    }
