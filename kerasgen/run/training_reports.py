"""What an engine reports of a training, as events of the run.

This room owns the way from the engine's words to those of a run: epochs that count from 1, and how
long each took.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from kerasgen.engine import EngineTold
from kerasgen.ir.training import TrainingProgress
from kerasgen.run.event_stream import EventStream
from kerasgen.run.events import EngineReported, EpochEnded, TrainingProgressed


def epochs_to(events: EventStream) -> Callable[[int, dict[str, float]], None]:
    """What a finished epoch is reported to, counted from 0; the first begins now."""
    began = time.perf_counter()

    def report(number: int, figures: dict[str, float]) -> None:
        nonlocal began
        moment = time.perf_counter()
        ended = EpochEnded(epoch=number + 1, seconds=moment - began, figures=figures)
        began = moment
        events.emit(ended)

    return report


def progress_to(events: EventStream) -> Callable[[TrainingProgress], None]:
    """What progress within an epoch is reported to."""

    def report(progress: TrainingProgress) -> None:
        event = TrainingProgressed(
            epochs=progress.epoch,
            batch=progress.batch,
            batches=progress.batches,
            figures=progress.figures,
            validating=progress.validating,
        )
        events.emit(event)

    return report


def engine_to(events: EventStream) -> Callable[[EngineTold], None]:
    """What an engine that trains in a process of its own is reported to."""

    def report(told: EngineTold) -> None:
        events.emit(EngineReported(facts=told.facts, text=_engine_text(told)))

    return report


def _engine_text(told: EngineTold) -> str:
    facts = told.facts
    match told.name:
        case "engine":
            versions = f"{facts['engine']} {facts['version']}, Keras {facts['keras']}"
            return f"{versions}, Python {facts['python']}"
        case "compiled":
            return f"compiled its step in {facts['compile_seconds']:.1f} s"
        case "probe":
            return f"before training, largest difference to Keras 3 {facts['probe_difference']:.1e}"
    return f"after training, largest difference to Keras 3 {facts['trained_difference']:.1e}"
