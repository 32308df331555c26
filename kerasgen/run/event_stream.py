"""The stream of a run's events: who listens, and what happens if a listener fails.

This room owns the handing on of events, and the frame of a step: its time, and which error belongs
to it. It must not know what a listener does.

Decisions:
- Console and record belong to the run: what they raise ends it. A tracker does not: one that
  fails is left out from there on, with one warning.
- Progress between the ends of two epochs passes: console and record may look at it, no tracker
  hears it, and it is not kept for one that joins later.
- A tracker that joins later hears first what was said before, since trackers are known only when
  the config is compiled, which may need the data.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Protocol

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.ir.values import ObjectDef
from kerasgen.run.events import (
    Event,
    StepFinished,
    StepStarted,
    TrainingProgressed,
    WarningsRaised,
)


class Listener(Protocol):
    """Who hears the events of a run."""

    def hear(self, event: Event) -> None:
        """Takes an event, before the run goes on."""


class Tracker(Listener, Protocol):
    """A listener that follows the run for somebody else, and may fail.

    Attributes:
        name: what a warning calls it.
        callbacks: name to callback of the engine, for what happens in training and no event tells.
    """

    name: str
    callbacks: Mapping[str, ObjectDef]

    def end(self) -> None:
        """Waits, for a bounded time, until all that was heard is where it is meant to be."""


class TrackerError(Exception):
    """Why a tracker follows no longer, in words that stand alone."""


class StepError(Exception):
    """A step that failed while the config was in order; the cause is what the engine raised."""

    def __init__(self, step: str, cause: BaseException) -> None:
        self.step = step
        self.cause = cause
        super().__init__(f"{step}: {cause}")


class EventStream:
    """Hands each event to all listeners, in order; a run has one."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = list(listeners)
        self._trackers: list[Tracker] = []
        self._said: list[Event] = []

    def put_first(self, listener: Listener) -> None:
        """Adds a listener that belongs to the run and hears each event before the others."""
        self._listeners.insert(0, listener)

    def join(self, tracker: Tracker) -> None:
        """Adds a tracker, which hears what was said so far."""
        self._trackers.append(tracker)
        for event in list(self._said):
            self._tell(tracker, event)

    def callbacks(self) -> dict[str, ObjectDef]:
        """The callbacks by which trackers follow the training itself, by name."""
        return {
            name: made for tracker in self._trackers for name, made in tracker.callbacks.items()
        }

    def warnings(self) -> list[Diagnostic]:
        """The warnings that were raised so far."""
        raised = [event for event in self._said if isinstance(event, WarningsRaised)]
        return [diagnostic for event in raised for diagnostic in event.diagnostics]

    def emit(self, event: Event) -> None:
        """Hands an event on.

        Raises:
            OSError: the record cannot be written, or stdout not take what is printed.
        """
        passing = isinstance(event, TrainingProgressed)
        if not passing:
            self._said.append(event)
        for listener in self._listeners:
            listener.hear(event)
        if passing:
            return
        for tracker in list(self._trackers):
            self._tell(tracker, event)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Frames a step; the block puts what is to be said of it into the list.

        Raises:
            StepError: the block raised something else than a diagnostic.
        """
        self.emit(StepStarted(name=name))
        start = time.perf_counter()
        line: list[str] = []
        try:
            yield line
        except (CompileError, StepError):
            raise
        except Exception as error:  # Keras and its backends raise anything.
            raise StepError(name, error) from error
        seconds = time.perf_counter() - start
        self.emit(StepFinished(name=name, text=" ".join(line), seconds=seconds))

    def _tell(self, tracker: Tracker, event: Event) -> None:
        if tracker not in self._trackers:
            return
        try:
            tracker.hear(event)
        except Exception as error:  # It is the code of others.
            self._leave_out(tracker, error)

    def end_trackers(self) -> None:
        """Lets every tracker come to its end, after the last event."""
        for tracker in list(self._trackers):
            try:
                tracker.end()
            except Exception as error:  # As in `_tell`.
                self._leave_out(tracker, error)

    def leave_out(self, callback: str, error: Exception) -> None:
        """Leaves out the tracker whose callback has failed, with a warning.

        Args:
            callback: name of the callback.
            error: what it raised.
        """
        for tracker in [one for one in self._trackers if callback in one.callbacks]:
            self._leave_out(tracker, error)

    def _leave_out(self, tracker: Tracker, error: Exception) -> None:
        self._trackers.remove(tracker)
        sink = Sink()
        told = str(error) if isinstance(error, TrackerError) else f"{type(error).__name__}: {error}"
        sink.warn(
            "KG807",
            f"`{tracker.name}` failed and follows this run no longer: {told}",
            help="the run goes on, and its record is whole",
        )
        self.emit(WarningsRaised(diagnostics=tuple(sink.diagnostics)))
