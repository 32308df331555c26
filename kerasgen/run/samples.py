"""Samples in the form in which a compiled model takes them.

This room owns the last step between prepared data and Keras: order and form of inputs and
targets, element types, the place of the channels, and class weights. It must not know where data
comes from or how a model is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasgen.bridge.training import Array, Arrays, Samples
from kerasgen.compiler import CompiledProgram
from kerasgen.diagnostics import Sink
from kerasgen.ir import TensorRef, TensorSpec
from kerasgen.passes.interface import OutputSpec, fed_target


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
    inputs = [
        _placed(_cast(x[item.name], compiled.specs[item.name][0]), first)
        for item in compiled.graph.inputs
    ]
    targets = {
        output.name: _placed(_target(y[output.name if output.name in y else ""], output), first)
        for output in compiled.outputs
    }
    return Samples(x=inputs[0] if len(inputs) == 1 else inputs, y=_as_outputs(targets, compiled))


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
        if output.task != "regression" or target is None or y[key].shape[1:] == target.shape[1:]:
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


def outputs_by_name(outcome: Arrays, compiled: CompiledProgram) -> dict[str, Array]:
    """What a model gave, by the names of its outputs."""
    names = [output.name for output in compiled.outputs]
    if isinstance(outcome, Mapping):
        return {name: np.asarray(outcome[name]) for name in names}
    parts = outcome if isinstance(outcome, list | tuple) else [outcome]
    return dict(zip(names, map(np.asarray, parts), strict=True))


def balanced_weights(labels: Array) -> dict[int, float]:
    """Class index to weight, so that every class counts the same: `n / (classes * count)`.

    The formula is scikit-learn's `class_weight="balanced"`.

    Args:
        labels: class indices of shape `(n,)` or `(n, 1)`, or one-hot rows of shape `(n, classes)`.
    """
    one_hot = labels.ndim == 2 and labels.shape[1] > 1
    indices = labels.argmax(axis=1) if one_hot else labels.reshape(-1)
    classes, counts = np.unique(indices.astype(int), return_counts=True)
    return {
        int(index): len(indices) / (len(classes) * int(count))
        for index, count in zip(classes, counts, strict=True)
    }


def _as_outputs(targets: dict[str, Array], compiled: CompiledProgram) -> Arrays:
    outputs = compiled.graph.outputs
    if isinstance(outputs, TensorRef):
        return next(iter(targets.values()))
    return targets if isinstance(outputs, Mapping) else list(targets.values())


def _target(values: Array, output: OutputSpec) -> Array:
    fed = fed_target(output)
    if fed is not None and values.ndim == len(fed.shape) - 1 and fed.shape[-1] == 1:
        values = values[..., np.newaxis]
    if values.dtype.kind in "iu":
        return values.astype("int32")
    return values.astype("float32") if values.dtype == np.float64 else values


def _cast(values: Array, spec: TensorSpec) -> Array:
    # NumPy has no bfloat16 of its own; Keras casts on the way in.
    dtype: Any = "float32" if spec.dtype == "bfloat16" else spec.dtype
    return values if spec.dtype == "string" else values.astype(dtype, copy=False)


def _placed(values: Array, first: bool) -> Array:
    if not first or values.ndim < 4:
        return values
    return np.ascontiguousarray(np.moveaxis(values, -1, 1))
