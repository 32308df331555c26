"""The pass that counts: parameters, memory and arithmetic of every layer, before any of it exists.

It owns the formulas. FLOPs are multiplications and additions of a forward pass for one sample, of
the layers that hold weights and of attention: each weight of a matrix or kernel is used once at
each position of the output. Activations, normalization and pooling are not counted; they are a
few operations an element.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from kerasgen.catalog.entries import LayerCost, ShapeOracle
from kerasgen.ir.graph import Call, ModelGraph
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.ir.walks import references_in
from kerasgen.passes.shapes import Specs

_ELEMENTWISE = {"Embedding", "ReversibleEmbedding", "PReLU"}
"""Layers whose matrix is looked up or holds a factor for each element; so do normalizations."""

_TRANSPOSED = {"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"}
"""Layers whose kernel stands once at each position of the input, not of the output."""

_RECURRENT = {"LSTM", "GRU", "SimpleRNN", "Bidirectional", "RNN"}
"""Layers whose weights are used once for each step of the input."""

_CONV_RECURRENT = {"ConvLSTM1D": 1, "ConvLSTM2D": 2, "ConvLSTM3D": 3}
"""Layers whose kernels are used at each place of each step, with their number of axes of places."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSize:
    """What of a training weighs upon its memory.

    Attributes:
        batch_size: samples in one training step.
        slots: numbers that the optimizer keeps for each weight that is trained.
        trained: layer of the graph, `outer/inner` inside a model, to the number of its weights that
            training changes; None where each layer is as it says itself.
    """

    batch_size: int
    slots: float
    trained: Mapping[str, int] | None = None


def count_costs(
    graph: ModelGraph, specs: Specs, oracle: ShapeOracle, size: TrainingSize
) -> CostReport:
    """Counts what a model costs.

    Args:
        graph: the model.
        specs: the specs of its tensors.
        oracle: the oracle that made its layers.
        size: what weighs upon the memory of its training.
    """
    layers = _report(graph, specs, oracle, "", trained=True)
    own = {call.layer: oracle.cost(call.layer) for call in graph.calls}
    parameters = sum(cost.parameters for cost in own.values())
    trainable = sum(cost.trainable for cost in own.values()) if _is_trained(graph) else 0
    if size.trained is not None:
        trainable = sum(size.trained.values())
        layers = [replace(one, trainable=_trained_in(one, size.trained)) for one in layers]
    parameter_bytes = sum(cost.parameter_bytes for cost in own.values())
    top = [layer for layer in layers if "/" not in layer.name]
    flops = [layer.flops for layer in top]
    activations = sum(sample_bytes(spec) for outputs in specs.values() for spec in outputs)
    share = trainable / parameters if parameters else 0.0
    return CostReport(
        layers=tuple(layers),
        parameters=parameters,
        trainable=trainable,
        parameter_bytes=parameter_bytes,
        flops=None if None in flops else sum(count for count in flops if count is not None),
        activation_bytes=activations,
        training_bytes=int(
            parameter_bytes * (1 + share * (1 + size.slots)) + activations * size.batch_size
        ),
        batch_size=size.batch_size,
    )


def _trained_in(layer: LayerReport, trained: Mapping[str, int]) -> int:
    """The weights of a layer that training changes; of a model, those of the layers in it."""
    if not layer.parameters:
        return 0
    within = f"{layer.name}/"
    return sum(n for row, n in trained.items() if row == layer.name or row.startswith(within))


def sample_bytes(spec: TensorSpec) -> int:
    """Bytes of one sample of a tensor; an axis whose size is open counts as 1."""
    return prod(size or 1 for size in spec.shape[1:]) * width(spec.dtype)


def human_bytes(count: int) -> str:
    """A number of bytes with three digits and a binary unit: `1.50 MiB`."""
    return scaled(count, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"))


def scaled(count: int, step: int, units: Sequence[str]) -> str:
    """A number with three digits and the largest unit that leaves one before the point."""
    size, power = float(count), 0
    # 999.5 has three digits only until it is rounded.
    while size >= (step if step == 1024 else 999.5) and power < len(units) - 1:
        size, power = size / step, power + 1
    if power == 0:
        return f"{count} {units[0]}".rstrip()
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    return f"{size:.{digits}f} {units[power]}"


def width(dtype: str) -> int:
    """Bytes of one element of a Keras type name."""
    digits = "".join(filter(str.isdigit, dtype.removesuffix("fn").split("_")[0][:8]))
    return max(1, int(digits) // 8) if digits else 1


def _is_trained(graph: ModelGraph) -> bool:
    """Whether training changes what a model holds: frozen, it freezes its layers as well."""
    return graph.arguments.get("trainable") is not False


def _report(
    graph: ModelGraph, specs: Specs, oracle: ShapeOracle, prefix: str, *, trained: bool
) -> list[LayerReport]:
    reports = []
    trained = trained and _is_trained(graph)
    counted: set[str] = set()
    for call in graph.calls:
        definition = graph.layers[call.layer].definition
        cost = oracle.cost(call.layer)
        first = call.layer not in counted
        counted.add(call.layer)
        inner: list[LayerReport] = []
        inside = oracle.inside(call.layer)
        if isinstance(definition, ModelGraph) and inside is not None:
            inner = _report(definition, specs, inside, f"{prefix}{call.layer}/", trained=trained)
            depth = prefix.count("/") + 1
            counts = [report.flops for report in inner if report.name.count("/") == depth]
            flops = None if None in counts else sum(count or 0 for count in counts)
        else:
            assert isinstance(definition, ObjectDef)
            flops = _flops(call, definition, cost, specs, prefix)
        reports.append(
            LayerReport(
                name=prefix + call.name,
                cls=definition.kind if isinstance(definition, ModelGraph) else definition.cls,
                shapes=tuple(spec.shape for spec in specs[prefix + call.name]),
                parameters=cost.parameters if first else 0,
                trainable=cost.trainable if first and trained else 0,
                flops=flops,
                path=call.path,
            )
        )
        reports += inner if first else []
    return reports


def _flops(
    call: Call, definition: ObjectDef, cost: LayerCost, specs: Specs, prefix: str
) -> int | None:
    """Arithmetic of one call for one sample; None where it is not known."""
    name = definition.cls.rpartition(".")[2]
    if definition.cls.startswith("applications."):
        return None
    if name in _ELEMENTWISE or (name.endswith("Normalization") and name != "SpectralNormalization"):
        return 0
    coming = [
        specs[prefix + reference.name][reference.index or 0]
        for operand in (*call.operands, *call.keyword_operands.values())
        for reference in references_in(operand)
    ]
    output = specs[prefix + call.name][0]
    if "Attention" in name and coming:
        return _attention(definition, cost, coming)
    matrices = [shape for shape in cost.weight_shapes if len(shape) > 1]
    if not matrices:
        return 0
    equation = definition.arguments.get("equation")
    if name == "EinsumDense" and isinstance(equation, str):
        return _einsum(equation, matrices[0], output)
    positions = _uses(name, coming, output)
    return None if positions is None else 2 * positions * sum(prod(shape) for shape in matrices)


def _uses(name: str, coming: Sequence[TensorSpec], output: TensorSpec) -> int | None:
    """How often a layer's weights are used for one sample; None if a size is open."""
    if name in _RECURRENT and coming:
        return (coming[0].shape[1:2] or (1,))[0]
    if name in _CONV_RECURRENT and coming:
        places = output.shape[-1 - _CONV_RECURRENT[name] : -1]
        return _product((coming[0].shape[1], *places))
    return _positions(coming[0] if name in _TRANSPOSED and coming else output)


def _positions(spec: TensorSpec) -> int | None:
    """Number of places of a tensor: all axes but the batch and the channels."""
    return _product(spec.shape[1:-1])


def _product(sizes: Sequence[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return prod(known) if len(known) == len(sizes) else None


def _einsum(equation: str, kernel: Sequence[int], output: TensorSpec) -> int | None:
    """Every element of the output is a sum over the kernel's axes that the output does not have."""
    operands, _, result = equation.partition("->")
    axes = operands.partition(",")[2].strip()
    summed = prod(size for axis, size in zip(axes, kernel, strict=False) if axis not in result)
    elements = _product(output.shape[1:])
    return None if elements is None else 2 * elements * summed


def _attention(definition: ObjectDef, cost: LayerCost, coming: Sequence[TensorSpec]) -> int | None:
    """Projections, then scores and weighted sums: query length x value length x features each.

    The kernels have three axes and stand in the order query, key, gate (if there is one), value,
    output; key and value work on the value's length, the others on the query's.
    """
    query, value = coming[0], coming[min(1, len(coming) - 1)]
    lengths = query.shape[1], value.shape[1]
    heads = definition.arguments.get("num_heads") or definition.arguments.get("num_query_heads")
    size = definition.arguments.get("key_dim") or definition.arguments.get("head_dim")
    features = heads * size if isinstance(heads, int) and isinstance(size, int) else value.shape[-1]
    if lengths[0] is None or lengths[1] is None or features is None:
        return None
    behind_key = 3 if definition.arguments.get("use_gate") is True else 2
    kernels = [shape for shape in cost.weight_shapes if len(shape) == 3]
    projections = sum(
        2 * (lengths[1] if index in (1, behind_key) else lengths[0]) * prod(shape)
        for index, shape in enumerate(kernels)
    )
    return projections + 4 * lengths[0] * lengths[1] * features
