"""Steps 3 to 5 of a run: the model is defined, compiled and trained, phase by phase.

This room owns the order of the phases, and where a training begins or goes on among them. What one
phase does is the business of `steps` and of the engine, and which layers it trains that of
`passes.freezing`.

Decisions:
- Each phase compiles the model anew, so that its optimizer begins with nothing, as in a script that
  unfreezes layers and calls `compile` and `fit` again. Weights, generators and callbacks go on.
- Epochs are counted through all phases: what happens in an epoch, as its order of rows, depends on
  its number alone.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from kerasgen.diagnostics import Sink
from kerasgen.engine import (
    DivergedError,
    EngineDiffersError,
    EngineLostError,
    TrainingListener,
)
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.ir.training import FeedPosition
from kerasgen.record.provenance import file_digest
from kerasgen.run import steps
from kerasgen.run.divergence import Diverged, divergence
from kerasgen.run.events import (
    ModelDefined,
    PhaseBegan,
    StateKept,
    TrainingEnded,
    TrainingResumed,
    TrainingStarted,
    WarningsRaised,
    WeightsTaken,
)
from kerasgen.run.failures import ToldError
from kerasgen.run.result_warnings import warn_of_own_weights
from kerasgen.run.resumption import Identity, history_of, keeper, plain_state
from kerasgen.run.training_reports import engine_to, epochs_to, progress_to
from kerasgen.session.initial_weights import KEY

if TYPE_CHECKING:
    from kerasgen.data.opened import OpenedData
    from kerasgen.engine import Trainable
    from kerasgen.ir.training import TrainingState
    from kerasgen.passes.compiled import CompiledProgram
    from kerasgen.passes.freezing import TrainedPhase
    from kerasgen.run.active_run import ActiveRun
    from kerasgen.run.steps import PreparedParts
    from kerasgen.session.initial_weights import WeightsSource
    from kerasgen.session.session import Session

_SHOWN = 8
"""Layers of a file that are named where none of them fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What is trained on what.

    Attributes:
        compiled: the compiled program.
        session: how it came about, and the engine.
        opened: the data as it was found.
        parts: the data as the model takes it.
        identity: what its training is, for who goes on with it.
        begun: the state that the training goes on from, None where it begins.
    """

    compiled: CompiledProgram
    session: Session
    opened: OpenedData
    parts: PreparedParts
    identity: Identity
    begun: TrainingState | None


def train(experiment: Experiment, run: ActiveRun) -> Trainable:
    """Defines, compiles and trains the model of an experiment.

    Args:
        experiment: what is trained on what.
        run: the run, whose record is open.

    Returns:
        The trained model.

    Raises:
        ToldError: its loss is no finite number any more.
    """
    compiled, session, events = experiment.compiled, experiment.session, run.events
    begun = experiment.begun
    start: FeedPosition | TrainingState = FeedPosition() if begun is None else begun
    position = FeedPosition() if begun is None else begun.position
    phases = compiled.phases[position.phase :]
    with events.step("define") as line:
        model, drawn, text = steps.define(compiled, session.engine)
        if (source := session.compiled.weights) is not None and begun is None:
            _take(model, source, run)
        model.train_only(phases[0].layers)
        line.append(text)
    told = {} if drawn is None else drawn.layers
    events.emit(ModelDefined(summary=model.summary(), drawn=told))
    if drawn is not None and drawn.own:
        warn_of_own_weights(run, drawn.own)
    with events.step("compile") as line:
        line.append(steps.compile_(compiled, model, phases[0]))
    with events.step("fit") as line:
        followers, watch = events.callbacks(), run.stopwatch
        wanted = {**compiled.program.fit.callbacks, **followers}
        if watch is not None:
            wanted = watch.callbacks(wanted)
        callbacks = steps.placed_callbacks(wanted, run.folder, session.catalog)
        listener = TrainingListener(
            epoch_ended=epochs_to(events),
            followers=frozenset(followers),
            follower_failed=events.leave_out,
            state_due=_keeper(experiment, run),
            progressed=progress_to(events),
            told=engine_to(events),
            watch=watch,
        )
        _tell_resumed(experiment, run)
        _tell_start(experiment, run)
        kept, done, moment = None, position.began, time.monotonic()
        for number, phase in enumerate(phases, position.phase):
            if number > position.phase:
                model.train_only(phase.layers)
                steps.compile_(compiled, model, phase)
                done = len(run.history)
                start = FeedPosition(epoch=done, phase=number, began=done)
            _tell_phase(phases[number - position.phase :], done, run)
            fit = replace(phase.phase.program.fit, callbacks=callbacks)
            parts = experiment.parts
            try:
                with contextlib.nullcontext() if watch is None else watch.phase(fit, parts):
                    kept = steps.fit(compiled, model, parts, fit, listener, start)
            except DivergedError as error:
                diverged = Diverged(
                    experiment=experiment,
                    run=run,
                    phase=phase,
                    number=number,
                    seconds=time.monotonic() - moment,
                )
                raise divergence(error, diverged) from None
            except (EngineDiffersError, EngineLostError) as error:
                raise _engine_fault(error, run) from error
        late = "" if kept is None or kept.set_by is None else f"; weights of {kept.text}"
        line.append(steps.fit_text(compiled, run.history) + late)
    weights = None if kept is None else asdict(kept)
    events.emit(TrainingEnded(epochs=len(run.history), weights=weights))
    return model


def _take(model: Trainable, source: WeightsSource, run: ActiveRun) -> None:
    """Gives the model the weights that it starts from, and says what of them it took.

    Raises:
        CompileError: KG608 or another code of the file; KG618, nothing of it fits.
    """
    sink = Sink(run.source_map)
    try:
        if source.checkpoint is not None:
            found = model.take_weights(plain_state(source.checkpoint), None)
            checksum = str(source.checkpoint.facts.get("arrays") or "")
        else:
            found = model.take_weights(source.file, source.inside)
            checksum = file_digest(source.file) or ""
    except ForeignFileError as error:
        raise sink.fail_file("KG608", source.file, error) from error
    origin = source.run or source.file
    known = ", ".join(f"`{name}`" for name in found.known[:_SHOWN])
    if not found.taken:
        raise sink.fail(
            "KG618",
            f"no layer takes weights of `{origin}`",
            key=KEY,
            help=f"layers are found by their names, and it has {known}" if known else None,
            notes=[f"`{name}`: {why}" for name, why in found.misfits.items()],
        )
    for name, why in found.misfits.items():
        sink.warn(
            "KG618",
            f"`{name}` keeps the weights that were drawn: {why}",
            key=KEY,
            help="give the layer another name where it is meant to begin anew",
        )
    if sink.diagnostics:
        run.events.emit(WarningsRaised(diagnostics=tuple(sink.diagnostics)))
    drawn = (*found.left, *found.misfits)
    run.events.emit(
        WeightsTaken(source=str(origin), sha256=checksum, layers=len(found.taken), drawn=drawn)
    )


def _engine_fault(error: EngineDiffersError | EngineLostError, run: ActiveRun) -> ToldError:
    """The error that ends a run whose engine computes otherwise, or is gone."""
    sink = Sink(run.source_map)
    if isinstance(error, EngineDiffersError):
        sink.report(
            "KG672",
            f"{error}; {error.tolerance:.0e} is allowed",
            key="backend.runtime.probe" if error.layer is None else "backend.backend",
            help="train on `tensorflow`, `jax` or `torch`",
        )
    else:
        sink.report("KG673", f"the engine cannot go on: {error}", key="backend.backend")
    return ToldError(sink.diagnostics)


def _tell_start(experiment: Experiment, run: ActiveRun) -> None:
    """Says that the training begins, or goes on."""
    fit, begun = experiment.compiled.program.fit, experiment.begun
    epochs = _epochs(experiment.compiled.phases)
    done = 0 if begun is None else begun.position.epoch
    run.events.emit(TrainingStarted(epochs=epochs, epoch=done, verbose=fit.verbose))


def _epochs(phases: Sequence[TrainedPhase]) -> int:
    """The epochs of some phases, if none ends early."""
    return sum(phase.phase.program.fit.epochs for phase in phases)


def _tell_phase(phases: Sequence[TrainedPhase], epochs: int, run: ActiveRun) -> None:
    """Says that the first of some phases begins, or goes on, behind how many epochs.

    Nothing is said where the config names none.
    """
    phase = phases[0]
    if phase.phase.name is not None:
        told = PhaseBegan(
            name=phase.phase.name,
            epoch=epochs + 1,
            epochs=phase.phase.program.fit.epochs,
            weights=phase.weights,
            total=epochs + _epochs(phases),
        )
        run.events.emit(told)


def _tell_resumed(experiment: Experiment, run: ActiveRun) -> None:
    """Says where the training goes on, if it does."""
    if run.checkpoint is None or experiment.begun is None:
        return
    place, rows = experiment.begun.position, tuple(history_of(run.checkpoint))
    run.events.emit(TrainingResumed(epoch=place.epoch, step=place.batch, history=rows))


def _keeper(experiment: Experiment, run: ActiveRun) -> Callable[[TrainingState], None]:
    """What a state of the training is handed to."""
    checkpoint = experiment.compiled.program.fit.checkpoint
    keep = 0 if checkpoint is None else checkpoint.keep
    write = keeper(run, experiment.identity, keep)

    def kept(state: TrainingState) -> None:
        with contextlib.nullcontext() if run.stopwatch is None else run.stopwatch.keeping():
            write(state)
        run.events.emit(StateKept(epoch=state.position.epoch, step=state.position.batch))

    return kept
