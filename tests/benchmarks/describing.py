"""Benchmark: `kerasgen describe` of a table of 5,000,000 rows and 10 columns, CSV and Parquet.

The table is generated: five numbers with fractions, of which one misses 3 % of its values, three
whole ones, of which one counts the rows, and two columns of words (331 MB as CSV).
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from measuring import Options, Report, Row, python, run_process

NAME = "describing"

ROWS, FEW_ROWS = 5_000_000, 200_000
CPU_GOAL, PEAK_GOAL = 15.0, 1024.0
"""CPU seconds and MB that the larger table may take."""


def measure(options: Options) -> Report:
    """Describes both files once."""
    rows = FEW_ROWS if options.quick else ROWS
    # A process begins with the peak of the one that starts it: the table is made in another.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        files = apart.submit(_files, options.folder, rows).result()
    found = []
    for file in files:
        command = [*python("-m", "kerasgen"), "describe", str(file), "--target", "city", "--json"]
        usage = run_process(command)
        case = f"{rows:,} rows, {file.suffix[1:]}"
        found += [
            Row(benchmark=NAME, case=case, figure="CPU s", kerasgen=usage.cpu),
            Row(benchmark=NAME, case=case, figure="peak MB", kerasgen=usage.peak),
        ]
    remark = f"the goal for {ROWS:,} rows is {CPU_GOAL:g} CPU s and {PEAK_GOAL:g} MB"
    return Report(rows=found, remarks=[remark])


def _files(folder: Path, rows: int) -> list[Path]:
    import polars

    random = np.random.default_rng(0)
    columns = {f"f{i}": polars.Series(np.round(random.normal(size=rows), 4)) for i in range(5)}
    missing = polars.Series(random.random(rows) < 0.03)
    columns |= {
        "few": polars.Series(random.integers(0, 100, rows)),
        "many": polars.Series(random.integers(0, 10**6, rows)),
        "row": polars.Series(np.arange(rows)),
        "city": polars.Series(random.choice(["Rome", "Oslo", "Paris", "Bern", "Wien"], rows)),
        "code": polars.Series([f"k{value}" for value in random.integers(0, 50_000, rows)]),
    }
    frame = polars.DataFrame(columns).with_columns(
        polars.when(missing).then(None).otherwise(polars.col("f0")).alias("f0")
    )
    frame.write_csv(folder / "table.csv")
    frame.write_parquet(folder / "table.parquet")
    return [folder / "table.csv", folder / "table.parquet"]
