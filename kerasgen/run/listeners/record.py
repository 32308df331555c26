"""What of a run's events goes into its record.

This room owns which file an event fills, and at which events `record.json` is written: when the
run starts, when it is settled what is trained, when it is trained, and when it is measured. All
that is known by then goes with it, so that a run that is killed tells it. Opening and closing the
record is not done here: whoever does must know whether it came off.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kerasgen.diagnostics import Diagnostic
from kerasgen.diagnostics.render import render_json
from kerasgen.record.file_names import (
    CONFIG,
    DATA,
    DIAGNOSTICS,
    METRICS,
    MODEL,
    SOURCE_MAP,
    SUMMARY,
)
from kerasgen.record.write import Record
from kerasgen.run.events import (
    ArtifactSaved,
    DataOpened,
    EngineReported,
    EpochEnded,
    Event,
    MetricsComputed,
    ModelDefined,
    PhaseBegan,
    ProgramSettled,
    RunStarted,
    StepFinished,
    TrainingEnded,
    TrainingResumed,
    WarningsRaised,
    WeightsTaken,
)


class RecordKeeper:
    """Writes the events of a run into its record."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._engine: dict[str, Any] = {}
        self._warnings: list[Diagnostic] = []

    def hear(self, event: Event) -> None:
        """Writes what is to be kept of an event.

        Raises:
            OSError: the record cannot be written.
        """
        record = self._record
        match event:
            case RunStarted():
                record.start(backend=event.backend, devices=event.devices)
            case StepFinished():
                record.note(timings={event.name: round(event.seconds, 4)})
            case DataOpened():
                record.write_json(DATA, event.description)
            case ProgramSettled():
                self._settle(event)
            case ModelDefined():
                record.write_text(SUMMARY, event.summary)
                record.note(**({"drawn_weights": event.drawn} if event.drawn else {}))
            case EpochEnded():
                record.add_epoch(event.row)
            case EngineReported() | WeightsTaken() | PhaseBegan() | TrainingResumed():
                self._place(event)
            case TrainingEnded():
                record.update(epochs=event.epochs, weights=event.weights)
            case MetricsComputed():
                record.note(**({"baselines": event.baselines} if event.baselines else {}))
                record.update(metrics=event.figures)
                record.write_json(METRICS, {**event.figures, "weights": event.weights})
            case ArtifactSaved(file=file) if file == MODEL:
                record.note(model=event.facts)
            case WarningsRaised():
                self._warnings += event.diagnostics
                record.write_json(DIAGNOSTICS, render_json(self._warnings))

    def _place(self, event: EngineReported | WeightsTaken | PhaseBegan | TrainingResumed) -> None:
        """Takes down from where the training starts, a phase of it, or another process."""
        if isinstance(event, EngineReported):
            self._engine |= event.facts
            self._record.note(engine=dict(self._engine))
            return
        if isinstance(event, WeightsTaken):
            self._record.note(initial_weights=asdict(event))
            return
        if isinstance(event, TrainingResumed):
            self._record.resume(event.history, epoch=event.epoch, step=event.step)
            return
        told = {"epoch": event.epoch, "epochs": event.epochs, "weights": event.weights}
        self._record.update(phases={event.name: told})

    def _settle(self, event: ProgramSettled) -> None:
        self._record.write_text(CONFIG, event.config)
        self._record.write_json(SOURCE_MAP, event.source_map)
        if not self._warnings:
            self._record.write_json(DIAGNOSTICS, [])
        self._record.update(
            name=event.name,
            parameters=event.parameters,
            objective=event.objective,
            data=event.data,
            config=event.hashes,
        )
