"""A sweep that is killed again and again, and started again with the same command.

`pytest -n 0 -m slow tests/sweep/test_killed_sweeps.py`: some eight minutes on two cores.
"""

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PARTS = """
import time
import keras
import kerasgen

@kerasgen.register
class Hang(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        time.sleep(600)

@kerasgen.register
class Break(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise RuntimeError("broken on purpose")
"""

SETTINGS = [
    *({"seed": seed} for seed in range(10)),
    {"fit.callbacks.own": {"class": "Break"}},
    {"fit.callbacks.own": {"class": "Hang"}},
]

COMMAND = (
    "-m",
    "--trust",
    "parts",
    "backend=jax,torch",
    "hydra.sweeper.settings=settings.json",
    "hydra.launcher.n_jobs=2",
    "hydra.launcher.timeout=60",
    "hydra.sweep.dir=s",
    "model.layers.hidden1.units=8",
    "model.layers.hidden2.units=8",
    "fit.epochs=2",
    "fit.verbose=0",
    "tracking.plots=false",
)

KILLS = 10


def start(folder: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder)}
    environment.pop("KERAS_BACKEND", None)
    return subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *COMMAND],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def of_session(session: int) -> list[int]:
    """The processes of a session: the sweep, its servers, its jobs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text(encoding="latin-1").rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[3]) == session:
            found.append(int(folder.name))
    return found


def prepared(folder: Path) -> Path:
    folder.mkdir()
    (folder / "parts.py").write_text(PARTS)
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    return folder


def table(text: str) -> list[tuple[str, ...]]:
    """Job, status and figure of each row of the table at the end."""
    _, _, rows = text.rpartition("\njob  overrides ")
    lines = rows.partition("\n\n")[0].splitlines()[1:]
    found = []
    for line in lines:
        cells = re.split(r"  +", line)
        found.append((cells[0], cells[1], cells[2].replace(" (earlier)", ""), *cells[3:4]))
    return found


def finished(folder: Path) -> dict[str, dict[str, tuple[int, str]]]:
    """Folders of completed jobs: their files with time and bytes."""
    found = {}
    for record in sorted(folder.glob("s/*/record.json")):
        try:
            status = json.loads(record.read_text())["status"]
        except (OSError, ValueError):
            continue
        if status == "completed":
            found[record.parent.name] = {
                str(file.relative_to(record.parent)): (
                    file.stat().st_mtime_ns,
                    hashlib.sha256(file.read_bytes()).hexdigest(),
                )
                for file in sorted(record.parent.rglob("*"))
                if file.is_file()
            }
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_a_sweep_survives_ten_kills(tmp_path: Path) -> None:
    chance = random.Random(int(os.environ.get("KILL_SEED", "7")))
    folder = prepared(tmp_path / "killed")
    done: dict[str, dict[str, tuple[int, str]]] = {}
    killed = 0
    for number in range(KILLS):
        running = start(folder)
        time.sleep(chance.uniform(8, 22))
        with_all = number % 2 == 0
        victims = of_session(running.pid) if with_all else [running.pid]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        running.communicate(timeout=120)
        killed += running.returncode == -signal.SIGKILL
        time.sleep(0 if with_all else 1)  # Jobs that have lost their sweep keep their state first.
        now = finished(folder)
        assert {job: now[job] for job in done} == done, "a finished job was touched"
        print(f"kill {number}: {len(victims)} processes, {len(now)} jobs done", flush=True)
        done = now
    running = start(folder)
    told, _ = running.communicate(timeout=1200)
    now = finished(folder)
    assert {job: now[job] for job in done} == done, "a finished job was touched"
    assert sorted(map(int, now)) == list(range(20))  # Two fail, and two hang.
    whole = start(prepared(tmp_path / "whole"))
    expected, _ = whole.communicate(timeout=1200)
    assert running.returncode == whole.returncode == 1
    rows = table(told)
    assert len(rows) == 24
    assert rows == table(expected)
    statuses = [row[2] for row in rows]
    assert sum(each == "completed" for each in statuses) == 20
    assert sum("broken on purpose" in each for each in statuses) == 2
    assert sum("took longer" in each for each in statuses) == 2
    print(f"{killed} of {KILLS} kills met a running sweep, {len(done)} jobs were done by then")
