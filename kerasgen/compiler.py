"""The compiler: the stages from a program to what is trained, in the order in which they run.

This room owns the order of the stages and where they stop. What a stage does stands in its pass;
what only an engine can tell is asked of the one that comes in, which has been started before. What
comes out is data: a model is made of it by `Engine.realize`.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import PurePath
from typing import Any

import numpy as np

from kerasgen.catalog.entries import Catalog, ShapeError, ShapeOracle
from kerasgen.diagnostics import Sink, as_yaml
from kerasgen.engine import Oracles, Probe, StartedEngine
from kerasgen.frontend.parse.lint import silence
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import CompileDef, Loss, Program, loss_name, uses_of_output
from kerasgen.ir.values import ObjectDef, Shape, TensorSpec
from kerasgen.passes.augmentation_trial import try_augmentation
from kerasgen.passes.averaged_metrics import settle_averages
from kerasgen.passes.callback_files import placed
from kerasgen.passes.callbacks import report_failing_callback
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.cost import CostReport, TrainingSize, count_costs
from kerasgen.passes.ends import OutputSpec, describe_outputs, fed_target
from kerasgen.passes.execution import settle_execution
from kerasgen.passes.freezing import find_trained, warn_of_idle_phases
from kerasgen.passes.input_specs import infer_inputs
from kerasgen.passes.layout import channels_first, lay_out, pin_data_format
from kerasgen.passes.lint.rules import lint
from kerasgen.passes.lint.view import view_program, with_catalog
from kerasgen.passes.loss_scale import check_loss_scale
from kerasgen.passes.memory import guard_memory, training_memory
from kerasgen.passes.objective import settle_objective
from kerasgen.passes.one_hot_labels import check_class_axis, encode_labels
from kerasgen.passes.outline import Outline
from kerasgen.passes.prepared_shapes import shape_preparation
from kerasgen.passes.shapes import Specs, infer_shapes, report_call, shown_shape
from kerasgen.process.machine_memory import Memory
from kerasgen.process.packages import is_installed

_PROBED = 10_000_000
"""Numbers in an output up to which its loss is tried out; larger ones would take seconds."""


def compile_program(
    outlined: Outline, engine: Oracles, catalog: Catalog, sink: Sink
) -> CompiledProgram:
    """Takes a program through all stages.

    Args:
        outlined: the program, with the facts of its data, and its model as it is wired.
        engine: answers what no pass can know; its generators are left as they are.
        catalog: every class that it may name.
        sink: gets every diagnostic; a stage that has errors is the last.

    Returns:
        The compiled program.

    Raises:
        CompileError: a stage found errors.
    """
    program, graph = outlined.program, outlined.graph
    first = program.backend.image_data_format == "channels_first"
    if first:
        graph = pin_data_format(graph, catalog)

    probe, asked = engine.probe(catalog), engine.preparation_oracle(catalog)
    prepared = shape_preparation(program.data, catalog, asked, sink)
    given = {} if prepared is None else prepared.inputs
    inputs = infer_inputs(graph.inputs, program.data, given, program.backend.floatx, sink)
    sink.stop_on_errors()
    assert prepared is not None

    slots = _made_objects(program, catalog, probe, sink)
    with engine.shape_oracle(catalog, program.seed) as oracle:
        refuse = partial(report_call, hint=prepared.hint)
        specs = infer_shapes(graph, inputs, oracle, sink, refuse)
    sink.stop_on_errors()
    phases, trained = find_trained(program, graph, oracle, sink)
    sink.stop_on_errors()

    outputs = describe_outputs(graph, specs, program.data, inputs, prepared.targets, sink)
    sink.stop_on_errors()
    objective = settle_objective(program.compile, outputs, graph, sink)
    sink.stop_on_errors()
    encoded = encode_labels(
        outputs,
        objective,
        program.data,
        lambda name: _is_own(name, catalog),
        program.backend.backend,
        sink,
    )
    outputs = encoded.outputs
    objective = settle_averages(encoded.objective, outputs, sink)
    objective = settle_execution(objective, program, sink)
    check_loss_scale(program, sink)
    encoded = replace(encoded, objective=objective)
    if first:
        check_class_axis(outputs, sink)
    sink.stop_on_errors()
    _probe_objective(program.compile, outputs, objective, probe, sink)
    sink.stop_on_errors()
    moved = channels_first if first else lambda spec: spec
    fed = {name: moved(spec) for name, spec in inputs.items()}
    try_augmentation(program.data, fed, outputs, probe.augmentation, sink)
    _rehearse_callbacks(program, outputs, objective, probe, sink)
    sink.stop_on_errors()

    wired, wired_specs = graph, specs
    if first:
        graph = lay_out(wired, specs, catalog)
        before = {call.name: specs[call.name] for call in wired.calls}
        with engine.shape_oracle(catalog, program.seed) as oracle:
            specs = _infer_moved(graph, before, inputs, oracle)
    engine.check_limits(program, graph, objective, sink)
    sink.stop_on_errors()
    size = TrainingSize(batch_size=_largest_batch(program), slots=slots, trained=trained)
    cost = count_costs(graph, specs, oracle, size)
    _guard(program, engine, cost, specs, slots, sink)
    sink.stop_on_errors()
    view = view_program(program, wired, wired_specs, encoded, catalog, cost)
    lint(with_catalog(view, catalog), sink)
    warn_of_idle_phases(phases, sink)
    silenced = silence(sink, program.lint)
    sink.stop_on_errors()
    return CompiledProgram(
        program=program,
        graph=graph,
        specs=specs,
        outputs=outputs,
        objective=objective,
        encoded=encoded.because,
        cost=cost,
        preparation=prepared,
        view=view,
        silenced=silenced,
        phases=phases,
    )


def try_objects(program: Program, started: StartedEngine, sink: Sink) -> None:
    """Makes the objects of a program that hang on none of its shapes: optimizer and callbacks.

    Args:
        program: a program of which nothing else is compiled.
        started: the engine, and every class that the program may name.
        sink: gets the arguments that are refused.

    Raises:
        CompileError: one is refused.
    """
    _made_objects(program, started.catalog, started.engine.probe(started.catalog), sink)
    sink.stop_on_errors()


def _made_objects(program: Program, catalog: Catalog, probe: Probe, sink: Sink) -> float:
    """Makes optimizer and callbacks once; gives the numbers that the optimizer keeps a weight."""
    slots = _optimizer_slots(program, probe, sink)
    _make_callbacks(program, catalog, probe, sink)
    return slots


def _largest_batch(program: Program) -> int:
    """Samples in a step: no more than there are, where that is known."""
    size = max(phase.program.fit.batch_size for phase in program.phases)
    samples = program.data.facts.get("samples")
    return min(size, samples) if type(samples) is int and samples > 0 else size


def _guard(
    program: Program, engine: Oracles, cost: CostReport, specs: Specs, slots: float, sink: Sink
) -> None:
    """Refuses what does not fit into the memory of the config, or else of the machine."""
    limit = program.backend.memory
    found = None
    if limit == "auto":
        found = engine.memory(program.backend.device)
    elif limit is not None:
        found = Memory(size=limit, owner="`backend.memory`")
    if found is None:
        return
    needed = training_memory(cost, slots=slots)
    guard_memory(cost, specs, needed, available=found.size, owner=found.owner, sink=sink)


def _probe_objective(
    written: CompileDef,
    outputs: Sequence[OutputSpec],
    objective: CompileDef,
    probe: Probe,
    sink: Sink,
) -> None:
    """Computes each loss and metric on a few made-up samples; Keras finds most misfits in `fit`."""
    for output in outputs:
        target = fed_target(output)
        if target is None or _size(output.spec.shape) > _PROBED:
            continue
        rows = _rows_apart(output.spec.shape, target.shape)
        outcome = _made_up(output.spec.shape, rows, 0.5)
        whole = output.fed == "indices"
        truth = _made_up(target.shape, rows, 0).astype("int32" if whole else "float32")
        for group, kind, value in uses_of_output(output.name, objective, len(outputs) == 1):
            try:
                probe.loss(value, kind, outcome, truth)
            except ShapeError as error:
                inferred = getattr(written, group.split(".")[1]) is None
                _report_refusal(value, output, target, error, None if inferred else group, sink)
                if not error.refused:
                    break  # The others would say the same of the same two shapes.


def _report_refusal(
    value: Loss,
    output: OutputSpec,
    target: TensorSpec,
    error: ShapeError,
    group: str | None,
    sink: Sink,
) -> None:
    """Reports a loss or metric that was tried out; `group` is its key path, None if inferred."""
    name = loss_name(value)
    key = value.path if isinstance(value, ObjectDef) and value.path else group
    if error.refused:
        inside = isinstance(value, ObjectDef) and error.argument in value.arguments
        sink.report(
            "KG206",
            f"`{name}` refuses its arguments: {error}",
            key=f"{key}.{error.argument if inside else 'class'}" if key else output.path,
        )
        return
    sink.report(
        "KG403",
        f"`{name}` cannot compare {shown_shape(output.spec.shape)} of `{output.name}` with a "
        f"target of {shown_shape(target.shape)}: {error}",
        key=key or output.path,
        at="value" if key else "key",
        help=_scores_for_indices(value),
    )


def _scores_for_indices(value: ObjectDef | str) -> str | None:
    """The help for a metric that takes scores for class indices unless it is told otherwise."""
    if not isinstance(value, ObjectDef) or value.cls.rpartition(".")[2] not in ("MeanIoU", "IoU"):
        return None
    if "sparse_y_pred" in value.arguments:
        return None
    said = {"class": value.cls, **value.arguments, "sparse_y_pred": False}
    return f"write `{as_yaml(said)}`"


def _is_own(name: str, catalog: Catalog) -> bool:
    """Whether a loss or metric is one's own; functions of Keras have no entry."""
    found = catalog.find(name, ("loss", "metric"))
    return found is not None and bool(found.origin)


def _size(shape: Shape) -> int:
    return prod(size or 2 for size in shape[1:])


def _rows_apart(*shapes: Shape) -> int:
    """A number of samples that no other axis has: equal ones would fit together by accident."""
    sizes = {size or 2 for shape in shapes for size in shape[1:]}
    return next(rows for rows in itertools.count(2) if rows not in sizes)


def _made_up(shape: Shape, rows: int, value: float) -> Any:
    return np.full((rows, *(size or 2 for size in shape[1:])), value, dtype="float32")


def _make_callbacks(program: Program, catalog: Catalog, probe: Probe, sink: Sink) -> None:
    """Makes every callback once, so that a refused argument is found before training."""
    boards = [c.path for c in program.fit.callbacks.values() if c.cls.endswith("TensorBoard")]
    boards += ["tracking.tensorboard"] if program.tracking.tensorboard is not None else []
    for path in boards if not is_installed("tensorboard") else ():
        sink.report(
            "KG603",
            "TensorBoard's event files need the package `tensorboard`",
            key=path,
            help="pip install 'kerasgen[tensorboard]'",
        )
    for name in ("mlflow", "wandb"):
        if getattr(program.tracking, name) is not None and not is_installed(name):
            sink.report(
                "KG603",
                f"`tracking.{name}` needs the package `{name}`",
                key=f"tracking.{name}",
                help=f"pip install 'kerasgen[{name}]'",
            )
    with tempfile.TemporaryDirectory() as folder:  # Some make their folder at once.
        for callback in program.fit.callbacks.values():
            try:
                probe.callback(placed(callback, catalog, PurePath(folder)))
            except ShapeError as error:
                _report_object(error.definition or callback, error, sink)


def _rehearse_callbacks(
    program: Program,
    outputs: Sequence[OutputSpec],
    objective: CompileDef,
    probe: Probe,
    sink: Sink,
) -> None:
    """Lets every callback act once: Keras finds most faults of theirs in `fit`."""
    if not program.fit.callbacks or program.data.absent:
        return  # Without data there are no figures that could be waited for.
    metrics = {
        output.name: [
            value
            for _, kind, value in uses_of_output(output.name, objective, len(outputs) == 1)
            if kind == "metric"
        ]
        for output in outputs
    }
    validated = bool(program.data.split.validation)
    failing: set[str] = set()
    for optimizer in _optimizers(program):
        rehearsal = probe.rehearsal(metrics, optimizer, validated=validated)
        for name, callback in program.fit.callbacks.items():
            if name in failing:
                continue
            try:
                rehearsal.act(callback)
            except ShapeError as error:
                failing.add(name)
                report_failing_callback(name, callback, error, rehearsal.figures, sink)


def _optimizers(program: Program) -> list[ObjectDef]:
    """The optimizer, and those of phases that have others."""
    own = [phase.optimizer for phase in program.fit.phases.values() if phase.optimizer is not None]
    return [program.optimizer, *own]


def _optimizer_slots(program: Program, probe: Probe, sink: Sink) -> float:
    """The numbers that an optimizer keeps for a weight, in the phase that keeps most of them."""
    slots = 0.0
    for optimizer in _optimizers(program):
        try:
            slots = max(slots, probe.optimizer_slots(optimizer))
        except ShapeError as error:
            _report_object(error.definition or optimizer, error, sink)
            break  # What a phase takes over from it would be told again.
    return slots


def _report_object(made: ObjectDef, error: ShapeError, sink: Sink) -> None:
    inside = error.argument in made.arguments
    sink.report(
        "KG206",
        f"`{made.cls}` refuses its arguments: {error}",
        key=f"{made.path}.{error.argument if inside else 'class'}",
    )


def _infer_moved(
    graph: ModelGraph, before: Specs, inputs: Mapping[str, TensorSpec], oracle: ShapeOracle
) -> Specs:
    """Infers a graph whose channels were moved at its ends; the shapes inside must be as before."""
    moved = {name: channels_first(spec) for name, spec in inputs.items()}
    specs = infer_shapes(graph, moved, oracle, strict := Sink())
    strict.stop_on_errors()
    changed = [name for name, found in before.items() if specs[name] != found]
    if changed:
        raise AssertionError(f"the layout pass changed the shapes of {changed}")
    return specs
