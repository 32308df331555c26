"""A second Ctrl-C in a terminal, while the table of a sweep goes and its jobs are ended.

`pytest -n 0 -m slow tests/sweep/test_second_interruption.py`: twenty seconds.
"""

import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pty = pytest.importorskip("pty", reason="this system has no terminals")

RATE = "optimizer.learning_rate=interval(0.001,0.1)"
SEARCH = ("hydra/sweeper=optuna", "hydra.sweeper.objective=val_loss", RATE)


def in_terminal(application: Any, *words: str) -> tuple[int, int]:
    """Starts the application in a terminal of its own: process id and the terminal's other end."""
    pid, terminal = pty.fork()
    if pid == 0:
        # Children of a shell's background ignore it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(application.folder)
        os.execve(sys.executable, application.command(*words), dict(application.environment))
    return pid, terminal


def read_until(terminal: int, done: Any) -> bytes:
    """What a terminal shows until something has happened, or its process has ended."""
    found, until = b"", time.monotonic() + 60
    while not done():
        assert time.monotonic() < until, found
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                found += os.read(terminal, 65536)
            except OSError:  # The other side is closed.
                return found
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize("words", [("seed=range(4)",), SEARCH], ids=["grid", "search"])
def test_a_second_ctrl_c_ends_at_once_and_says_how_to_go_on(
    words: tuple[str, ...], application: Any
) -> None:
    if words is SEARCH:
        optuna = pytest.importorskip("optuna", reason="the extra `search` is not installed")
        added = str(Path(optuna.__file__).parents[1])
        application.environment["PYTHONPATH"] += os.pathsep + added
    stand_in = application.folder.parent / "stand_in" / "sitecustomize.py"
    slow = "except KeyboardInterrupt:\n        open('ending', 'w').close()\n        time.sleep(60)"
    stand_in.write_text(stand_in.read_text().replace("except KeyboardInterrupt:", slow))
    more = ("name=sleep", "hydra.launcher.n_jobs=2", "hydra.sweep.dir=s")
    pid, terminal = in_terminal(application, "-m", *more, *words)
    logs = [application.folder / "s" / name / "console.log" for name in "01"]
    read_until(terminal, lambda: all(p.exists() and "sleeps" in p.read_text() for p in logs))
    os.write(terminal, b"\x03")
    read_until(terminal, (application.folder / "ending").exists)
    os.write(terminal, b"\x03")
    began = time.monotonic()
    shown = read_until(terminal, lambda: False).decode()
    assert time.monotonic() - began < 8
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 130, shown
    assert "the same command goes on with what is not done:" in shown
    assert "kerasgen sweep status s" in shown
    assert shown.rstrip().endswith("interrupted")
    records = application.records().values()
    assert [(r["status"], r["error"]) for r in records] == [("interrupted", "interrupted")] * 2
