"""How a job of a search asks whether it is worth going on with, and is answered.

This room owns the two files by which they speak, in both directions, and the listener that asks at
the end of each epoch. It must not know who answers, nor by what rule.

Decisions:
- They speak by files in the folder of the run: a job may run in a process that the search has not
  started itself, or on another machine.
- A job waits for its answer, so that a search comes to the same however fast its machine is. Where
  none comes for long, it goes on: whoever would answer is gone, or busy with other things.
- The run ends once the state of its epoch is kept, so that it can be gone on with from there.
- A run that goes on asks again about its last epoch: the answer may have been lost.
- The last epoch is told, and nothing is left that could be saved: its answer does not count.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kerasgen.foreign.json_data import Bounds, read_json
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.file_names import ANSWERED, ASKED
from kerasgen.record.files import number, write_json
from kerasgen.run.events import (
    EpochEnded,
    Event,
    StateKept,
    TrainingEnded,
    TrainingProgressed,
    TrainingResumed,
    TrainingStarted,
)

_BOUNDS = Bounds(size=4096, levels=3, values=16)

_PAUSE = 0.005
"""Seconds between two looks for an answer."""

_PATIENCE = 120.0
"""Seconds that an answer is waited for."""


class PrunedError(Exception):
    """The run is not worth going on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a job asks.

    Attributes:
        epoch: the epoch that has ended, from 1.
        value: its figure; NaN where it has none.
    """

    epoch: int
    value: float


def asked_in(folder: Path) -> Question | None:
    """What the job in a folder asks and has got no answer to, None for nothing."""
    said = _read(folder / ASKED)
    epoch, value = said.get("epoch"), number(said.get("value"))
    if type(epoch) is not int or epoch < 1:
        return None
    return Question(epoch=epoch, value=float("nan") if value is None else value)


def answer(folder: Path, question: Question, *, prune: bool) -> None:
    """Answers the job in a folder.

    Args:
        folder: the folder of its run.
        question: what it has asked.
        prune: whether it is to end.
    """
    with contextlib.suppress(OSError):  # The job goes on by itself.
        (folder / ASKED).unlink(missing_ok=True)
        write_json(folder / ANSWERED, {"epoch": question.epoch, "prune": prune})


def ask(folder: Path, question: Question) -> None:
    """Asks in a folder; what was answered there before is gone.

    Raises:
        OSError: it cannot be written.
    """
    (folder / ANSWERED).unlink(missing_ok=True)
    write_json(folder / ASKED, {"epoch": question.epoch, "value": question.value})


def answered_in(folder: Path, question: Question) -> bool | None:
    """Whether the job that asks in a folder is to end, None where there is no answer yet."""
    said = _read(folder / ANSWERED)
    return said.get("prune") is True if said.get("epoch") == question.epoch else None


def clear(folder: Path) -> None:
    """Removes question and answer."""
    for name in (ASKED, ANSWERED):
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)


def _read(path: Path) -> Mapping[str, object]:
    try:
        said = read_json(path, bounds=_BOUNDS, within=path.parent)
    except ForeignFileError:
        return {}
    return said if isinstance(said, Mapping) else {}


class PruningListener:
    """Asks at the end of each epoch.

    Args:
        folder: the folder of the run.
        figure: the figure of an epoch that counts, as Keras names it.
    """

    def __init__(self, folder: Path, figure: str) -> None:
        self._folder = folder
        self._figure = figure
        self._epochs: int | None = None
        self._pruned: tuple[int, str] | None = None

    def hear(self, event: Event) -> None:
        """Asks, or ends the run.

        Raises:
            PrunedError: it is not worth going on with.
        """
        if isinstance(event, TrainingStarted):
            self._epochs = event.epochs
        if self._pruned is not None and isinstance(event, _MOMENTS):
            epoch, reason = self._pruned
            self._pruned = None
            if epoch != self._epochs:
                raise PrunedError(reason)
        if isinstance(event, EpochEnded):
            self._ask(event.epoch, event.figures)
        elif isinstance(event, TrainingResumed) and event.history:
            self._ask(event.epoch, event.history[-1])

    def _ask(self, epoch: int, figures: Mapping[str, float]) -> None:
        value = float(figures.get(self._figure, float("nan")))
        if epoch > 0 and _answered(self._folder, Question(epoch=epoch, value=value)):
            self._pruned = epoch, f"pruned after epoch {epoch}: {self._figure} {value:.4g}"


_MOMENTS = (TrainingStarted, TrainingProgressed, StateKept, EpochEnded, TrainingEnded)
"""Events at which a run may end: the first of them after the epoch."""


def _answered(folder: Path, question: Question) -> bool:
    """Asks, and waits for the answer; no where none comes."""
    try:
        ask(folder, question)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if (prune := answered_in(folder, question)) is not None:
                return prune
            time.sleep(_PAUSE)
    except OSError:
        return False
    finally:
        clear(folder)
    return False
