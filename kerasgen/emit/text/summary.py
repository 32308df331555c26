"""The layers of a model and its totals as text for a person to read.

This room owns the columns and the units of that text. What a model costs is counted in
`passes.cost`; plain data of the same for machines is written by `report`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerasgen.emit.picture.captions import shown_spec
from kerasgen.emit.text.alignment import aligned
from kerasgen.ir.graph import ModelGraph
from kerasgen.passes.cost import CostReport, human_bytes, scaled
from kerasgen.passes.freezing import TrainedPhase
from kerasgen.passes.shapes import Specs, shown_shape

UNKNOWN = "not known"
"""What stands for a cost that could not be counted."""

_HEAD = ("layer", "class", "output shape", "parameters")


def layer_table(cost: CostReport, graph: ModelGraph, specs: Specs) -> str:
    """The inputs and layers of a model, one line each, in aligned columns.

    Args:
        cost: what the model costs.
        graph: the model; it tells which calls repeat a shared layer, and those show `-` for
            their parameters.
        specs: the specs of its tensors, for the inputs.

    Returns:
        The table, without a newline at the end. What a nested model holds is indented.
    """
    repeats = set(repeated_calls(graph))
    rows = [_HEAD]
    for item in graph.inputs:
        shapes = ", ".join(shown_spec(spec) for spec in specs.get(item.name, ()))
        rows.append((item.name, "input", shapes, "-"))
    for layer in cost.layers:
        *around, name = layer.name.split("/")
        rows.append(
            (
                "  " * len(around) + name,
                layer.cls,
                ", ".join(shown_shape(shape) for shape in layer.shapes),
                "-" if layer.name in repeats else f"{layer.parameters:,}",
            )
        )
    return "\n".join(aligned(rows, right=(3,)))


def totals_text(cost: CostReport, phases: Sequence[TrainedPhase] = ()) -> str:
    """What a model costs in all, and the phases of its training, one line each.

    There is no newline at the end.
    """
    frozen = cost.parameters - cost.trainable
    rows = [
        ("parameters", f"{cost.parameters:,} ({cost.trainable:,} trainable, {frozen:,} frozen)"),
        (
            "memory to train",
            f"{human_bytes(cost.training_bytes)} at batch size {cost.batch_size} "
            f"(weights {human_bytes(cost.parameter_bytes)}, "
            f"layer outputs {human_bytes(cost.activation_bytes)} a sample)",
        ),
        ("FLOPs a sample", UNKNOWN if cost.flops is None else human_count(cost.flops)),
        *((f"phase {one.phase.name}", _phase(one)) for one in phases if one.phase.name is not None),
    ]
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"{label:{width}}  {value}" for label, value in rows)


def _phase(one: TrainedPhase) -> str:
    fit = one.phase.program.fit
    epochs = f"{fit.epochs} epoch{'s' if fit.epochs != 1 else ''}"
    return f"{epochs} at batch size {fit.batch_size}, {one.weights:,} weights trained"


def repeated_calls(graph: ModelGraph, prefix: str = "") -> Iterator[str]:
    """The calls of layers that an earlier call has made, as `outer/inner` in nested models.

    Args:
        graph: the model.
        prefix: what leads the names of its calls.
    """
    met: set[str] = set()
    for call in graph.calls:
        definition = graph.layers[call.layer].definition
        if call.layer in met:
            yield prefix + call.name
        elif isinstance(definition, ModelGraph):
            yield from repeated_calls(definition, f"{prefix}{call.layer}/")
        met.add(call.layer)


def human_count(count: int) -> str:
    """A large number with three digits and a decimal unit: `3.86 G`."""
    return scaled(count, 1000, ("", "k", "M", "G", "T"))
