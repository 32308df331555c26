"""The preparation of the data as text for a person to read.

This room owns the columns of that table. What the steps make of shapes is inferred in
`passes.prepared_shapes`.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.emit.text.alignment import aligned
from kerasgen.emit.text.summary import UNKNOWN
from kerasgen.ir.graph import Call
from kerasgen.ir.model import Constant, Operand, TensorRef
from kerasgen.ir.values import ObjectDef, Shape
from kerasgen.passes.prepared_shapes import ShapedPreparation
from kerasgen.passes.shapes import shown_shape

_HEAD = ("column", "class", "from", "shape", "parameters")


def preparation_table(shaped: ShapedPreparation) -> str:
    """The source's columns and the steps, one line each, then what the model gets.

    Args:
        shaped: the preparation.

    Returns:
        Two tables, without a newline at the end. Parameters are those before a step has learned.
    """
    graph = shaped.preparation.graph
    layers = shaped.cost.layers if shaped.cost is not None else ()
    parameters = {layer.name: f"{layer.parameters:,}" for layer in layers}
    rows = [_HEAD]
    rows += [(item.name, "column", "-", _shape(item.name, shaped), "-") for item in graph.inputs]
    for call in graph.calls:
        definition = graph.layers[call.layer].definition
        assert isinstance(definition, ObjectDef)
        count = parameters.get(call.name, UNKNOWN)
        rows.append((call.name, definition.cls, _taken(call), _shape(call.name, shaped), count))
    ends = [("", "from", "shape")]
    ends += _ends("input", shaped.preparation.inputs, shaped.inputs)
    ends += _ends("target", shaped.preparation.targets, shaped.targets)
    return "\n".join([*aligned(rows, right=(4,)), "", *aligned(ends)])


def _taken(call: Call) -> str:
    return ", ".join(word for operand in call.operands for word in _words(operand))


def _words(operand: Operand) -> list[str]:
    if isinstance(operand, Constant):
        return [str(operand.value)]
    if isinstance(operand, TensorRef):
        return [operand.name]
    return [word for item in operand for word in _words(item)]


def _shape(name: str, shaped: ShapedPreparation) -> str:
    return shown_shape(shaped.specs[name][0].shape) if name in shaped.specs else UNKNOWN


def _ends(
    what: str, ends: Mapping[str, TensorRef], shapes: Mapping[str, Shape | None]
) -> list[tuple[str, str, str]]:
    return [
        (
            f"{what} {name}".rstrip(),
            reference.name,
            UNKNOWN if (shape := shapes[name]) is None else shown_shape((None, *shape)),
        )
        for name, reference in ends.items()
    ]
