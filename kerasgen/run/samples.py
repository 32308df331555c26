"""Samples in the form in which a compiled model takes them.

This room owns the last step between prepared data and Keras: order and form of inputs and
targets, element types, the place of the channels, and class weights. It must not know where data
comes from or how a model is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasgen.diagnostics import Sink
from kerasgen.ir.model import TensorRef
from kerasgen.ir.training import Array, Arrays, Samples
from kerasgen.ir.values import Shape, TensorSpec
from kerasgen.passes.class_weights import index_weights, known_classes, weighing_key
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.ends import OutputSpec, fed_target
from kerasgen.runtime.columns import as_targets, channels_first, one_hot
from kerasgen.runtime.training import balanced_weights


def fitting_samples(
    compiled: CompiledProgram, x: Mapping[str, Array], y: Mapping[str, Array]
) -> Samples:
    """Puts prepared samples into the form of a model's inputs and outputs.

    Args:
        compiled: the compiled program.
        x: input name to array, rows first, channels last.
        y: output name to targets, rows first, channels last; the key is empty for one unnamed.

    Returns:
        The samples, images with the channels where `image_data_format` wants them.
    """
    first = compiled.program.backend.image_data_format == "channels_first"
    targets = {
        output.name: _placed(_target(y[output.name if output.name in y else ""], output), first)
        for output in compiled.outputs
    }
    return Samples(x=model_inputs(compiled, x), y=_as_outputs(targets, compiled))


def model_inputs(compiled: CompiledProgram, x: Mapping[str, Array]) -> Arrays:
    """Puts prepared inputs into the form in which a model takes them; as in `fitting_samples`."""
    first = compiled.program.backend.image_data_format == "channels_first"
    inputs = [
        _placed(_cast(x[item.name], compiled.specs[item.name][0]), first)
        for item in compiled.graph.inputs
    ]
    return inputs[0] if len(inputs) == 1 else inputs


def check_targets(compiled: CompiledProgram, y: Mapping[str, Array], sink: Sink) -> None:
    """Checks that targets have the shape for which the model was compiled.

    Args:
        compiled: the compiled program.
        y: as for `fitting_samples`.
        sink: gets a target of another shape, which losses would stretch to the output's: KG508.

    Raises:
        CompileError: a target has another shape.
    """
    for output in compiled.outputs:
        target = output.target
        key = output.name if output.name in y else ""
        if output.task == "autoencoding" or target is None:
            continue
        if _agrees(y[key].shape[1:], target.shape[1:]):
            _check_labels(y[key], output, f"data.target.{key}" if key else "data.target", sink)
            continue
        shape = list(y[key].shape[1:])
        sink.report(
            "KG508",
            f"the target of `{output.name}` has the shape {shape} a row, and the model was "
            f"compiled for {list(target.shape[1:])}",
            key=f"data.target.{key}" if key else "data.target",
            help=f"write `data.facts.target_shape: {shape}`",
        )
    sink.stop_on_errors()


def _agrees(shape: Shape, known: Shape) -> bool:
    return len(shape) == len(known) and all(
        size is None or size == found for size, found in zip(known, shape, strict=True)
    )


def _check_labels(values: Array, output: OutputSpec, key: str, sink: Sink) -> None:
    """Holds the values of a target against what its output and task take them for: KG505."""
    coding = output.labels.coding
    if coding not in ("one_hot", "multi_hot") or values.dtype.kind not in "iufb":
        return
    zero_one = bool(np.isin(values, (0, 1)).all())
    if coding == "multi_hot" and not zero_one:
        sink.report(
            "KG505",
            f"the target of `{output.name}` goes from {values.min():g} to {values.max():g}, "
            "expected 0 or 1 for each of its labels",
            key=key,
            help="amounts are a `regression`; for labels make columns of 0 and 1, as with "
            "`output_mode: multi_hot`",
        )
    elif coding == "one_hot" and not (zero_one and (values.sum(axis=-1) == 1).all()):
        wrong = ~(np.isin(values, (0, 1)).all(axis=-1) & (values.sum(axis=-1) == 1))
        row = int(np.argmax(wrong.reshape(len(values), -1).any(axis=1))) + 1
        sink.report(
            "KG505",
            f"the target of `{output.name}` has rows that are not one-hot, row {row} of the "
            "training part for one",
            key=key,
            help="for several labels a row write `data.task: multilabel`",
        )


def outputs_by_name(outcome: Arrays, compiled: CompiledProgram) -> dict[str, Array]:
    """What a model gave, by the names of its outputs."""
    names = [output.name for output in compiled.outputs]
    if isinstance(outcome, Mapping):
        return {name: np.asarray(outcome[name]) for name in names}
    parts = outcome if isinstance(outcome, list | tuple) else [outcome]
    return dict(zip(names, map(np.asarray, parts), strict=True))


def class_weights(
    compiled: CompiledProgram, y: Arrays, facts: Mapping[str, Any], sink: Sink
) -> dict[int, float] | None:
    """The weights of the classes by their indices, as Keras takes them.

    Args:
        compiled: the compiled program.
        y: the targets of the training part.
        facts: the facts of the opened data, which know the names of the classes.
        sink: gets a name that no class has: KG514.

    Raises:
        CompileError: a class is not there.
    """
    weights = compiled.program.fit.class_weight
    if weights is None:
        return None
    if isinstance(weights, str):
        assert isinstance(y, np.ndarray)
        return balanced_weights(y)
    return index_weights(weights, known_classes(facts), sink, weighing_key(compiled.program))


def _as_outputs(targets: dict[str, Array], compiled: CompiledProgram) -> Arrays:
    outputs = compiled.graph.outputs
    if isinstance(outputs, TensorRef):
        return next(iter(targets.values()))
    return targets if isinstance(outputs, Mapping) else list(targets.values())


def _target(values: Array, output: OutputSpec) -> Array:
    if output.encoded:
        # An index without a class, which lint tells, becomes zeros.
        whole = values.ndim == len(output.spec.shape)
        return one_hot(values[..., 0] if whole else values, output.spec.shape[-1] or 0)
    fed = fed_target(output)
    if fed is not None and values.ndim == len(fed.shape) - 1 and fed.shape[-1] == 1:
        values = values[..., np.newaxis]
    return as_targets(values)


def class_indices(values: Array, output: OutputSpec) -> Array | None:
    """The classes that targets, as they were handed over, stand for; None for several a row."""
    if output.fed == "one_hot":
        return np.asarray(values.argmax(axis=-1))
    if output.fed not in ("indices", "binary"):
        return None
    whole = values.ndim == len(output.spec.shape)
    return np.asarray(values[..., 0] if whole else values).astype("int64")


def _cast(values: Array, spec: TensorSpec) -> Array:
    # NumPy has no bfloat16 of its own; Keras casts on the way in.
    dtype: Any = "float32" if spec.dtype == "bfloat16" else spec.dtype
    return values if spec.dtype == "string" else values.astype(dtype, copy=False)


def _placed(values: Array, first: bool) -> Array:
    return channels_first(values) if first and values.ndim >= 4 else values
