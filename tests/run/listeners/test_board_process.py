"""A board in a process of its own: what arrives there, and what becomes of one that fails."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.run.event_stream import TrackerError
from kerasgen.run.listeners import board_process
from kerasgen.run.listeners.board import TrackedRun
from kerasgen.run.listeners.board_process import BoardProcess

MODULE = """
import json, os, sys, time
from kerasgen.run.listeners.board_process import serve

class Notes:
    def __init__(self, settings):
        self.settings, self.calls = settings, []

    def start(self, run):
        print("noise on the standard output")
        self.note("start", run.name, list(run.groups))

    def scalars(self, step, figures):
        if self.settings["does"] == "fail":
            raise OSError("https://me:wordfish@host is gone")
        if self.settings["does"] == "exit":
            os._exit(7)
        time.sleep(self.settings["sleep"])
        self.note("scalars", step, figures)

    def artifact(self, path):
        self.note("artifact", path)

    def finish(self, status):
        self.note("finish", status)

    def note(self, *call):
        self.calls.append(call)
        with open(self.settings["file"], "w") as file:
            json.dump(self.calls, file)

sys.exit(serve(Notes, sys.stdin.buffer))
"""

RUN = TrackedRun(
    name="digits", folder="/r", groups=("/s",), resumed=False, config="seed: 1\n", facts={}
)

Make = Callable[..., BoardProcess]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    (tmp_path / "notes_of_a_run.py").write_text(MODULE)

    def made(does: str = "", sleep: float = 0.0) -> BoardProcess:
        settings = {"file": str(tmp_path / "calls.json"), "does": does, "sleep": sleep}
        known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        path = os.pathsep.join([str(tmp_path), *filter(None, known)])
        board = BoardProcess("notes_of_a_run", settings, {"PYTHONPATH": path})
        board.start(RUN)
        return board

    return made


def calls(folder: Path) -> list[list[object]]:
    found: list[list[object]] = json.loads((folder / "calls.json").read_text())
    return found


def test_what_a_board_is_told_arrives_in_order(make: Make, tmp_path: Path) -> None:
    board = make()
    board.scalars(1, {"loss": float("inf")})
    board.artifact("/r/config.yaml")
    board.finish("completed")
    board.end()
    assert calls(tmp_path) == [
        ["start", "digits", ["/s"]],
        ["scalars", 1, {"loss": float("inf")}],
        ["artifact", "/r/config.yaml"],
        ["finish", "completed"],
    ]


def test_telling_does_not_wait_for_the_board(make: Make) -> None:
    board, began = make(sleep=0.5), time.monotonic()
    for step in range(20_000):  # more than a pipe takes
        board.scalars(step, {"loss": 1.0})
    assert time.monotonic() - began < 5.0
    assert board._process is not None
    board._process.kill()
    with pytest.raises(TrackerError, match="its process ended with -9"):
        board.end()


def test_an_error_of_the_board_is_told_without_passwords(make: Make) -> None:
    board = make("fail")
    board.scalars(1, {"loss": 1.0})
    board.finish("completed")
    with pytest.raises(TrackerError, match=r"OSError: https://me:\*\*\*@host is gone"):
        board.end()


def test_an_error_of_the_board_is_told_with_the_next_call(make: Make) -> None:
    board = make("exit")
    board.scalars(1, {"loss": 1.0})
    assert board._process is not None
    board._process.wait(20.0)
    with pytest.raises(TrackerError, match="its process ended with 7"):
        board.scalars(2, {"loss": 1.0})


def test_a_board_that_takes_too_long_is_given_up(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_process, "END", 0.5)
    board = make(sleep=60.0)
    board.scalars(1, {"loss": 1.0})
    board.finish("completed")
    with pytest.raises(TrackerError, match="not taken everything"):
        board.end()
    assert board._process is not None
    assert board._process.returncode == -9


def test_a_board_hears_of_a_run_that_was_killed(make: Make, tmp_path: Path) -> None:
    board = make()
    process = board._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()  # as the system does for a process that is killed
    assert process.wait(20.0) == 0
    assert calls(tmp_path)[-1] == ["finish", "killed"]
    assert process.stdout is not None
    process.stdout.close()
