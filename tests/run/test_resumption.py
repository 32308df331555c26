"""A run that is killed goes on in its folder, and ends as one that never was."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from short_runs import SHORT, fields, left, run

from kerasgen.diagnostics import CompileError
from kerasgen.record.checkpoints import newest_checkpoint, write_checkpoint
from kerasgen.verbs.resume import resume_run

ROOT = Path(__file__).resolve().parents[2]


PATIENCE = 120.0
"""Seconds in which a process must have done what is waited for."""


@pytest.mark.slow
def test_more_epochs_of_a_finished_run_are_as_all_in_one_go(engine: str, tmp_path: Path) -> None:
    assert run(engine, tmp_path / "whole", "fit.epochs=3") == 0
    assert run(engine, tmp_path / "parts", "fit.epochs=1") == 0
    assert resume_run(tmp_path / "parts", ["fit.epochs=3"]) == 0
    assert left(tmp_path / "parts") == left(tmp_path / "whole")
    told = fields(tmp_path / "parts")
    assert told["status"] == "completed"
    assert [(r["epoch"], r["step"]) for r in told["resumed"]] == [(1, 0)]
    assert "resumed" not in fields(tmp_path / "whole")


def test_a_finished_run_is_refused_without_more_epochs(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(engine, tmp_path, "fit.epochs=1") == 0
    with pytest.raises(CompileError, match="KG626"):
        resume_run(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert run(engine, tmp_path, "fit.epochs=1") == 2
    assert "already holds a run that is completed" in capsys.readouterr().err
    assert before == {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}


def killed(engine: str, folder: Path, signals: Sequence[signal.Signals], *overrides: str) -> str:
    """Runs into a folder, and sends signals at a moment of the training; what was printed."""
    command = [sys.executable, str(ROOT / "run.py"), f"backend={engine}", *SHORT, *overrides]
    process = subprocess.Popen(
        [*command, f"hydra.run.dir={folder}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder.parent,
    )
    try:
        until = time.monotonic() + PATIENCE
        while newest_checkpoint(folder) is None and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.02)
        time.sleep(random.Random(str(folder)).uniform(0, 0.5))
        for number in signals:
            process.send_signal(number)
        printed, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode != 0, printed
    return printed


LONG = ("fit.epochs=40", "fit.checkpoint.every=7 steps")


def test_a_killed_run_ends_as_one_that_never_was(engine: str, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    rate = ["optimizer/learning_rate=cosine_decay", "optimizer.learning_rate.decay_steps=400"]
    killed(engine, folder, [signal.SIGKILL], *LONG, *rate)
    reached = newest_checkpoint(folder)
    assert reached is not None
    epochs = int(reached.facts["position"]["epoch"]) + 1
    assert run(engine, folder, LONG[1], f"fit.epochs={epochs}", *rate) == 0
    assert run(engine, tmp_path / "whole", LONG[1], f"fit.epochs={epochs}", *rate) == 0
    assert left(folder) == left(tmp_path / "whole")
    assert len(fields(folder)["resumed"]) == 1


@pytest.mark.slow
def test_the_first_ctrl_c_ends_a_training_with_a_checkpoint(engine: str, tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    printed = killed(engine, folder, [signal.SIGINT], "fit.epochs=4000")
    assert f"goes on with: kerasgen resume {folder.name}" in printed
    assert printed.endswith("interrupted\n")
    assert fields(folder)["status"] == "interrupted"
    reached = newest_checkpoint(folder)
    assert reached is not None
    assert len(reached.facts["history"]) == reached.facts["position"]["epoch"]


@pytest.mark.slow
def test_what_an_interrupted_run_has_left_is_not_touched_by_another_one(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "killed"
    killed(engine, folder, [signal.SIGKILL], *LONG)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert run(engine, folder, *LONG, "optimizer.learning_rate=0.5") == 2
    told = capsys.readouterr().err
    assert "other settings: `optimizer.learning_rate`" in told
    assert before == {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for path in folder.glob("checkpoints/*.json"):
        path.write_text(path.read_text()[:-10])
    assert run(engine, folder, *LONG) == 2
    assert "none of its checkpoints is sound" in capsys.readouterr().err
    assert run(engine, folder, "fit.epochs=1", "fit.resume=never") == 0
    assert "resumed" not in fields(folder)


@pytest.mark.slow
def test_a_run_whose_first_state_did_not_fit_on_the_disk_begins_anew(
    engine: str, tmp_path: Path
) -> None:
    folder = tmp_path / "full"
    assert run(engine, folder, "fit.epochs=1") == 0
    failed = {**fields(folder), "status": "failed"}
    (folder / "record.json").write_text(json.dumps(failed))
    for path in folder.glob("checkpoints/*"):
        path.unlink()
    assert run(engine, folder, "fit.epochs=1") == 0
    assert fields(folder)["status"] == "completed"


def test_finished_folds_are_not_run_again(engine: str, tmp_path: Path) -> None:
    wanted = ("fit.folds=2", "fit.epochs=1", "tracking.model=false")
    assert run(engine, tmp_path / "folds", *wanted) == 0
    record = tmp_path / "folds" / "record.json"
    first = tmp_path / "folds" / "folds" / "1" / "record.json"
    metrics, began = fields(tmp_path / "folds")["metrics"], json.loads(first.read_text())["started"]
    told = fields(tmp_path / "folds")
    record.write_text(json.dumps({**told, "status": "interrupted"}))
    second = tmp_path / "folds" / "folds" / "2" / "record.json"
    second.write_text(json.dumps({**json.loads(second.read_text()), "status": "interrupted"}))
    assert run(engine, tmp_path / "folds", *wanted) == 0
    assert json.loads(first.read_text())["started"] == began
    assert fields(tmp_path / "folds")["metrics"] == metrics
    assert os.path.isdir(tmp_path / "folds" / "folds" / "2")


@pytest.mark.parametrize(
    "strange",
    [
        {"variables": ["os"]},
        {"variables": 5},
        {"random": {}},
        {"random": {"python": [1], "numpy": 3}},
        {"callbacks": 5},
        {"callbacks": {"#history": {"on_epoch_end": 3, "model": None}}},
        {},
    ],
    ids=repr,
)
def test_a_state_of_a_stranger_ends_in_a_diagnostic(
    engine: str,
    finished: Path,
    tmp_path: Path,
    strange: dict,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "strange"
    shutil.copytree(finished, folder)
    found = newest_checkpoint(folder)
    assert found is not None
    state = {**found.facts["state"], **strange} if strange else strange
    write_checkpoint(folder, found.arrays(), {**found.facts, "state": state}, 1)
    assert resume_run(folder, ["fit.epochs=2"]) == 1
    told = capsys.readouterr().err
    assert "error[KG801]" in told
    assert "Traceback" not in told


@pytest.fixture(scope="module")
def finished(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert run(engine, folder, "fit.epochs=1") == 0
    return folder
