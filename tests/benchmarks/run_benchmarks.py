"""Measures kerasgen against the same work written by hand in Keras.

    python tests/benchmarks/run_benchmarks.py
    python tests/benchmarks/run_benchmarks.py --only start-up --rounds 9
    python tests/benchmarks/run_benchmarks.py --quick --json figures.json

| name          | what is compared                                            | goal        |
|---------------|-------------------------------------------------------------|-------------|
| start-up      | help, check and listings with `import keras`                |             |
| checking      | `check --fast` with `import hydra`, `check` with `import keras` | 2; 1       |
| compile-time  | 10 to 1,000 layers, IR to model, with the same Keras calls  | 1.2, linear |
| whole-process | `run.py` less Hydra's start, with a hand-written script     | 1.05        |
| reading-tables | 5,000,000 rows to arrays, with pandas and work by hand      | 1/3         |
| feeding       | arrays in memory, with the same arrays handed to `fit`      | 1           |
| checkpoints   | a training that is kept, with one that is not               |             |
| real-data     | two recipes with hand-written scripts, full epochs          |             |
| describing    | `describe` of 5,000,000 rows, CSV and Parquet               | 15 CPU s    |
| answering     | `predict` of 1,000,000 rows, with `model.predict` on arrays | 1.5         |
| serving       | requests over HTTP, with a route that calls `model.predict`  | 1/3         |
| sweeping      | a sweep, with a shell loop, Hydra's launchers, a loop by hand | 1/3; 1      |
| many-jobs     | sweeps of 300 and 1,000 jobs of next to nothing, with 100 of them | 1; 1.2 |
| planning      | what `plan` says of ten sweeps, with what they then take    | error 20 %; 15 % |
| image-folder  | CIFAR-10's files to batches, cold and from the cache, with Keras's reader |  |

Everything runs on the machine at hand, in turns (A B A B). The table shows medians; a ratio is the
median of the rounds' own ratios. On a machine that does other work too, CPU time is the figure to
look at. The scripts that stand for a person's own code are in `scripts/`; none imports kerasgen.
They draw the same rows and seed the same generators, and fit an epoch at a time on rows in the
order that the manual gives, so that the figures of training can be compared bit by bit.
Nothing here is collected by pytest: a test that depends on time fails without a reason.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import answering
import checking
import checkpoints
import compile_time
import describing
import feeding
import image_folder
import many_jobs
import planning
import reading_tables
import real_data
import serving
import start_up
import sweeping
import whole_process
from measuring import Options, Report, Row, table

BENCHMARKS: dict[str, Callable[[Options], Report]] = {
    "start-up": start_up.measure,
    "checking": checking.measure,
    "compile-time": compile_time.measure,
    "whole-process": whole_process.measure,
    "reading-tables": reading_tables.measure,
    "feeding": feeding.measure,
    "checkpoints": checkpoints.measure,
    "real-data": real_data.measure,
    "describing": describing.measure,
    "answering": answering.measure,
    "serving": serving.measure,
    "sweeping": sweeping.measure,
    "many-jobs": many_jobs.measure,
    "planning": planning.measure,
    "image-folder": image_folder.measure,
}

LONG = ("real-data", "planning", "image-folder")
"""Those that `--quick` passes over: they need data beside the checkout, and minutes."""

BACKENDS = ("tensorflow", "jax", "torch")


def main() -> int:
    """Measures, prints the table and the remarks, and writes the JSON if it is wanted."""
    arguments = _parser().parse_args()
    backends = tuple(name for name in arguments.backend or BACKENDS if _installed(name))
    if not backends:
        print("none of the backends is installed", file=sys.stderr)
        return 2
    quick = [name for name in BENCHMARKS if name not in LONG]
    wanted = arguments.only or (quick if arguments.quick else list(BENCHMARKS))
    reports: dict[str, Report] = {}
    with tempfile.TemporaryDirectory(prefix="kerasgen-benchmarks-") as folder:
        for name in wanted:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            place = Path(folder) / name
            place.mkdir()
            options = Options(
                rounds=arguments.rounds or (1 if arguments.quick else 5),
                quick=arguments.quick,
                backends=backends[:1] if arguments.quick else backends,
                folder=place,
            )
            reports[name] = BENCHMARKS[name](options)
    print(_machine())
    print(table([row for report in reports.values() for row in report.rows]))
    for name, report in reports.items():
        for remark in report.remarks:
            print(f"{name}: {remark}")
    if arguments.json:
        arguments.json.write_text(json.dumps(_plain(reports), indent=2) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round of the smallest cases")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each case is measured")
    parser.add_argument("--backend", action="append", choices=BACKENDS, help="left out: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    return parser


def _installed(backend: str) -> bool:
    return importlib.util.find_spec(backend) is not None


def _machine() -> str:
    return f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _plain(reports: dict[str, Report]) -> dict[str, object]:
    return {
        "machine": _machine(),
        "benchmarks": {
            name: {
                "rows": [_row(row) for row in report.rows],
                "remarks": report.remarks,
            }
            for name, report in reports.items()
        },
    }


def _row(row: Row) -> dict[str, object]:
    return {**dataclasses.asdict(row), "ratio": row.ratio}


if __name__ == "__main__":
    sys.exit(main())
