"""What a run prints: a line a step on stdout, what is wrong on stderr.

This room owns the form of the lines, and in which form the progress of a training is shown:

- in a terminal as a bar that is drawn in place, in a notebook as an output that is replaced;
- elsewhere as a line an epoch: in a file, a pipe, a terminal that cannot draw in place, and in a
  cell that starts a process, whose terminal is none;
- not at all for a job of a sweep, unless it prints into a file of its own;
- what `fit.verbose` asks for by a number the engine prints itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Protocol

from kerasgen.diagnostics.render import closing_text, render_text
from kerasgen.record.file_names import CONSOLE
from kerasgen.run.events import (
    EngineReported,
    EpochEnded,
    Event,
    PhaseBegan,
    RunEnded,
    RunStarted,
    StateKept,
    StepFinished,
    TrainingProgressed,
    TrainingResumed,
    TrainingStarted,
    WarningsRaised,
    WeightsTaken,
)
from kerasgen.run.listeners.progress.lines import LABEL, WIDTH, epoch_line
from kerasgen.run.listeners.progress.notebook import NotebookBar, in_notebook
from kerasgen.run.listeners.progress.state import Progress

_LABELS = {
    EngineReported: "engine",
    WeightsTaken: "weights",
    PhaseBegan: "phase",
    TrainingResumed: "resume",
}
"""What is said in a line of its own, to what stands in front of it."""


class _Display(Protocol):
    """Where progress is drawn in place."""

    def show(self) -> None:
        """Draws what has changed."""

    def end(self) -> None:
        """Leaves the last state."""


class Console:
    """Prints the events of a run.

    Args:
        quiet: whether it is one of many, which leave the terminal to what is printed of them all.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._folder = ""
        self._kept = False
        self._quiet = quiet
        self._progress: Progress | None = None
        self._display: _Display | None = None

    def hear(self, event: Event) -> None:
        """Prints what is to be seen of an event.

        Raises:
            OSError: stdout cannot take it.
        """
        self._follow(event)
        if isinstance(event, RunStarted):
            self._folder = event.folder
            settings = (event.backend[n] for n in ("backend", "floatx", "image_data_format"))
            _say(f"{'run':<{LABEL}}  {event.folder}  {', '.join(map(str, settings))}")
        elif isinstance(event, StepFinished):
            text = event.text if len(event.text) <= WIDTH else event.text[: WIDTH - 1] + "…"
            _say(f"{event.name:<{LABEL}}  {text:<{WIDTH}}  {event.seconds:7.2f} s")
        elif isinstance(event, EngineReported | WeightsTaken | PhaseBegan | TrainingResumed):
            _say(f"{_LABELS[type(event)]:<{LABEL}}  {event.text}")
        elif isinstance(event, TrainingStarted):
            self._begin_progress(event)
        elif isinstance(event, StateKept):
            self._kept = True
        elif isinstance(event, WarningsRaised):
            _complain(render_text(event.diagnostics))
        elif isinstance(event, RunEnded):
            self._end(event)

    def _begin_progress(self, event: TrainingStarted) -> None:
        own = not self._quiet or _is_stdout(Path(self._folder) / CONSOLE)
        if event.verbose != "auto" or not own:
            return
        self._progress = Progress(event.epochs, event.epoch)
        if in_notebook():
            self._display = NotebookBar(self._progress)
        elif _draws_in_place():
            from kerasgen.run.listeners.progress.terminal import TerminalBar

            self._display = TerminalBar(self._progress)

    def _follow(self, event: Event) -> None:
        """Lets what shows progress know what happens."""
        if self._progress is None:
            return
        if isinstance(event, StepFinished | RunEnded):
            self._end_progress()
        elif isinstance(event, PhaseBegan):
            self._progress.epochs = event.total
        elif isinstance(event, TrainingProgressed | EpochEnded):
            self._progress.hear(event)
            if self._display is not None:
                self._display.show()
            elif isinstance(event, EpochEnded):
                _say(epoch_line(self._progress, event.seconds))

    def _end_progress(self) -> None:
        if self._display is not None:
            self._display.end()
        self._progress = self._display = None

    def _end(self, event: RunEnded) -> None:
        if event.status == "completed" and self._folder:
            _say(f"{'record':<{LABEL}}  {self._folder}  ({event.seconds} s)")
        if event.status == "pruned":
            _say(f"{'pruned':<{LABEL}}  {(event.error or '').removeprefix('pruned ')}")
        diverged = any(one.code == "KG802" for one in event.diagnostics)  # It would do so again.
        if event.status in ("interrupted", "failed") and self._kept and not diverged:
            _say(f"{'kept':<{LABEL}}  the training goes on with: kerasgen resume {self._folder}")
        if event.diagnostics:
            _complain(render_text(event.diagnostics))
        if event.status == "rejected":
            _complain(f"\n{closing_text(event.diagnostics)}")
        if event.unrecorded is not None:
            _complain(f"  = note: {event.unrecorded}")


def _draws_in_place() -> bool:
    """Whether stdout is a terminal in which the cursor can be moved."""
    if os.environ.get("TERM", "").lower() in ("dumb", "unknown"):
        return False
    # A cell that starts a process gives it a terminal, and shows what comes out as it comes.
    return sys.stdout.isatty() and "JPY_PARENT_PID" not in os.environ


def _is_stdout(path: Path) -> bool:
    """Whether stdout goes into a file."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), path.stat())
    except (OSError, ValueError):  # It is closed, or no file of the system's.
        return False


def _say(line: str) -> None:
    print(line, flush=True)


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
