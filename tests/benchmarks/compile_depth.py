"""Measures one process's compile times of deep models; `compile_time` starts it and reads it.

    KERAS_BACKEND=tensorflow python compile_depth.py --layers 10 100 --rounds 3

The model stands in a config file. `frontend` is the way from there to the IR (composing,
resolving, parsing); `kerasgen` is `compile_program` and the memory of the weights; `by hand` are
the same Keras calls. Prints one JSON document: case to layers to job to CPU and wall seconds.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kerasgen.diagnostics import Sink  # noqa: E402 - from the checkout that is measured
from kerasgen.frontend.compose.composition import compose  # noqa: E402
from kerasgen.passes.outline import outline  # noqa: E402
from kerasgen.session.engine_start import start  # noqa: E402
from kerasgen.session.session import Session  # noqa: E402
from kerasgen.session.states import CLOSED, Parsed  # noqa: E402

UNITS = 16

RECURSION = 10_000
"""Keras walks a graph by recursion: at Python's own limit of 1,000 it refuses about 980 layers."""


def chain_config(layers: int) -> str:
    """A chain of `layers` entries."""
    entry = f"{{class: Dense, units: {UNITS}, activation: relu}}"
    lines = [f"  dense_{index}: {entry}" for index in range(layers - 2)]
    return _config(lines)


def residual_config(layers: int) -> str:
    """A graph of `layers` entries, every second of which adds what came in to what comes out."""
    entry = f"{{class: Dense, units: {UNITS}, activation: relu}}"
    lines = [f"  sum_0: {entry}"]
    for index in range(1, (layers - 3) // 2 + 1):
        lines.append(f"  dense_{index}: {entry}")
        lines.append(f"  sum_{index}: {{class: Add, from: [sum_{index - 1}, dense_{index}]}}")
    return _config(lines)


def _config(lines: list[str]) -> str:
    last = "  scores: {class: Dense, units: 10, activation: softmax}"
    return "\n".join(["layers:", "  flatten: Flatten", *lines, last]) + "\n"


def chain_by_hand(layers: int) -> Any:
    """The Keras calls of `chain_config`."""
    import keras

    keras.utils.set_random_seed(0)
    made = [
        keras.layers.Dense(UNITS, activation="relu", name=f"dense_{index}")
        for index in range(layers - 2)
    ]
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="input"),
            keras.layers.Flatten(name="flatten"),
            *made,
            keras.layers.Dense(10, activation="softmax", name="scores"),
        ],
        name="deep",
    )


def residual_by_hand(layers: int) -> Any:
    """The Keras calls of `residual_config`."""
    import keras

    keras.utils.set_random_seed(0)
    coming = keras.Input((8, 8, 1), name="input")
    x = keras.layers.Flatten(name="flatten")(coming)
    x = keras.layers.Dense(UNITS, activation="relu", name="sum_0")(x)
    for index in range(1, (layers - 3) // 2 + 1):
        y = keras.layers.Dense(UNITS, activation="relu", name=f"dense_{index}")(x)
        x = keras.layers.Add(name=f"sum_{index}")([x, y])
    scores = keras.layers.Dense(10, activation="softmax", name="scores")(x)
    return keras.Model(coming, scores, name="deep")


CASES: dict[str, tuple[Callable[[int], str], Callable[[int], Any]]] = {
    "chain": (chain_config, chain_by_hand),
    "residual": (residual_config, residual_by_hand),
}


def measure_case(case: str, layers: int, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Times the jobs in turns; CPU and wall seconds of each round."""
    config, by_hand = CASES[case]
    found: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model").mkdir()
        (Path(folder) / "model" / "deep.yaml").write_text(config(layers))

        def frontend() -> Any:
            backend = os.environ["KERAS_BACKEND"]
            session = Session(compose(["model=deep", f"backend={backend}"], folder), CLOSED)
            assert isinstance(session.parsed, Parsed)
            return session.parsed.program

        program = frontend()
        started = start(program.backend, Sink())
        engine, catalog = started.engine, started.catalog
        from kerasgen.compiler import compile_program

        def compiled() -> Any:
            outlined = outline(program, catalog, Sink())
            model = engine.realize(compile_program(outlined, engine, catalog, Sink()), catalog)
            model.initialize()
            return model.model

        jobs = {"frontend": frontend, "kerasgen": compiled, "by hand": lambda: by_hand(layers)}
        _check_same(compiled(), by_hand(layers))
        for number in range(rounds):
            for name in list(jobs) if number % 2 == 0 else list(reversed(jobs)):
                found.setdefault(name, []).append(_timed(jobs[name]))
    return found


def _timed(job: Callable[[], Any]) -> tuple[float, float]:
    import keras

    keras.utils.clear_session()
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    made = job()
    seconds = time.process_time() - cpu, time.perf_counter() - wall
    del made
    return seconds


def _check_same(ours: Any, theirs: Any) -> None:
    """Both sides must have made the same model, weights included."""
    import numpy as np

    names = [[layer.name for layer in model.layers] for model in (ours, theirs)]
    assert names[0] == names[1], "the two models differ"
    pairs = zip(ours.get_weights(), theirs.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs), "the weights of the two models differ"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, nargs="+", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    options = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    sys.setrecursionlimit(RECURSION)
    found = {
        case: {layers: measure_case(case, layers, options.rounds) for layers in options.layers}
        for case in CASES
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
