"""Benchmark: what checkpoints cost a training, beside the same one that keeps none.

Two trainings of two epochs in one process, in turns: a convolution over 12,800 images, whose
state is 1 MB, and a wide network over rows, whose state is 28 MB. Seconds on the wall count too,
since what is written is synced to the disk.

    python tests/benchmarks/checkpoints.py ROUNDS    # one backend, as JSON
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measuring import ONE_THREAD, ROOT, Options, Report, pair_row, python, run_process

NAME = "checkpoints"

ROWS = 12_800

EVERY = ("1 epoch", "50 steps")
"""How often a state is kept; an epoch has 100 steps."""


def measure(options: Options) -> Report:
    """Runs all on each backend."""
    report = Report()
    for backend in options.backends:
        environment = {**ONE_THREAD, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
        command = python(str(Path(__file__)), str(options.rounds))
        found = json.loads(run_process(command, environment=environment).output.splitlines()[-1])
        for case, figures in found.items():
            for figure, pairs in figures.items():
                kept, plain = zip(*pairs, strict=True)
                report.rows.append(
                    pair_row(kept, plain, benchmark=NAME, case=f"{backend}, {case}", figure=figure)
                )
    return report


def main() -> None:
    """Prints the seconds of each round: with checkpoints, and without."""
    rounds = int(sys.argv[1])
    found = {}
    for name, (shape, width) in {"images": ((16, 16, 3), 32), "rows": ((64,), 1500)}.items():
        for every in EVERY:
            found[f"{name}, every {every}"] = _rounds(shape, width, every, rounds)
    print(json.dumps(found))


def _model(shape: tuple[int, ...], width: int) -> Any:
    import keras

    layers = (
        [keras.layers.Conv2D(width, 3, activation="relu"), keras.layers.Flatten()]
        if len(shape) == 3
        else [keras.layers.Dense(width, activation="relu"), keras.layers.Dense(width)]
    )
    model = keras.Sequential(
        [keras.Input(shape), *layers, keras.layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def _rounds(
    shape: tuple[int, ...], width: int, every: str, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    import numpy as np

    from kerasgen.engine import TrainingListener
    from kerasgen.engines.keras3.kept_training import Checkpoints
    from kerasgen.engines.keras3.training import ActingCallbacks, fit_model
    from kerasgen.ir.program import CheckpointDef, FitDef
    from kerasgen.ir.training import FeedPosition, TrainingState
    from kerasgen.record.checkpoints import write_checkpoint
    from kerasgen.runtime.feed import Feed

    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, *shape)).astype("float32")
    y = rng.integers(0, 10, ROWS).astype("int32")
    model = _model(shape, width)
    figures: dict[str, list[tuple[float, float]]] = {"CPU s": [], "wall s": []}
    with tempfile.TemporaryDirectory() as folder:

        def keep(state: TrainingState) -> None:
            write_checkpoint(Path(folder), state.arrays, dict(state.facts), 2)

        def seconds(checkpoint: CheckpointDef | None) -> tuple[float, float]:
            listener = TrainingListener(
                epoch_ended=lambda number, figures: None,
                followers=frozenset(),
                follower_failed=lambda name, error: None,
            )
            fit = FitDef(epochs=2, batch_size=128, verbose=0, checkpoint=checkpoint)
            start, moment = time.process_time(), time.perf_counter()
            kept = Checkpoints(due=checkpoint, keep=keep, start=FeedPosition())
            acting = ActingCallbacks({}, listener)
            fit_model(model, (Feed((x, y), 128, 0), None), fit, acting, kept)
            return time.process_time() - start, time.perf_counter() - moment

        seconds(None)  # compiled once
        for number in range(rounds):
            ways = [CheckpointDef(every=every), None]
            found = {way is None: seconds(way) for way in (ways if number % 2 else ways[::-1])}
            for figure, kept, plain in zip(figures, found[False], found[True], strict=True):
                figures[figure].append((kept, plain))
    return figures


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    main()
