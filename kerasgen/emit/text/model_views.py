"""Looks into a model as text: output shapes, weight tensors, outputs with their objective.

This room owns the columns of these tables. The table of layers and costs stands in `summary`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasgen.emit.text.alignment import aligned
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import CompileDef
from kerasgen.ir.values import ObjectDef
from kerasgen.ir.walks import output_refs
from kerasgen.passes.cost import CostReport
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.shapes import Specs, shown_shape

_NO_TARGETS = "\n\nnot checked: loss and metrics, since there is no data"


def shapes_text(graph: ModelGraph, specs: Specs, cost: CostReport) -> str:
    """The output shape of every layer, and that of the model, as `model.output_shape` gives it."""
    rows = [(layer.name, ", ".join(map(shown_shape, layer.shapes))) for layer in cost.layers]
    outputs = [
        shown_shape(specs[reference.name][reference.index or 0].shape)
        for reference in output_refs(graph.outputs)
    ]
    shown = outputs[0] if len(outputs) == 1 else f"[{', '.join(outputs)}]"
    return "\n".join([*aligned(rows), "", f"output_shape: {shown}"])


def weights_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The weight tensors of a model, one line each.

    Args:
        rows: `path`, `shape`, `dtype`, `trainable`, `min`, `max`, `mean` of each tensor.
    """
    table: list[tuple[str, ...]] = [("weight", "shape", "dtype", "trainable", "min", "max", "mean")]
    for row in rows:
        figures = ["-" if row[key] is None else f"{row[key]:.4g}" for key in ("min", "max", "mean")]
        table.append(
            (
                str(row["path"]),
                shown_shape(tuple(row["shape"])),
                str(row["dtype"]),
                "yes" if row["trainable"] else "no",
                *figures,
            )
        )
    return "\n".join(aligned(table))


def outputs_text(outputs: Sequence[OutputSpec], objective: CompileDef) -> str:
    """Each output with its task, loss, weight and metrics, as they were settled."""
    if not any(output.task for output in outputs):
        shown = [(output.name, shown_shape(output.spec.shape)) for output in outputs]
        return "\n".join(aligned([("output", "shape"), *shown])) + _NO_TARGETS
    table = [("output", "task", "loss", "metrics")]
    for output in outputs:
        loss, metrics = (
            own_of(value, output.name) for value in (objective.loss, objective.metrics)
        )
        weight = own_of(objective.loss_weights, output.name)
        weighted = f" x {weight:g}" if isinstance(weight, int | float) else ""
        words = ", ".join(_word(metric) for metric in metrics or ()) or "-"
        table.append((output.name, output.task, f"{_word(loss)}{weighted}", words))
    return "\n".join(aligned(table))


def own_of(value: object, name: str) -> Any:
    """What an output has of a setting that may be keyed by output names."""
    return value.get(name) if isinstance(value, Mapping) else value


def _word(value: object) -> str:
    if not isinstance(value, ObjectDef):
        return str(value)
    arguments = ", ".join(f"{name}={argument}" for name, argument in value.arguments.items())
    return f"{value.cls}({arguments})"
