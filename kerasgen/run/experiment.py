"""One experiment from its config to its record.

This room owns the order of the eight steps. What a step does stands in `steps`; what becomes of
a run that is refused, that fails or that is interrupted, in `endings`.
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.diagnostics.render import render_json, render_text
from kerasgen.diagnostics.source_map_data import to_plain
from kerasgen.frontend.compose.composition import Composition, title_of
from kerasgen.process.exit_codes import DONE
from kerasgen.process.interruption import at_once, held, reason
from kerasgen.record import layout
from kerasgen.record.run_folder import Invocation, close_at_once, open_record, reported
from kerasgen.record.write import Record
from kerasgen.run.endings import end_run
from kerasgen.run.journal import Journal
from kerasgen.session.session import Session

if TYPE_CHECKING:
    from kerasgen.engine import Trainable
    from kerasgen.passes.compiled import CompiledProgram
    from kerasgen.run.steps import PreparedParts


def run_experiment(
    composition: Composition,
    folder: Path,
    *,
    argv: Sequence[str] | None = None,
    keep_rejected: bool = False,
) -> int:
    """Runs one experiment and leaves its record behind.

    Args:
        composition: the composed config.
        folder: the folder of the run.
        argv: the command line, for the record.
        keep_rejected: whether a run whose config or data is refused leaves a record too; without
            it nothing stays on the disk.

    Returns:
        The exit code: 0 done, 1 a step failed, 2 the config or the data was refused. Diagnostics
        were printed to stderr.

    Raises:
        KeyboardInterrupt: the run was interrupted; its record is closed.
        OSError: stdout cannot take what the run says; its record is closed.
    """
    journal = Journal(folder)
    with at_once(lambda: close_at_once(folder, reason(), journal.record)):
        try:
            _run(composition, journal, argv)
        except BaseException as error:
            with held():  # a record that is being closed must become closed
                if isinstance(error, CompileError) and keep_rejected and journal.record is None:
                    with contextlib.suppress(CompileError):
                        _start_record(composition, journal, argv, Sink())
                return end_run(error, journal, keep_rejected=keep_rejected)
    return DONE


def _run(composition: Composition, journal: Journal, argv: Sequence[str] | None) -> None:
    session = Session(composition)
    _open_record(session, composition, journal, argv)
    from kerasgen.run import steps

    _record(journal).start()
    with journal.step("load") as line:
        opened = session.opened.data
        line.append(steps.load_text(session.data, opened))
    _record(journal).write_json(layout.DATA, opened.description)
    compiled, sink = session.compiled.program, session.findings.sink()
    with journal.step("preprocess") as line:
        parts, text = steps.preprocess(opened, compiled, session.engine, sink)
        line.append(text)
    _record(journal).note(data={"fingerprint": opened.fingerprint, "samples": parts.sizes})
    _write_config(session.compiled.config, sink, journal, compiled)
    with session.engine.engine.working_on(session.backend.device):
        model = _train(compiled, parts, session, journal)
        _warn_of_divergence(journal, sink)
        _results(compiled, session, parts, opened.facts, model, journal)
    record = _record(journal)
    record.finish("completed")
    journal.say(f"{'record':<10}  {journal.folder}  ({record.fields['seconds']} s)")


def _open_record(
    session: Session, composition: Composition, journal: Journal, argv: Sequence[str] | None
) -> None:
    engine, sink = session.engine.engine, session.planned.sink()
    journal.fresh = not journal.folder.exists()
    _start_record(composition, journal, argv, sink)
    observed = engine.observed()
    record = _record(journal)
    with reported(sink, journal.folder):
        record.write_text(layout.KERAS, engine.settings_file(session.backend))
    record.note(backend=observed, devices=engine.devices())
    if loaded := session.loaded_files():
        record.note(trust={"modules": list(composition.trust.modules), "files": loaded})
    journal.say(
        f"{'run':<10}  {journal.folder}  {observed['backend']}, {observed['floatx']}, "
        f"{observed['image_data_format']}"
    )


def _start_record(
    composition: Composition, journal: Journal, argv: Sequence[str] | None, sink: Sink
) -> None:
    import yaml

    seed = composition.config.get("seed")
    asked = Invocation(
        name=str(composition.config.get("name") or title_of(composition) or ""),
        argv=argv,
        overrides=composition.overrides,
        choices=composition.choices,
        config_dirs=list(composition.folders),
        seed=seed if isinstance(seed, int) else None,
    )
    journal.record = open_record(journal.folder, sink, asked)
    with reported(sink, journal.folder):
        text = yaml.safe_dump(list(composition.overrides), allow_unicode=True)
        journal.record.write_text(layout.OVERRIDES, text)


def _write_config(
    config: Mapping[str, Any], sink: Sink, journal: Journal, compiled: CompiledProgram
) -> None:
    """Writes what the run was made of: config, diagnostics, loss and metrics as settled."""
    from kerasgen.emit.text.report import plain_value
    from kerasgen.emit.text.resolved_config import config_yaml

    # It compiles again to this very model; what was written stands in the overrides.
    record = _record(journal)
    record.write_text(layout.CONFIG, config_yaml(config))
    record.write_json(layout.SOURCE_MAP, to_plain(sink.source_map))
    found = sink.diagnostics
    record.write_json(layout.DIAGNOSTICS, render_json(found))
    if found:
        print(render_text(found), file=sys.stderr, flush=True)
    record.update(
        name=compiled.program.name,
        parameters=compiled.cost.parameters,
        objective={
            name: plain_value(getattr(compiled.objective, name))
            for name in ("loss", "metrics", "weighted_metrics", "loss_weights")
        }
        | {
            "labels": {
                output.name: {
                    "coding": output.labels.coding,
                    "places": output.labels.places,
                    "fed": output.fed,
                    "because": list(compiled.encoded.get(output.name, ())),
                }
                for output in compiled.outputs
            }
        },
    )


def _train(
    compiled: CompiledProgram, parts: PreparedParts, session: Session, journal: Journal
) -> Trainable:
    from kerasgen.run import steps

    with journal.step("define") as line:
        model, text = steps.define(compiled, session.engine)
        line.append(text)
    _record(journal).write_text(layout.SUMMARY, model.summary())
    with journal.step("compile") as line:
        line.append(steps.compile_(compiled, model))
    with journal.step("fit") as line:
        journal.epoch_start = time.perf_counter()
        kept = steps.fit(
            compiled,
            model,
            parts,
            journal.folder,
            session.catalog,
            report=journal.epoch,
        )
        late = "" if kept is None or kept.set_by is None else f"; weights of {kept.text}"
        line.append(_fit_text(compiled, journal.history) + late)
    weights = None if kept is None else asdict(kept)
    _record(journal).update(epochs=len(journal.history), weights=weights)
    return model


def _results(
    compiled: CompiledProgram,
    session: Session,
    parts: PreparedParts,
    facts: Mapping[str, Any],
    model: Trainable,
    journal: Journal,
) -> None:
    from kerasgen.run import predictions as reporting
    from kerasgen.run import steps

    tracking = compiled.program.tracking
    with journal.step("evaluate") as line:
        figures, text = steps.evaluate(compiled, model, parts)
        line.append(text)
    record = _record(journal)
    record.update(metrics=figures)
    weights = record.fields.get("weights")
    record.write_json(layout.METRICS, {**figures, "weights": weights})
    with journal.step("predict") as line:
        predicted, text = steps.predict(compiled, model, parts)
        line.append(text)
        if predicted is not None and tracking.predictions:
            arrays = reporting.prediction_arrays(compiled, predicted, parts)
            record.write_arrays(layout.PREDICTIONS, arrays)
    with journal.step("save") as line:
        if tracking.model:
            engine, folder = session.engine.engine, journal.folder
            saved, text = steps.save(compiled, model, engine, parts, predicted, folder)
            record.note(model=saved)
            line.append(text)
        else:
            line.append("not wanted (tracking.model)")
    if tracking.plots:
        with journal.step("plot") as line:
            early = weights is not None and weights["set_by"] is not None
            kept = weights["epoch"] if early and weights is not None else None
            curves = reporting.Curves(history=journal.history, kept=kept)
            drawn = reporting.draw_plots(compiled, predicted, parts, facts, curves, journal.folder)
            line.append(", ".join(drawn))


def _warn_of_divergence(journal: Journal, sink: Sink) -> None:
    """Says, on stderr and in the record, that the loss became NaN or infinite."""
    lost = [row for row in journal.history if not math.isfinite(row.get("loss", 0.0))]
    if not lost:
        return
    warned = Sink(sink.source_map)
    warned.warn(
        "KG802",
        f"the loss is `{lost[0]['loss']}` from epoch {int(lost[0]['epoch'])} on",
        key="optimizer.learning_rate",
        help="lower the learning rate, scale the features, or clip the gradients; the callback "
        "`TerminateOnNaN` ends such a run",
    )
    print(render_text(warned.diagnostics), file=sys.stderr, flush=True)
    sink.add(warned.diagnostics)
    _record(journal).write_json(layout.DIAGNOSTICS, render_json(sink.diagnostics))


def _fit_text(compiled: CompiledProgram, history: Sequence[Mapping[str, float]]) -> str:
    epochs = f"{len(history)} epoch{'s' if len(history) != 1 else ''}"
    last = history[-1] if history else {}
    losses = ", ".join(f"{key} {last[key]:.4g}" for key in ("loss", "val_loss") if key in last)
    return f"{epochs}, batch {compiled.program.fit.batch_size}" + (f": {losses}" if losses else "")


def _record(journal: Journal) -> Record:
    assert journal.record is not None, "the record is opened before the first step"
    return journal.record
