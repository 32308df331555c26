"""What the compiler found out about a program, as plain data for machines.

This room owns the keys of that data. They are a promise: a key is never renamed or left out, new
ones may be added, and `schema` counts what breaks a reader. A stage that was not reached leaves
None or an empty list. Text for a person is written by `summary`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kerasgen.diagnostics import Diagnostic, Severity
from kerasgen.diagnostics.render import render_json
from kerasgen.emit.text.summary import repeated_calls
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import ModelDef
from kerasgen.ir.program import CompileDef
from kerasgen.ir.values import ObjectDef, TensorSpec, Value
from kerasgen.passes.cost import CostReport
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.freezing import TrainedPhase
from kerasgen.passes.shapes import Specs

SCHEMA = 1
"""Version of the keys; a reader refuses a higher one."""


def check_report(
    diagnostics: Iterable[Diagnostic],
    *,
    graph: ModelGraph | None = None,
    specs: Specs | None = None,
    cost: CostReport | None = None,
    outputs: Sequence[OutputSpec] = (),
    objective: CompileDef | None = None,
) -> dict[str, Any]:
    """Describes a program as JSON data: mappings, lists, strings, finite numbers, None.

    Args:
        diagnostics: everything that was reported.
        graph: the model, if there is one.
        specs: the specs of its tensors.
        cost: what it costs.
        outputs: its outputs beside their targets.
        objective: loss and metrics, settled for every output.

    Returns:
        The report. `valid` is False if an error was reported. Sizes of memory are bytes,
        `flops` is for a forward pass of one sample, and an open axis is None.
    """
    found = tuple(diagnostics)
    return {
        "schema": SCHEMA,
        "valid": all(diagnostic.severity is not Severity.ERROR for diagnostic in found),
        "model": None if graph is None else {"name": graph.name, "kind": graph.kind},
        "inputs": [] if graph is None else _inputs(graph, specs or {}),
        "layers": [] if graph is None or cost is None else _layers(cost, graph),
        "outputs": [_output(output, objective, alone=len(outputs) == 1) for output in outputs],
        "totals": None if cost is None else _totals(cost),
        "diagnostics": render_json(found),
    }


def phase_rows(phases: Iterable[TrainedPhase]) -> list[dict[str, Any]]:
    """The phases of a training as JSON data; none where the config names none."""
    return [
        {
            "name": one.phase.name,
            "epochs": one.phase.program.fit.epochs,
            "batch_size": one.phase.program.fit.batch_size,
            "optimizer": plain_value(one.phase.program.optimizer),
            "trained": None if one.layers is None else list(one.layers),
            "weights": one.weights,
            "path": one.phase.definition.path,
        }
        for one in phases
        if one.phase.name is not None
    ]


def plain_value(value: Value) -> object:
    """A value of the IR as JSON data, in the form in which a config holds it.

    JSON has no word for NaN and infinity: they become the strings that a run's record writes.
    """
    if isinstance(value, ObjectDef):
        arguments = {name: plain_value(item) for name, item in value.arguments.items()}
        return value.cls if value.bare else {"class": value.cls, **arguments}
    if isinstance(value, ModelDef):
        return {"class": value.kind or "Model", "name": value.name}
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _inputs(graph: ModelGraph, specs: Specs) -> list[dict[str, Any]]:
    return [
        {"name": item.name, **_spec(next(iter(specs.get(item.name, ())), None)), "path": item.path}
        for item in graph.inputs
    ]


def _layers(cost: CostReport, graph: ModelGraph) -> list[dict[str, Any]]:
    repeats = set(repeated_calls(graph))
    return [
        {
            "name": layer.name,
            "class": layer.cls,
            "shapes": [list(shape) for shape in layer.shapes],
            "parameters": layer.parameters,
            "trainable": layer.trainable,
            "flops": layer.flops,
            "repeated": layer.name in repeats,
            "path": layer.path,
        }
        for layer in cost.layers
    ]


def _output(output: OutputSpec, objective: CompileDef | None, *, alone: bool) -> dict[str, Any]:
    def of(value: Any) -> object:
        chosen = value.get(output.name) if isinstance(value, Mapping) else value if alone else None
        return plain_value(chosen)

    return {
        "name": output.name,
        "tensor": output.tensor.written,
        **_spec(output.spec),
        "task": output.task,
        "classes": output.classes,
        "target": None if output.target is None else _spec(output.target),
        "labels": {"coding": output.labels.coding, "places": output.labels.places},
        "fed": output.fed,
        "loss": None if objective is None else of(objective.loss),
        "loss_weight": None if objective is None else of(objective.loss_weights),
        "metrics": [] if objective is None else of(objective.metrics) or [],
        "weighted_metrics": [] if objective is None else of(objective.weighted_metrics) or [],
        "path": output.path,
    }


def _totals(cost: CostReport) -> dict[str, Any]:
    return {
        "parameters": cost.parameters,
        "trainable": cost.trainable,
        "frozen": cost.parameters - cost.trainable,
        "parameter_bytes": cost.parameter_bytes,
        "activation_bytes": cost.activation_bytes,
        "training_bytes": cost.training_bytes,
        "batch_size": cost.batch_size,
        "flops": cost.flops,
    }


def _spec(spec: TensorSpec | None) -> dict[str, Any]:
    if spec is None:
        return {"shape": None, "dtype": None}
    return {"shape": list(spec.shape), "dtype": spec.dtype}
