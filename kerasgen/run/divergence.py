"""What is said of a training whose loss is no finite number any more.

This room owns the diagnostic of such a run: the batch, what was not finite first, and the last good
checkpoint. Who sees it, and how its origin is found, is the engine's business.

Decisions:
- The origin is found by training again from the last good state, with a model of its own: there is
  no other way to the weights before that batch. Where that would take long it is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kerasgen.diagnostics import Sink
from kerasgen.engine import DivergedError
from kerasgen.ir.training import Fault, FeedPosition, TrainingState
from kerasgen.record.checkpoints import Checkpoint, newest_checkpoint
from kerasgen.record.file_names import CHECKPOINTS
from kerasgen.record.write import seconds_since
from kerasgen.run import steps
from kerasgen.run.failures import ToldError
from kerasgen.run.resumption import position_of, state_of

if TYPE_CHECKING:
    from kerasgen.passes.freezing import TrainedPhase
    from kerasgen.run.active_run import ActiveRun
    from kerasgen.run.training import Experiment

_PATIENCE = 60.0
"""Seconds that training again may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverged:
    """A training that diverged.

    Attributes:
        experiment: what was trained on what.
        run: the run.
        phase: the phase in which it did.
        number: the number of the phase, from 0.
        seconds: how long it had been trained.
    """

    experiment: Experiment
    run: ActiveRun
    phase: TrainedPhase
    number: int
    seconds: float


def divergence(error: DivergedError, diverged: Diverged) -> ToldError:
    """The error that ends a run which diverged.

    Args:
        error: when that was seen.
        diverged: the training.
    """
    folder = diverged.run.folder
    checkpoint = newest_checkpoint(folder)
    fault = _fault(error, diverged, checkpoint)
    what = "the weights are not finite" if error.value is None else f"the loss is `{error.value}`"
    place = f"behind batch {error.batch + 1} of epoch {error.epoch + 1}"
    notes = ["no state was kept before"]
    if checkpoint is not None:
        at = position_of(checkpoint)
        notes = [
            f"the last good checkpoint is `{folder / CHECKPOINTS}/{checkpoint.number:06}`, "
            f"{_told(at)}; `fit.initial_weights={folder}` starts from its weights"
        ]
    sink = Sink(diverged.run.source_map)
    sink.report(
        "KG802",
        f"{what} {place}" + (f": {fault.text}" if fault is not None else ""),
        key="optimizer.learning_rate",
        help="lower the learning rate, scale the features, or clip the gradients "
        "(`optimizer.clipnorm=1.0`); `fit.terminate_on_nan=false` trains on",
        notes=notes,
    )
    return ToldError(tuple(sink.diagnostics))


def _told(place: FeedPosition) -> str:
    words = f"behind epoch {place.epoch}" if place.epoch else "in epoch 1"
    return words + (f", step {place.batch}" if place.batch else "")


def _fault(error: DivergedError, diverged: Diverged, checkpoint: Checkpoint | None) -> Fault | None:
    """Where the numbers come from; None where that is not found, or takes too long."""
    experiment = diverged.experiment
    seconds: float | None = diverged.seconds
    start: FeedPosition | TrainingState = FeedPosition()
    if checkpoint is not None:
        seconds = seconds_since(checkpoint.facts.get("at"))
        start = state_of(checkpoint, experiment.identity, Sink())
        if start.position.phase != diverged.number:
            return None
    elif diverged.number or experiment.begun is not None:
        return None
    if seconds is None or seconds > _PATIENCE:
        return None
    compiled, session = experiment.compiled, experiment.session
    if checkpoint is None and session.compiled.weights is not None:
        return None
    model, _, _ = steps.define(compiled, session.engine)
    model.train_only(diverged.phase.layers)
    steps.compile_(compiled, model, diverged.phase)
    fit = replace(diverged.phase.phase.program.fit, callbacks={}, verbose=0)
    return model.find_fault(steps.training_data(compiled, experiment.parts), fit, start, error)
