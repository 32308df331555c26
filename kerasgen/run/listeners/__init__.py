"""Who listens to a run: the console and the record always, trackers where the config asks.

This room owns the list of trackers. A new one is a file here and a line in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kerasgen.passes.compiled import CompiledProgram
from kerasgen.run.event_stream import Tracker
from kerasgen.run.events import Plain
from kerasgen.run.listeners.mlflow import mlflow_tracker
from kerasgen.run.listeners.tensorboard import tensorboard_tracker
from kerasgen.run.listeners.wandb import wandb_tracker

_TRACKERS: tuple[Callable[[CompiledProgram, Plain, bool], Tracker | None], ...] = (
    tensorboard_tracker,
    mlflow_tracker,
    wandb_tracker,
)
"""What makes each tracker, None where the config does not ask for it."""


def trackers(
    compiled: CompiledProgram, origin: Plain, *, resumed: bool = False
) -> Iterator[Tracker]:
    """The trackers that the group `tracking` of a program asks for.

    Args:
        compiled: the compiled program.
        origin: the fields of the run's record, which say where it comes from.
        resumed: whether the training goes on where another process has left it.
    """
    for make in _TRACKERS:
        if (tracker := make(compiled, origin, resumed)) is not None:
            yield tracker
