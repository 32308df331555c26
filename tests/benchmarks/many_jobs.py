"""Benchmark: sweeps of many jobs that do next to nothing: what is left is what a sweep costs.

A job trains one epoch on a table of 64 rows, on PyTorch. CPU seconds a job show whether the time
grows with the number of jobs alone, the peak of the process that runs the sweep whether its memory
is bounded: both are compared with those of the sweep of a hundred jobs.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

from measuring import ONE_THREAD, ROOT, Options, Report, Row, python

NAME = "many-jobs"

FEW, MANY = 100, (300, 1000)

_PAUSE = 0.2
"""Seconds between two looks at the memory of a sweep."""

WORDS = (
    "backend=torch",
    "data=table",
    "data.target=y",
    "model.layers={scores: {class: Dense, units: 2, activation: softmax}}",
    "fit.epochs=1",
    "fit.verbose=0",
    "fit.checkpoint=null",
    "tracking.plots=false",
    "tracking.predictions=false",
    "tracking.model=false",
)


def measure(options: Options) -> Report:
    """Measures sweeps of more and more jobs."""
    report = Report()
    table = options.folder / "rows.csv"
    rows = [f"{n % 7},{n % 5},{'ab'[n % 2]}" for n in range(64)]
    table.write_text("\n".join(["x,z,y", *rows, ""]))
    first: tuple[float, float] | None = None
    for jobs in (FEW,) if options.quick else (FEW, *MANY):
        found = _sweep(jobs, table, options.folder / f"{jobs}")
        first = first or found
        for figure, ours, theirs, goal in zip(
            ("CPU s a job", "MB, the sweep's own peak"), found, first, (1.0, 1.2), strict=True
        ):
            report.rows.append(
                Row(
                    benchmark=NAME,
                    case=f"{jobs:,} jobs, beside {FEW}",
                    figure=figure,
                    kerasgen=ours,
                    reference=None if jobs == FEW else theirs,
                    goal=None if jobs == FEW else goal,
                )
            )
    return report


def _sweep(jobs: int, table: Path, place: Path) -> tuple[float, float]:
    """CPU seconds a job of a sweep with all that it starts, and the peak of its own process in MB.

    Raises:
        RuntimeError: it failed.
    """
    words = [*WORDS, f"data.source.path={table}", f"hydra.sweep.dir={place / 'sweep'}"]
    place.mkdir()
    with (place / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            python("run.py", "-m", *words, f"seed=range({jobs})", "--force"),
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    peak = 0.0
    while True:
        # The kernel's own count mixes it with that of the largest process that it has waited for.
        told = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        if found := re.search(r"VmHWM:\s+(\d+) kB", told):
            peak = int(found[1]) / 1024
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(_PAUSE)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        end = (place / "output.txt").read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"a sweep of {jobs} jobs ended with {process.returncode}:\n{end}")
    return (used.ru_utime + used.ru_stime) / jobs, peak
