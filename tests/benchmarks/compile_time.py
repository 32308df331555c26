"""Benchmark: compiling deep models against the same Keras calls written by hand.

Chains and residual graphs of 10 to 1,000 layers, from the IR to a Keras model whose weights have
memory, both in one process in turns; `compile_depth.py` is that process, and checks that both
sides made the same model with the same weights.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

from measuring import ONE_THREAD, Options, Report, Row, pair_row, python
from measuring import run_process as run

NAME = "compile time"

GOAL = 1.2
"""What compiling 1,000 layers may take of the hand-written calls' time."""

LINEAR = 1.2
"""What a layer among 1,000 may take of the time of one among 100."""

LAYERS = (10, 100, 300, 1000)


def measure(options: Options) -> Report:
    """Measures on the first backend alone: the others make no difference to kerasgen's part."""
    report = Report()
    backend = options.backends[0]
    layers = LAYERS[:2] if options.quick else LAYERS
    command = python(
        str(Path(__file__).with_name("compile_depth.py")),
        *("--rounds", str(options.rounds)),
        *("--layers", *map(str, layers)),
    )
    printed = run(command, environment={**ONE_THREAD, "KERAS_BACKEND": backend}).output
    found = json.loads(printed.splitlines()[-1])
    for case, by_layers in found.items():
        seconds = {
            int(count): {job: [cpu for cpu, _ in times] for job, times in jobs.items()}
            for count, jobs in by_layers.items()
        }
        report.rows.extend(_rows(case, seconds))
    report.remarks.append(f"{backend}; models and weights of both sides are equal")
    return report


def _rows(case: str, seconds: dict[int, dict[str, list[float]]]) -> list[Row]:
    rows = []
    for job, words in (("kerasgen", ""), ("frontend", ", file to IR")):
        rows += [
            pair_row(
                jobs[job],
                jobs["by hand"],
                benchmark=NAME,
                case=f"{case}, {count:,} layers{words}",
                figure="CPU s",
                goal=GOAL if count == LAYERS[-1] and job == "kerasgen" else None,
            )
            for count, jobs in seconds.items()
        ]
    last = LAYERS[-1]
    if last not in seconds:
        return rows
    for job, words in (("kerasgen", ""), ("frontend", ", file to IR"), ("by hand", ", by hand")):
        rows.append(
            Row(
                benchmark=NAME,
                case=f"{case}, {last:,} layers against 100{words}",
                figure="CPU ms/layer",
                kerasgen=1000 * median(seconds[last][job]) / last,
                reference=1000 * median(seconds[100][job]) / 100,
                goal=None if job == "by hand" else LINEAR,
            )
        )
    return rows
