"""Benchmark: `kerasgen predict` of 1,000,000 rows, beside `model.predict` on prepared arrays.

The table is generated: six numbers, of which one misses 3 % of its values, a column of words, and
whether a row is one or the other. The model is that of `model=table`, trained on its first 5,000
rows. What stands beside it reads no table and prepares nothing: it loads the model, and asks it for
as many rows of its input.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from measuring import ONE_THREAD, SCRIPTS, Options, Report, Row, Usage, python, run_process

NAME = "answering"

ROWS, FEW_ROWS, TRAINED = 1_000_000, 50_000, 5_000
BATCH = 256
GOAL = 1.5


def measure(options: Options) -> Report:
    """Answers for CSV and Parquet with each backend."""
    rows = FEW_ROWS if options.quick else ROWS
    files = _files(options.folder, rows)
    report = Report()
    for backend in options.backends:
        run = _trained(options.folder, backend)
        report.rows.extend(_answered(run, files, backend, options))
    many = next(row.kerasgen for row in report.rows if row.figure == "peak MB")
    few = _peak(options.folder, options.folder / f"run_{options.backends[0]}", rows // 10)
    report.remarks.append(f"peak of {rows // 10:,} rows {few:.0f} MB, of {rows:,} {many:.0f} MB")
    return report


def _answered(run: Path, files: list[Path], backend: str, options: Options) -> list[Row]:
    """Both files in turns with the model alone, which is asked once a round for both."""
    environment = {**ONE_THREAD, "KERAS_BACKEND": backend}
    rows = FEW_ROWS if options.quick else ROWS
    layer = json.loads((run / "record.json").read_text())["model"]["preparation"]["trained"]
    plain = str(SCRIPTS / "plain_answers.py")
    theirs = python(plain, str(run / "model.keras"), layer, str(rows), str(BATCH))
    found: dict[Path, list[tuple[Usage, Usage]]] = {file: [] for file in files}
    for _ in range(options.rounds):
        other = run_process(theirs, environment=environment)
        for file in files:
            answers = options.folder / f"answers{file.suffix}"
            ours = [*python("-m", "kerasgen"), "predict", str(run), str(file), "-o", str(answers)]
            found[file].append((run_process(ours, environment=environment), other))
    return [
        row
        for file, pairs in found.items()
        for row in _rows(f"{rows:,} rows, {file.suffix[1:]}, {backend}", pairs)
    ]


def _rows(case: str, found: list[tuple[Usage, Usage]]) -> list[Row]:
    pairs = tuple((ours.cpu, theirs.cpu) for ours, theirs in found)
    cpu = [float(np.median(side)) for side in zip(*pairs, strict=True)]
    peak = float(np.median([ours.peak for ours, _ in found]))
    return [
        Row(
            benchmark=NAME,
            case=case,
            figure="CPU s",
            kerasgen=cpu[0],
            reference=cpu[1],
            goal=GOAL,
            pairs=pairs,
        ),
        Row(benchmark=NAME, case=case, figure="peak MB", kerasgen=peak),
    ]


def _peak(folder: Path, run: Path, rows: int) -> float:
    """The memory that answering takes for the first rows of the table."""
    import polars

    part = folder / "part.csv"
    polars.read_csv(folder / "table.csv", n_rows=rows).write_csv(part)
    command = [*python("-m", "kerasgen"), "predict", str(run), str(part)]
    return run_process([*command, "-o", str(folder / "part_answers.csv")]).peak


def _trained(folder: Path, backend: str) -> Path:
    run = folder / f"run_{backend}"
    overrides = [
        *(f"backend={backend}", "data=table", "model=table", f"fit.batch_size={BATCH}"),
        *(f"data.source.path={folder / 'first.csv'}", "data.target=kind", "fit.epochs=1"),
        *("tracking.plots=false", f"hydra.run.dir={run}"),
    ]
    run_process([*python("-m", "kerasgen"), "run", *overrides], environment=ONE_THREAD)
    return run


def _files(folder: Path, rows: int) -> list[Path]:
    import polars

    random = np.random.default_rng(0)
    columns = {f"f{i}": polars.Series(np.round(random.normal(size=rows), 4)) for i in range(6)}
    missing = polars.Series(random.random(rows) < 0.03)
    columns["city"] = polars.Series(random.choice(["Rome", "Oslo", "Paris", "Bern"], rows))
    kind = (columns["f1"] > 0) & (columns["city"] == "Rome")
    frame = polars.DataFrame(columns).with_columns(
        polars.when(missing).then(None).otherwise(polars.col("f0")).alias("f0"),
        polars.when(kind).then(polars.lit("yes")).otherwise(polars.lit("no")).alias("kind"),
    )
    frame.head(TRAINED).write_csv(folder / "first.csv")
    frame.drop("kind").write_csv(folder / "table.csv")
    frame.drop("kind").write_parquet(folder / "table.parquet")
    return [folder / "table.csv", folder / "table.parquet"]
