"""What a board is told of a run's events."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kerasgen import __version__
from kerasgen.run.events import EpochEnded, MetricsComputed, ProgramSettled, RunEnded, RunStarted
from kerasgen.run.listeners.board import BoardTracker, TrackedRun, groups_of
from kerasgen.run.listeners.flat_config import flat_config


@dataclass
class Notes:
    """A board that keeps its calls."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def start(self, run: TrackedRun) -> None:
        self.calls.append(("start", run))

    def scalars(self, step: int | None, figures: Any) -> None:
        self.calls.append(("scalars", step, dict(figures)))

    def text(self, name: str, text: str) -> None:
        self.calls.append(("text", name, text))

    def artifact(self, path: str) -> None:
        self.calls.append(("artifact", path))

    def finish(self, status: str) -> None:
        self.calls.append(("finish", status))


def tracker(board: Notes, **origin: Any) -> BoardTracker:
    return BoardTracker(name="t", board=board, origin=origin, resumed=False, ended=lambda: None)


def begin(one: BoardTracker, folder: Path) -> None:
    one.hear(RunStarted(folder=str(folder), backend={"backend": "jax"}, devices=("cpu:0",)))
    one.hear(
        ProgramSettled(
            name="digits",
            config="seed: 1\n",
            source_map=None,
            parameters=5,
            objective={},
            data={"fingerprint": "abc"},
        )
    )


def test_a_run_begins_when_it_is_settled_what_it_is(tmp_path: Path) -> None:
    board = Notes()
    begin(tracker(board, git={"revision": "r", "branch": None, "dirty": False}), tmp_path)
    ((name, run),) = board.calls
    assert name == "start"
    assert (run.name, run.folder, run.config) == ("digits", str(tmp_path), "seed: 1\n")
    assert run.facts == {
        "kerasgen": __version__,
        "backend": "jax",
        "data": "abc",
        "parameters": "5",
        "git.revision": "r",
        "git.dirty": "False",
    }


def test_epochs_have_steps_and_figures_of_the_whole_run_have_none(tmp_path: Path) -> None:
    board = Notes()
    one = tracker(board)
    begin(one, tmp_path)
    one.hear(EpochEnded(epoch=1, seconds=1.0, figures={"loss": 0.5}))
    one.hear(MetricsComputed(figures={"test": {"loss": 0.4}}, weights=None))
    assert board.calls[1:] == [
        ("scalars", 1, {"loss": 0.5}),
        ("scalars", None, {"test/loss": 0.4}),
    ]


def test_files_are_handed_over_at_the_end_but_arrays_and_weights(tmp_path: Path) -> None:
    for name in ("record.json", "config.yaml", "confusion_matrix_a.png", "predictions.npz"):
        (tmp_path / name).write_text("x")
    board = Notes()
    one = tracker(board)
    begin(one, tmp_path)
    one.hear(RunEnded(status="failed", error="no"))
    files = [call[1] for call in board.calls if call[0] == "artifact"]
    names = ["config.yaml", "record.json", "confusion_matrix_a.png"]
    assert files == [str(tmp_path / name) for name in names]
    assert board.calls[-1] == ("finish", "failed")


@pytest.mark.parametrize("depth", ["0", "a/0", "a/b/0"])
def test_the_job_of_a_sweep_belongs_to_its_folder(tmp_path: Path, depth: str) -> None:
    (tmp_path / "multirun.yaml").write_text("")
    assert groups_of(tmp_path / depth) == (str(tmp_path),)


def test_a_fold_belongs_to_its_run_and_to_the_sweep_of_that(tmp_path: Path) -> None:
    run = tmp_path / "0"
    run.mkdir()
    (run / "record.json").write_text("{}")
    (tmp_path / "multirun.yaml").write_text("")
    assert groups_of(run / "folds" / "1") == (str(tmp_path), str(run))


def test_a_run_of_its_own_belongs_to_nothing(tmp_path: Path) -> None:
    assert groups_of(tmp_path / "run") == ()


def test_a_config_becomes_dotted_keys_to_texts() -> None:
    text = "a: {b: 1, c: [1, 2], d: [{e: x}], f: {}, g: null, h: true, i: text}\n"
    assert flat_config(text) == {
        "a.b": "1",
        "a.c": "[1, 2]",
        "a.d.0.e": "x",
        "a.f": "{}",
        "a.g": "null",
        "a.h": "true",
        "a.i": "text",
    }
