"""What a run prints: a line a step on stdout, what is wrong on stderr.

This room owns the form of the lines. What the engine prints of an epoch is its own.
"""

from __future__ import annotations

import sys

from kerasgen.diagnostics.render import closing_text, render_text
from kerasgen.run.events import (
    Event,
    PhaseBegan,
    RunEnded,
    RunStarted,
    StateKept,
    StepFinished,
    TrainingResumed,
    WarningsRaised,
    WeightsTaken,
)

WIDTH = 86
"""Columns of a step's line, between its name and its seconds."""


class Console:
    """Prints the events of a run."""

    def __init__(self) -> None:
        self._folder = ""
        self._kept = False

    def hear(self, event: Event) -> None:
        """Prints what is to be seen of an event.

        Raises:
            OSError: stdout cannot take it.
        """
        if isinstance(event, RunStarted):
            self._folder = event.folder
            settings = (event.backend[n] for n in ("backend", "floatx", "image_data_format"))
            _say(f"{'run':<10}  {event.folder}  {', '.join(map(str, settings))}")
        elif isinstance(event, StepFinished):
            text = event.text if len(event.text) <= WIDTH else event.text[: WIDTH - 1] + "…"
            _say(f"{event.name:<10}  {text:<{WIDTH}}  {event.seconds:7.2f} s")
        elif isinstance(event, WeightsTaken):
            _say(f"{'weights':<10}  {event.text}")
        elif isinstance(event, PhaseBegan):
            _say(f"{'phase':<10}  {event.text}")
        elif isinstance(event, TrainingResumed):
            _say(f"{'resume':<10}  {event.text}")
        elif isinstance(event, StateKept):
            self._kept = True
        elif isinstance(event, WarningsRaised):
            _complain(render_text(event.diagnostics))
        elif isinstance(event, RunEnded):
            self._end(event)

    def _end(self, event: RunEnded) -> None:
        if event.status == "completed" and self._folder:
            _say(f"{'record':<10}  {self._folder}  ({event.seconds} s)")
        if event.status in ("interrupted", "failed") and self._kept:
            _say(f"{'kept':<10}  the training goes on with: kerasgen resume {self._folder}")
        if event.diagnostics:
            _complain(render_text(event.diagnostics))
        if event.status == "rejected":
            _complain(f"\n{closing_text(event.diagnostics)}")
        if event.unrecorded is not None:
            _complain(f"  = note: {event.unrecorded}")


def _say(line: str) -> None:
    print(line, flush=True)


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
