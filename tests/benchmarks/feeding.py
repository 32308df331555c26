"""Benchmark: how Keras is given arrays in memory, beside arrays that are handed to `fit`.

Two trainings of two epochs in one process, in turns, by its CPU time: rows of a table,
and small images. One thread for each pool, so that waiting does not count as work.

    python tests/benchmarks/feeding.py ROUNDS    # one backend, as JSON
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from measuring import ONE_THREAD, ROOT, Options, Report, pair_row, python, run_process

NAME = "feeding"

SHAPES = {
    "20,000 rows of 32, batch 64": ((32,), 64),
    "20,000 images, batch 128": ((32, 32, 3), 128),
}
"""What is measured: the shape of a sample, and samples in a batch."""


def measure(options: Options) -> Report:
    """Runs both on each backend."""
    report = Report()
    for backend in options.backends:
        environment = {**ONE_THREAD, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
        command = python(str(Path(__file__)), str(options.rounds))
        found = json.loads(run_process(command, environment=environment).output.splitlines()[-1])
        report.rows.extend(
            pair_row(
                *zip(*pairs, strict=True),
                benchmark=NAME,
                case=f"{backend}, {case}",
                figure="CPU s",
                goal=1.0,
            )
            for case, pairs in found.items()
        )
    return report


def main() -> None:
    """Prints the CPU seconds of each round: fed, and handed over."""
    rounds = int(sys.argv[1])
    print(json.dumps({case: _rounds(*shape, rounds) for case, shape in SHAPES.items()}))


def _rounds(shape: tuple[int, ...], batch_size: int, rounds: int) -> list[tuple[float, float]]:
    import keras
    import numpy as np

    from kerasgen.runtime.feed import Feed

    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, *shape)).astype("float32")
    y = rng.integers(0, 10, 20_000).astype("int32")
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")

    def fed() -> None:
        feed = Feed((x, y), batch_size, 0)
        begin = keras.callbacks.LambdaCallback(on_epoch_begin=feed.begin)
        model.fit(feed, epochs=2, verbose=0, callbacks=[begin])

    def handed_over() -> None:
        model.fit(x, y, batch_size=batch_size, epochs=2, verbose=0)

    def seconds(training: Callable[[], None]) -> float:
        start = time.process_time()
        training()
        return time.process_time() - start

    fed(), handed_over()  # compiled once
    pairs = []
    for number in range(rounds):
        both = [fed, handed_over] if number % 2 == 0 else [handed_over, fed]
        found = {training: seconds(training) for training in both}
        pairs.append((found[fed], found[handed_over]))
    return pairs


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    main()
