"""Benchmark: a large table to arrays, and to what a model takes, beside pandas with work by hand.

The table is generated: five numbers, three whole ones, two words, a target; three of a hundred
cells of one column are blank, of another `?`. CPU seconds are those of reading and preparing alone,
without imports, engine and model; peak memory is the largest resident size of the process.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from measuring import SCRIPTS, Options, Report, Row, figures, in_turns, pair_row, python
from measuring import run_process as run

NAME = "reading tables"

ROWS, QUICK_ROWS = 5_000_000, 200_000

GOAL = 1 / 3
"""Times the CPU time of pandas with work by hand that reading and preparing may take."""

_GENERATE = """
import sys
import numpy as np, polars as pl
rows, folder = int(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(0)
columns = {f"f{i}": np.round(rng.normal(size=rows) * 10, 3) for i in range(5)}
columns |= {f"n{i}": rng.integers(0, 1000, rows) for i in range(3)}
columns["city"] = rng.choice([f"city{i:03d}" for i in range(200)], rows)
columns["kind"] = rng.choice(["red", "green", "blue", "black"], rows)
columns["y"] = (columns["f0"] + columns["f1"] > 0).astype(int)
frame = pl.DataFrame(columns).with_columns(
    pl.when(pl.Series(rng.random(rows) < 0.03)).then(None).otherwise("f2").alias("f2"),
    pl.when(pl.Series(rng.random(rows) < 0.03)).then(pl.lit("?"))
    .otherwise(pl.col("f3").cast(pl.String)).alias("f3"),
)
frame.write_csv(f"{folder}/table.csv")
frame.write_parquet(f"{folder}/table.parquet")
"""

_ARRAYS = """
import sys, time
import polars
from kerasgen.runtime.tabular.table_files import read_table
start = time.process_time()
columns, _ = read_table(sys.argv[1])
print(len(columns["y"]), sorted(columns))
print(time.process_time() - start)
"""

_PREPARED = """
import sys, time
import polars
from kerasgen.diagnostics import Sink
from kerasgen.session.composed_config import compose_config
from kerasgen.session.session import Session
session = Session(compose_config([
    "data=table", "model=table", f"data.source.path={sys.argv[1]}", f"data.target={sys.argv[2]}",
    "backend=jax",
]))
from kerasgen.run import steps
started = session.engine
start = time.process_time()
opened = session.opened.data
taken = time.process_time() - start
program = session.compiled.program
start = time.process_time()
parts, text = steps.preprocess(opened, program, started, Sink())
print(text)
print(taken + time.process_time() - start)
"""


def measure(options: Options) -> Report:
    """Measures both formats, read alone and read and prepared."""
    report = Report()
    for package in ("polars", "pandas", "pyarrow", "jax"):
        if importlib.util.find_spec(package) is None:
            report.remarks.append(f"passed over, there is no {package}")
            return report
    rows = QUICK_ROWS if options.quick else ROWS
    run(python("-c", _GENERATE, str(rows), str(options.folder)))
    for ending in ("csv", "parquet"):
        path = options.folder / f"table.{ending}"
        report.rows.extend(_pairs(f"{ending}, {rows:,} rows", path, _ARRAYS, [], rows, options))
        case = f"{ending}, {rows:,} rows, prepared"
        report.rows.extend(_pairs(case, path, _PREPARED, ["--prepared"], rows, options))
    report.remarks.append(
        "prepared: split, filled, scaled, encoded; the memory of kerasgen holds Keras and JAX"
    )
    return report


def _pairs(
    case: str, path: Path, ours: str, flags: list[str], rows: int, options: Options
) -> list[Row]:
    jobs = {
        "ours": lambda _: run(
            python("-c", ours, str(path), "y"),
            environment={"KERASGEN_CACHE": str(options.folder / "cache")},
        ),
        "theirs": lambda _: run(python(str(SCRIPTS / "pandas_table.py"), str(path), "y", *flags)),
    }
    usages = in_turns(jobs, options.rounds)
    found = {
        side: {
            "cpu": [float(usage.output.split()[-1]) for usage in usages[side]],
            "peak": figures(usages[side], "peak"),
        }
        for side in jobs
    }
    pairs = [
        pair_row(
            found["ours"][figure],
            found["theirs"][figure],
            benchmark=NAME,
            case=case,
            figure=unit,
            goal=goal,
        )
        for figure, unit, goal in (("cpu", "CPU s", GOAL), ("peak", "peak MB", 1.0))
    ]
    speeds = [[rows / cpu for cpu in found[side]["cpu"]] for side in jobs]
    speed = pair_row(*speeds, benchmark=NAME, case=case, figure="rows/CPU s")
    return [*pairs, speed]
