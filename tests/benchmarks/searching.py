r"""Benchmark: a search with Optuna and a pruner, beside random search of the same budget of epochs.

The data is a table of real measurements, the model the one that `model=table` makes of it. Each of
five studies is made twice, with its own seed: random search, every run of which is trained in full,
and TPE with the median pruner, which may begin settings until the epochs of the first are used up.
Told are the best values, the share that was pruned, and what as many settings have taken: in
epochs, and in seconds, which say little on a machine that others use.

    python tests/benchmarks/searching.py penguins.csv --target species
    python tests/benchmarks/searching.py diamonds.csv data=diamonds --rows 2500 --space wide \
        --trials 40 --epochs 10
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

SPACES = {
    "narrow": (
        "optimizer.learning_rate=tag(log,interval(1e-5,1e-1))",
        "fit.batch_size=choice(8,16,32,64)",
        "optimizer=adam,sgd,rmsprop",
    ),
    "wide": (
        "optimizer.learning_rate=tag(log,interval(1e-5,1e-1))",
        "fit.batch_size=choice(64,128,256)",
        "optimizer=adam,sgd,rmsprop,nadam",
        "model.parameters.hidden=choice([32],[128],[64,32],[128,64],[64,64,32],[128,128,64])",
        "model.parameters.dropout=interval(0,0.6)",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a search: its figure, whether it was pruned, its epochs and seconds."""

    value: float | None
    pruned: bool
    epochs: int
    seconds: float


def search(options: argparse.Namespace, study: int, trials: int, way: Sequence[str]) -> list[Run]:
    """The runs of a search, in the order in which they were drawn; one that is there is longer."""
    folder = Path(options.folder) / f"{way[0].rpartition('=')[2]}-{study}"
    words = [
        "-m", "hydra/sweeper=optuna", *way, "hydra.sweeper.objective=val_loss",
        f"hydra.sweeper.n_trials={trials}", f"hydra.sweeper.sampler.seed={1000 * study}",
        f"hydra.sweep.dir={folder}", f"backend={options.backend}", "model=table",
        f"data.source.path={Path(options.table).resolve()}", *options.overrides,
        f"fit.epochs={options.epochs}", "fit.verbose=0", "tracking.plots=false",
        "tracking.model=false", "tracking.predictions=false", f"seed={study}",
        *SPACES[options.space],
    ]  # fmt: skip
    done = subprocess.run([sys.executable, str(ROOT / "run.py"), *words], stdout=subprocess.DEVNULL)
    assert done.returncode in (0, 1), "a setting whose loss is infinite has failed, no more"
    records = [json.loads((folder / str(n) / "record.json").read_text()) for n in range(trials)]
    return [_run(record) for record in records]


def _run(record: dict[str, Any]) -> Run:
    metrics = record.get("metrics", {}).get("validation", {})
    return Run(
        value=metrics.get("loss"),
        pruned=record["status"] == "pruned",
        epochs=int(record.get("epochs") or 0),
        seconds=float(record["seconds"]),
    )


def sampled(table: Path, rows: int, folder: Path) -> Path:
    """A table of some of the rows, drawn once for all."""
    header, *lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{table.stem}-{rows}.csv"
    file.write_text(header + "".join(random.Random(0).sample(lines, rows)), encoding="utf-8")
    return file


def until_used_up(
    options: argparse.Namespace, study: int, budget: int, way: Sequence[str]
) -> list[Run]:
    """The runs of a search that has gone on until a number of epochs is used up."""
    trials = options.trials
    while True:
        runs = search(options, study, trials, way)
        used = sum(run.epochs for run in runs)
        if used >= budget:
            return runs
        trials += max(2, math.ceil((budget - used) / (used / len(runs))))


def within(runs: Sequence[Run], epochs: int) -> list[Run]:
    """The first runs that fit into a number of epochs."""
    found: list[Run] = []
    for run in runs:
        if sum(each.epochs for each in found) + run.epochs > epochs:
            break
        found.append(run)
    return found


def main() -> None:
    """Measures, and prints a line a study."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("table")
    parser.add_argument("overrides", nargs="*", help="of the config, as in data=diamonds")
    parser.add_argument("--target", help="the column to predict, where no override says so")
    parser.add_argument("--rows", type=int, help="rows that are drawn from the table, None for all")
    parser.add_argument("--space", choices=SPACES, default="narrow")
    parser.add_argument("--first", type=int, default=1, help="number of the first study")
    parser.add_argument("--backend", default="torch")
    parser.add_argument("--studies", type=int, default=5)
    parser.add_argument("--trials", type=int, default=10, help="of random search")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--folder", default="outputs/searching")
    options = parser.parse_intermixed_args()
    if options.target is not None:
        options.overrides += ["data=table", f"data.target={options.target}"]
    if options.rows is not None:
        options.table = sampled(Path(options.table), options.rows, Path(options.folder))
    rows = []
    for study in range(options.first, options.first + options.studies):
        full = search(options, study, options.trials, ["hydra/sweeper/sampler=random"])
        way = [
            "hydra/sweeper/sampler=tpe", "hydra/sweeper/pruner=median",
            "hydra.sweeper.pruner.n_startup_trials=3", "hydra.sweeper.sampler.n_startup_trials=5",
        ]  # fmt: skip
        budget = sum(run.epochs for run in full)
        drawn = until_used_up(options, study, budget, way)
        cut = within(drawn, budget)
        ours = min(run.value for run in cut if run.value is not None)
        theirs = min(run.value for run in full if run.value is not None)
        share = sum(run.pruned for run in cut) / len(cut)
        first = drawn[: len(full)]
        saved = 1 - sum(run.epochs for run in first) / budget
        seconds = 1 - sum(run.seconds for run in first) / sum(run.seconds for run in full)
        rows.append((ours, theirs, share, saved))
        print(
            f"study {study}: best val_loss {ours:.4f} of {len(cut)} settings, random {theirs:.4f} "
            f"of {len(full)} in as many epochs ({budget}); {share:.0%} pruned; "
            f"{saved:.0%} of the epochs and {seconds:.0%} of the seconds saved for as many",
            flush=True,
        )
    better = sum(ours < theirs for ours, theirs, _, _ in rows)
    print(
        f"better in {better} of {len(rows)} studies; median best {median(r[0] for r in rows):.4f}, "
        f"random {median(r[1] for r in rows):.4f}; {fmean(r[2] for r in rows):.0%} pruned; "
        f"{fmean(r[3] for r in rows):.0%} of the epochs saved"
    )


if __name__ == "__main__":
    main()
