"""The compiler: the stages from a program to a model, in the order in which they run.

This room owns the order of the stages and where they stop. What a stage does stands in its pass.
The engine has been started before; weights have no memory until
`engines.keras3.deferred_weights.allocate_weights`.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import PurePath
from typing import Any

import numpy as np

from kerasgen.catalog.entries import Catalog, Kind, ShapeError
from kerasgen.diagnostics import Diagnostic, Sink, as_yaml
from kerasgen.engines.keras3.build import KerasOracle
from kerasgen.engines.keras3.environment import is_installed, observed_devices
from kerasgen.engines.keras3.machine_memory import Memory, device_memory
from kerasgen.engines.keras3.objects import make_object
from kerasgen.engines.keras3.preprocessing import KerasPreparation
from kerasgen.engines.keras3.rehearsal import rehearse, set_stage
from kerasgen.engines.keras3.training import optimizer_slots, probe_loss
from kerasgen.frontend.parse.lint import silence
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import CompileDef, Loss, Program
from kerasgen.ir.values import ObjectDef, Shape, TensorSpec
from kerasgen.passes.callback_files import placed
from kerasgen.passes.callbacks import report_failing_callback
from kerasgen.passes.cost import CostReport, count_costs
from kerasgen.passes.ends import OutputSpec, describe_outputs, fed_target, infer_inputs
from kerasgen.passes.layout import channels_first, lay_out, pin_data_format
from kerasgen.passes.lint.rules import lint
from kerasgen.passes.lint.view import LintView, view_program
from kerasgen.passes.memory import guard_memory, training_memory
from kerasgen.passes.objective import settle_objective
from kerasgen.passes.one_hot_labels import check_class_axis, encode_labels
from kerasgen.passes.outline import Outline
from kerasgen.passes.prepared_shapes import ShapedPreparation, shape_preparation
from kerasgen.passes.shapes import Specs, infer_shapes, shown_shape

_PROBED = 10_000_000
"""Numbers in an output up to which its loss is tried out; larger ones would take seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledProgram:
    """A program after all stages.

    Attributes:
        program: the program as written.
        graph: the model as it is built, layout included.
        specs: the specs of its tensors.
        outputs: its outputs beside their targets, channels last.
        objective: loss and metrics, settled for every output.
        preparation: what is done with the data's columns before they reach the model.
        encoded: output name to the losses and metrics for which its class indices are handed
            over as one-hot rows.
        cost: what it costs.
        model: the Keras model; its weights have no memory yet.
        view: the program as lint sees it, for the rules that wait for the rows.
        silenced: warnings that the config silences.
    """

    program: Program
    graph: ModelGraph
    specs: Specs
    outputs: tuple[OutputSpec, ...]
    objective: CompileDef
    cost: CostReport
    preparation: ShapedPreparation
    model: Any
    view: LintView
    encoded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    silenced: tuple[Diagnostic, ...] = ()


def compile_program(outlined: Outline, catalog: Catalog, sink: Sink) -> CompiledProgram:
    """Takes a program through all stages.

    Args:
        outlined: the program, with the facts of its data, and its model as it is wired.
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

    prepared = shape_preparation(program.data, catalog, KerasPreparation(catalog), sink)
    given = {} if prepared is None else prepared.inputs
    inputs = infer_inputs(graph.inputs, program.data, given, program.backend.floatx, sink)
    sink.stop_on_errors()
    assert prepared is not None

    slots = _optimizer_slots(program, catalog, sink)
    _make_callbacks(program, catalog, sink)
    oracle = KerasOracle(catalog, program.seed)
    specs = infer_shapes(graph, inputs, oracle, sink)
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
    outputs, objective = encoded.outputs, encoded.objective
    if first:
        check_class_axis(outputs, sink)
    sink.stop_on_errors()
    _probe_objective(program.compile, outputs, objective, catalog, sink)
    sink.stop_on_errors()
    _rehearse_callbacks(program, outputs, objective, catalog, sink)
    sink.stop_on_errors()

    wired, wired_specs = graph, specs
    if first:
        oracle.discard()
        graph, specs, oracle = _apply_layout(program, graph, specs, inputs, catalog)
    batch = _largest_batch(program)
    cost = count_costs(graph, specs, oracle, batch_size=batch, slots=slots)
    _guard(program, cost, specs, slots, sink)
    sink.stop_on_errors()
    view = view_program(program, wired, wired_specs, encoded, catalog, cost)
    lint(view, sink)
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
        model=oracle.assemble(graph),
        view=view,
        silenced=silenced,
    )


def _largest_batch(program: Program) -> int:
    """Samples in a step: no more than there are, where that is known."""
    size, samples = program.fit.batch_size, program.data.facts.get("samples")
    return min(size, samples) if type(samples) is int and samples > 0 else size


def _guard(program: Program, cost: CostReport, specs: Specs, slots: float, sink: Sink) -> None:
    """Refuses what does not fit into the memory of the config, or else of the machine."""
    limit, device = program.backend.memory, program.backend.device
    found = None
    if limit == "auto":
        graphics = [name for name in observed_devices() if name.startswith("gpu")]
        found = device_memory(device or next(iter(graphics), None))
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
    catalog: Catalog,
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
        for group, kind, value in _objective_of(output.name, objective, len(outputs) == 1):
            try:
                probe_loss(value, kind, outcome, truth, catalog)
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
    name = value.cls if isinstance(value, ObjectDef) else value
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


def _objective_of(
    name: str, objective: CompileDef, alone: bool
) -> Iterator[tuple[str, Kind, Loss]]:
    """The losses and metrics of one output, each with its key path and kind."""

    def own(value: Any) -> Any:
        return value if alone and not isinstance(value, Mapping) else (value or {}).get(name)

    loss = own(objective.loss)
    keyed = "" if alone else f".{name}"
    if loss is not None:
        yield f"compile.loss{keyed}", "loss", loss
    for group in ("metrics", "weighted_metrics"):
        for index, metric in enumerate(own(getattr(objective, group)) or ()):
            yield f"compile.{group}{keyed}.{index}", "metric", metric


def _make_callbacks(program: Program, catalog: Catalog, sink: Sink) -> None:
    """Makes every callback once, so that a refused argument is found before training."""
    boards = [c.path for c in program.fit.callbacks.values() if c.cls.endswith("TensorBoard")]
    boards += ["tracking.tensorboard"] if program.tracking.tensorboard else []
    for path in boards if not is_installed("tensorboard") else ():
        sink.report(
            "KG603",
            "TensorBoard's event files need the package `tensorboard`",
            key=path,
            help="pip install 'kerasgen[tensorboard]'",
        )
    with tempfile.TemporaryDirectory() as folder:  # Some make their folder at once.
        for callback in program.fit.callbacks.values():
            try:
                make_object(placed(callback, catalog, PurePath(folder)), ("callback",), catalog)
            except ShapeError as error:
                _report_object(error.definition or callback, error, sink)


def _rehearse_callbacks(
    program: Program,
    outputs: Sequence[OutputSpec],
    objective: CompileDef,
    catalog: Catalog,
    sink: Sink,
) -> None:
    """Lets every callback act once: Keras finds most faults of theirs in `fit`."""
    if not program.fit.callbacks or program.data.absent:
        return  # Without data there are no figures that could be waited for.
    metrics = {
        output.name: [
            value
            for _, kind, value in _objective_of(output.name, objective, len(outputs) == 1)
            if kind == "metric"
        ]
        for output in outputs
    }
    validated = bool(program.data.split.validation)
    stage = set_stage(metrics, program.optimizer, catalog, validated=validated)
    for name, callback in program.fit.callbacks.items():
        try:
            rehearse(callback, stage, catalog)
        except ShapeError as error:
            report_failing_callback(name, callback, error, stage.figures, sink)


def _optimizer_slots(program: Program, catalog: Catalog, sink: Sink) -> float:
    try:
        return optimizer_slots(program.optimizer, catalog)
    except ShapeError as error:
        _report_object(error.definition or program.optimizer, error, sink)
        return 0.0


def _report_object(made: ObjectDef, error: ShapeError, sink: Sink) -> None:
    inside = error.argument in made.arguments
    sink.report(
        "KG206",
        f"`{made.cls}` refuses its arguments: {error}",
        key=f"{made.path}.{error.argument if inside else 'class'}",
    )


def _apply_layout(
    program: Program,
    graph: ModelGraph,
    specs: Specs,
    inputs: dict[str, TensorSpec],
    catalog: Catalog,
) -> tuple[ModelGraph, Specs, KerasOracle]:
    """Moves the channels at the model's ends; the shapes inside must come out as before."""
    moved = lay_out(graph, specs, catalog)
    oracle = KerasOracle(catalog, program.seed)
    again = infer_shapes(
        moved,
        {name: channels_first(spec) for name, spec in inputs.items()},
        oracle,
        strict := Sink(),
    )
    strict.stop_on_errors()
    changed = [call.name for call in graph.calls if again[call.name] != specs[call.name]]
    if changed:
        raise AssertionError(f"the layout pass changed the shapes of {changed}")
    return moved, again, oracle
