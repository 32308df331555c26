"""Benchmark: the two checks, the fast one against Hydra's import, the full one against Keras's.

Byte code is kept in a folder of the benchmark's own, also where the environment turns it off, and
so is the catalog: what is measured is every check but the first.
"""

from __future__ import annotations

from measuring import ONE_THREAD, Options, Report, Row, figures, in_turns, pair_row, python
from measuring import run_process as run

NAME = "checking"

FAST_GOAL = 2.0
"""Times the CPU time of `import hydra` that a fast check may take."""

FULL_GOAL = 1.0
"""Times the CPU time of `import keras` that a full check may take."""

EXPERIMENT = ("experiment=cifar10_resnet",)

LARGEST = ("model=densenet121", "data=cifar10")
"""The shipped model with the most layers: 428 entries, expanded."""


def measure(options: Options) -> Report:
    """Measures the fast check once, and the full check with every backend."""
    environment = {
        **ONE_THREAD,
        "KERASGEN_CACHE": str(options.folder / "cache"),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(options.folder / "bytecode"),
    }
    rows = []
    for case, config in (("check --fast", EXPERIMENT), ("check --fast, largest", LARGEST)):
        fast = [*python("-m", "kerasgen"), "check", "--fast", *config]
        rows += _pairs(case, fast, python("-c", "import hydra"), environment, options, FAST_GOAL)
    for backend in options.backends:
        full = [*python("-m", "kerasgen"), "check", f"backend={backend}", *EXPERIMENT]
        rows += _pairs(
            f"check, {backend}",
            full,
            python("-c", "import keras"),
            {**environment, "KERAS_BACKEND": backend},
            options,
            FULL_GOAL,
        )
    seconds = [row.kerasgen for row in rows if row.figure == "CPU s"][:2]
    return Report(
        rows=rows,
        remarks=[
            f"{' '.join(EXPERIMENT)}, the largest is {' '.join(LARGEST)}; the references are "
            "`import hydra` and `import keras`",
            f"the fast checks take {seconds[0]:.2f} and {seconds[1]:.2f} CPU s, the goal is 0.5",
        ],
    )


def _pairs(
    case: str,
    ours: list[str],
    theirs: list[str],
    environment: dict[str, str],
    options: Options,
    goal: float,
) -> list[Row]:
    jobs = {
        name: lambda _, command=command: run(command, environment=environment)
        for name, command in (("ours", ours), ("theirs", theirs))
    }
    for job in jobs.values():
        job(0)  # Once unmeasured: byte code, the catalog, file caches.
    usages = in_turns(jobs, options.rounds)
    return [
        pair_row(
            figures(usages["ours"], figure),
            figures(usages["theirs"], figure),
            benchmark=NAME,
            case=case,
            figure=unit,
            goal=goal if figure == "cpu" else None,
        )
        for figure, unit in (("cpu", "CPU s"), ("wall", "wall s"))
    ]
