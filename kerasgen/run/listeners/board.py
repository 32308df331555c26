"""What a tracker is told of a run: five calls, and the run that they are about.

This room owns the interface behind which every tracker stands, and how a run's events become its
calls. It must not know any tracker.

Decisions:
- A tracker holds what it is told and nothing else: no package of one is asked to watch Keras by
  itself, since the record has all of it already.
- Numbers of an epoch have its number as their step. Numbers of the whole run have none, and are
  called `PART/METRIC`.
- Files are handed over when the record is closed: not before are they whole.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kerasgen import __version__
from kerasgen.ir.values import ObjectDef
from kerasgen.record.file_names import (
    CONFIG,
    DATA,
    DIAGNOSTICS,
    FOLDS,
    HISTORY,
    METRICS,
    RECORD,
    RESULTS,
    SUMMARY,
    TRACEBACK,
)
from kerasgen.run.events import (
    EpochEnded,
    Event,
    MetricsComputed,
    Plain,
    ProgramSettled,
    RunEnded,
    RunStarted,
)

_SWEEP = "multirun.yaml"
"""What Hydra leaves in the folder of a sweep before its first job begins."""

_LEVELS = 3
"""How far above a job its sweep is looked for: a job's own folder may have several parts."""

_HANDED_OVER = (CONFIG, HISTORY, METRICS, SUMMARY, DATA, DIAGNOSTICS, TRACEBACK, RECORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedRun:
    """A run as a tracker is told of it.

    Attributes:
        name: name of the config.
        folder: its folder, absolute.
        groups: the folders of the sweep and of the folds that it is a part of, outermost first.
        resumed: whether it goes on with what was told before.
        config: the resolved config as YAML, without passwords.
        facts: where it comes from, by name.
    """

    name: str
    folder: str
    groups: tuple[str, ...]
    resumed: bool
    config: str
    facts: Mapping[str, str]


class Board(Protocol):
    """Where a tracker writes down what happens in a run."""

    def start(self, run: TrackedRun) -> None:
        """Begins, or goes on with, what is known of a run."""

    def scalars(self, step: int | None, figures: Mapping[str, float]) -> None:
        """Takes numbers of an epoch, counted from 1; of the whole run, where `step` is None."""

    def text(self, name: str, text: str) -> None:
        """Takes a text."""

    def artifact(self, path: str) -> None:
        """Takes a file."""

    def finish(self, status: str) -> None:
        """Ends it: `completed`, `failed`, `interrupted` or `killed`."""


@dataclass(slots=True, kw_only=True)
class BoardTracker:
    """Tells a board of a run, event by event.

    Attributes:
        name: what a warning calls it.
        board: the board.
        origin: what the record says of where the run comes from.
        resumed: whether the training goes on.
        ended: waits until the board has it all.
        callbacks: none: a board needs nothing that no event tells.
    """

    name: str
    board: Board
    origin: Plain
    resumed: bool
    ended: Callable[[], None]
    callbacks: Mapping[str, ObjectDef] = field(default_factory=dict)
    _started: RunStarted | None = None

    def hear(self, event: Event) -> None:
        """Tells the board of an event.

        Raises:
            Exception: whatever the board raises.
        """
        match event:
            case RunStarted():
                self._started = event
            case ProgramSettled():
                self.board.start(self._run(event))
            case EpochEnded():
                self.board.scalars(event.epoch, event.figures)
            case MetricsComputed():
                named = event.figures.items()
                self.board.scalars(None, {f"{p}/{n}": v for p, of in named for n, v in of.items()})
            case RunEnded():
                for path in _files(self._folder):
                    self.board.artifact(path)
                self.board.finish(event.status)

    def end(self) -> None:
        """Waits until the board has it all.

        Raises:
            Exception: whatever the board raises.
        """
        self.ended()

    @property
    def _folder(self) -> Path:
        assert self._started is not None, "a run starts before anything happens in it"
        return Path(self._started.folder).absolute()

    def _run(self, event: ProgramSettled) -> TrackedRun:
        assert self._started is not None, "a run starts before its program is settled"
        git = self.origin.get("git") or {}
        facts = {
            "kerasgen": __version__,
            "backend": self._started.backend.get("backend"),
            "data": event.data.get("fingerprint"),
            "parameters": event.parameters,
            "git.revision": git.get("revision"),
            "git.branch": git.get("branch"),
            "git.dirty": git.get("dirty"),
        }
        return TrackedRun(
            name=event.name,
            folder=str(self._folder),
            groups=groups_of(self._folder),
            resumed=self.resumed,
            config=event.config,
            facts={name: str(fact) for name, fact in facts.items() if fact is not None},
        )


def groups_of(folder: Path) -> tuple[str, ...]:
    """The folders of what a run is a part of, outermost first: a sweep, a run of several folds."""
    found: list[str] = []
    if folder.parent.name == FOLDS and (folder.parent.parent / RECORD).is_file():
        folder = folder.parent.parent
        found.append(str(folder))
    for parent in list(folder.parents)[:_LEVELS]:
        if (parent / _SWEEP).is_file():
            found.append(str(parent))
            break
    return tuple(reversed(found))


def _files(folder: Path) -> Iterator[str]:
    """The files that are handed over: what can be read or looked at, and no arrays or weights."""
    pictures = [name for name in RESULTS if name.endswith(".png")]
    for name in _HANDED_OVER:
        if (folder / name).is_file():
            yield str(folder / name)
    for pattern in pictures:
        yield from sorted(glob.glob(glob.escape(str(folder)) + "/" + pattern))
