"""The eight steps of a run: load, preprocess, define, compile, fit, evaluate, predict, save.

This room owns what each step does and the one line that it leaves in the log. The order of the
steps, and what becomes of a step that fails, is the business of `experiment`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kerasgen.catalog.entries import Catalog
from kerasgen.data.fitted_preparation import FittedPreparation
from kerasgen.data.large_arrays import room_told
from kerasgen.data.opened import OpenedData
from kerasgen.data.preparation import prepare_data
from kerasgen.data.row_weights import weights_of
from kerasgen.data.shared_rows import SharedRows, find_shared
from kerasgen.data.split import PartRows
from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.engine import InitialWeights, StartedEngine, Trainable, TrainingListener
from kerasgen.frontend.compose.resolvers import SECRET_KEYS, with_environment
from kerasgen.frontend.parse.lint import silence
from kerasgen.ir.data import DataDef
from kerasgen.ir.program import FitDef, Loss
from kerasgen.ir.training import (
    Array,
    FeedPosition,
    KeptWeights,
    Samples,
    TrainingData,
    TrainingState,
)
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.augmentation import augmentation_of
from kerasgen.passes.callback_files import paths_of, placed
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.freezing import TrainedPhase
from kerasgen.passes.lint.arrays import lint_arrays
from kerasgen.passes.lint.results import Results
from kerasgen.passes.lint.view import with_catalog
from kerasgen.passes.reach import path_problem
from kerasgen.run.baselines import score_baselines
from kerasgen.run.forecasts import SeriesRows, scaled_errors, series_rows
from kerasgen.run.samples import (
    check_targets,
    class_weights,
    fitting_samples,
    outputs_by_name,
)
from kerasgen.runtime.series import windows
from kerasgen.runtime.split import PARTS
from kerasgen.runtime.training import balance_classes


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedParts:
    """The parts of the data in the form in which the model takes them.

    Attributes:
        training: the training part.
        sampled: what the model is fitted on, where that is not the training part as it is.
        validation: what each epoch is measured on, or None.
        test: what the trained model is measured on, or None.
        test_rows: row numbers of the test part in the source, of a forecast those of each window;
            or None.
        fitted: what the steps of `data.prepare` have learned of the training part.
        class_weight: class index to weight, or None.
        silenced: number of warnings on the rows that the config silences.
        series: the rows over which the windows of a forecast look; None for other data.
        shared: part to what it shares with the training part.
    """

    training: Samples
    validation: Samples | None
    test: Samples | None
    test_rows: Array | None
    fitted: FittedPreparation
    class_weight: Mapping[int, float] | None = None
    sampled: Samples | None = None
    silenced: int = 0
    series: SeriesRows | None = None
    shared: Mapping[str, SharedRows] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, Samples]:
        """Name to samples of each part that there is."""
        parts = {"training": self.training, "validation": self.validation, "test": self.test}
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def sizes(self) -> dict[str, int]:
        """Name of the part to its number of samples."""
        return {
            name: 0 if part is None else rows_in(part)
            for name, part in (
                ("training", self.training),
                ("validation", self.validation),
                ("test", self.test),
            )
        }


def rows_in(samples: Samples) -> int:
    """Number of samples."""
    first = samples.x[0] if isinstance(samples.x, list) else samples.x
    return len(first)


def load_text(data: DataDef, opened: OpenedData) -> str:
    """The line of step 1, in which the data source was opened."""
    facts = opened.facts
    classes = f", {facts['classes']} classes" if isinstance(facts.get("classes"), int) else ""
    left = opened.description.get("skipped")
    skipped = f", {left:,} that cannot be read left out" if isinstance(left, int) and left else ""
    return f"{data.source.cls}: {facts['samples']:,} samples{classes}{skipped}"


def preprocess(
    opened: OpenedData, compiled: CompiledProgram, started: StartedEngine, sink: Sink
) -> tuple[PreparedParts, str]:
    """Step 2: splits the rows, fits the preprocessing on the training part, applies it to all."""
    program = compiled.program
    rows = _whole_batches(opened.parts, compiled)
    with room_told(sink):
        prepared = prepare_data(opened, rows, program.data, started, sink)
    check_targets(compiled, prepared.training.y, sink)
    view = with_catalog(compiled.view, started.catalog)
    made = {part: getattr(prepared, part) for part in PARTS}
    windowed = program.data.windows is not None  # whose samples are made of rows that follow
    with room_told(sink):
        shared = (
            {}
            if windowed
            else find_shared(opened.columns, opened.schema, opened.parts, opened.space)
        )
    lint_arrays(view, made, shared, sink)
    silenced = silence(sink, program.lint)
    fitted = {
        name: None
        if part is None
        else replace(
            fitting_samples(compiled, part.x, part.y),
            weights=weights_of(program.data, opened.columns, getattr(rows, name)),
        )
        for name, part in made.items()
    }
    training = fitted["training"]
    assert training is not None
    parts = PreparedParts(
        training=training,
        sampled=_sampled(training, compiled),
        validation=fitted["validation"],
        test=fitted["test"],
        test_rows=_test_rows(opened, rows, program.data),
        fitted=prepared.fitted,
        class_weight=class_weights(compiled, training.y, opened.facts, sink),
        silenced=len(silenced),
        series=series_rows(opened.definition, opened.columns, prepared.rows, rows),
        shared=shared,
    )
    sampled = {} if parts.sampled is None else {"sampled training": rows_in(parts.sampled)}
    _check_batches(compiled, {**parts.sizes, **sampled}, sink)
    steps = [entry.name for entry in program.data.prepare]
    sizes = ", ".join(f"{name} {size:,}" for name, size in parts.sizes.items() if size)
    if parts.sampled is not None:
        sizes += f" ({rows_in(parts.sampled):,} trained on)"
    told = [_shared_text(part, found) for part, found in shared.items() if not found.crowded]
    return parts, "; ".join([sizes, *told, *([", ".join(steps)] if steps else [])])


def _sampled(training: Samples, compiled: CompiledProgram) -> Samples | None:
    """The training part with rows repeated or left out, so that its classes are of one size."""
    weights, seed = compiled.program.data.weights, compiled.program.seed
    if weights is None or weights.sampling is None:
        return None
    x, y = balance_classes((training.x, training.y), weights.sampling, seed)
    return Samples(x=x, y=y)


def _shared_text(part: str, shared: SharedRows) -> str:
    row, equal = shared.first
    count = f"{shared.rows} {part} rows are" if shared.rows > 1 else f"1 {part} row is"
    return f"{count} in training too (row {row} as {equal})"


def _test_rows(opened: OpenedData, rows: PartRows, data: DataDef) -> Array | None:
    """The rows of the source that are predicted; for a forecast the rows of each window."""
    if data.windows is None or rows.starts is None or opened.order is None:
        return rows.test
    if rows.test is None:
        return None
    return windows(opened.order, rows.starts["test"] + data.windows.length, data.windows.horizon)


def _whole_batches(rows: PartRows, compiled: CompiledProgram) -> PartRows:
    """Leaves the last samples of the training part out where an input takes whole batches alone."""
    sizes = [item.batch_size for item in compiled.graph.inputs if item.batch_size]
    samples = rows.training if rows.starts is None else rows.starts["training"]
    rest = len(samples) % sizes[0] if sizes else 0
    if not rest:
        return rows
    if rows.starts is not None:
        return replace(rows, starts={**rows.starts, "training": samples[:-rest]})
    return replace(rows, training=samples[:-rest])


def _check_batches(compiled: CompiledProgram, sizes: Mapping[str, int], sink: Sink) -> None:
    """Refuses parts that leave a rest behind where an input takes a fixed number of samples."""
    for item in compiled.graph.inputs:
        for part, size in sizes.items() if item.batch_size else ():
            if size % (item.batch_size or 1):
                sink.report(
                    "KG402",
                    f"`{item.name}` takes {item.batch_size} samples at a time, and the {part} "
                    f"part has {size}, which leaves a rest of {size % (item.batch_size or 1)}",
                    key=item.path,
                    at="key",
                    help="give `data.split` numbers of samples that can be divided by it",
                )
    sink.stop_on_errors()


def define(
    compiled: CompiledProgram, started: StartedEngine
) -> tuple[Trainable, InitialWeights | None, str]:
    """Step 3: makes the model, and gives its weights memory and first values."""
    model = started.engine.realize(compiled, started.catalog)
    drawn = model.initialize()
    graph, cost = compiled.graph, compiled.cost
    text = f"{graph.kind} `{graph.name}`: {len(graph.calls)} layers, {cost.parameters:,} parameters"
    return model, drawn, text


def compile_(compiled: CompiledProgram, model: Trainable, phase: TrainedPhase) -> str:
    """Step 4: gives the model the optimizer of a phase, losses and metrics."""
    optimizer, objective = phase.phase.program.optimizer, compiled.objective
    model.compile(optimizer, objective)
    losses = objective.loss if isinstance(objective.loss, Mapping) else {"": objective.loss}
    words = [f"{name}: {_word(loss)}" if name else _word(loss) for name, loss in losses.items()]
    needing = dict.fromkeys(name for names in compiled.encoded.values() for name in names)
    hot = f"; labels one-hot for {', '.join(needing)}" if needing else ""
    return f"{optimizer.cls}, {', '.join(words)}{hot}"


def fit(
    compiled: CompiledProgram,
    model: Trainable,
    parts: PreparedParts,
    fit: FitDef,
    listener: TrainingListener,
    start: FeedPosition | TrainingState,
) -> KeptWeights | None:
    """Step 5: fits the model through one phase, from its beginning or from a state on.

    Args:
        compiled: the compiled program.
        model: its model.
        parts: what to fit it on.
        fit: how the phase is trained, with callbacks as they act.
        listener: hears of the training.
        start: where the phase begins, or the state that it goes on from.

    Returns:
        Which weights the model has now, None if no epoch was finished.

    Raises:
        DivergedError: its loss is no finite number any more.
    """
    data = training_data(compiled, parts)
    # What `auto` shows is not the engine's: a run tells its listeners, and the console shows that.
    verbose = 0 if fit.verbose == "auto" else fit.verbose
    return model.fit(data, replace(fit, verbose=verbose), listener, start)


def training_data(compiled: CompiledProgram, parts: PreparedParts) -> TrainingData:
    """What a model is fitted on."""
    return TrainingData(
        training=parts.sampled or parts.training,
        validation=parts.validation,
        class_weight=parts.class_weight,
        augmentation=augmentation_of(compiled.program.data, compiled.graph, compiled.outputs),
    )


def fit_text(compiled: CompiledProgram, history: Sequence[Mapping[str, float]]) -> str:
    """What is to be said of a training that is done."""
    epochs = f"{len(history)} epoch{'s' if len(history) != 1 else ''}"
    last = history[-1] if history else {}
    losses = ", ".join(f"{key} {last[key]:.4g}" for key in ("loss", "val_loss") if key in last)
    return f"{epochs}, batch {compiled.program.fit.batch_size}" + (f": {losses}" if losses else "")


def evaluate(
    compiled: CompiledProgram, model: Trainable, parts: PreparedParts
) -> tuple[Results, str]:
    """Step 6: measures loss and metrics of the trained model on every part, whole.

    What one answer for all rows scores stands beside them.

    What `fit` logs will not do: its training figures are means over an epoch in which the weights
    changed, and its last epoch need not be the one whose weights were kept.

    Returns:
        What was measured, and the step's line: the test part's figures, or the next best.
    """
    size = compiled.program.fit.batch_size
    figures = {name: model.evaluate(part, size) for name, part in parts.named.items()}
    if parts.series is not None:
        figures = {name: f | scaled_errors(parts.series, f) for name, f in figures.items()}
    results = Results(
        figures=figures,
        baselines=score_baselines(compiled, parts.named, figures),
        rows=parts.sizes,
    )
    last, found = list(figures.items())[-1]
    trivial = [f"; {n}: {_shown(scores)}" for n, scores in results.baselines[last].items()][:1]
    return results, "".join([f"{last}: {_shown(found)}", *trivial])


def _shown(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())


def predict(
    compiled: CompiledProgram, model: Trainable, parts: PreparedParts
) -> tuple[dict[str, Array] | None, str]:
    """Step 7: predicts the test part; output name to array, rows first."""
    if parts.test is None:
        return None, "no test part"
    outcome = model.predict(parts.test.x, compiled.program.fit.batch_size)
    named = outputs_by_name(outcome, compiled)
    shapes = ", ".join(f"{name} {tuple(array.shape)}" for name, array in named.items())
    return named, shapes


def _word(loss: Loss | None) -> str:
    return loss.cls if isinstance(loss, ObjectDef) else str(loss)


def placed_callbacks(
    callbacks: Mapping[str, ObjectDef], folder: Path, catalog: Catalog
) -> dict[str, ObjectDef]:
    """Callbacks as they act: their files below the folder of the run, their secrets in place.

    Raises:
        CompileError: KG113, a link leads a file out of the folder.
    """
    return {name: _placed(callback, folder, catalog) for name, callback in callbacks.items()}


def _placed(callback: ObjectDef, folder: Path, catalog: Catalog) -> ObjectDef:
    for name, path in paths_of(callback, catalog).items():
        inside = path_problem(path) is None
        if inside and not (folder / path).resolve().is_relative_to(folder.resolve()):
            raise Sink().fail_at(
                "KG113",
                f"`{path}` leads out of the folder of the run by a link",
                location=SourceLocation(key=f"{callback.path}.{name}"),
                help="remove the link, or run into another folder",
            )
    within = placed(callback, catalog, folder)
    arguments = {
        name: with_environment(value, os.environ) if name in SECRET_KEYS else value
        for name, value in within.arguments.items()
    }
    return replace(within, arguments=arguments)
