"""Who listens to a run: the console and the record always, trackers where the config asks.

This room owns the list of trackers. A new one is a file here and a line in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kerasgen.ir.program import TrackingDef
from kerasgen.run.event_stream import Tracker
from kerasgen.run.listeners.tensorboard import tensorboard

_TRACKERS: tuple[Callable[[TrackingDef], Tracker | None], ...] = (tensorboard,)
"""What makes each tracker, None where the config does not ask for it."""


def trackers(tracking: TrackingDef) -> Iterator[Tracker]:
    """The trackers that the group `tracking` asks for."""
    for make in _TRACKERS:
        if (tracker := make(tracking)) is not None:
            yield tracker
