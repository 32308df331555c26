"""Benchmark: a sweep over seeds, beside the other ways to run the same jobs one after the other.

The jobs are trainings of three epochs on the digits: the shipped MLP, and a small convnet. Each
way is one process, and all that it starts; the figures are its CPU seconds and its wall time.
KerasTuner and Hydra's joblib launcher are measured where they are installed.
"""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

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
    run_process,
)

NAME = "sweeping"

JOBS, FEW_JOBS = 16, 4
EPOCHS = 3

CONVNET = ("model=convnet", "model.layers.conv1.filters=8", "model.layers.conv2.filters=16")
MODELS = {"mlp": ("model=mlp",), "convnet": CONVNET}

GOALS = {"a shell loop": 1 / 3, "Hydra's joblib launcher": 1.0}


def measure(options: Options) -> Report:
    """Measures every backend and model in turn."""
    report = Report()
    for backend in options.backends:
        for model in ("mlp",) if options.quick else MODELS:
            _measure(backend, model, options, report)
    return report


def _measure(backend: str, model: str, options: Options, report: Report) -> None:
    jobs = FEW_JOBS if options.quick else JOBS
    ways = _ways(backend, model, jobs, options.folder / backend / model)
    usages = in_turns(ways, options.rounds)
    ours = usages.pop("kerasgen")
    for name, theirs in usages.items():
        told = (
            f"{backend}, {model}: {ours[0].cpu / jobs:.2f} CPU s a job, {theirs[0].cpu / jobs:.2f}"
        )
        print(f"{told} by {name}", file=sys.stderr, flush=True)
        for figure, unit in (("cpu", "CPU s a job"), ("wall", "wall s a job")):
            report.rows.append(
                pair_row(
                    [seconds / jobs for seconds in figures(ours, figure)],
                    [seconds / jobs for seconds in figures(theirs, figure)],
                    benchmark=NAME,
                    case=f"{backend}, {model}: {name}",
                    figure=unit,
                    goal=GOALS.get(name),
                )
            )


def _ways(backend: str, model: str, jobs: int, folder: Path) -> dict[str, Callable[[int], Usage]]:
    said = [f"backend={backend}", f"fit.epochs={EPOCHS}", "tracking.plots=false"]
    words = [*said, *MODELS[model]]

    def kerasgen(*more: str) -> Callable[[int], Usage]:
        def run(number: int) -> Usage:
            launcher = more[0].rpartition("=")[2] if more else "warm"
            place = folder / f"{number}" / f"by_{launcher}"
            # All of them, also those that another way has done before.
            swept = [f"seed=range({jobs})", f"hydra.sweep.dir={place}", "--force", *more]
            return run_process(python("run.py", "-m", *words, *swept), environment=ONE_THREAD)

        return run

    def loop(number: int) -> Usage:
        command = shlex.join(python("run.py", *words))
        place = folder / f"{number}" / "loop"
        line = f"for n in $(seq 0 {jobs - 1}); do {command} seed=$n hydra.run.dir={place}/$n; done"
        return run_process(["sh", "-e", "-c", line], environment=ONE_THREAD)

    def script(name: str) -> Callable[[int], Usage]:
        def run(number: int) -> Usage:
            place = folder / f"{number}" / name
            command = python(str(SCRIPTS / f"{name}.py"), model, str(jobs), str(EPOCHS), str(place))
            return run_process(command, environment={**ONE_THREAD, "KERAS_BACKEND": backend})

        return run

    found = {
        "kerasgen": kerasgen(),
        "a process a job": kerasgen("hydra/launcher=process"),
        "a shell loop": loop,
        "Hydra's basic launcher": kerasgen("hydra/launcher=basic"),
        "by hand in one process": script("sweep_by_hand"),
    }
    if _is_installed("hydra_plugins.hydra_joblib_launcher"):
        joblib = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=1")
        found["Hydra's joblib launcher"] = kerasgen(*joblib)
    if _is_installed("keras_tuner"):
        found["KerasTuner"] = script("tuner_sweep")
    return found


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the package around it
        return False
