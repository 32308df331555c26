"""What a run says while it goes on: a line a step, a row an epoch.

This room owns the form of that line, the time of each step, and which error belongs to which
step. It must not know what a step does.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasgen.diagnostics import CompileError
from kerasgen.record.write import Record

LINE = 86
"""Columns of a step's line in the log, between its name and its seconds."""


class StepError(Exception):
    """A step that failed while the config was in order; the cause is what Keras raised."""

    def __init__(self, step: str, cause: BaseException) -> None:
        self.step = step
        self.cause = cause
        super().__init__(f"{step}: {cause}")


@dataclass(slots=True)
class Journal:
    """What a run says while it goes on: a line a step on stdout, and its record.

    Attributes:
        folder: the folder of the run.
        record: the open record, or None before it is opened.
        fresh: whether the run made its folder.
        epoch_start: when the running epoch began, on the clock of `time.perf_counter`.
    """

    folder: Path
    record: Record | None = None
    fresh: bool = False
    epoch_start: float = 0.0

    @property
    def history(self) -> Sequence[Mapping[str, float]]:
        """The figures of the finished epochs."""
        return [] if self.record is None else self.record.epochs

    def say(self, text: str) -> None:
        """Prints a line at once."""
        print(text, flush=True)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Times a step, logs its line, which the block puts into the list, and records it.

        Raises:
            StepError: the block raised something else than a diagnostic.
        """
        start = time.perf_counter()
        line: list[str] = []
        try:
            yield line
        except (CompileError, StepError):
            raise
        except Exception as error:  # Keras and its backends raise anything.
            raise StepError(name, error) from error
        seconds = time.perf_counter() - start
        text = " ".join(line)
        text = text if len(text) <= LINE else text[: LINE - 1] + "…"
        self.say(f"{name:<10}  {text:<{LINE}}  {seconds:7.2f} s")
        if self.record is not None:
            self.record.note(timings={name: round(seconds, 4)})

    def epoch(self, number: int, figures: Mapping[str, float]) -> None:
        """Takes down a finished epoch, counted from 0: its row is on the disk at once."""
        moment = time.perf_counter()
        seconds = moment - self.epoch_start
        self.epoch_start = moment
        assert self.record is not None
        self.record.add_epoch({"epoch": number + 1, "seconds": round(seconds, 4), **figures})
