"""One experiment from its config to its record.

This room owns the order of the eight steps, and says what happens as events. What a step does
stands in `steps`; what becomes of a run that is refused, that fails or that is interrupted, in
`failures`; what is printed and written of an event, with the listeners.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.diagnostics import CompileError, Sink, SourceMap
from kerasgen.diagnostics.source_map_data import to_plain
from kerasgen.foreign.passwords import masked_tree
from kerasgen.frontend.compose.composition import Composition
from kerasgen.process.exit_codes import DONE, REFUSED
from kerasgen.process.interruption import at_once, held, reason
from kerasgen.record.checkpoints import Checkpoint, drop_checkpoints
from kerasgen.record.file_names import KERAS, MODEL, PREDICTIONS
from kerasgen.record.files import plain
from kerasgen.record.run_folder import close_at_once, remove_drafts, reported
from kerasgen.run.active_run import ActiveRun
from kerasgen.run.content_hashes import config_hashes
from kerasgen.run.event_stream import EventStream, Listener
from kerasgen.run.events import (
    ArtifactSaved,
    DataOpened,
    MetricsComputed,
    ProgramSettled,
    RunStarted,
    WarningsRaised,
)
from kerasgen.run.failures import end_refused, end_run
from kerasgen.run.folds import run_folds, wanted_folds
from kerasgen.run.invocation import invocation_of
from kerasgen.run.listeners import trackers
from kerasgen.run.listeners.console import Console
from kerasgen.run.result_warnings import warn_of_divergence, warn_of_results
from kerasgen.run.resumption import (
    checkpoint_to_go_on_from,
    folds_go_on,
    identity_of,
    state_of,
)
from kerasgen.run.warm_up import Stopwatch
from kerasgen.session.session import Session

if TYPE_CHECKING:
    from kerasgen.engine import Trainable
    from kerasgen.run.training import Experiment


def run_experiment(
    composition: Composition,
    folder: Path,
    *,
    argv: Sequence[str] | None = None,
    keep_rejected: bool = False,
    listeners: Sequence[Listener] = (),
    checkpoint: Checkpoint | None = None,
) -> int:
    """Runs one experiment and leaves its record behind.

    Args:
        composition: the composed config.
        folder: the folder of the run.
        argv: the command line, for the record.
        keep_rejected: whether a run whose config or data is refused leaves a record too, as a job
            of a sweep does, which shows no progress either; without it nothing stays on the disk.
        listeners: who else hears its events; of a run of folds, those of each fold too.
        checkpoint: the state that it goes on from, None to look whether there is one.

    Returns:
        The exit code: 0 done, 1 a step failed, 2 the config or the data was refused. Diagnostics
        were printed to stderr.

    Raises:
        KeyboardInterrupt: the run was interrupted; its record is closed.
        OSError: stdout cannot take what the run says; its record is closed.
    """
    events = EventStream(Console(quiet=keep_rejected))
    run = ActiveRun(folder, events, checkpoint=checkpoint)
    for listener in listeners:
        run.events.put_first(listener)
        if isinstance(listener, Stopwatch):
            run.stopwatch = listener
    with at_once(lambda: close_at_once(folder, reason(), run.record)):
        code = _closed(composition, run, argv, keep_rejected, listeners)
    run.events.end_trackers()  # Whoever ends the process meanwhile ends no run.
    return code


def _closed(
    composition: Composition,
    run: ActiveRun,
    argv: Sequence[str] | None,
    keep_rejected: bool,
    listeners: Sequence[Listener],
) -> int:
    """Runs an experiment, and closes its record whatever comes; gives the exit code."""
    try:
        if wanted_folds(composition) is None:
            if run.checkpoint is None:
                run.checkpoint = checkpoint_to_go_on_from(composition, run.folder)
            _run(composition, run, argv)
            return DONE
        run.goes_on = folds_go_on(composition, run.folder)
        run.open(invocation_of(composition, argv), composition.sink())

        def one(fold: Composition, place: Path, line: Sequence[str]) -> int:
            return run_experiment(
                fold, place, argv=line, keep_rejected=keep_rejected, listeners=listeners
            )

        code = run_folds(composition, run, argv, one)
        if code == REFUSED:
            end_refused(run, "its first fold was refused", keep=keep_rejected)
        return code
    except BaseException as error:
        with held():  # a record that is being closed must become closed
            if isinstance(error, CompileError) and keep_rejected and run.record is None:
                with contextlib.suppress(CompileError):
                    run.open(invocation_of(composition, argv), Sink())
            return end_run(error, run, keep_rejected=keep_rejected)


def _run(composition: Composition, run: ActiveRun, argv: Sequence[str] | None) -> None:
    session = Session(composition)
    _start(session, composition, run, argv)
    from kerasgen.run import steps
    from kerasgen.run.training import Experiment, train

    with run.events.step("load") as line:
        opened = session.opened.data
        line.append(steps.load_text(session.data, opened))
    compiled, sink = session.compiled.program, session.findings.sink()
    identity = identity_of(compiled.program, opened.fingerprint, run.masked)
    # Before anything is written that would not be the run's that is there.
    begun = None if run.checkpoint is None else state_of(run.checkpoint, identity, sink)
    if begun is not None:
        remove_drafts(run.folder)
    run.events.emit(DataOpened(description=opened.description))
    with run.events.step("preprocess") as line:
        parts, text = steps.preprocess(opened, compiled, session.engine, sink)
        line.append(text)
    if sink.diagnostics:
        run.events.emit(WarningsRaised(diagnostics=tuple(sink.diagnostics)))
    experiment = Experiment(
        compiled=compiled,
        session=session,
        opened=opened,
        parts=parts,
        identity=identity,
        begun=begun,
    )
    run.events.emit(_settled(experiment, sink.source_map, run.masked))
    if run.stopwatch is None:
        for tracker in trackers(compiled, run.origin, resumed=begun is not None):
            run.events.join(tracker)
    with session.engine.engine.working_on(session.backend.device):
        model = train(experiment, run)
        warn_of_divergence(run, sink.source_map)
        if run.stopwatch is not None:
            bounded = run.stopwatch.bounded(parts, compiled.program.fit.batch_size)
            experiment = replace(experiment, parts=bounded)
        _results(experiment, model, run)
    drop_checkpoints(run.folder, 1)  # From the last one a longer training goes on.
    run.complete()
    if run.stopwatch is not None:
        run.stopwatch.finish(compiled, run.folder, session.engine.engine.peak_device_memory())


def _start(
    session: Session, composition: Composition, run: ActiveRun, argv: Sequence[str] | None
) -> None:
    """Opens the record with all that is known before the first step."""
    engine, sink = session.engine.engine, session.planned.sink()
    run.source_map = sink.source_map
    record = run.open(invocation_of(composition, argv), sink)
    with reported(sink, run.folder):
        record.write_text(KERAS, engine.settings_file(session.backend))
    if loaded := session.loaded_files():
        record.note(trust={"modules": list(composition.trust.modules), "files": loaded})
    run.events.emit(
        RunStarted(
            folder=str(run.folder),
            backend=engine.observed(),
            devices=tuple(engine.devices()),
        )
    )


def _settled(
    experiment: Experiment, source_map: SourceMap, masked: Callable[[str], str]
) -> ProgramSettled:
    """What the run is made of: config, objective as settled, size of the data."""
    from kerasgen.emit.text.report import plain_value
    from kerasgen.emit.text.resolved_config import config_yaml

    compiled = experiment.compiled
    # It compiles again to this very model; what was written stands in the overrides.
    objective: dict[str, Any] = {
        name: plain_value(getattr(compiled.objective, name))
        for name in ("loss", "metrics", "weighted_metrics", "loss_weights")
    }
    objective["labels"] = {
        output.name: {
            "coding": output.labels.coding,
            "places": output.labels.places,
            "fed": output.fed,
            "because": list(compiled.encoded.get(output.name, ())),
        }
        for output in compiled.outputs
    }
    return ProgramSettled(
        name=compiled.program.name,
        config=config_yaml(masked_tree(experiment.session.compiled.config, masked)),
        source_map=plain(to_plain(source_map), masked),
        parameters=compiled.cost.parameters,
        objective=objective,
        data={
            "fingerprint": experiment.opened.fingerprint,
            "samples": experiment.parts.sizes,
            "shared_rows": {
                part: {"rows": shared.rows, "first": list(shared.first)}
                for part, shared in experiment.parts.shared.items()
            },
        },
        hashes=config_hashes(compiled.program),
    )


def _results(experiment: Experiment, model: Trainable, run: ActiveRun) -> None:
    from kerasgen.run import forecasts, steps
    from kerasgen.run import predictions as reporting
    from kerasgen.run.saved_model import TrainedModel, keep_preparation, save

    compiled, parts, events, record = experiment.compiled, experiment.parts, run.events, run.record
    assert record is not None, "the record is opened before the first step"
    tracking = compiled.program.tracking
    with events.step("evaluate") as line:
        results, text = steps.evaluate(compiled, model, parts)
        line.append(text)
    weights = record.fields.get("weights")
    baselines = {part: dict(found) for part, found in results.baselines.items()}
    if parts.series is not None:
        with events.step("baselines") as line:
            naive = forecasts.naive_errors(parts.series)
            line.append(forecasts.baseline_text(naive))
        for part, found in naive.items():
            baselines.setdefault(part, {}).update(found)
    figures = results.figures
    events.emit(MetricsComputed(figures=figures, weights=weights, baselines=baselines))
    if parts.series is None:
        warn_of_results(experiment.compiled.program.lint, results, run)
    elif told := forecasts.no_better(naive, figures, run.source_map):
        events.emit(WarningsRaised(diagnostics=told))
    with events.step("predict") as line:
        predicted, text = steps.predict(compiled, model, parts)
        line.append(text)
        if predicted is not None and tracking.predictions:
            arrays = reporting.prediction_arrays(compiled, predicted, parts)
            record.write_arrays(PREDICTIONS, arrays)
            events.emit(ArtifactSaved(file=PREDICTIONS))
    with events.step("save") as line:
        record.require_own()  # What follows writes files of its own.
        if tracking.model:
            trained = TrainedModel(
                compiled=compiled,
                model=model,
                opened=experiment.opened,
                parts=parts,
                predicted=predicted,
            )
            saved, text = save(trained, experiment.session.engine, run.folder)
            line.append(text)
            keep_preparation(trained, run.folder)
            events.emit(ArtifactSaved(file=MODEL, facts=saved))
        else:
            line.append("not wanted (tracking.model)")
    if tracking.plots:
        with events.step("plot") as line:
            early = weights is not None and weights["set_by"] is not None
            kept = weights["epoch"] if early and weights is not None else None
            curves = reporting.Curves(history=run.history, kept=kept)
            facts = experiment.opened.facts
            drawn = reporting.draw_plots(compiled, predicted, parts, facts, curves, run.folder)
            line.append(", ".join(drawn))
            for name in drawn:
                events.emit(ArtifactSaved(file=name))
