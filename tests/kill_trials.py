"""SIGKILL at random moments of trainings, which go on: what each ends with, as a table.

`python tests/kill_trials.py --trials 30 --backends jax` trains each task once in one go, and as
often as asked with one or two kills on its way. A trial is right if all that is left is the same,
bit by bit: weights, optimizer, metrics, random generators, callbacks, history, predictions.
States are kept every third step, so that many a kill falls into the writing of one.
"""

import argparse
import csv
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasgen.record.checkpoints import newest_checkpoint

ROOT = Path(__file__).resolve().parents[1]

PATIENCE = 600.0
"""Seconds in which a process must have done what is waited for."""

SPAN = 1.5
"""Seconds after the first new state over which kills are spread."""

EVERY = ("fit.checkpoint.every=3 steps", "fit.verbose=0", "tracking.plots=false")

LSTM = """\
layers:
  rows: {class: Reshape, target_shape: [8, 8]}
  memory: {class: LSTM, units: 16, dropout: 0.2, recurrent_dropout: 0.1}
  scores: {class: Dense, units: 10, activation: softmax}
"""

TASKS = {
    "mlp": (
        "data=digits",
        "model=mlp",
        "optimizer=adamw",
        "optimizer/learning_rate=cosine_decay",
        "optimizer.learning_rate={initial_learning_rate: 0.01, decay_steps: 200}",
        "optimizer.use_ema=true",
        "fit.epochs=5",
    ),
    "convnet": (
        "data=digits",
        "model=convnet",
        "data.augment.shift={class: RandomTranslation, height_factor: 0.1, width_factor: 0.1}",
        "fit.epochs=4",
        "fit.callbacks={plateau: {class: ReduceLROnPlateau, patience: 1, min_delta: 1.0}, "
        "log: {class: CSVLogger, filename: log.csv}}",
    ),
    "lstm": (
        "data=digits",
        "model=lstm",
        "fit.epochs=4",
        "fit.callbacks={stop: {class: EarlyStopping, patience: 2, min_delta: 0.2, "
        "restore_best_weights: true}}",
    ),
    "phases": (
        "data=digits",
        "model=convnet",
        "fit.phases={warm: {epochs: 2, trainable: [scores]}, "
        "fine: {epochs: 3, batch_size: 64, optimizer: {learning_rate: 1e-4}}}",
        "fit.callbacks={best: {class: ModelCheckpoint, filepath: best.keras, "
        "save_best_only: true}, log: {class: CSVLogger, filename: log.csv}}",
    ),
    "streamed": (
        "data=table",
        "model=table",
        "data.source.path=rows.csv",
        "data.source.stream=true",
        "data.target=y",
        "fit.epochs=4",
    ),
}
"""What is trained, by name: overrides."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What one training with kills on its way has come to.

    Attributes:
        task: what was trained.
        places: epoch and step at which it went on.
        faults: what is not as in one go.
    """

    task: str
    places: tuple[tuple[int, int], ...]
    faults: tuple[str, ...]


def main() -> int:
    """Runs the trials that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=30, help="of all tasks together")
    parser.add_argument("--backends", default="jax,tensorflow,torch")
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    wrong = 0
    for backend in options.backends.split(","):
        tasks = options.tasks.split(",")
        wrong += report(backend, list(run_trials(backend, tasks, options.trials, options.seed)))
    return 1 if wrong else 0


def run_trials(backend: str, tasks: Sequence[str], count: int, seed: int) -> Iterator[Trial]:
    """Makes trials on one backend, the tasks in turns, at moments that a seed gives."""
    chance = random.Random(f"{backend} {seed}")
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        place = Path(name)
        prepare(place)
        whole = {}
        for task in tasks:
            assert train(place, backend, task, f"whole-{task}") == 0
            whole[task] = left(place / f"whole-{task}")
        for number in range(count):
            task = tasks[number % len(tasks)]
            trial = one_trial(place, backend, task, f"killed-{number}", whole[task], chance)
            print(f"{backend} {number + 1}: {trial}", flush=True)
            yield trial


def prepare(place: Path) -> None:
    """Writes what the tasks read."""
    (place / "conf" / "model").mkdir(parents=True)
    (place / "conf" / "model" / "lstm.yaml").write_text(LSTM)
    rng = np.random.default_rng(0)
    with (place / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "kind", "y"])
        for a, b in rng.normal(size=(1500, 2)):
            kind = "round" if a * b > 0 else "square"
            writer.writerow([f"{a:.4f}", f"{b:.4f}", kind, "yes" if a + b > 0 else "no"])


def started(place: Path, backend: str, task: str, folder: str) -> "subprocess.Popen[str]":
    """A training in a process of its own."""
    words = (f"backend={backend}", *TASKS[task], *EVERY, f"hydra.run.dir={folder}")
    return subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), "--config-dir", "conf", *words],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def train(place: Path, backend: str, task: str, folder: str) -> int:
    """Trains to the end; gives the exit code, and tells what went wrong."""
    process = started(place, backend, task, folder)
    _, told = process.communicate(timeout=PATIENCE)
    if process.returncode:
        print(told[-3000:], file=sys.stderr)
    return process.returncode


def one_trial(
    place: Path, backend: str, task: str, name: str, whole: dict[str, str], chance: random.Random
) -> Trial:
    """One training with one or two kills on its way."""
    for _ in range(chance.choice((1, 1, 2))):
        kill_once(place, backend, task, name, chance.uniform(0, SPAN))
    # A training may have come to its end before the signal.
    done = status_of(place / name) == "completed"
    code = 0 if done else train(place, backend, task, name)
    faults = [f"code {code}"] if code else []
    found = {} if code else left(place / name)
    faults += [key for key, value in whole.items() if found.get(key) != value]
    told = json.loads((place / name / "record.json").read_text()).get("resumed", [])
    places = tuple((one["epoch"], one["step"]) for one in told)
    return Trial(task=task, places=places, faults=tuple(faults))


def kill_once(place: Path, backend: str, task: str, name: str, wait: float) -> None:
    """Kills a training some time after it has kept its first state; it may end before."""
    known = newest_number(place / name)
    process = started(place, backend, task, name)
    until = time.monotonic() + PATIENCE
    while newest_number(place / name) <= known and process.poll() is None:
        assert time.monotonic() < until, "no state was kept"
        time.sleep(0.01)
    time.sleep(wait)
    process.kill()
    process.communicate()


def status_of(folder: Path) -> str:
    """The status in the record of a run."""
    return str(json.loads((folder / "record.json").read_text())["status"])


def newest_number(folder: Path) -> int:
    """The number of the newest state, 0 for none; nothing of it is read."""
    return max((int(p.stem) for p in folder.glob("checkpoints/*.json")), default=0)


def left(folder: Path) -> dict[str, str]:
    """Digests of all that a training leaves but how long it took."""
    found = newest_checkpoint(folder)
    assert found is not None
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in found.facts["history"]]
    state = hashlib.sha256()
    for name, array in sorted(found.arrays().items()):
        state.update(name.encode() + array.tobytes())
    with np.load(folder / "predictions.npz") as arrays:
        answers = [arrays[name].tobytes() for name in sorted(arrays.files)]
    log = folder / "log.csv"
    return {
        "state": state.hexdigest(),
        "history": json.dumps(rows),
        "figures": (folder / "metrics.json").read_text(),
        "predictions": hashlib.sha256(b"".join(answers)).hexdigest(),
        "log": log.read_text() if log.exists() else "",
    }


def report(title: str, trials: Sequence[Trial]) -> int:
    """Prints what was wrong; gives the number of wrong ones."""
    wrong = [trial for trial in trials if trial.faults]
    inside = sum(any(step for _, step in trial.places) for trial in trials)
    print(
        f"{title}: {len(trials) - len(wrong)} of {len(trials)} the same, {inside} of them gone on "
        "within an epoch"
    )
    for trial in wrong:
        print(f"  -- {trial}")
    sys.stdout.flush()
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
