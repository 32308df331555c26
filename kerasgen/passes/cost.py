"""The pass that counts: parameters, memory and arithmetic of every layer, before any of it exists.

It owns the formulas. FLOPs are multiplications and additions of a forward pass for one sample, of
the layers that hold weights and of attention: each weight of a matrix or kernel is used once at
each position of the output. Activations, normalization and pooling are not counted; they are a
few operations an element.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from kerasgen.catalog import LayerCost, ShapeOracle
from kerasgen.ir import Call, ModelGraph, ObjectDef, TensorSpec, references_in
from kerasgen.passes.shapes import Specs

_LOOKUPS = {"Embedding", "ReversibleEmbedding"}
"""Layers whose matrix is looked up, not multiplied."""

_TRANSPOSED = {"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"}
"""Layers whose kernel stands once at each position of the input, not of the output."""

_RECURRENT = {"LSTM", "GRU", "SimpleRNN", "Bidirectional", "RNN", "ConvLSTM1D", "ConvLSTM2D"}
"""Layers whose weights are used once for each step of the input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerReport:
    """One call of a layer and what it costs.

    Attributes:
        name: name of the call; `outer/inner` inside a nested model.
        cls: class of the layer.
        shapes: shapes of its outputs, batch axis included.
        parameters: number of weights; 0 where a shared layer is called again.
        trainable: number of weights that training changes.
        flops: floating-point operations of a forward pass for one sample, None if not known.
        path: key path of the entry.
    """

    name: str
    cls: str
    shapes: tuple[tuple[int | None, ...], ...]
    parameters: int
    trainable: int
    flops: int | None
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReport:
    """What a model costs.

    Attributes:
        layers: the calls, in order; those of nested models behind the model that holds them.
        parameters: number of weights.
        trainable: number of weights that training changes.
        parameter_bytes: bytes of the weights.
        flops: floating-point operations of a forward pass for one sample, None if not known.
        activation_bytes: bytes of all layer outputs for one sample.
        training_bytes: estimate of what training takes at `batch_size`: weights, gradients,
            optimizer state, and the outputs of all layers for one batch.
        batch_size: the batch size.
    """

    layers: tuple[LayerReport, ...]
    parameters: int
    trainable: int
    parameter_bytes: int
    flops: int | None
    activation_bytes: int
    training_bytes: int
    batch_size: int


def count_costs(
    graph: ModelGraph, specs: Specs, oracle: ShapeOracle, *, batch_size: int, slots: float
) -> CostReport:
    """Counts what a model costs.

    Args:
        graph: the model.
        specs: the specs of its tensors.
        oracle: the oracle that made its layers.
        batch_size: samples in one training step.
        slots: numbers that the optimizer keeps for each trainable weight.
    """
    layers = _report(graph, specs, oracle, "")
    own = {call.layer: oracle.cost(call.layer) for call in graph.calls}
    parameters = sum(cost.parameters for cost in own.values())
    trainable = sum(cost.trainable for cost in own.values())
    parameter_bytes = sum(cost.parameter_bytes for cost in own.values())
    top = [layer for layer in layers if "/" not in layer.name]
    flops = [layer.flops for layer in top]
    activations = sum(
        prod(size or 1 for size in spec.shape) * width(spec.dtype)
        for outputs in specs.values()
        for spec in outputs
    )
    share = trainable / parameters if parameters else 0.0
    return CostReport(
        layers=tuple(layers),
        parameters=parameters,
        trainable=trainable,
        parameter_bytes=parameter_bytes,
        flops=None if None in flops else sum(count for count in flops if count is not None),
        activation_bytes=activations,
        training_bytes=int(parameter_bytes * (1 + share * (1 + slots)) + activations * batch_size),
        batch_size=batch_size,
    )


def width(dtype: str) -> int:
    """Bytes of one element of a Keras type name."""
    digits = "".join(filter(str.isdigit, dtype.removesuffix("fn").split("_")[0][:8]))
    return max(1, int(digits) // 8) if digits else 1


def _report(graph: ModelGraph, specs: Specs, oracle: ShapeOracle, prefix: str) -> list[LayerReport]:
    reports = []
    counted: set[str] = set()
    for call in graph.calls:
        made = graph.layers[call.layer].made
        cost = oracle.cost(call.layer)
        first = call.layer not in counted
        counted.add(call.layer)
        inner: list[LayerReport] = []
        inside = oracle.inside(call.layer)
        if isinstance(made, ModelGraph) and inside is not None:
            inner = _report(made, specs, inside, f"{prefix}{call.layer}/")
            depth = prefix.count("/") + 1
            counts = [report.flops for report in inner if report.name.count("/") == depth]
            flops = None if None in counts else sum(count or 0 for count in counts)
        else:
            assert isinstance(made, ObjectDef)
            flops = _flops(call, made, cost, specs, prefix)
        reports.append(
            LayerReport(
                name=prefix + call.name,
                cls=made.kind if isinstance(made, ModelGraph) else made.cls,
                shapes=tuple(spec.shape for spec in specs[prefix + call.name]),
                parameters=cost.parameters if first else 0,
                trainable=cost.trainable if first else 0,
                flops=flops,
                path=call.path,
            )
        )
        reports += inner if first else []
    return reports


def _flops(call: Call, made: ObjectDef, cost: LayerCost, specs: Specs, prefix: str) -> int | None:
    name = made.cls.rpartition(".")[2]
    if made.cls.startswith("applications."):
        return None
    if name in _LOOKUPS:
        return 0
    coming = [
        specs[prefix + reference.name][reference.index or 0]
        for operand in (*call.operands, *call.keyword_operands.values())
        for reference in references_in(operand)
    ]
    output = specs[prefix + call.name][0]
    matrices = [shape for shape in cost.weight_shapes if len(shape) > 1]
    if name in _RECURRENT and coming:
        positions = (coming[0].shape[1:2] or (1,))[0]
    elif name in _TRANSPOSED and coming:
        positions = _positions(coming[0])
    else:
        positions = _positions(output)
    if positions is None:
        return None if matrices else 0
    weighted = 2 * positions * sum(prod(shape) for shape in matrices)
    return weighted + _attention(name, made, coming)


def _positions(spec: TensorSpec) -> int | None:
    """Number of places of a tensor: all axes but the batch and the channels."""
    sizes = spec.shape[1:-1]
    return None if None in sizes else prod(size or 1 for size in sizes)


def _attention(name: str, made: ObjectDef, coming: Sequence[TensorSpec]) -> int:
    """Scores and weighted sums of dot-product attention: twice query x key x features x 2."""
    if "Attention" not in name or not coming:
        return 0
    query, value = coming[0], coming[min(1, len(coming) - 1)]
    lengths = query.shape[1], value.shape[1]
    heads = made.arguments.get("num_heads") or made.arguments.get("num_query_heads")
    size = made.arguments.get("key_dim") or made.arguments.get("head_dim")
    features = heads * size if isinstance(heads, int) and isinstance(size, int) else value.shape[-1]
    if not all(isinstance(number, int) for number in (*lengths, features)):
        return 0
    return 4 * int(lengths[0] or 0) * int(lengths[1] or 0) * int(features or 0)
